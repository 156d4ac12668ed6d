"""Where everything lies, and which lessons there are."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mnist_lessons.errors import BuildFailure, SettingError
from mnist_lessons.publishing.runs.store import Store
from mnist_lessons.publishing.writing.known import KNOWN
from mnist_lessons.publishing.writing.lessons import Lesson, discover

__all__ = ["Project", "read_lessons"]


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
    KNOWN.keep_in(project.root / ".cache" / "known.json")
    lessons = discover(project.tutorials)
    if not lessons:
        raise BuildFailure(f"no lesson: looked for *.py in {project.tutorials.name}/")
    names = {Path(name).stem for name in only}
    if unknown := names - {lesson.slug for lesson in lessons}:
        there = ", ".join(lesson.slug for lesson in lessons)
        raise SettingError(f"no lesson {', '.join(sorted(unknown))}: there are {there}")
    return [lesson for lesson in lessons if not names or lesson.slug in names]
