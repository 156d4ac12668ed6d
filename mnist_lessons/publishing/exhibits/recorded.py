"""The recorded study as pages show it, read without torch."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mnist_lessons._luck import standard_error
from mnist_lessons.errors import DataError

__all__ = ["TITLES", "Recorded", "read_recorded"]

TITLES = {
    "dnn": "DNN",
    "dnn-decayed": "DNN, improved recipe",
    "cnn": "CNN, 3 epochs",
    "cnn-augmented": "CNN, improved recipe, 3 epochs",
    "cnn-90-views": "CNN, 90 epochs, five views",
    "compact-views": "compact CNN, five views",
}
"""What pages call a network, by its recipe: those of the lessons, and the last of each ladder."""


@dataclass(frozen=True)
class Recorded:
    """The trainings of a recipe as it is now, whose test images were scored.

    Attributes:
        parameters: of the network.
        seeds: one of each training.
        images: of the test.
        accuracy: mean of the trainings.
        spread: standard deviation over the seeds; None of a single one.
        image_error: standard error of the mean, had other images been drawn.
    """

    parameters: int
    seeds: Sequence[int]
    images: int
    accuracy: float
    spread: float | None
    image_error: float


def read_recorded(file: Path) -> dict[str, Recorded]:
    """What was recorded of each recipe that was scored, by its name; nothing without the file.

    Raises:
        DataError: the file is no list of records.
    """
    try:
        return _read(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise DataError(f"cannot read {file.name}: {type(error).__name__}: {error}") from error


@lru_cache(maxsize=4)
def _read(file: Path, _: int) -> dict[str, Recorded]:
    scored: dict[str, list[Mapping[str, Any]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["test"]:
            scored.setdefault(record["recipe"], []).append(record)
    return {recipe: _recorded(records) for recipe, records in scored.items()}


def _recorded(records: Sequence[Mapping[str, Any]]) -> Recorded:
    current = [one for one in records if one["made_by"] == records[-1]["made_by"]]
    tests = [one["test"] for one in current]
    images = tests[0]["count"]
    shares = [test["correct"] / images for test in tests]
    return Recorded(
        parameters=current[0]["parameters"],
        seeds=[one["seed"] for one in current],
        images=images,
        accuracy=statistics.fmean(shares),
        spread=statistics.stdev(shares) if len(shares) > 1 else None,
        image_error=standard_error([test["errors"] for test in tests], images),
    )
