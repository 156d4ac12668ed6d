"""Say how the execution of a lesson failed."""

import signal

from mnist_lessons.publishing.runs.card import Failure
from mnist_lessons.publishing.writing.lessons import Lesson

__all__ = ["failure", "how_it_died"]

_LONGEST_REASON = 500


def failure(lesson: Lesson, cell: int, cells: int, reason: str, line: int | None = None) -> Failure:
    """A failure in code cell `cell` of `cells`, at its first line where none is known."""
    reason = " ".join(reason[: 4 * _LONGEST_REASON].split())
    if len(reason) > _LONGEST_REASON:
        reason = f"{reason[:_LONGEST_REASON]} ..."
    return Failure(lesson.slug, cell, cells, lesson.line(cell) if line is None else line, reason)


def how_it_died(status: int | None) -> str:
    """What is known of a kernel's end from the exit status of its process."""
    if status is None or status == -signal.SIGKILL:
        return "its kernel died (out of memory, or killed)"
    if status < 0:
        return f"its kernel died of {signal.Signals(-status).name}"
    return f"it ended its own process with exit status {status}, as os._exit does"
