"""A lesson to execute, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nbformat import NotebookNode

from mnist_lessons.publishing.execution.used import Used
from mnist_lessons.publishing.writing.lessons import Lesson

__all__ = ["Job", "Progress"]


@dataclass
class Job:
    """One lesson to execute; it is filled in while it is executed.

    Attributes:
        lesson: the lesson.
        environment: variables that its kernel gets besides those of this process.
        notebook: receives the outputs.
        used: what the kernel used of the project; empty where it could not be asked any more.
        seconds: how long each code cell took.
    """

    lesson: Lesson
    environment: Mapping[str, str]
    notebook: NotebookNode = field(init=False)
    used: Used = field(default_factory=Used)
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notebook = self.lesson.notebook()


@dataclass(frozen=True)
class Progress:
    """How far a lesson is: code cell `cell` of `cells`, and the last line it printed."""

    lesson: str
    cell: int
    cells: int
    line: str = ""
