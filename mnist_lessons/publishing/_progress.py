"""Show the lessons' progress: rows that renew themselves in a terminal, lines elsewhere."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from mnist_lessons.publishing._execute import Progress
from mnist_lessons.publishing._tables import duration

__all__ = ["ProgressView"]


class ProgressView:
    """A context in which `update` shows each step; one row for each lesson.

    Args:
        last_seconds: of each lesson how long each code cell took last time.
        console: where to show it; stderr where None.
    """

    def __init__(
        self,
        last_seconds: Mapping[str, Sequence[float]] | None = None,
        console: Console | None = None,
    ) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._last_seconds = last_seconds or {}
        self._start = time.monotonic()
        self._latest: dict[str, Progress] = {}
        self._cell_start: dict[str, float] = {}
        self._live = Live(console=self._console, get_renderable=self._rows, refresh_per_second=4)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def update(self, progress: Progress) -> None:
        """Take note of a step."""
        before = self._latest.get(progress.lesson)
        if before is None or before.cell != progress.cell:
            self._cell_start[progress.lesson] = time.monotonic()
        # A new cell has printed nothing yet: the row keeps the last line until it does.
        shown = replace(progress, line=progress.line or (before.line if before else ""))
        self._latest[progress.lesson] = shown
        if not self._console.is_terminal:
            self._console.print(self._row(progress), soft_wrap=True)

    def _rows(self) -> Group:
        return Group(*(self._row(latest) for latest in self._latest.values()))

    def _row(self, progress: Progress) -> Text:
        elapsed = duration(time.monotonic() - self._start)
        text = (
            f"{progress.lesson:14}  cell {progress.cell:2}/{progress.cells}"
            f"  {elapsed:>7}{self._left(progress)}  {progress.line}"
        )
        return Text(text, no_wrap=self._console.is_terminal, overflow="ellipsis")

    def _left(self, progress: Progress) -> str:
        """The time left if the cells take as long as last time; nothing where that is unknown."""
        last = self._last_seconds.get(progress.lesson, ())
        if len(last) != progress.cells:
            return ""
        in_this_cell = time.monotonic() - self._cell_start[progress.lesson]
        rest = max(last[progress.cell - 1] - in_this_cell, 0)
        return f", about {duration(rest + sum(last[progress.cell :]))} left"
