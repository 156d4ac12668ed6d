"""The comparison says what the cards of the runs say, and nothing else has an effect."""

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


def test_the_table_has_a_row_for_each_network_of_each_run(run_of):
    other = RESULT | {"title": "Another", "accuracy": 0.5, "interval": [0.4, 0.6]}
    runs = [run_of(results=[RESULT, other]), run_of(results=[]), run_of(lesson="improved_cnn")]
    soup = soup_of(comparison.table(runs))
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in soup.tbody("tr")]
    assert [row[0] for row in rows] == ["SimpleDNN, 3 epochs", "Another", "SimpleDNN, 3 epochs"]
    assert rows[0][1:] == [
        "97.89%",
        "97.59% to 98.15%",
        "89,610",
        "89,400",
        "0.46",
        "3",
        "7",
        "a processor with 2 threads",
    ]
    assert [link["href"] for link in soup.tbody("a")] == [
        "../tutorials/simple_dnn/",
        "../tutorials/simple_dnn/",
        "../tutorials/improved_cnn/",
    ]
    assert all(head["scope"] == "col" for head in soup.thead("th"))


def test_numbers_are_there_to_be_sorted_by(run_of):
    soup = soup_of(comparison.table([run_of()]))
    values = [float(cell["data-value"]) for cell in soup.select("td[data-value]")]
    assert values == [0.9789, 0.9759, 89_610, 89_400, 0.456, 3, 7]


def test_a_dash_stands_for_a_number_that_a_model_does_not_have(run_of):
    unknown = ("epochs", "parameters", "multiplications", "seconds_per_epoch")
    soup = soup_of(comparison.table([run_of(results=[RESULT | dict.fromkeys(unknown)])]))
    cells = [(cell.get_text(), cell["data-value"]) for cell in soup.select("td[data-value]")]
    assert cells[2:6] == [("\N{EN DASH}", "")] * 4


def test_the_intervals_are_drawn_on_one_scale(run_of):
    low = RESULT | {"accuracy": 0.9612, "interval": [0.9601, 0.9623]}
    soup = soup_of(comparison.table([run_of(results=[low, RESULT])]))
    assert [end.get_text() for end in soup.select(".results-scale span")] == ["96%", "100%"]
    assert all(svg["aria-hidden"] == "true" for svg in soup("svg")), "the numbers say the same"
    places = [float(circle["cx"]) for circle in soup("circle")]
    assert 4 < places[0] < places[1] < 96


@pytest.mark.parametrize(
    ("changes", "told"),
    [({}, "same device"), ({"device_name": "Another"}, "differ"), ({"threads": 3}, "differ")],
)
def test_seconds_of_different_devices_are_said_not_to_compare(changes, told, run_of):
    soup = soup_of(comparison.table([run_of(), run_of(**changes)]))
    assert told in soup.caption.get_text()


def test_a_device_that_is_no_processor_is_named(run_of):
    soup = soup_of(comparison.table([run_of(device="cuda:0", device_name="A <b>GPU</b>")]))
    assert soup.select_one("td.results-text").get_text() == "A <b>GPU</b>"


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


@pytest.mark.parametrize("make", [comparison.table, comparison.curves])
def test_without_results_the_page_says_so(make, run_of):
    for runs in ([], [run_of(results=[])]):
        soup = soup_of(make(runs))
        assert soup.p.get_text().startswith("No ")
        assert not soup("table")


def test_texts_of_a_run_have_no_effect(run_of):
    results = [RESULT | {"title": HOSTILE, "fit": HOSTILE}]
    log = rows_of(HOSTILE)
    run = run_of(lesson=HOSTILE, device="cuda", device_name=HOSTILE, results=results, log=log)
    soup = soup_of(comparison.table([run]) + comparison.curves([run]))
    assert soup.tbody.a.get_text() == HOSTILE
    assert soup.select_one("td.results-text").get_text() == HOSTILE
    assert not soup("script")
    assert not soup("img")
    assert all(link["href"].startswith("../tutorials/%3Cscript") for link in soup("a"))
