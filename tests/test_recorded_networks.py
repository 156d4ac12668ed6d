"""Networks recorded with their weights are what their records say, and nothing less is loaded."""

import dataclasses
import json
import shutil

import pytest
import torch

from mnist_lessons._datasets import checksums
from mnist_lessons.data import normalise
from mnist_lessons.errors import DataError
from mnist_lessons.evaluation import Score, evaluate
from mnist_lessons.studies import LONG_TRAININGS, LongTraining, recorded_network
from mnist_lessons.studies._networks import FOLDER, missing, record, with_drawn_digits
from mnist_lessons.training import TrainConfig

TINY = LongTraining(
    name="tiny",
    network="SimpleDNN",
    first=TrainConfig(epochs=1, batch_size=64, learning_rate=1e-3, seed=1),
    drawn=30,
    second=TrainConfig(epochs=1, batch_size=64, learning_rate=1e-4, seed=2),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a tiny training has recorded its network."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_LESSONS_RUNS", str(folder / "runs"))
        record(TINY, folder / "networks")
    return folder / "networks"


def test_a_network_is_trained_in_two_stages_and_scored_as_it_is_stored(folder, sample):
    splits = normalise(sample, mean=0.1307, std=0.3081)
    again = recorded_network("tiny", folder)
    scores = {name: evaluate(again.model, getattr(splits, name)) for name in ("validation", "test")}
    assert again.test["correct"] == scores["test"].correct > 200
    again.check(**scores)
    first, second = again.about["stages"]
    assert first["validation_correct"] > 300
    # Its rate is too small to learn as much from nothing.
    assert second["validation_correct"] > 0.95 * first["validation_correct"]
    assert str(again).endswith(f"test {scores['test'].accuracy:.2%}")
    assert again.parameters == 89_610


def test_what_is_kept_of_the_first_stage_is_not_forgotten(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_LESSONS_RUNS", str(tmp_path / "runs"))
    ruinous = dataclasses.replace(TINY.second, learning_rate=1.0)
    again = record(dataclasses.replace(TINY, second=ruinous, kept=1.0), tmp_path)
    first, second = again.about["stages"]
    assert second["validation_correct"] < 0.8 * first["validation_correct"]
    assert again.validation["correct"] > 0.98 * first["validation_correct"]


def test_other_counts_than_the_recorded_ones_are_refused(folder):
    recorded = recorded_network("tiny", folder)
    right = recorded.test["correct"]
    score = Score(loss=0.1, correct=right - 1, count=recorded.test["count"])
    with pytest.raises(DataError, match=f"tiny reads {right - 1:,} test images of .*{right:,}"):
        recorded.check(test=score)
    recorded.check(test=Score(loss=0.1, correct=1, count=2))  # of other images it says nothing


def test_damage_is_told(folder, tmp_path):
    folder = shutil.copytree(folder, tmp_path / "networks")
    weights = folder / "tiny.weights"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x55")
    with pytest.raises(DataError, match="no network tiny is recorded: its weights are not"):
        recorded_network("tiny", folder)
    weights.unlink()
    with pytest.raises(DataError, match="no network tiny is recorded: "):
        recorded_network("tiny", folder)


def test_drawn_digits_are_added_to_the_training_images_alone(sample):
    more = with_drawn_digits(sample, 20)
    assert len(more.train) == len(sample.train) + 20
    assert torch.equal(more.train.images[: len(sample.train)], sample.train.images)
    assert (more.validation, more.test) == (sample.validation, sample.test)


def test_the_key_is_of_what_decides_the_result():
    assert dataclasses.replace(TINY, name="x").key == TINY.key
    others = (
        dataclasses.replace(TINY, drawn=31),
        dataclasses.replace(TINY, network="CompactCNN"),
        dataclasses.replace(TINY, second=TINY.first),
        dataclasses.replace(TINY, kept=0.5),
    )
    assert len({TINY.key, *(other.key for other in others)}) == 5


def test_every_network_is_recorded_as_it_would_be_trained():
    assert missing() == []


@pytest.mark.parametrize("name", LONG_TRAININGS)
def test_a_recorded_network_was_made_on_the_full_mnist(name):
    network = recorded_network(name)
    assert network.about["data"] == checksums()["MNIST"]
    assert (network.validation["count"], network.test["count"]) == (5_000, 10_000)
    for stage in network.about["stages"]:
        assert stage["machine"]["versions"]["torch"]


def test_all_weights_together_are_small():
    assert sum(file.stat().st_size for file in FOLDER.glob("*.weights")) <= 300_000
    names = {file.stem for file in FOLDER.iterdir()}
    assert names == set(LONG_TRAININGS)
    for file in FOLDER.glob("*.json"):
        assert json.loads(file.read_bytes())["made_by"]
