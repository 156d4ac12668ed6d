"""Show the lessons' progress: rows that renew themselves in a terminal, lines elsewhere."""

import time
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from mnist_lessons.publishing._execute import Progress

__all__ = ["ProgressView", "duration"]


def duration(seconds: float) -> str:
    """Seconds as `1:02:03` or `2:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class ProgressView:
    """A context in which `update` shows each step; one row for each lesson."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._start = time.monotonic()
        self._latest: dict[str, Progress] = {}
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
            f"  {elapsed:>7}  {progress.line}"
        )
        return Text(text, no_wrap=self._console.is_terminal, overflow="ellipsis")
