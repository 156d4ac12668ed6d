"""Tables say what the runs recorded, one row for each thing."""

import markdown
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.publishing.exhibits.data import data_tables
from mnist_lessons.publishing.exhibits.results import results_table
from mnist_lessons.publishing.html.markdown import inert
from mnist_lessons.publishing.lesson_page import run_card

RESULT = {
    "key": "dnn",
    "title": "SimpleDNN, 128 epochs",
    "epochs": 128,
    "loss": 0.1,
    "correct": 9_789,
    "count": 10_000,
    "accuracy": 0.9789,
    "interval": [0.9759, 0.9815],
    "parameters": 89_610,
    "multiplications": 89_400,
    "seconds_per_epoch": 0.456,
}
DATA = {
    "dataset": "MNIST",
    "source": "a folder",
    "sizes": {"train": 55_000, "validation": 5_000, "test": 10_000},
    "licence": "a licence",
    "is_sample": False,
    "checksum": "0123456789abcdef" * 4,
}
SAMPLE = DATA | {"is_sample": True}
CARD = {
    "lesson": "simple_dnn",
    "profile": "full",
    "started": "2026-01-02T03:04:05+00:00",
    "seconds": 3_723.4,
    "device": "cuda",
    "device_name": "A | B",
    "threads": 1,
    "seed": 7,
    "versions": {"python": "3.13.1", "torch": "2.10.0"},
    "commit": None,
    "uncommitted_changes": False,
    "data": DATA,
    "results": [RESULT],
}


@pytest.fixture
def run_of(run_with):
    """Makes a stored run whose card is `CARD` with changes."""

    return lambda **changes: run_with(CARD | changes)


def rows_of(table):
    """The rows of a Markdown table as a page shows them, its head first."""
    soup = BeautifulSoup(markdown.markdown(table, extensions=["tables"]), "html.parser")
    return [[cell.get_text() for cell in row(["th", "td"])] for row in soup("tr")]


def test_results_have_one_row_for_each_model_of_each_run(run_of):
    other = RESULT | {"title": "Another", "accuracy": 0.5}
    runs = [run_of(results=[RESULT, other]), run_of(results=[]), run_of(lesson="improved_cnn")]
    table = results_table(runs)
    head, *rows = rows_of(table)
    assert head == ["model", "test accuracy", "95% interval", "parameters"]
    assert [row[0] for row in rows] == ["SimpleDNN, 128 epochs", "Another", "SimpleDNN, 128 epochs"]
    assert rows[0][1:] == ["97.89%", "97.59% to 98.15%", "89,610"]
    assert "(tutorials/improved_cnn.py)" in table


def test_a_run_card_has_what_repeats_the_run(run_of):
    card = dict(rows_of(run_card.run_card(run_of()))[1:])
    assert card["profile"] == "full"
    assert card["started"] == "2026-01-02 03:04:05 UTC"
    assert card["duration"] == "1:02:03 (minutes:seconds)"
    assert card["device"] == "cuda (A | B), threads: 1"
    assert card["seed"] == "7"
    assert "55,000 train, 5,000 validation, 10,000 test" in card["data"]
    assert card["checksum of the data"] == "0123456789abcdef"
    assert card["versions"] == "python 3.13.1, torch 2.10.0"
    assert card["commit"] == "not a Git checkout"
    assert card["licence of the images"] == "a licence"


def test_a_run_card_tells_what_was_trained_before(run_of):
    card = dict(rows_of(run_card.run_card(run_of(reused_seconds=75.0)))[1:])
    assert "1:15 of training" in card["duration"]


@pytest.mark.parametrize(
    ("changed", "text"),
    [(False, "0123456789ab"), (True, "0123456789ab with uncommitted changes")],
)
def test_a_run_card_names_the_commit(run_of, changed, text):
    run = run_of(commit="0123456789abcdef" * 2, uncommitted_changes=changed)
    assert dict(rows_of(run_card.run_card(run))[1:])["commit"] == text


def test_a_run_without_data_has_a_card(run_of):
    assert dict(rows_of(run_card.run_card(run_of(data=None)))[1:])["data"] == "none"


@pytest.mark.parametrize(
    ("changes", "titles"),
    [
        ([{}], []),
        ([{"profile": "preview"}], ["Preview"]),
        ([{}, {"data": DATA | {"is_sample": True}}], ["Sample data"]),
        (
            [{"profile": "preview"}, {"data": DATA | {"is_sample": True}}],
            ["Preview", "Sample data"],
        ),
    ],
)
def test_a_reader_is_told_of_a_preview_and_of_the_sample(run_of, changes, titles):
    runs = [run_of(**change) for change in changes]
    assert [title for title, _ in run_card.notices(runs)] == titles


HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(1)) <javascript:alert(1)> "
    "![y](javascript:alert(1)) **bold** _soft_ `code` a|b \\<b> &lt;b&gt; $x$ "
    '{: onclick="alert(1)" } # no heading\n\n<img src=x onerror=alert(1)>\n| x | y |'
)
EXTENSIONS = ["tables", "attr_list", "md_in_html", "admonition", "toc"]


def html_of(text):
    return BeautifulSoup(markdown.markdown(text, extensions=EXTENSIONS), "html.parser")


def has_no_effect(soup, *known):
    """Whether a text added no tag and no attribute, and can be read whole."""
    assert {tag.name for tag in soup.find_all(True)} <= set(known)
    targets = [tag.attrs for tag in soup.find_all(True) if tag.attrs]
    assert all(attributes.keys() <= {"style", "href"} for attributes in targets)
    assert all("script" not in str(attributes) for attributes in targets)
    return " ".join(HOSTILE.split()) in " ".join(soup.get_text().split())


TABLE = ("table", "thead", "tbody", "tr", "th", "td")


def test_a_title_has_no_effect(run_of):
    table = html_of(results_table([run_of(results=[RESULT | {"title": HOSTILE}])]))
    assert has_no_effect(table, *TABLE, "a", "strong")
    assert table.a["href"] == "tutorials/simple_dnn.py"
    assert len(table("tr")) == 2


@pytest.mark.parametrize("lesson", ["x.py) <img src=x> [y](javascript:alert(1)", '" onclick="a'])
def test_a_lesson_name_in_a_card_has_no_effect(run_of, lesson):
    table = html_of(results_table([run_of(lesson=lesson)]))
    [link] = table("a")
    assert link.attrs.keys() == {"href"}
    assert link["href"].startswith("tutorials/")
    assert not table("img")


def test_a_run_card_has_no_effect(run_of):
    data = {**DATA, "dataset": HOSTILE, "source": HOSTILE, "licence": HOSTILE, "checksum": HOSTILE}
    changes = dict.fromkeys(("device", "device_name", "commit"), HOSTILE)
    data["sizes"] = {HOSTILE: 1}
    run = run_of(**changes, versions={HOSTILE: HOSTILE}, data=data)
    table = html_of(run_card.run_card(run))
    for link in table("a"):
        assert link.attrs.keys() == {"href"}
        link.unwrap()
    assert has_no_effect(table, *TABLE, "code")
    assert len(table("tr")) == 12
    assert all(len(row(["td", "th"])) == 2 for row in table("tr"))
    assert [code.get_text() for code in table("code")] == [HOSTILE[:16], HOSTILE[:12]]


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60))
def test_any_text_in_a_table_is_shown_as_it_is(text):
    table = f"| a | b |\n| --- | --- |\n| x{inert(text)}x | y |"
    soup = html_of(table)
    assert {tag.name for tag in soup.find_all(True)} == set(TABLE)
    first, second = soup("td")
    assert first.get_text().split() == f"x{' '.join(text.split())}x".split()
    assert second.get_text() == "y"


@given(st.text(alphabet="[]()<>*_`#!|\\&;:{}~^=\"'$@ ab1.-+", max_size=40))
def test_any_signs_in_a_heading_are_shown_as_they_are(text):
    soup = html_of(f"### x {inert(text)}")
    assert [tag.name for tag in soup.find_all(True)] == ["h3"]
    assert soup.h3.attrs.keys() == {"id"}
    assert soup.get_text().split() == f"x {text}".split()


FILES = {"train-images": "ab" * 32, "t10k-images": "cd" * 32}


def test_the_data_of_all_runs_are_told_once_with_each_file(run_of):
    data = DATA | {"sha256": FILES}
    other = data | {"dataset": "sample", "checksum": "2", "sha256": {"sample": "ef" * 32}}
    runs = [run_of(data=data), run_of(data=None), run_of(data=data), run_of(data=other)]
    soup = html_of(data_tables(runs))
    told = [[cell.get_text() for cell in row("td")] for row in soup("tr")]
    assert [row for row in told if row] == [
        *([name, checksum] for name, checksum in FILES.items()),
        ["sample", "ef" * 32],
    ]
    assert "MNIST from a folder: 55,000 train, 5,000 validation, 10,000 test" in soup.p.get_text()


def test_without_data_the_page_says_so(run_of):
    assert data_tables([run_of(data=None)]).startswith("No run")


def test_texts_of_the_data_have_no_effect(run_of):
    data = {**DATA, "dataset": HOSTILE, "source": HOSTILE, "sha256": {HOSTILE: HOSTILE}}
    data["sizes"] = {HOSTILE: 1}
    soup = html_of(data_tables([run_of(data=data)]))
    assert has_no_effect(soup, *TABLE, "p", "strong", "code")
