"""Recorded studies: trainings that are too many or too long for a build, and what each gave.

`python -m mnist_lessons.studies` trains what is not recorded yet, and records it.
"""

import json
import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
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
    "gains",
    "load_study",
    "read_records",
    "recorded_network",
]

SEEDS = (1, 2, 3, 4, 5)
"""Of the trainings of each recipe."""

_SURE = 2.8  # standard errors: luck alone gains so much in one of twenty, with five trainings

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

    def gain_over(self, before: "Step") -> tuple[float, float]:
        """Gain in mean validation accuracy over another step, and its standard error, 0 to 1.

        The error is about the luck of the seeds, not that of the images. Trainings of two recipes
        differ by chance as well: both standard deviations count. Steps that only ask the same
        trainings in another way (averaged weights, several views) are compared seed by seed.

        Raises:
            ValueError: one of the steps has fewer than two records.
        """
        steps = (self, before)
        if min(len(step.records) for step in steps) < 2:
            raise ValueError("a gain needs at least two trainings of each recipe")
        gain = self.validation[0] - before.validation[0]
        if _trained_as(self.recipe) != _trained_as(before.recipe):
            variances = [step.validation[1] ** 2 / len(step.records) for step in steps]
            return gain, math.sqrt(sum(variances))
        shares = [{one.seed: _share(one.validation) for one in step.records} for step in steps]
        mine, theirs = shares
        differences = [mine[seed] - theirs[seed] for seed in mine.keys() & theirs.keys()]
        return gain, statistics.stdev(differences) / math.sqrt(len(differences))

    @property
    def image_error(self) -> float:
        """Standard error of the mean test accuracy that is due to the choice of the test images.

        Raises:
            ValueError: the recipe was not chosen, or there is no record.
        """
        tests = _scores(self.records, lambda record: record.test)
        return standard_error([test["errors"] for test in tests], tests[0]["count"])

    @property
    def test(self) -> tuple[float, float]:
        """Mean and standard deviation of the test accuracy over the seeds, 0 to 1.

        Raises:
            ValueError: the recipe was not chosen, or there is no record.
        """
        return _mean_and_spread(self.records, lambda record: record.test)

    def test_row(self, network: str) -> dict[str, str | float]:
        """The test accuracy with both kinds of luck, as a row for `Run.table`.

        Args:
            network: what the row calls it.

        Returns:
            The `network`; the `mean` of the accuracy, 0 to 1; in points, its standard deviation
            over the seeds (`± seeds`) and `image_error` (`± images`).

        Raises:
            ValueError: the recipe was not chosen, or there is no record.
        """
        mean, spread = self.test
        luck = {"± seeds": 100 * spread, "± images": 100 * self.image_error}
        return {"network": network, "mean": mean, **luck}


_Part = Callable[[Record], dict[str, Any] | None]


def _scores(records: Sequence[Record], part: _Part) -> list[dict[str, Any]]:
    scores = [score for score in map(part, records) if score]
    if not scores or len(scores) < len(records):
        raise ValueError("not every training of this recipe has this score")
    return scores


def _mean_and_spread(records: Sequence[Record], part: _Part) -> tuple[float, float]:
    shares = [_share(score) for score in _scores(records, part)]
    return statistics.fmean(shares), statistics.stdev(shares) if len(shares) > 1 else 0.0


def _share(score: Mapping[str, Any]) -> float:
    share: float = score["correct"] / score["count"]
    return share


def _trained_as(recipe: Recipe) -> str:
    """What is the same for recipes whose trainings are the same: they differ in the asking."""
    config = replace(recipe.config, averaging=0.0)
    return replace(recipe, config=config, view_shift=0.0).key


def gains(steps: Sequence[Step]) -> list[dict[str, str | float | None]]:
    """What each step gained over the one that it changed, as rows for `Run.table`.

    Args:
        steps: of one ladder; one without a record is left out.

    Returns:
        The `change`; the `mean` of the validation accuracy, 0 to 1; in points, its standard
        deviation over the seeds (`± seeds`), the `gain`, and the standard error of the gain by the
        luck of the seeds (`± gain`); and whether that may be `luck?`: hardly, where the gain is
        more than 2.8 of its errors, which luck alone exceeds once in twenty with five trainings
        (Student's t, 4 degrees of freedom). A step that changes none of the others has no gain.
    """
    known = {step.recipe.name: step for step in steps if step.records}
    rows: list[dict[str, str | float | None]] = []
    for step in known.values():
        before = known.get(step.recipe.after or "")
        gain, error = step.gain_over(before) if before else (None, None)
        sure = None if gain is None or error is None else abs(gain) > _SURE * error
        rows.append(
            {
                "change": step.recipe.change,
                "mean": step.validation[0],
                "± seeds": 100 * step.validation[1],
                "gain": None if gain is None else 100 * gain,
                "± gain": None if error is None else 100 * error,
                "luck?": None if sure is None else ("hardly" if sure else "possibly"),
            }
        )
    return rows


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
