"""How far the networks were brought, from the recorded study, as a table for the home page."""

from pathlib import Path

from mnist_lessons._words import count
from mnist_lessons.publishing.exhibits.recorded import TITLES, Recorded, read_recorded
from mnist_lessons.publishing.html.markdown import Markdown, table

__all__ = ["block"]

# The recipe of a lesson, and that which the study ended with.
_ROWS = (
    ("dnn", "dnn-decayed"),
    ("cnn", "cnn-augmented"),
    ("", "cnn-90-views"),
    ("", "compact-views"),
)
_FIXED = "\N{NO-BREAK SPACE}"


def block(file: Path) -> str:
    """A table as Markdown, and what its numbers are; empty where there is no record.

    Raises:
        DataError: the file is no list of records.
    """
    recorded = read_recorded(file)
    rows = [
        (
            TITLES[before or after],
            f"{recorded[after].parameters:,}",
            _accuracy(recorded.get(before)),
            _accuracy(recorded[after]),
        )
        for before, after in _ROWS
        if after in recorded
    ]
    if not rows:
        return ""
    head = ("network", "parameters", "recipe of its lesson", "improved recipe")
    return f"{table(head, rows, right=(1, 2, 3))}\n\n{_what_they_are(list(recorded.values()))}"


def _accuracy(recipe: Recorded | None) -> Markdown:
    if recipe is None:
        return Markdown("")
    luck = " ".join(map(_luck, (recipe.spread, recipe.image_error)))
    return Markdown(f"**{recipe.accuracy:.2%}** {luck}")


def _luck(error: float | None) -> str:
    return f"±{_FIXED}{'?' if error is None else format(100 * error, '.2f')}"


def _what_they_are(recipes: list[Recorded]) -> str:
    seeds = sorted({seed for recipe in recipes for seed in recipe.seeds})
    trainings, named = count(len(seeds), "training"), ", ".join(map(str, seeds))
    return (
        f"Test accuracy: the share of {recipes[0].images:,} images that a network reads, none of "
        f"which it was trained on. Each number is the mean of {trainings} (seeds {named}), with "
        "two kinds of luck, in points: the first ± is the standard deviation of the seeds, the "
        "second the standard error of the mean, had other test images been drawn."
    )
