"""Tables that a lesson shows, and the claims that it makes: printed, displayed, kept."""

import csv
import io
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mnist_lessons._tables import read_table
from mnist_lessons.errors import ClaimError, LessonError
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings

NOTHING = "\N{EN DASH}"
ROWS = [
    {"network": "DNN", "accuracy": 0.97683, "parameters": 203_530, "best": False, "loss": None},
    {"network": "A CNN", "accuracy": 0.9941, "parameters": 80_202, "best": True, "loss": 0.0183},
]
TEXT = f"""\
Two networks
network  accuracy  parameters  best    loss
-------  --------  ----------  ----  ------
DNN        97.68%     203,530  no         {NOTHING}
A CNN      99.41%      80,202  yes   0.0183"""
SENTENCE = "The CNN reads more digits than the DNN."


@pytest.fixture
def run(tmp_path):
    return Run("lesson", seed=7, settings=Settings(runs=tmp_path))


@pytest.fixture
def full(run, sample):
    """A run that says of its images that they are the full MNIST."""
    run.loaded(replace(sample, provenance=replace(sample.provenance, dataset="MNIST")))
    return run


@pytest.fixture
def displayed(monkeypatch):
    """What a notebook displays: bundle and metadata."""
    shown = []
    notebook = SimpleNamespace(
        get_ipython=lambda: object(),
        display=lambda bundle, metadata, raw: shown.append((bundle, metadata)),
    )
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", notebook)
    return shown


def card(run):
    return json.loads((run.folder / "run.json").read_text("utf-8"))


def shown_of(value, form=None):
    """What stands in a cell with this value."""
    formats = {"value": form} if form else None
    [[_, shown]] = read_table([{"a": 1, "value": value}], title="T", formats=formats).shown
    return shown


def test_a_table_is_printed_with_its_title_and_aligned(run, capsys):
    run.table(ROWS, "networks", title="Two networks", formats={"accuracy": ".2%"})
    assert capsys.readouterr().out == f"\n{TEXT}\n\n"


def test_a_table_is_kept_with_its_values_in_full(run):
    run.table(ROWS, "networks", title="Two networks", formats={"accuracy": ".2%"})
    [table] = card(run)["tables"]
    assert (table["name"], table["title"], table["text"]) == ("networks", "Two networks", TEXT)
    numbers = [column["name"] for column in table["columns"] if column["is_number"]]
    assert numbers == ["accuracy", "parameters", "loss"]
    assert table["rows"][1] == ["A CNN", "99.41%", "80,202", "yes", "0.0183"]
    content = (run.folder / table["data"]).read_text("utf-8")
    assert list(csv.reader(io.StringIO(content))) == [
        ["network", "accuracy", "parameters", "best", "loss"],
        ["DNN", "0.97683", "203530", "False", ""],
        ["A CNN", "0.9941", "80202", "True", "0.0183"],
    ]


def test_a_notebook_displays_a_table_and_notes_its_name(run, displayed, capsys):
    run.table(ROWS, "networks", title="Two networks", formats={"accuracy": ".2%"})
    assert displayed == [({"text/plain": TEXT}, {"text/plain": {"table": "networks"}})]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("<b>", "<b>"),
        (0, "0"),
        (-1_234_567, "-1,234,567"),
        (0.083254, "0.08325"),
        (12_345.6, "12,350"),
        (1e-5, "0.00001"),
        (-0.5, "-0.5"),
        (float("nan"), "not finite"),
        (float("-inf"), "not finite"),
        (True, "yes"),
        (None, NOTHING),
        (np.float32(0.25), "0.25"),
        (np.int64(1_000), "1,000"),
        (np.bool_(False), "no"),
        (torch.tensor(2_500), "2,500"),
        (torch.tensor(0.5, requires_grad=True), "0.5"),
    ],
)
def test_a_value_has_a_usual_form(value, shown):
    assert shown_of(value) == shown


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ([0.498, 0.2447, 0.19554], ["0.4980", "0.2447", "0.1955"]),
        ([0.02, 0.2, 2.0], ["0.02", "0.20", "2.00"]),
        ([12_345.6, 0.5, 3, None], ["12,350", "0.5", "3", NOTHING]),
        ([12.0, 0.0183254, 0.0], ["12.00", "0.01833", "0.000"]),
        ([1e-5, 1.5, float("nan")], ["0.00001", "1.500", "not finite"]),
    ],
)
def test_the_numbers_of_a_column_have_as_many_places_as_four_digits_allow(column, shown):
    table = read_table([{"value": value} for value in column], title="T")
    assert [value for [value] in table.shown] == shown


def test_a_format_is_of_numbers_alone():
    assert shown_of(0.123456, ".1%") == "12.3%"
    assert shown_of(None, ".1%") == NOTHING
    assert shown_of(float("inf"), ".1%") == "not finite"
    with pytest.raises(ValueError, match="the format of 'value' does not fit 'a': "):
        shown_of("a", ".1%")


@pytest.mark.parametrize("precision", [torch.float64, np.float64])
def test_values_of_torch_and_numpy_are_saved_in_full(precision):
    make = torch.tensor if isinstance(precision, torch.dtype) else np.array
    table = read_table([{"a": make(1 / 3, dtype=precision)}], title="T")
    assert table.csv() == f"a\n{1 / 3!r}\n".encode()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "at least one row"),
        ([{}], "at least one row"),
        ([{"a": 1, "b": 2}, {"a": 1}], "row 2 has the columns a; the first has a, b"),
        ([{"a": 1}, {"b": 1}], "row 2 has the columns b"),
        ([{"a": "one\ntwo"}], "a text of a table is one line"),
        ([{"a\n": 1}], "a text of a table is one line"),
    ],
)
def test_rows_that_are_no_table_are_refused(rows, said):
    with pytest.raises(ValueError, match=said):
        read_table(rows, title="T")


def test_a_value_that_is_no_number_is_refused():
    for value in ([1], torch.zeros(2), 1j):
        with pytest.raises(TypeError, match="'a' has a "):
            read_table([{"a": value}], title="T")


def test_a_format_of_no_column_and_a_missing_title_are_refused():
    with pytest.raises(ValueError, match="a format for b, which is no column: there are a"):
        read_table([{"a": 1}], title="T", formats={"b": ".2%"})
    with pytest.raises(ValueError, match="one line, unlike ''"):
        read_table([{"a": 1}], title="")


@pytest.mark.parametrize("name", ["", "log", "a/b", "../a"])
def test_a_table_needs_the_name_of_a_file(run, name):
    with pytest.raises(ValueError, match="the name of a table"):
        run.table(ROWS, name, title="T")
    assert card(run)["tables"] == []


def test_a_second_table_of_a_name_replaces_the_first(run):
    for title in ("First", "Second"):
        run.table(ROWS, "networks", title=title)
    assert [table["title"] for table in card(run)["tables"]] == ["Second"]


def test_a_claim_that_holds_is_said(full, capsys):
    assert full.claim(SENTENCE, 0.99 > 0.98) is None
    assert capsys.readouterr().out == f"{SENTENCE}\n"
    [claim] = card(full)["claims"]
    assert claim == {"sentence": SENTENCE, "holds": True, "checked": True, "text": SENTENCE}


def test_a_claim_that_does_not_hold_ends_a_full_run(full, capsys):
    with pytest.raises(ClaimError, match=f"this run does not bear out its claim: {SENTENCE}"):
        full.claim(SENTENCE, False)
    assert issubclass(ClaimError, LessonError)
    assert issubclass(ClaimError, AssertionError)
    assert (capsys.readouterr().out, card(full)["claims"]) == ("", [])


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(
    ("profile", "is_sample", "why"),
    [
        ("preview", False, "in a preview"),
        ("full", True, "on the sample"),
        ("preview", True, "in a preview on the sample"),
    ],
)
def test_a_claim_is_not_checked_where_it_speaks_of_another_run(
    profile, is_sample, why, holds, tmp_path, sample, capsys
):
    run = Run("lesson", seed=7, settings=Settings(runs=tmp_path, profile=profile))
    dataset = sample.provenance.dataset if is_sample else "MNIST"
    run.loaded(replace(sample, provenance=replace(sample.provenance, dataset=dataset)))
    run.claim(SENTENCE, holds)
    assert capsys.readouterr().out == f"{SENTENCE} (not checked {why})\n"
    [claim] = card(run)["claims"]
    assert (claim["holds"], claim["checked"]) == (holds, False)


def test_a_notebook_displays_a_claim(full, displayed, capsys):
    full.claim(SENTENCE, True)
    assert displayed == [({"text/plain": SENTENCE}, {"text/plain": {"claim": SENTENCE}})]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("make", [bool, np.bool_, np.array, torch.tensor])
def test_a_condition_is_a_bool_of_any_kind(full, make):
    full.claim(SENTENCE, make(True))
    with pytest.raises(ClaimError):
        full.claim(SENTENCE, make(False))


@pytest.mark.parametrize(
    "condition", [1, "yes", None, [True], torch.tensor([True]), torch.tensor(1), np.array([True])]
)
def test_a_condition_that_is_no_bool_is_a_mistake_in_any_run(run, condition):
    with pytest.raises(TypeError, match="the condition of a claim is True or False, not a "):
        run.claim(SENTENCE, condition)


@pytest.mark.parametrize("sentence", ["", ".\n.", "No end", " A space. ", "A.\nB.", "A, b,"])
def test_a_claim_is_a_sentence(run, sentence):
    with pytest.raises(ValueError, match="a claim is a whole sentence on one line"):
        run.claim(sentence, True)
