"""Recorded studies: trainings that are too many or too long for a build, and what each gave.

`python -m mnist_lessons.studies` trains what is not recorded yet, and records it.
"""

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_lessons._luck import standard_error
from mnist_lessons.errors import DataError
from mnist_lessons.studies._networks import RecordedNetwork, recorded_network
from mnist_lessons.studies._recipes import LONG_TRAININGS, RECIPES, LongTraining, Recipe

__all__ = [
    "LONG_TRAININGS",
    "RECIPES",
    "SEEDS",
    "LongTraining",
    "Recipe",
    "Record",
    "RecordedNetwork",
    "Step",
    "load_study",
    "read_records",
    "recorded_network",
]

SEEDS = (1, 2, 3, 4, 5)
"""Of the trainings of each recipe."""

RECORDS = Path(__file__).with_name("records.jsonl")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One training of a study, one line of its file.

    Attributes:
        recipe: name of the recipe.
        made_by: the recipe's `key`: another key is another training.
        seed: of the weights, the order and the augmentation.
        parameters: number of trained numbers.
        seconds: time spent training, measuring excluded, on one thread.
        validation: `correct`, `count` and `loss` after the last epoch.
        curve: correct validation images after each epoch, each seen once, the untrained model
            first.
        test: `correct`, `count`, `loss` and `errors`, the rows of the mistakes; None where the
            recipe was not chosen.
        machine: device, threads, versions and commit.
        started: date and time, UTC.
        data: SHA-256 of the images, as `Provenance.checksum`.
    """

    recipe: str
    made_by: str
    seed: int
    parameters: int
    seconds: float
    validation: dict[str, Any]
    curve: list[int]
    test: dict[str, Any] | None
    machine: dict[str, Any]
    started: str
    data: str

    def as_line(self) -> str:
        """JSON in one line."""
        return json.dumps(asdict(self), separators=(",", ":")) + "\n"


@dataclass(frozen=True)
class Step:
    """A recipe with its recorded trainings, one for each seed.

    Attributes:
        recipe: how they were trained.
        records: in the order of their seeds; perhaps none.
    """

    recipe: Recipe
    records: tuple[Record, ...]

    @property
    def missing(self) -> list[int]:
        """The seeds without a record."""
        done = {record.seed for record in self.records}
        return [seed for seed in SEEDS if seed not in done]

    @property
    def validation(self) -> tuple[float, float]:
        """Mean and standard deviation of the validation accuracy over the seeds, 0 to 1."""
        return _mean_and_spread(self.records, lambda record: record.validation)

    @property
    def image_error(self) -> float:
        """Standard error of the mean test accuracy that is due to the choice of the test images.

        Raises:
            ValueError: the recipe was not chosen, or there is no record.
        """
        tests = [record.test for record in self.records]
        if not tests or not all(tests):
            raise ValueError("not every training of this recipe has this score")
        scored = [test for test in tests if test]
        return standard_error([test["errors"] for test in scored], scored[0]["count"])

    @property
    def test(self) -> tuple[float, float]:
        """Mean and standard deviation of the test accuracy over the seeds, 0 to 1.

        Raises:
            ValueError: the recipe was not chosen, or there is no record.
        """
        return _mean_and_spread(self.records, lambda record: record.test)


def _mean_and_spread(
    records: Sequence[Record], part: Callable[[Record], dict[str, Any] | None]
) -> tuple[float, float]:
    scores = [part(record) for record in records]
    shares = [score["correct"] / score["count"] for score in scores if score]
    if not shares or len(shares) < len(scores):
        raise ValueError("not every training of this recipe has this score")
    return statistics.fmean(shares), statistics.stdev(shares) if len(shares) > 1 else 0.0


def read_records(path: Path = RECORDS) -> list[Record]:
    """All lines of a file of records; none where there is no file.

    Raises:
        DataError: the file is no text, or a line is no record; the message names its number.
    """
    if not path.exists():
        return []
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not UTF-8: {error}") from error
    for number, line in enumerate(lines, start=1):
        try:
            found.append(Record(**json.loads(line)))
        except (TypeError, ValueError) as error:
            raise DataError(f"{path.name}, line {number}, is no record: {error}") from error
    return found


def load_study(path: Path = RECORDS) -> dict[str, list[Step]]:
    """All ladders of recipes by name, with the trainings that were recorded of each recipe.

    A record of a recipe that has changed since is left out.
    """
    known = {(record.made_by, record.seed): record for record in read_records(path)}
    return {
        name: [Step(recipe, tuple(_of(recipe, known))) for recipe in recipes]
        for name, recipes in RECIPES.items()
    }


def _of(recipe: Recipe, known: Mapping[tuple[str, int], Record]) -> Iterator[Record]:
    key = recipe.key
    for seed in SEEDS:
        record = known.get((key, seed))
        if record and (record.test or not recipe.tested):
            yield record
