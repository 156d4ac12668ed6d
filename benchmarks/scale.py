"""What planning, rebuilding and saving cost as a site grows: small lessons, all of them stored.

Nothing is trained but one of them, for a moment. MkDocs builds plain pages of the same number and
content beside it.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.copies import Copy
from benchmarks.plain import plain_copy
from benchmarks.rows import Part, Row
from benchmarks.small_projects import multiply, small_project
from benchmarks.warm import INTO, Figures, build, plans, rebuilds, saves, told

__all__ = ["measure"]

# Seconds, by the number of lessons: a plan, a save, a save while the whole site is built.
_TARGETS = {7: (0.2, 0.6, 1.0), 70: (0.5, 0.8, 1.0), 700: (3.0, 1.5, 2.0)}
_FEW = 7  # lessons: a rebuild of so few is judged by its seconds, of more by its share
_ABOVE_FEW, _SHARE = 0.7, 0.4


def measure(sizes: Sequence[int], rounds: int) -> Part:
    """Time sites of several sizes, each measure `rounds` times.

    Args:
        sizes: numbers of lessons, 1 to 999.
        rounds: at least 1.
    """
    rows: list[Row] = []
    load, cores = os.getloadavg()[0], os.cpu_count()
    figures: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="mnist-lessons-") as temporary:
        folder = Path(temporary).resolve()
        print("one small lesson is executed ...", flush=True)
        project = small_project(folder)
        for size in sizes:
            figures[str(size)] = _measure(project, size, folder, rounds)
            rows += _rows(size, figures[str(size)])
    heading = [
        f"Small lessons with stored runs, on the sample. Rounds: {rounds}.",
        f"Load of the machine before the start: {load:.1f}, on {cores} cores; what follows `proc`",
        "is the time of the processor, which depends less on that load.",
    ]
    return Part(heading, rows, {**figures, "load": load, "cores": cores})


def _measure(template: Copy, size: int, folder: Path, rounds: int) -> Figures:
    print(f"{_lessons(size)}:", flush=True)
    project = multiply(template, size, folder / f"small-{size}")
    figures: Figures = {"first_build": [told("first build", build, project)]}
    plain = plain_copy(project, folder / f"plain-{size}")
    figures |= rebuilds(project, plain, rounds)
    figures |= plans(project, rounds)
    return figures | saves(project, "lesson_001", rounds, rounds)


def _rows(size: int, figures: Figures) -> Iterator[Row]:
    plan, saved, meanwhile = _TARGETS.get(size, (None, None, None))
    middle = {name: median(values) for name, values in figures.items()}

    def row(what: str, values: list[float], target: float | None, note: str, unit: str) -> Row:
        label = f"{_lessons(size)}: {what}"
        return Row(label, 1, values, target, True, note.format(**middle), unit)

    pairs = [*zip(figures["lessons"], figures["plain"], strict=True)]
    sides = (
        "lessons {lessons:.2f} s, proc {lessons_processor:.2f}; "
        "plain {plain:.2f} s, proc {plain_processor:.2f}"
    )
    yield row("plan", figures["plan"], plan, "proc {plan_processor:.2f}", "s")
    if size <= _FEW:
        above = [lessons - plain for lessons, plain in pairs]
        yield row("warm rebuild above plain pages", above, _ABOVE_FEW, sides, "s")
    else:
        shares = [lessons / plain - 1 for lessons, plain in pairs]
        yield row("warm rebuild above plain, share of plain", shares, _SHARE, sides, "")
    proc = "proc {saved_processor:.2f}"
    yield row("prose saved, to the new page", figures["saved"], saved, proc, "s")
    proc = f"proc {{saved_meanwhile_processor:.2f}}; saved {INTO} s into that build"
    values = figures["saved_meanwhile"]
    yield row("the same while the whole site is built", values, meanwhile, proc, "s")


def _lessons(size: int) -> str:
    return "1 lesson" if size == 1 else f"{size} lessons"
