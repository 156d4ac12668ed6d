"""What a project costs whose lessons are stored: a plan, a rebuild, a page that is saved."""

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.copies import PUBLISHING, Copy
from benchmarks.server import Server, serving

__all__ = [
    "INTO",
    "Figures",
    "build",
    "plans",
    "processor_seconds",
    "rebuilds",
    "saves",
    "told",
]

INTO = 0.5  # seconds: the build of the whole site has read the lessons by then
_PLANNER = str(Path(__file__).with_name("planning.py"))

# What was measured, by name, in seconds; `NAME_processor` is the processor's time of NAME.
Figures = dict[str, list[float]]


def plans(project: Copy, repeats: int) -> Figures:
    """Time `status` in processes of their own, with and without their imports."""
    figures: Figures = {"plan": [], "plan_processor": [], "imports_and_plan": []}

    def plan() -> float:
        said, _ = project.run("-P", _PLANNER)
        seconds: dict[str, float] = json.loads(said)
        figures["imports_and_plan"].append(seconds["imports"] + seconds["plan"])
        figures["plan_processor"].append(seconds["processor"])
        return seconds["plan"]

    for number in range(1, repeats + 1):
        figures["plan"].append(told(f"plan {number} of {repeats}", plan))
    return figures


def rebuilds(lessons: Copy, plain: Copy, repeats: int) -> Figures:
    """Time builds of a site where nothing is new, and of the same site of plain pages."""
    plain.run("-P", "-m", "mkdocs", "build", "--strict")  # fails if its pages are not sound
    figures: Figures = {}
    for number in range(1, repeats + 1):
        for side, build_it, project in (
            ("lessons", build, lessons),
            ("plain", _build_plain, plain),
        ):
            label, before = f"rebuild {number} of {repeats}, {side}", processor_seconds()
            figures.setdefault(side, []).append(told(label, build_it, project))
            used = processor_seconds() - before
            figures.setdefault(f"{side}_processor", []).append(used)
    return figures


def saves(project: Copy, slug: str, repeats: int, rounds: int) -> Figures:
    """Time how soon a server shows new prose: at rest, and while it builds the whole site.

    Args:
        project: what is served.
        slug: the lesson whose prose is saved.
        repeats: saves at rest.
        rounds: saves while the whole site is built.
    """
    figures: Figures = {name: [] for name in ("saved", "saved_meanwhile")}
    figures |= {f"{name}_processor": [] for name in figures}
    with serving(project, slug) as server:
        figures["first_page"] = [told("server, first page", _first_page, server)]
        for number in range(1, repeats + 1):
            label = f"save {number} of {repeats}"
            _save(figures, "saved", server, label, f"Save {number}.")
        for number in range(1, rounds + 1):
            before = server.whole_sites
            server.save(f"Earlier save {number}.")
            server.wait_for_whole_site(before)
            time.sleep(INTO)
            label = f"save {number} of {rounds} while the whole site is built"
            _save(figures, "saved_meanwhile", server, label, f"Late save {number}.")
        server.end()
    return figures


def _save(figures: Figures, name: str, server: Server, label: str, sentence: str) -> None:
    """Save, and wait until the whole site has been built after that."""
    whole, processor = server.whole_sites, server.processor_seconds
    figures[name].append(told(label, server.save, sentence))
    figures[f"{name}_processor"].append(server.processor_seconds - processor)
    server.wait_for_whole_site(whole)
    server.wait_for_rest()


def _first_page(server: Server) -> float:
    start = time.perf_counter()
    server.wait_until(lambda: bool(server.page()), "its first page")
    return time.perf_counter() - start


def build(project: Copy) -> float:
    """Build the site; the seconds that it took."""
    return project.seconds(*PUBLISHING, "build")


def _build_plain(plain: Copy) -> float:
    return plain.seconds("-P", "-m", "mkdocs", "build", "-q")


def processor_seconds() -> float:
    """Processor time of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def told(label: str, measured: Callable[..., float], *arguments: object, **named: str) -> float:
    """Say what is measured, and how long it took."""
    print(f"{label} ...", end=" ", flush=True)
    seconds = measured(*arguments, **named)
    print(f"{seconds:.2f} s", flush=True)
    return seconds
