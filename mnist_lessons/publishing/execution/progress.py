"""Show the lessons' progress: rows that renew themselves in a terminal, lines elsewhere."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from mnist_lessons._words import duration
from mnist_lessons.publishing.execution.job import Progress

__all__ = ["ProgressView"]

_EPOCH = re.compile(r" *epoch +(\d+)/(\d+)\b")
_LONGER = 1.5  # a cell that takes so much longer than last time does something else
_MOMENT = 5.0  # seconds


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
        self._paces: dict[str, _Pace] = {}
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
            self._paces[progress.lesson] = _Pace(time.monotonic())
        self._paces[progress.lesson].note(progress.line, time.monotonic())
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
        """The time left; nothing where that is unknown.

        The running cell is judged by the epochs that it tells, or by last time, as long as it
        takes about as long; those after it by last time.
        """
        now = time.monotonic()
        told = self._paces[progress.lesson].left(now)
        last = self._last_seconds.get(progress.lesson, ())
        if len(last) != progress.cells:
            return "" if told is None else f", about {duration(told)} left in this cell"
        in_this_cell = now - self._cell_start[progress.lesson]
        before = last[progress.cell - 1] if progress.cell else 0.0
        if told is None and in_this_cell > _LONGER * before + _MOMENT:
            return ""
        rest = max(before - in_this_cell, 0) if told is None else told
        return f", about {duration(rest + sum(last[progress.cell :]))} left"


class _Pace:
    """How fast a cell's training goes, by the lines `epoch 12/128 ...` that it prints.

    Args:
        start: of the cell, in seconds.
    """

    def __init__(self, start: float) -> None:
        self._epoch, self._time = 0, start
        self._epochs = 0
        self._each: float | None = None

    def note(self, line: str, now: float) -> None:
        """Take note of a line that came now."""
        found = _EPOCH.match(line)
        if found is None:
            return
        epoch, epochs = int(found[1]), int(found[2])
        if epoch <= self._epoch or epochs != self._epochs:
            # Another training has begun. Of the first, the cell's start is that of epoch 0.
            is_first = self._each is None and not self._epochs and epoch > 0
            self._each = (now - self._time) / epoch if is_first else None
        else:
            # The latest epochs: those before may have come from a checkpoint.
            self._each = (now - self._time) / (epoch - self._epoch)
        self._epoch, self._epochs, self._time = epoch, epochs, now

    def left(self, now: float) -> float | None:
        """Seconds until the last epoch; None where that is not known, or over."""
        if self._each is None or self._epoch >= self._epochs:
            return None
        return max(0.0, (self._epochs - self._epoch) * self._each - (now - self._time))
