"""How fast the site is built: rebuilds, plans, saves under a server, executions.

All of it happens in temporary copies of the project, on the sample, with one thread.
"""

import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.copies import PUBLISHING, Copy, copy_of_project, project_without_work
from benchmarks.plain import plain_copy
from benchmarks.rows import Part, Row
from benchmarks.server import Server, serving
from mnist_lessons.settings import Settings

__all__ = ["measure"]

_LESSON = "simple_dnn"
_INTO = 0.5  # seconds: the build of the whole site has read the lessons by then
_PLANNER = str(Path(__file__).with_name("planning.py"))

Figures = dict[str, list[float]]


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
        figures: Figures = {"first_build": [_told("first build", _build, project)]}
        figures |= _rebuilds(project, plain_copy(project, folder / "plain"), repeats)
        figures |= _plans(project, repeats)
        figures |= _saves(project, rounds, repeats)
        figures |= _executions(project, folder, rounds, profile)
    busy = f"Load of the machine before the start: {load:.1f}, on {cores} cores."
    heading = [*_heading(rounds, repeats, profile), busy]
    return Part(heading, _rows(figures), {**figures, "load": load, "cores": cores})


def _rebuilds(lessons: Copy, plain: Copy, repeats: int) -> Figures:
    plain.run("-P", "-m", "mkdocs", "build", "--strict")  # fails if its pages are not sound
    figures: Figures = {"lessons": [], "plain": []}
    for number in range(1, repeats + 1):
        label = f"rebuild {number} of {repeats}"
        figures["lessons"].append(_told(f"{label}, lessons", _build, lessons))
        figures["plain"].append(_told(f"{label}, plain pages", _build_plain, plain))
    _, said = lessons.run("-X", "importtime", *PUBLISHING, "build")
    imported = [line.rpartition("|")[2].strip() for line in said.splitlines()]
    if "mkdocs" not in imported:
        raise SystemExit("benchmarks: `python -X importtime` does not tell what is imported")
    return {**figures, "torch": [sum(name.split(".")[0] == "torch" for name in imported)]}


def _build(lessons: Copy) -> float:
    return lessons.seconds(*PUBLISHING, "build")


def _build_plain(plain: Copy) -> float:
    return plain.seconds("-P", "-m", "mkdocs", "build", "-q")


def _plans(project: Copy, repeats: int) -> Figures:
    figures: Figures = {"plan": [], "imports_and_plan": []}

    def plan() -> float:
        said, _ = project.run("-P", _PLANNER)
        seconds: dict[str, float] = json.loads(said)
        figures["imports_and_plan"].append(seconds["imports"] + seconds["plan"])
        return seconds["plan"]

    for number in range(1, repeats + 1):
        figures["plan"].append(_told(f"plan {number} of {repeats}", plan))
    return figures


def _saves(project: Copy, rounds: int, repeats: int) -> Figures:
    figures: Figures = {"saved": [], "saved_meanwhile": []}
    with serving(project, _LESSON) as server:
        figures["first_page"] = [_told("server, first page", _first_page, server)]
        for number in range(1, repeats + 1):
            label = f"save {number} of {repeats}"
            figures["saved"].append(_told(label, _saved, server, f"Save {number}."))
        for number in range(1, rounds + 1):
            before = server.whole_sites
            server.save(f"Earlier save {number}.")
            server.wait_for_whole_site(before)
            time.sleep(_INTO)
            label = f"save {number} of {rounds} while the whole site is built"
            figures["saved_meanwhile"].append(_told(label, _saved, server, f"Late save {number}."))
        server.end()
    return figures


def _first_page(server: Server) -> float:
    start = time.perf_counter()
    server.wait_until(lambda: bool(server.page()), "its first page")
    return time.perf_counter() - start


def _saved(server: Server, sentence: str) -> float:
    """The seconds of a save, after which the whole site has been built."""
    before = server.whole_sites
    seconds = server.save(sentence)
    server.wait_for_whole_site(before)
    server.wait_for_rest()
    return seconds


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
            label, before = f"execution {number} of {rounds}, {side}", _processor_seconds()
            figures[side].append(_told(label, where.seconds, *command, **settings))
            figures[f"{side}_processor"].append(_processor_seconds() - before)
    return figures


def _processor_seconds() -> float:
    """Processor time of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _told(label: str, measured: Callable[..., float], *arguments: object, **named: str) -> float:
    """Say what is measured, and how long it took."""
    print(f"{label} ...", end=" ", flush=True)
    seconds = measured(*arguments, **named)
    print(f"{seconds:.2f} s", flush=True)
    return seconds


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
    late = f"s: saved {_INTO} into that build"
    return [
        row("Warm rebuild, above the same site of plain pages", above, 1.0, sides),
        row("Modules of torch that a warm rebuild imports", figures["torch"], 0.0, unit=""),
        row("Plan", figures["plan"], 0.3, "s: {imports_and_plan:.2f} with the imports"),
        row("Prose saved, to the new page", figures["saved"], 1.0),
        row("Prose saved while the whole site is built", figures["saved_meanwhile"], None, late),
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
