"""Where everything lies, which lessons there are, and what a build would do with them."""

import os
import shutil
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_lessons._datasets import checksums
from mnist_lessons._fetch import expected_dataset, expected_extras
from mnist_lessons.errors import BuildFailure, SettingError
from mnist_lessons.publishing.execution.plan import Now, Step, plan
from mnist_lessons.publishing.runs.store import Store
from mnist_lessons.publishing.writing.lessons import Lesson, discover
from mnist_lessons.settings import Profile, Settings

__all__ = ["Project", "best_device", "current", "planned", "read_lessons", "threads"]


@dataclass(frozen=True)
class Project:
    """Where everything lies."""

    root: Path

    @property
    def tutorials(self) -> Path:
        """The lessons' scripts and `bands.toml`."""
        return self.root / "tutorials"

    @property
    def package(self) -> Path:
        """The teaching modules."""
        return self.root / "mnist_lessons"

    @property
    def tests(self) -> Path:
        """The tests, which a copy of the project may lack."""
        return self.root / "tests"

    @property
    def store(self) -> Store:
        """The executed runs."""
        return Store(self.root / ".cache" / "lessons")


def read_lessons(project: Project, only: Collection[str] = ()) -> list[Lesson]:
    """The lessons as they stand now, all of them or those that are named.

    Raises:
        BuildFailure: there is no lesson.
        SettingError: there is no lesson of that name.
    """
    lessons = discover(project.tutorials)
    if not lessons:
        raise BuildFailure(f"no lesson: looked for *.py in {project.tutorials.name}/")
    names = {Path(name).stem for name in only}
    if unknown := names - {lesson.slug for lesson in lessons}:
        there = ", ".join(lesson.slug for lesson in lessons)
        raise SettingError(f"no lesson {', '.join(sorted(unknown))}: there are {there}")
    return [lesson for lesson in lessons if not names or lesson.slug in names]


def current(
    project: Project,
    settings: Settings,
    *,
    profile: Profile | None = None,
    dataset: str | None = None,
    extras: frozenset[str] | None = None,
) -> Now:
    """What a run would be made from now.

    Args:
        project: the project.
        settings: of this process.
        profile: that of the settings where None, and `full` where that is unset.
        dataset: what the lessons will read; where None, what is expected to be found.
        extras: names of the datasets besides it; where None, what is expected to be found.

    Raises:
        SettingError: `MNIST_LESSONS_DATA` does not hold the four files, or the number of
            threads is wrong.
    """
    return Now(
        root=project.root.resolve(),
        profile=profile or settings.profile or "full",
        device=settings.device,
        best_device=best_device(),
        threads=str(threads()),
        data=checksums()[dataset or expected_dataset(settings)],
        extras=expected_extras(settings) if extras is None else extras,
    )


def planned(
    project: Project,
    settings: Settings,
    lessons: Sequence[Lesson],
    *,
    profile: Profile | None = None,
    dataset: str | None = None,
) -> list[Step]:
    """What a build would do with each lesson; reads neither images nor torch.

    The arguments and errors are those of `current`.
    """
    now = current(project, settings, profile=profile, dataset=dataset)
    return plan(project.store, lessons, now)


def threads() -> int:
    """Threads of a kernel: `OMP_NUM_THREADS`, or 1.

    Raises:
        SettingError: it is no number from 1 to 1024.
    """
    # One thread a lesson: the same bits on any number of cores, and no waiting for a
    # busy neighbour; the cores are used by several lessons at once.
    asked = os.environ.get("OMP_NUM_THREADS", "1")
    if not (asked.isdecimal() and 1 <= int(asked) <= 1024):
        raise SettingError(f"OMP_NUM_THREADS={asked!r}: use a whole number from 1 to 1024")
    return int(asked)


def best_device() -> str:
    """The kind of device that torch's `auto` will most likely choose, told without torch."""
    if Path("/dev/nvidia0").exists() or (sys.platform == "win32" and shutil.which("nvidia-smi")):
        return "cuda"
    is_apple = sys.platform == "darwin" and os.uname().machine == "arm64"
    return "mps" if is_apple else "cpu"
