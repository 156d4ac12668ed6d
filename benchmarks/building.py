"""How fast the site is built: rebuilds, plans, saves under a server, executions.

All of it happens in temporary copies of the project, on the sample, with one thread.
"""

import os
import shutil
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.copies import PUBLISHING, Copy, copy_of_project, project_without_work
from benchmarks.plain import plain_copy
from benchmarks.rows import Part, Row
from benchmarks.warm import INTO, Figures, build, plans, processor_seconds, rebuilds, saves, told
from mnist_lessons.settings import Settings

__all__ = ["measure"]

_LESSON = "simple_dnn"


def measure(rounds: int, repeats: int) -> Part:
    """Time everything.

    Args:
        rounds: executions of a lesson, and saves while the whole site is built.
        repeats: rebuilds, plans, and other saves.

    Raises:
        SettingError: a setting is wrong.
    """
    profile = Settings.from_environment().profile or "full"
    load, cores = os.getloadavg()[0], os.cpu_count()
    with tempfile.TemporaryDirectory(prefix="mnist-lessons-") as temporary:
        folder = Path(temporary).resolve()
        project = copy_of_project(folder)
        figures: Figures = {"first_build": [told("first build", build, project)]}
        figures |= rebuilds(project, plain_copy(project, folder / "plain"), repeats)
        figures |= _torch_modules(project) | plans(project, repeats)
        figures |= saves(project, _LESSON, repeats, rounds)
        figures |= _executions(project, folder, rounds, profile)
    busy = f"Load of the machine before the start: {load:.1f}, on {cores} cores."
    heading = [*_heading(rounds, repeats, profile), busy]
    return Part(heading, _rows(figures), {**figures, "load": load, "cores": cores})


def _torch_modules(lessons: Copy) -> Figures:
    _, said = lessons.run("-X", "importtime", *PUBLISHING, "build")
    imported = [line.rpartition("|")[2].strip() for line in said.splitlines()]
    if "mkdocs" not in imported:
        raise SystemExit("benchmarks: `python -X importtime` does not tell what is imported")
    return {"torch": [sum(name.split(".")[0] == "torch" for name in imported)]}


def _executions(project: Copy, folder: Path, rounds: int, profile: str) -> Figures:
    empty = project_without_work(project, folder / "empty")
    run = (*PUBLISHING, "run", "--again")
    script = str(project.root / "tutorials" / f"{_LESSON}.py")
    sides = {"start": (empty, run), "executed": (project, (*run, _LESSON))}
    sides["script"] = (project, (script,))
    figures: Figures = {f"{side}{what}": [] for side in sides for what in ("", "_processor")}
    for number in range(1, rounds + 1):
        # Neither side may find a training that it need not repeat.
        shutil.rmtree(project.root / ".cache" / "lessons" / "checkpoints", ignore_errors=True)
        settings = {"MNIST_LESSONS_RUNS": str(folder / f"runs-{number}")}
        settings["MNIST_LESSONS_PROFILE"] = profile
        for side, (where, command) in sides.items():
            label, before = f"execution {number} of {rounds}, {side}", processor_seconds()
            figures[side].append(told(label, where.seconds, *command, **settings))
            figures[f"{side}_processor"].append(processor_seconds() - before)
    return figures


def _rows(figures: Figures) -> list[Row]:
    middle = {name: median(values) for name, values in figures.items()}

    def row(
        what: str, values: list[float], target: float | None = None, note: str = "", unit: str = "s"
    ) -> Row:
        return Row(what, 1, values, target, True, note.format(**middle), unit)

    pairs = zip(figures["lessons"], figures["plain"], strict=True)
    above = [lessons - plain for lessons, plain in pairs]
    sides = "s: lessons {lessons:.2f}, plain {plain:.2f}; first build {first_build:.1f}"
    shares, overhead = "s: executed {executed:.1f}, start {start:.1f}, script {script:.1f}", 1.05
    late = f"s: saved {INTO} into that build"
    return [
        row("Warm rebuild, above the same site of plain pages", above, 0.7, sides),
        row("Modules of torch that a warm rebuild imports", figures["torch"], 0.0, unit=""),
        row("Plan", figures["plan"], 0.2, "s: {imports_and_plan:.2f} with the imports"),
        row("Prose saved, to the new page", figures["saved"], 0.6),
        row("Prose saved while the whole site is built", figures["saved_meanwhile"], 1.0, late),
        row("Server started, to the first page", figures["first_page"]),
        row("(Executed - kernel's start) / script", _overhead(figures, ""), overhead, shares, ""),
        row("The same in processor time", _overhead(figures, "_processor"), unit=""),
    ]


def _overhead(figures: Figures, what: str) -> list[float]:
    sides = [figures[side + what] for side in ("executed", "start", "script")]
    return [(executed - start) / script for executed, start, script in zip(*sides, strict=True)]


def _heading(rounds: int, repeats: int, profile: str) -> list[str]:
    target = ": no measure of the target" if profile == "preview" else ""
    return [
        "Building, on the sample; the stored runs are previews. "
        f"Rebuilds, plans, saves: {repeats}; late saves, executions: {rounds}.",
        f"Executed is {_LESSON} in profile {profile}{target}; kernel's start is the execution of a",
        "lesson that does nothing. Processor time is that of all processes.",
    ]
