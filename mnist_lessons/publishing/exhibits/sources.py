"""What exhibits are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["Sources", "page_of"]


def page_of(lesson: str) -> str:
    """Address of a lesson's page, as seen from `results/` and other pages beside it."""
    return f"../tutorials/{quote(lesson, safe='')}/"


@dataclass(frozen=True)
class Sources:
    """The project, and the runs of its lessons.

    Attributes:
        root: folder of the project.
        lessons: each lesson's run by its slug, in reading order; None without one.
        repository: address of the repository, or empty.
        tutorials: folder of the lessons' pages, as seen from the page that shows the exhibit.
        notebooks: each lesson as a notebook, with values in its prose, by its slug.
        parts: the part of the navigation that a lesson stands in, by its slug.
        distribution: how readers get the code.
    """

    root: Path
    lessons: Mapping[str, StoredRun | None]
    repository: str = ""
    tutorials: str = "../tutorials/"
    notebooks: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    distribution: Distribution = field(default_factory=Distribution)

    @cached_property
    def runs(self) -> list[StoredRun]:
        """All of them."""
        return [run for run in self.lessons.values() if run]

    @property
    def study(self) -> Path:
        """The file of the recorded study, which may be missing."""
        return self.root / "mnist_lessons" / "studies" / "records.jsonl"

    @property
    def gpu(self) -> Path:
        """The record of the check on a GPU, which may be missing."""
        return self.root / "mnist_lessons" / "studies" / "gpu.json"
