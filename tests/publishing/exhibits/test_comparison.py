"""The comparison says what cards and records say, and nothing else has an effect."""

import json

import pytest
from bs4 import BeautifulSoup

from mnist_lessons.publishing.exhibits import comparison

HOSTILE = '<script>alert(1)</script> "x" | <img src=x onerror=alert(1)>'
RESULT = {
    "key": "dnn",
    "title": "SimpleDNN, 3 epochs",
    "fit": "dnn",
    "epochs": 3,
    "loss": 0.1,
    "correct": 9_789,
    "count": 10_000,
    "accuracy": 0.9789,
    "interval": [0.9759, 0.9815],
    "parameters": 89_610,
    "multiplications": 89_400,
    "seconds_per_epoch": 0.456,
}
CARD = {
    "lesson": "simple_dnn",
    "device": "cpu",
    "device_name": "A processor",
    "threads": 2,
    "seed": 7,
    "results": [RESULT],
}
LOSSES = (2.3, 0.5, 0.25, 0.3)


def rows_of(fit, losses=LOSSES):
    return [
        {
            "fit": fit,
            "epoch": epoch,
            "validation_loss": loss,
            "validation_accuracy": 0.9 + epoch / 100,
        }
        for epoch, loss in enumerate(losses)
    ]


@pytest.fixture
def run_of(run_with):
    """Makes a stored run that is nothing but its card: `CARD` with changes."""

    return lambda **changes: run_with({**CARD, "log": rows_of("dnn"), **changes})


def soup_of(html):
    return BeautifulSoup(html, "html.parser")


@pytest.fixture
def table_of(tmp_path):
    """Makes the table of some runs and of some records of the study."""

    def make(runs, records=()):
        file = tmp_path / "records.jsonl"
        file.write_text("".join(f"{json.dumps(record)}\n" for record in records), "utf-8")
        return soup_of(comparison.table(runs, file))

    return make


def record(seed, misread, recipe="dnn"):
    test = {"correct": 100 - len(misread), "count": 100, "errors": misread}
    return {"recipe": recipe, "made_by": "a", "seed": seed, "parameters": 5, "test": test}


def test_the_table_has_a_row_for_each_network_of_each_run_the_best_first(run_of, table_of):
    other = RESULT | {"title": "Another", "accuracy": 0.5, "interval": [0.4, 0.6]}
    best = RESULT | {"title": "Best", "accuracy": 0.99}
    runs = [run_of(results=[other, RESULT]), run_of(results=[])]
    soup = table_of([*runs, run_of(lesson="improved_cnn", results=[best])])
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in soup.tbody("tr")]
    assert [row[0].partition(" seed ")[0] for row in rows] == [
        "Best",
        "SimpleDNN, 3 epochs",
        "Another",
    ]
    assert rows[1] == [
        "SimpleDNN, 3 epochs seed 7",
        "97.89%",
        "\N{EN DASH}",
        "97.59% to 98.15%",
    ]
    assert [link["href"] for link in soup.tbody("a")] == [
        "../tutorials/improved_cnn/",
        "../tutorials/simple_dnn/",
        "../tutorials/simple_dnn/",
    ]
    assert all(head["scope"] == "col" for head in soup.thead("th"))


def test_a_recipe_of_the_study_has_the_luck_of_its_seeds_and_that_of_the_images(table_of):
    soup = table_of([], [record(1, [3, 4]), record(2, [3]), record(1, [], "unshown")])
    [[*cells]] = [row(["th", "td"]) for row in soup.tbody("tr")]
    assert cells[0].a["href"] == "../tutorials/beyond/"
    assert [cell.get_text() for cell in cells] == [
        "DNN mean of 2 seeds",
        "98.50%",
        "\N{PLUS-MINUS SIGN}\N{NO-BREAK SPACE}0.71",
        # The shares that misread an image are 1, a half, and 98 times 0: 1.96 standard errors.
        "96.32% to 100.00%",
    ]


def test_numbers_are_there_to_be_sorted_by(run_of, table_of):
    soup = table_of([run_of()])
    values = [cell["data-value"] for cell in soup.select("td[data-value]")]
    assert values == ["0.9789", "", "0.9759"]


def test_what_a_network_costs_stands_in_a_table_of_its_own(run_of):
    soup = soup_of(comparison.costs([run_of()]))
    [row] = soup.tbody("tr")
    assert [cell.get_text() for cell in row(["th", "td"])] == [
        "SimpleDNN, 3 epochs",
        "89,610",
        "89,400",
        "3",
        "0.46",
    ]


def test_a_dash_stands_for_a_number_that_a_model_does_not_have(run_of):
    unknown = ("epochs", "parameters", "multiplications", "seconds_per_epoch")
    soup = soup_of(comparison.costs([run_of(results=[RESULT | dict.fromkeys(unknown)])]))
    assert [(cell.get_text(), cell["data-value"]) for cell in soup("td")] == [
        ("\N{EN DASH}", "")
    ] * 4


def test_the_intervals_are_drawn_on_one_scale(run_of, table_of):
    low = RESULT | {"accuracy": 0.9612, "interval": [0.9601, 0.9623]}
    soup = table_of([run_of(results=[low, RESULT])])
    assert [end.get_text() for end in soup.select(".results-scale span")] == ["96%", "100%"]
    assert all(svg["aria-hidden"] == "true" for svg in soup("svg")), "the numbers say the same"
    places = [float(circle["cx"]) for circle in soup("circle")]
    assert 4 < places[1] < places[0] < 96


@pytest.mark.parametrize(
    ("changes", "told"),
    [({}, "same device"), ({"device_name": "Another"}, "differ"), ({"threads": 3}, "differ")],
)
def test_seconds_of_different_devices_are_said_not_to_compare(changes, told, run_of):
    soup = soup_of(comparison.costs([run_of(), run_of(**changes)]))
    assert told in soup.caption.get_text()


def test_all_networks_share_two_charts_and_their_numbers(run_of):
    two = [RESULT, RESULT | {"title": "Another", "fit": "other"}]
    log = rows_of("dnn") + rows_of("other", (2.3, 0.4))
    soup = soup_of(comparison.curves([run_of(results=two, log=log)]))
    charts = soup.select("svg[role=img]")
    assert len(charts) == 2
    assert all(len(chart.select("g.curve path")) == 2 for chart in charts)
    assert "Another: 91.00%" in charts[0]["aria-label"]
    assert "SimpleDNN, 3 epochs: 0.3000" in charts[1]["aria-label"]
    names = [item.get_text().strip() for item in soup.select(".curves-legend li")]
    assert names == ["SimpleDNN, 3 epochs", "Another"]
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in soup.tbody("tr")]
    assert rows == [
        ["1", "91.00%, 0.5000", "91.00%, 0.4000"],
        ["2", "92.00%, 0.2500", "not trained"],
        ["3", "93.00%, 0.3000", "not trained"],
    ]
    assert soup.select_one("p a")["href"] == "../tutorials/simple_dnn/log.csv"


@pytest.mark.parametrize("fit", [None, "unknown"])
def test_a_network_whose_training_is_not_known_has_no_curve(fit, run_of):
    other = RESULT | {"title": "Another", "fit": fit}
    soup = soup_of(comparison.curves([run_of(results=[RESULT, other])]))
    assert [len(chart.select("g.curve path")) for chart in soup.select("svg[role=img]")] == [1, 1]
    assert "Another" not in soup.get_text()


def test_a_run_of_an_older_kind_has_no_curve(run_of):
    older = {name: value for name, value in RESULT.items() if name != "fit"}
    assert "No training" in comparison.curves([run_of(results=[older])])


def test_a_loss_that_is_not_finite_is_told(run_of):
    soup = soup_of(comparison.curves([run_of(log=rows_of("dnn", (2.3, None, 0.5)))]))
    assert "91.00%, not finite" in soup.tbody.get_text()


def test_without_results_the_page_says_so(run_of, table_of):
    for runs in ([], [run_of(results=[])]):
        for soup in (
            table_of(runs),
            soup_of(comparison.costs(runs)),
            soup_of(comparison.curves(runs)),
        ):
            assert soup.p.get_text().startswith("No ")
            assert not soup("table")


def test_texts_of_a_run_have_no_effect(run_of, table_of):
    results = [RESULT | {"title": HOSTILE, "fit": HOSTILE}]
    log = rows_of(HOSTILE)
    run = run_of(lesson=HOSTILE, results=results, log=log)
    soup = soup_of(f"{table_of([run])}{comparison.costs([run])}{comparison.curves([run])}")
    assert soup.tbody.a.get_text() == HOSTILE
    assert not soup("script")
    assert not soup("img")
    assert all(link["href"].startswith("../tutorials/%3Cscript") for link in soup("a"))
