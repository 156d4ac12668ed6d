"""Values in prose: `{{ dnn.test_accuracy | percent }}` becomes what the run recorded."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from typing import Any

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.writing.lessons import prose_line
from mnist_lessons.publishing.writing.prose import replaced
from mnist_lessons.publishing.writing.scripts import Place

__all__ = ["Recorded", "fill_values", "stray_values"]

# The values of each lesson's run by name; None for a lesson without a run.
Recorded = Mapping[str, Mapping[str, float | None] | None]

_NOT_KNOWN_YET = "…"
_REFERENCE = re.compile(r"\{\{(?P<reference>[^{}]*)(?P<end>\}\})?")


def fill_values(
    notebook: Any, lesson: str, recorded: Recorded, places: Sequence[Place] = ()
) -> list[str]:
    """Put values in the place of the references in a notebook's prose, but not in code or formulas.

    Args:
        notebook: of the lesson; changed in place.
        lesson: short name of the lesson.
        recorded: what the runs of all lessons recorded.
        places: where its cells stand in its script, to name the lines of what is wrong.

    Returns:
        A sentence for each wrong reference; it stays in the prose as it is.
    """
    problems: list[str] = []

    def replacement(where: Callable[[int], str], found: re.Match[str]) -> str:
        try:
            if not found["end"]:
                raise BuildFailure("it does not end with }}")
            return _value(found["reference"], lesson, recorded)
        except BuildFailure as wrong:
            line = found.string.count("\n", 0, found.start()) + 1
            written = found[0] if found["end"] else found[0].partition("\n")[0]
            problems.append(f"{where(line)}: {' '.join(written.split())}: {wrong}")
            return found[0]

    for cell, place in zip_longest(notebook.cells, places):
        if cell.cell_type == "markdown":
            where = partial(_where, lesson, cell.source, place)
            cell.source = replaced(cell.source, _REFERENCE, partial(replacement, where))
    return problems


def stray_values(text: str) -> list[tuple[int, str]]:
    """Each reference on a page that is no lesson: its line, from 1, and what is wrong with it."""
    found = []

    def look(reference: re.Match[str]) -> str:
        line = text.count("\n", 0, reference.start()) + 1
        written = " ".join(reference[0].partition("\n")[0].split())
        found.append((line, f"{written}: values are known in lessons alone"))
        return reference[0]

    replaced(text, _REFERENCE, look)
    return found


def _where(lesson: str, source: str, place: Place | None, line: int) -> str:
    if place is None:
        return lesson
    return f"tutorials/{lesson}.py, line {prose_line(source, place, line)}"


def _value(reference: str, lesson: str, recorded: Recorded) -> str:
    name, bar, wish = (part.strip() for part in reference.partition("|"))
    other, colon, rest = (part.strip() for part in name.partition(":"))
    slug, name = (other, rest) if colon else (lesson, name)
    wish = wish if bar else "number"
    if wish not in _FORMATS:
        raise BuildFailure(f"no format {wish}; there are {', '.join(sorted(_FORMATS))}")
    if slug not in recorded:
        raise BuildFailure(f"no lesson {slug}; there are {', '.join(sorted(recorded))}")
    values = recorded[slug]
    if values is None:
        return _NOT_KNOWN_YET
    if name not in values:
        there = ", ".join(sorted(values)) or "none"
        raise BuildFailure(f"no run recorded {name}; there are {there}")
    value = values[name]
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise BuildFailure(f"what the run recorded as {name} is not a finite number")
    return _FORMATS[wish](value)


def _percent(value: float) -> str:
    return f"{value:.2%}"


def _count(value: float) -> str:
    if value != int(value):
        raise BuildFailure(f"{value} is no count")
    return f"{int(value):,}"


def _number(value: float) -> str:
    """Four significant digits, without an exponent."""
    return f"{Decimal(f'{value:.4g}'):,f}"


_FORMATS: dict[str, Callable[[float], str]] = {
    "count": _count,
    "number": _number,
    "percent": _percent,
}
