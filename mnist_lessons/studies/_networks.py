"""Networks that are recorded with their weights: their training takes too long for a build."""

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mnist_lessons._files import write_whole
from mnist_lessons._machine import machine
from mnist_lessons.data import Split, Splits, load_mnist, normalise
from mnist_lessons.devices import select_device
from mnist_lessons.errors import DataError
from mnist_lessons.evaluation import Score, evaluate
from mnist_lessons.export import load, store
from mnist_lessons.models import count_parameters
from mnist_lessons.penmanship import drawn_digits
from mnist_lessons.settings import Settings
from mnist_lessons.studies._recipes import LONG_TRAININGS, LongTraining
from mnist_lessons.training import EpochRecord, TrainConfig, fit

__all__ = [
    "FOLDER",
    "RecordedNetwork",
    "missing",
    "record",
    "recorded_network",
    "told",
    "with_drawn_digits",
    "write",
]

FOLDER = Path(__file__).with_name("networks")
_DRAWN_SEED = 1


@dataclass(frozen=True)
class RecordedNetwork:
    """A trained network with its weights as they are stored, and how it came.

    Attributes:
        name: of its training, in `LONG_TRAININGS`.
        model: in eval mode, on the CPU.
        validation: `correct` and `count` of the validation images, with these weights.
        test: the same of the test images.
        parameters: number of trained numbers.
        about: all else that was recorded: seconds, machines, date, data.
    """

    name: str
    model: nn.Module
    validation: dict[str, int]
    test: dict[str, int]
    parameters: int
    about: dict[str, Any]

    def __str__(self) -> str:
        return told(validation=self.validation, test=self.test)

    def check(self, **scores: Score) -> None:
        """Make sure that the recorded counts come out, where as many images were scored.

        Args:
            scores: `validation`, `test` or both, of this model.

        Raises:
            DataError: other images are read correctly than were recorded.
        """
        for split, score in scores.items():
            recorded = getattr(self, split)
            if score.count == recorded["count"] and score.correct != recorded["correct"]:
                raise DataError(
                    f"{self.name} reads {score.correct:,} {split} images of {score.count:,}, "
                    f"and its record says {recorded['correct']:,}"
                )


def told(**scores: Mapping[str, Any] | None) -> str:
    """Shares of correct images by split, in words; a split that was not scored is left out."""
    return ", ".join(
        f"{split} {score['correct'] / score['count']:.2%}"
        for split, score in scores.items()
        if score
    )


def recorded_network(name: str, folder: Path = FOLDER) -> RecordedNetwork:
    """A network as it was recorded.

    Args:
        name: a key of `LONG_TRAININGS`.
        folder: with its two files, `NAME.json` and `NAME.weights`.

    Raises:
        DataError: there is no such record, or it is damaged.
    """
    try:
        about = json.loads((folder / f"{name}.json").read_bytes())
        content = (folder / f"{name}.weights").read_bytes()
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise ValueError("its weights are not those of its record")
        model = load(about, content)
        taken = {key: about.pop(key) for key in ("validation", "test", "parameters")}
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"no network {name} is recorded: {error}") from error
    return RecordedNetwork(name, model, **taken, about=about)


def missing(folder: Path = FOLDER) -> list[LongTraining]:
    """The trainings that are not recorded, or have changed since."""
    return [training for training in LONG_TRAININGS.values() if not _is_recorded(training, folder)]


def _is_recorded(training: LongTraining, folder: Path) -> bool:
    try:
        return bool(recorded_network(training.name, folder).about["made_by"] == training.key)
    except DataError:
        return False


def record(training: LongTraining, folder: Path = FOLDER) -> RecordedNetwork:
    """Train a network on one thread, and record it with its weights."""
    torch.set_num_threads(1)
    settings = Settings.from_environment()
    device = select_device(settings.device)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    mnist = load_mnist(settings)
    torch.manual_seed(training.first.seed)
    model = training.model().to(device)

    def trained(splits: Splits, config: TrainConfig) -> dict[str, Any]:
        checkpoints = settings.checkpoints_of("studies")
        return _stage(fit(model, normalised(splits).to(device), config, checkpoints))

    def normalised(splits: Splits) -> Splits:
        return normalise(splits, mean=0.1307, std=0.3081)

    stages = [trained(mnist, training.first)]
    earlier = copy.deepcopy(model.state_dict())
    stages.append(trained(with_drawn_digits(mnist, training.drawn), training.second))
    _average(model, earlier, training.kept)
    about = {"machine": dict(machine(device)), "started": started}
    stages = [stage | about for stage in stages]
    return write(training, model.cpu(), normalised(mnist), stages, folder)


def _average(model: nn.Module, earlier: Mapping[str, Tensor], share: float) -> None:
    """Move all weights by some share towards what they were earlier."""
    for name, weights in model.state_dict().items():
        if weights.is_floating_point():
            weights.lerp_(earlier[name], share)


def with_drawn_digits(splits: Splits, count: int) -> Splits:
    """MNIST with more training images: digits drawn by program."""
    drawn = drawn_digits(count, _DRAWN_SEED)
    train = Split(
        torch.cat((splits.train.images, drawn.images)),
        torch.cat((splits.train.labels, drawn.labels)),
    )
    return replace(splits, train=train)


def _stage(records: Sequence[EpochRecord]) -> dict[str, Any]:
    return {
        "seconds": round(sum(each.seconds for each in records), 3),
        "validation_correct": records[-1].validation_correct,
    }


def write(
    training: LongTraining,
    model: nn.Module,
    splits: Splits,
    stages: Sequence[dict[str, Any]],
    folder: Path = FOLDER,
) -> RecordedNetwork:
    """Store a trained network, score it as it is stored, and write its two files.

    Args:
        training: how it was trained.
        model: on the CPU.
        splits: normalised; the validation images choose how the weights are stored, the test
            images are scored once.
        stages: `seconds`, `validation_correct` after it, `machine` and `started` of each stage.
        folder: for `NAME.json` and `NAME.weights`.
    """
    stored = store(model, splits.validation)
    again = load(stored.as_dict(), stored.content)
    scores = {name: evaluate(again, getattr(splits, name)) for name in ("validation", "test")}
    about = {
        "made_by": training.key,
        "parameters": count_parameters(model),
        **{
            name: {"correct": score.correct, "count": score.count} for name, score in scores.items()
        },
        "stages": list(stages),
        "data": splits.provenance.checksum,
        "storage": stored.storage,
        "layers": stored.layers,
        "sha256": hashlib.sha256(stored.content).hexdigest(),
    }
    folder.mkdir(exist_ok=True)
    write_whole(folder / f"{training.name}.weights", stored.content)
    write_whole(folder / f"{training.name}.json", (json.dumps(about, indent=1) + "\n").encode())
    return recorded_network(training.name, folder)
