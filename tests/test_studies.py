"""Studies: each step changes one thing, nothing is trained twice, each record says how it came."""

import dataclasses
import json
import os
import subprocess
import sys
from statistics import mean, stdev

import pytest
import torch

from mnist_lessons._datasets import checksums
from mnist_lessons.errors import DataError
from mnist_lessons.models import count_parameters
from mnist_lessons.studies import (
    RECIPES,
    RECORDS,
    SEEDS,
    Record,
    Step,
    gains,
    load_study,
    read_records,
)
from mnist_lessons.studies.__main__ import _train_all
from mnist_lessons.studies._train import train

ALL = [recipe for recipes in RECIPES.values() for recipe in recipes]
every_recipe = pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.name)

# With these keys the records were made, 4.6 hours of training: another key orphans its records.
KEYS = {
    "dnn": "94a4f0f24e1c3f69",
    "dnn-standardised": "2e1f71bd5943cb6d",
    "dnn-schedule": "76499f35faf81490",
    "dnn-augmented": "f192f3a16b1f9732",
    "dnn-averaged": "469db0ce269d585d",
    "dnn-decayed": "9ef4426dc1401059",
    "cnn": "688c023fa451aba7",
    "cnn-adam": "d720edf6ab867f97",
    "cnn-bare": "26ed8a8809dd7430",
    "cnn-schedule": "131d7ec4b8fed434",
    "cnn-averaged": "701a0c3b895ea6d6",
    "cnn-augmented": "ee5569180c221d01",
    "cnn-20-certain": "01d177ff2ba50d6d",
    "cnn-20": "781da22ba209d15a",
    "cnn-20-augmented": "88cc8df0fef4b2f6",
    "cnn-90": "fabfddcdaba77003",
    "cnn-90-views": "8334914f9a539e55",
    "compact-plain": "b80fb2cd099ad266",
    "compact-normalised": "08c5ca79038fb54c",
    "compact": "10929b18e81d7fdc",
    "compact-views": "ab74cf8322127e39",
}


def fields_of(recipe):
    own = ("network", "standardised", "view_shift")
    return {**dataclasses.asdict(recipe.config), **{name: getattr(recipe, name) for name in own}}


def made(recipe, seed, *, right=4_900, test=None):
    """A record as a training leaves it."""
    score = {"correct": right, "count": 5_000, "loss": 0.1}
    tested = {"correct": test, "count": 10_000, "loss": 0.1, "errors": []} if test else None
    return Record(
        recipe=recipe.name, made_by=recipe.key, seed=seed, parameters=1, seconds=2.0 * seed,
        validation=score, curve=[500, right], test=tested, machine={}, started="", data="",
    )  # fmt: skip


def test_each_recipe_keeps_the_key_of_its_records():
    """A new field of `TrainConfig` or `RandomAffine`, or other layers, would change them all."""
    assert {recipe.name: recipe.key for recipe in ALL} == KEYS
    assert {record.made_by for record in read_records()} == set(KEYS.values())


def write(path, *records):
    path.write_text("".join(record.as_line() for record in records), encoding="utf-8")
    return path


def test_names_and_trainings_are_unique():
    assert len({recipe.name for recipe in ALL}) == len(ALL)
    assert len({recipe.key for recipe in ALL}) == len(ALL)


@pytest.mark.parametrize("ladder", RECIPES)
def test_each_step_changes_an_earlier_one_and_something_is_chosen(ladder):
    known = {}
    for recipe in RECIPES[ladder]:
        if known:
            before = fields_of(known[recipe.after])
            changed = {name for name, value in fields_of(recipe).items() if value != before[name]}
            # A learning rate belongs to its schedule, its optimiser and its network.
            assert 1 <= len(changed) <= 4, changed
            assert len(changed - {"learning_rate", "epochs", "batch_size"}) <= 2, changed
        else:
            assert recipe.after is None
        known[recipe.name] = recipe
    assert any(recipe.tested for recipe in RECIPES[ladder])


@every_recipe
def test_a_network_of_the_study_is_small(recipe):
    assert count_parameters(recipe.model()) <= 100_000


def test_the_key_is_of_what_decides_the_result():
    recipe = ALL[0]
    same = dataclasses.replace(recipe, name="x", change="y", tested=not recipe.tested)
    assert same.key == recipe.key
    assert dataclasses.replace(recipe, config=recipe.config_for(3)).key == recipe.key
    for other in (
        recipe.then("x", "y", epochs=7),
        recipe.then("x", "y", network="CompactCNN"),
        recipe.then("x", "y", standardised=not recipe.standardised),
        recipe.then("x", "y", view_shift=1.0),
    ):
        assert other.key != recipe.key


def test_reading_a_study_draws_no_random_number():
    torch.manual_seed(0)
    state = torch.get_rng_state()
    load_study()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_step_knows_its_mean_its_spread_and_what_is_missing(tmp_path):
    chosen = next(recipe for recipe in ALL if recipe.tested)
    rights, tests = [4_900, 4_950, 4_925], [9_900, 9_910, 9_890]
    records = [
        made(chosen, seed, right=right, test=test)
        for seed, right, test in zip(SEEDS[:3], rights, tests, strict=True)
    ]
    path = write(tmp_path / "x.jsonl", *reversed(records))
    steps = {step.recipe.name: step for steps in load_study(path).values() for step in steps}
    step = steps.pop(chosen.name)
    assert step.records == tuple(records)
    assert step.missing == list(SEEDS[3:])
    shares = [right / 5_000 for right in rights]
    assert step.validation == pytest.approx((mean(shares), stdev(shares)))
    assert step.test == pytest.approx((0.99, stdev([0.99, 0.991, 0.989])))
    assert step.image_error == 0  # none of these records names a mistake
    assert all(other.missing == list(SEEDS) for other in steps.values())
    with pytest.raises(ValueError, match="not every training of this recipe has this score"):
        _ = next(iter(steps.values())).validation
    with pytest.raises(ValueError, match="not every training of this recipe has this score"):
        _ = next(iter(steps.values())).image_error


def step_of(recipe, *rights):
    return Step(recipe, tuple(made(recipe, seed, right=right) for seed, right in enumerate(rights)))


def test_the_error_of_a_gain_is_that_of_two_means():
    before = step_of(ALL[0], 4_900, 4_910, 4_890, 4_905, 4_895)
    after = step_of(ALL[0].then("x", "y", epochs=7), 4_930, 4_920, 4_950, 4_940, 4_910)
    gain, error = after.gain_over(before)
    assert gain == pytest.approx(30 / 5_000)
    both = (
        stdev(record.validation["correct"] for record in step.records) for step in (before, after)
    )
    assert error == pytest.approx((sum(one**2 / 5 for one in both)) ** 0.5 / 5_000)


@pytest.mark.parametrize("change", [{"view_shift": 1.0}, {"averaging": 0.9}])
def test_the_same_trainings_asked_in_another_way_are_compared_seed_by_seed(change):
    before = step_of(ALL[0], 4_900, 4_800, 4_700)
    after = step_of(ALL[0].then("x", "y", **change), 4_905, 4_807, 4_706)
    gain, error = after.gain_over(before)
    assert gain == pytest.approx(6 / 5_000)
    assert error == pytest.approx(1 / 3**0.5 / 5_000)


def test_a_gain_needs_two_trainings_of_both():
    one, two = step_of(ALL[0], 4_900), step_of(ALL[1], 4_900, 4_901)
    for step, before in ((one, two), (two, one)):
        with pytest.raises(ValueError, match="at least two trainings of each recipe"):
            step.gain_over(before)


def test_gains_are_rows_and_say_what_may_be_luck():
    start = ALL[0]
    clear = start.then("clear", "a clear change", epochs=7)
    doubtful = clear.then("doubtful", "a doubtful change", epochs=8)
    rows = gains(
        [
            step_of(start, 4_800, 4_801, 4_799),
            step_of(clear, 4_900, 4_901, 4_899),
            step_of(clear.then("no record", "nothing")),
            step_of(doubtful, 4_901, 4_902, 4_900),
        ]
    )
    assert [row["change"] for row in rows] == [start.change, clear.change, doubtful.change]
    assert [row["luck?"] for row in rows] == [None, "hardly", "possibly"]
    assert rows[0] == {
        "change": start.change, "mean": pytest.approx(0.96), "± seeds": pytest.approx(0.02),
        "gain": None, "± gain": None, "luck?": None,
    }  # fmt: skip
    assert rows[1]["gain"] == pytest.approx(2)
    assert rows[1]["± gain"] == pytest.approx(0.02 * (2 / 3) ** 0.5)


def test_a_row_of_test_accuracy_has_both_kinds_of_luck():
    step = next(step for steps in load_study().values() for step in steps if step.recipe.tested)
    mean_of_tests, spread = step.test
    assert step.test_row("a network") == {
        "network": "a network", "mean": mean_of_tests, "± seeds": 100 * spread,
        "± images": 100 * step.image_error,
    }  # fmt: skip


def test_records_of_another_recipe_or_without_a_needed_score_do_not_count(tmp_path):
    chosen = next(recipe for recipe in ALL if recipe.tested)
    changed = dataclasses.replace(made(chosen, 1, test=9_900), made_by="another")
    path = write(tmp_path / "x.jsonl", changed, made(chosen, 2))
    steps = {step.recipe.name: step for steps in load_study(path).values() for step in steps}
    assert steps[chosen.name].records == ()


def test_a_line_that_is_no_record_is_named(tmp_path):
    path = write(tmp_path / "x.jsonl", made(ALL[0], 1))
    assert read_records(path) == [made(ALL[0], 1)]
    assert read_records(tmp_path / "none.jsonl") == []
    for wrong in ("{", "[]", '{"recipe": "x"}'):
        path.write_text(made(ALL[0], 1).as_line() + wrong + "\n", encoding="utf-8")
        with pytest.raises(DataError, match=r"x\.jsonl, line 2, is no record: "):
            read_records(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"x\.jsonl is not UTF-8: "):
        read_records(path)


def test_a_training_leaves_a_whole_record(tmp_path, monkeypatch, sample):
    monkeypatch.setenv("MNIST_LESSONS_RUNS", str(tmp_path))
    recipe = ALL[0].then("tiny", "one epoch", epochs=1, batch_size=64).chosen()
    record = train(recipe, 3)
    assert (record.recipe, record.made_by, record.seed) == ("tiny", recipe.key, 3)
    assert record.data == sample.provenance.checksum
    assert len(record.curve) == 2
    assert record.curve[-1] == record.validation["correct"] > 300
    assert record.validation["count"] == len(sample.validation)
    test = record.test
    assert len(test["errors"]) == test["count"] - test["correct"] > 0
    assert test["errors"] == sorted(set(test["errors"]))
    assert record.machine["versions"]["torch"]
    assert Record(**json.loads(record.as_line())) == record
    again = train(dataclasses.replace(recipe, tested=False), 3)
    assert again.test is None
    assert again.validation == record.validation


def test_several_views_of_a_trained_network_need_no_training_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_LESSONS_RUNS", str(tmp_path))
    once = ALL[0].then("tiny", "one epoch", epochs=1, batch_size=64).chosen()
    views = once.then("views", "five views", view_shift=1.5).chosen()
    plain, several = train(once, 1), train(views, 1)
    assert len(list(tmp_path.rglob("*.pt"))) == 1
    assert (several.curve, several.seconds) == (plain.curve, plain.seconds)
    assert several.validation["loss"] != plain.validation["loss"]
    assert several.test["loss"] != plain.test["loss"]


def test_trainings_run_beside_each_other_and_are_recorded(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_LESSONS_RUNS", str(tmp_path))
    recipe = ALL[0].then("tiny", "one epoch", epochs=1, batch_size=64)
    path = tmp_path / "records.jsonl"
    code = {"commit": "that of the beginning", "uncommitted_changes": False}
    monkeypatch.setattr("mnist_lessons.studies.__main__.code", lambda: code)
    _train_all([(recipe, 1), (recipe, 2)], path, 2)
    records = read_records(path)
    assert sorted(record.seed for record in records) == [1, 2]
    assert all(code.items() <= record.machine.items() for record in records)
    alone = train(recipe, 1)
    [beside] = [record for record in records if record.seed == 1]
    assert beside.validation == alone.validation
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("tiny, seed ") and "validation" in line for line in lines)


def started(*arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "mnist_lessons.studies", *arguments],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_sample_and_unknown_recipes_are_refused(tmp_path):
    path = tmp_path / "records.jsonl"
    process = started("--output", str(path))
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == (
        "error: a study needs the full MNIST, and only the sample is here"
    )
    process = started("nonsense", "--output", str(path))
    assert process.returncode == 2
    assert "no recipe nonsense: there are dnn, " in process.stderr
    assert not path.exists()


def test_what_cannot_be_written_is_said_before_the_training(tmp_path):
    process = started("--output", str(tmp_path))
    assert process.returncode == 2
    assert f"{tmp_path} is there, and is no regular file" in process.stderr
    process = started("--output", str(tmp_path / "none" / "records.jsonl"))
    assert process.returncode == 2
    assert f"there is no folder {tmp_path / 'none'}" in process.stderr


def test_every_training_of_the_study_is_recorded():
    steps = [step for steps in load_study().values() for step in steps]
    assert {step.recipe.name: step.missing for step in steps if step.missing} == {}


@pytest.mark.parametrize("ladder", RECIPES)
def test_validation_chooses_the_step_that_is_tested(ladder):
    first, *others = load_study()[ladder]
    tested = [step for step in others if step.recipe.tested]
    assert tested == [max((first, *others), key=lambda step: step.validation[0])]


def test_what_is_recorded_was_made_from_committed_code_on_the_full_mnist():
    records = read_records(RECORDS)
    assert records, "no study has been recorded"
    names = {(record.made_by, record.seed) for record in records}
    assert len(names) == len(records), "a training was recorded twice"
    views = {recipe.key for recipe in ALL if recipe.view_shift}
    for record in records:
        assert record.data == checksums()["MNIST"]
        assert record.machine["commit"]
        assert not record.machine["uncommitted_changes"]
        assert record.validation["count"] == 5_000
        assert 0.9 < record.validation["correct"] / 5_000 < 1
        if record.made_by not in views:  # each image is seen once, as after each epoch
            assert record.curve[-1] == record.validation["correct"]
        assert record.test is None or record.test["count"] == 10_000
