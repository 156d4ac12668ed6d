"""The table of the study: its numbers are those of the recorded trainings."""

import json

import pytest

from mnist_lessons.errors import DataError
from mnist_lessons.publishing.exhibits import study
from mnist_lessons.studies import RECORDS, SEEDS, load_study
from tests.publishing.hostile import rows_of


def record(recipe="dnn-decayed", correct=9_900, **changes):
    errors = list(range(10_000 - correct))
    test = {"correct": correct, "count": 10_000, "errors": errors}
    return {"recipe": recipe, "made_by": "a", "seed": 1, "parameters": 5, "test": test} | changes


@pytest.fixture
def table_of(tmp_path):
    """The rows of the table of some records, and the whole block."""

    def made(*records):
        file = tmp_path / "records.jsonl"
        file.write_text("".join(f"{json.dumps(one)}\n" for one in records), encoding="utf-8")
        block = study.block(file)
        return rows_of(block), block

    return made


def test_the_best_of_the_repository_is_there_with_its_seeds():
    """The table reads the records by itself: the studies say the same of them."""
    steps = {step.recipe.name: step for steps in load_study().values() for step in steps}
    block = study.block(RECORDS)
    _, *rows = rows_of(block)
    for row, names in zip(rows, ROWS, strict=True):
        last = steps[names[-1]]
        assert row[1] == f"{last.records[0].parameters:,}"
        for shown, name in zip(row[4 - len(names) :], names, strict=True):
            mean, spread = steps[name].test
            lucks = (
                f"±\N{NO-BREAK SPACE}{100 * luck:.2f}" for luck in (spread, steps[name].image_error)
            )
            assert shown == f"{mean:.2%} {' '.join(lucks)}"
    best = max(step.test[0] for step in steps.values() if step.recipe.tested)
    assert f"{best:.2%}" in block
    assert f"{len(SEEDS)} trainings" in block
    assert "(seeds 1, 2, 3, 4, 5)" in block
    assert "10,000 images" in block


LUCK = "±\N{NO-BREAK SPACE}"
ROWS = [("dnn", "dnn-decayed"), ("cnn", "cnn-augmented"), ("cnn-90-views",), ("compact-views",)]


def test_a_row_is_left_out_without_its_last_recipe_and_has_no_spread_of_one(table_of):
    [head, row], block = table_of(record(), record("cnn"), record("cnn-augmented", test=None))
    assert head == ["network", "parameters", "recipe of its lesson", "improved recipe"]
    assert row == ["DNN", "5", "", f"99.00% {LUCK}? {LUCK}0.10"]
    assert "1 training " in block


def test_trainings_of_a_former_recipe_do_not_count(table_of):
    old = record(correct=5_000, made_by="before")
    [_, row], _ = table_of(old, record(correct=9_800), record(correct=9_900, seed=2))
    assert row[-1] == f"98.50% {LUCK}0.71 {LUCK}0.11"


def test_nothing_is_shown_of_no_record(table_of, tmp_path):
    assert study.block(tmp_path / "none.jsonl") == ""
    assert table_of()[1] == ""


@pytest.mark.parametrize("line", ["{", "[]", "{}", "\x80"])
def test_what_is_no_record_is_told(tmp_path, line):
    file = tmp_path / "records.jsonl"
    file.write_bytes(line.encode("latin-1"))
    with pytest.raises(DataError, match=r"cannot read records\.jsonl"):
        study.block(file)
