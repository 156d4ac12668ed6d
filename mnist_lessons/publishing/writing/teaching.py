"""What `make check` asks of the lessons that `teaching.toml` names, from their text alone.

Their code teaches more than it presents, their cells are short, and a run stands behind the
numbers and the comparisons of their prose.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.writing.backing import unbacked
from mnist_lessons.publishing.writing.beside import read_tables
from mnist_lessons.publishing.writing.lessons import Lesson, code_cells, prose_line
from mnist_lessons.publishing.writing.presenting import Shares, shares

__all__ = ["problems_of_teaching", "read_teaching"]

_FILE = "teaching.toml"
_MOST = 12.0  # per cent of the shown lines that only present, and of those that are folded
_MOST_IF_SHORT = 15.0  # a short lesson has figures, too
_SHORT = 150  # shown lines
_ROUNDING = 0.5
_MOST_LINES = 15  # of a cell, blank ones left out
_INSTEAD = "claim it in a cell beside it, name a value, {{ ... }}, or say in"


def read_teaching(tutorials: Path, lessons: Sequence[Lesson]) -> dict[str, dict[str, str]]:
    """For each lesson that is checked, the beginnings of sentences that no run can bear, and why.

    Raises:
        BuildFailure: the file is no TOML, names no lesson, or does not say why.
    """
    path = tutorials / _FILE
    allowed = read_tables(path, [lesson.slug for lesson in lessons])
    for slug, sentences in allowed.items():
        for beginning, why in sentences.items():
            if not isinstance(why, str) or not why.strip():
                raise BuildFailure(
                    f"{tutorials.name}/{_FILE}: [{slug}] {beginning!r}: say why it needs no run"
                )
    return allowed


def problems_of_teaching(lesson: Lesson, allowed: Mapping[str, str]) -> list[str]:
    """What a lesson whose form is right falls short of, one sentence each.

    Args:
        lesson: to be checked.
        allowed: beginnings of sentences that need no run behind them, and why.
    """
    name = f"{lesson.script.parent.name}/{lesson.script.name}"
    return [
        *(f"{name}: {reason}" for reason in _of_shares(shares(code_cells(lesson.notebook())))),
        *(f"{name}, line {line}: {reason}" for line, reason in _of_cells(lesson)),
        *(f"{name}, line {line}: {reason}" for line, reason in _of_prose(lesson, allowed)),
        *_of_allowed(lesson, allowed),
    ]


def _of_shares(found: Shares) -> Iterator[str]:
    most = _MOST if found.shown >= _SHORT else _MOST_IF_SHORT
    if found.presents > most + _ROUNDING:
        listed = "".join(f"\n    {line}" for line in found.presenting)
        yield (
            f"{found.presents:.0f}% of its {found.shown} shown lines only present, at most "
            f"{most:.0f}% may: leave titles and texts to their defaults, show rows with "
            f"run.table, say findings with run.claim. These count:{listed}"
        )
    if found.hides > most + _ROUNDING:
        yield (
            f"{found.hides:.0f}% of its lines are folded, {found.folded} of "
            f"{found.shown + found.folded}, at most {most:.0f}% may be: what several lessons "
            "need belongs in mnist_lessons/"
        )


def _of_cells(lesson: Lesson) -> Iterator[tuple[int, str]]:
    for number, cell in enumerate(code_cells(lesson.notebook()), start=1):
        lines = sum(bool(line.strip()) for line in cell.source.splitlines())
        if lines > _MOST_LINES:
            reason = f"this cell has {lines} lines, at most {_MOST_LINES} may be: split it"
            yield lesson.line(number), reason


def _of_prose(lesson: Lesson, allowed: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    cells = lesson.notebook().cells
    for found in unbacked(cells):
        if not found.sentence.startswith(tuple(allowed)):
            line = prose_line(cells[found.cell].source, lesson.places[found.cell], found.line)
            yield (
                line,
                f"no run stands behind {found.words!r} in {found.sentence!r}: {_INSTEAD} "
                f"{lesson.script.parent.name}/{_FILE} why it needs none",
            )


def _of_allowed(lesson: Lesson, allowed: Mapping[str, str]) -> Iterator[str]:
    sentences = [found.sentence for found in unbacked(lesson.notebook().cells)]
    for beginning in allowed:
        if not any(sentence.startswith(beginning) for sentence in sentences):
            yield (
                f"{lesson.script.parent.name}/{_FILE}: [{lesson.slug}] no sentence that lacks a "
                f"run begins with {beginning!r}"
            )
