"""Tables say what the runs recorded, one row for each thing."""

import csv
import json

import markdown
import pytest
from bs4 import BeautifulSoup

from mnist_lessons.publishing import _tables
from mnist_lessons.publishing._store import StoredRun

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
def run_of(tmp_path):
    """Makes a stored run whose card is `CARD` with changes."""

    def make(**changes):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps(CARD | changes))
        return StoredRun(folder)

    return make


def rows_of(table):
    """The rows of a Markdown table as a page shows them, its head first."""
    soup = BeautifulSoup(markdown.markdown(table, extensions=["tables"]), "html.parser")
    return [[cell.get_text() for cell in row(["th", "td"])] for row in soup("tr")]


def test_results_have_one_row_for_each_model_of_each_run(run_of):
    other = RESULT | {"title": "Another", "accuracy": 0.5}
    runs = [run_of(results=[RESULT, other]), run_of(results=[]), run_of(lesson="improved_cnn")]
    table = _tables.results_table(runs)
    head, *rows = rows_of(table)
    assert head[:3] == ["model", "test accuracy", "95 % interval"]
    assert [row[0] for row in rows] == ["SimpleDNN, 128 epochs", "Another", "SimpleDNN, 128 epochs"]
    assert rows[0][1:] == [
        "97.89%",
        "97.59% to 98.15%",
        "9,789 of 10,000",
        "89,610",
        "89,400",
        "0.46",
    ]
    assert "(tutorials/improved_cnn.py)" in table


def test_a_run_card_has_what_repeats_the_run(run_of):
    card = dict(rows_of(_tables.run_card(run_of()))[1:])
    assert card["profile"] == "full"
    assert card["started"] == "2026-01-02 03:04:05 UTC"
    assert card["duration"].startswith("1:02:03")
    assert card["device"] == "cuda (A | B), threads: 1"
    assert card["seed"] == "7"
    assert "55,000 train, 5,000 validation, 10,000 test" in card["data"]
    assert card["checksum of the data"] == "0123456789abcdef"
    assert card["versions"] == "python 3.13.1, torch 2.10.0"
    assert card["commit"] == "not a Git checkout"
    assert card["licence of the images"] == "a licence"


@pytest.mark.parametrize(
    ("changed", "text"),
    [(False, "0123456789ab"), (True, "0123456789ab with uncommitted changes")],
)
def test_a_run_card_names_the_commit(run_of, changed, text):
    run = run_of(commit="0123456789abcdef" * 2, uncommitted_changes=changed)
    assert dict(rows_of(_tables.run_card(run))[1:])["commit"] == text


def test_a_run_without_data_has_a_card(run_of):
    assert dict(rows_of(_tables.run_card(run_of(data=None)))[1:])["data"] == "none"


def test_the_log_has_one_row_for_each_record(run_of):
    run = run_of()
    row = {
        "fit": "cnn | long",
        "epoch": 3,
        "train_loss": 0.12345,
        "train_accuracy": 0.98765,
        "validation_loss": float("nan"),
        "validation_accuracy": 1 / 3,
        "seconds": 1.005,
    }
    with (run.folder / "log.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, row)
        writer.writeheader()
        writer.writerows([row, row | {"epoch": 4}])
    _, first, second = rows_of(_tables.log_table(run))
    assert first == ["cnn | long", "3", "0.1235", "98.77%", "nan", "33.33%", "1.00"]
    assert second[1] == "4"


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
    assert [title for title, _ in _tables.notices(runs)] == titles
