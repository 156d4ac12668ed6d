"""One line of a terminal's screen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from mnist_lessons.publishing.execution.styles import USUAL, Style

__all__ = ["Line"]


@dataclass
class Line:
    """The cells of a line; a wide character has an empty one behind it."""

    cells: list[str] = field(default_factory=list)
    styles: list[Style] = field(default_factory=list)
    overwritten: bool = False

    def put(self, column: int, cells: Sequence[str], style: Style) -> None:
        self.pad(column)
        end = column + len(cells)
        if column < len(self.cells):
            self.overwritten = True
            if self.cells[column] == "" and column:
                self.cells[column - 1] = " "  # half of a wide character
            if end < len(self.cells) and self.cells[end] == "":
                self.cells[end] = " "
        self.cells[column:end] = cells
        self.styles[column:end] = [style] * len(cells)

    def pad(self, width: int) -> None:
        missing = width - len(self.cells)
        if missing > 0:
            self.cells += [" "] * missing
            self.styles += [USUAL] * missing

    def extend(self, column: int, char: str) -> None:
        """Add what belongs to the character before a column."""
        self.pad(max(column, 1))
        place = max(column - 1, 0)
        place -= place > 0 and self.cells[place] == ""
        self.cells[place] += char

    def blank(self, start: int, end: int | None = None) -> None:
        end = len(self.cells) if end is None else min(end, len(self.cells))
        if start < end:
            self.put(start, [" "] * (end - start), USUAL)
        self.overwritten = True

    def spans(self) -> list[tuple[str, Style]]:
        end = len(self.cells)
        if self.overwritten:  # what a bar has left behind
            while end and self.cells[end - 1] == " " and self.styles[end - 1] == USUAL:
                end -= 1
        spans, start = [], 0
        for style, same in groupby(self.styles[:end]):
            stop = start + len(list(same))
            spans.append(("".join(self.cells[start:stop]), style))
            start = stop
        return spans
