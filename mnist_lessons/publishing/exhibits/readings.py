"""How often the test images were read, as far as runs and records tell, as a sentence."""

import json
from collections.abc import Sequence
from pathlib import Path

from mnist_lessons._words import count
from mnist_lessons.errors import DataError
from mnist_lessons.publishing.exhibits.recorded import read_recorded
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["block"]


def block(runs: Sequence[StoredRun], study: Path, gpu: Path) -> str:
    """The counts as Markdown.

    Args:
        runs: of the lessons.
        study: the file of the study's records.
        gpu: the record of the check on a GPU.

    Raises:
        DataError: a record is damaged.
    """
    recorded = read_recorded(study)
    trained = sum(len(recipe.seeds) for recipe in recorded.values())
    numbers = {
        "in the table above": sum(len(run.card.results) for run in runs),
        f"trainings of the recorded study ({count(len(recorded), 'recipe')})": trained,
        "trainings of these recipes on a GPU": _on_gpu(gpu),
    }
    told = ", ".join(f"{number:,} {what}" for what, number in numbers.items() if number)
    return f"At least {count(sum(numbers.values()), 'network')} read them: {told}." if told else ""


def _on_gpu(file: Path) -> int:
    """Number of trainings that scored the test images."""
    try:
        parts = json.loads(file.read_text(encoding="utf-8"))["parts"]
        results = [part["result"] for part in parts if part["outcome"] == "done"]
        return sum(len(result["seeds"]) for result in results if "test" in result)
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"cannot read {file.name}: {type(error).__name__}: {error}") from error
