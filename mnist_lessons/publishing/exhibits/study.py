"""How far the networks were brought, from the recorded study, as a table for the home page."""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mnist_lessons._words import count
from mnist_lessons.errors import DataError
from mnist_lessons.publishing.html.markdown import Markdown, table

__all__ = ["block"]

# What a row is called, and its recipes: as its lesson trains it, and as the study ends.
_ROWS = (
    ("DNN", "dnn", "dnn-decayed"),
    ("CNN, 3 epochs", "cnn", "cnn-augmented"),
    ("CNN, 90 epochs", "", "cnn-90-views"),
    ("compact CNN, 24 epochs", "", "compact-views"),
)

_FIXED = "\N{NO-BREAK SPACE}"

_Records = Sequence[Mapping[str, Any]]


def block(file: Path) -> str:
    """A table as Markdown, and what its numbers are; empty where there is no record.

    Raises:
        DataError: the file is no list of records.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        return _table([json.loads(line) for line in lines])
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise DataError(f"cannot read {file.name}: {type(error).__name__}: {error}") from error


def _table(records: _Records) -> str:
    found = [(name, _of(before, records), _of(after, records)) for name, before, after in _ROWS]
    rows = [
        (name, f"{after[0]['parameters']:,}", _accuracy(before), _accuracy(after))
        for name, before, after in found
        if after
    ]
    if not rows:
        return ""
    head = ("network", "parameters", "recipe of its lesson", "improved recipe")
    scored = [record for _, *both in found for recipe in both for record in recipe]
    return f"{table(head, rows, right=(1, 2, 3))}\n\n{_what_they_are(scored)}"


def _of(recipe: str, records: _Records) -> _Records:
    """The trainings of a recipe as it is now, whose test images were scored."""
    mine = [record for record in records if record["recipe"] == recipe and record["test"]]
    return [record for record in mine if record["made_by"] == mine[-1]["made_by"]]


def _accuracy(records: _Records) -> Markdown:
    shares = [record["test"]["correct"] / record["test"]["count"] for record in records]
    if not shares:
        return Markdown("")
    spread = f" ±{_FIXED}{100 * statistics.stdev(shares):.2f}" if len(shares) > 1 else ""
    return Markdown(f"**{statistics.fmean(shares):.2%}**{spread}")


def _what_they_are(records: _Records) -> str:
    seeds = sorted({record["seed"] for record in records})
    images = max(record["test"]["count"] for record in records)
    trainings, named = count(len(seeds), "training"), ", ".join(map(str, seeds))
    return (
        f"Test accuracy on {images:,} images, each number the mean of {trainings} ± their "
        f"standard deviation (seeds {named})."
    )
