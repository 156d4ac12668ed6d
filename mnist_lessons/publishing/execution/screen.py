"""The screen of a terminal of any size: it begins empty, and grows."""

import re
from functools import lru_cache
from unicodedata import category, east_asian_width

from mnist_lessons.publishing.execution.screen_line import Line
from mnist_lessons.publishing.execution.styles import USUAL, Style, parameter, styled

__all__ = ["Screen"]

_PIECES = re.compile(
    r"""
      (?P<text> [^\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+ )
    | (?: \x1b\[ | \x9b ) (?P<numbers> [0-?]* ) (?P<between> [\ -/]* ) (?P<final> [@-~]? )
    # Titles, links and the like, up to their end.
    | (?: \x1b[\]P_^X] | [\x9d\x90\x9f\x9e\x98] ) [^\x00-\x1f\x80-\x9f]* (?: \x07 | \x1b\\ | \x9c )
    | \x1b (?P<charset> [\ -/]* ) (?P<escaped> [0-~]? )
    | (?P<unreadable> [\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff] )
    | (?P<control> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_TAB = 8
_FAR = 1_000  # how far the cursor may go beyond what is written


class Screen:
    """Lines of any number and length, and a cursor."""

    def __init__(self) -> None:
        self.lines = [Line()]
        self._row = self._column = self._lowest = 0
        self._style = USUAL
        self._saved = (0, 0)

    def feed(self, text: str) -> None:
        """Show a text."""
        for found in _PIECES.finditer(text):
            if found["text"] is not None:
                self._write(found["text"])
            elif found["unreadable"] is not None:
                self._write("\ufffd")
            elif found["control"] is not None:
                self._control(found["control"])
            elif found["final"] and not found["between"]:
                self._command(found["final"], found["numbers"])
            elif found["escaped"] and not found["charset"]:
                self._escape(found["escaped"])

    def spans(self) -> list[list[tuple[str, Style]]]:
        """The text of each line in pieces of one style."""
        return [line.spans() for line in self.lines]

    @property
    def _line(self) -> Line:
        while len(self.lines) <= self._row:
            self.lines.append(Line())
        return self.lines[self._row]

    def _write(self, text: str) -> None:
        line = self._line
        if text.isascii():
            line.put(self._column, list(text), self._style)
            self._column += len(text)
            return
        cells: list[str] = []
        for char in text:
            width = _width(char)
            if width:
                cells += [char, ""][:width]
            elif cells:
                cells[-2 if cells[-1] == "" else -1] += char
            else:
                line.extend(self._column, char)
        line.put(self._column, cells, self._style)
        self._column += len(cells)

    def _control(self, control: str) -> None:
        if control in "\n\x85":
            self._down(1)
            self._column = 0
        elif control in "\x0b\x0c\x84":
            self._down(1)
        elif control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)
        elif control == "\t":
            self._column += _TAB - self._column % _TAB
            self._line.pad(self._column)

    def _down(self, count: int) -> None:
        self._row += count
        self._lowest = max(self._lowest, self._row)
        _ = self._line

    def _escape(self, final: str) -> None:
        if final == "7":
            self._saved = (self._row, self._column)
        elif final == "8":
            self._row, self._column = self._saved
        elif final == "M":
            self._row = max(0, self._row - 1)
        elif final in "DE":
            self._control("\x85" if final == "E" else "\x84")
        elif final == "c":  # begin anew
            self._row = self._column = 0
            self._style = USUAL
            self.lines = [Line()]

    def _command(self, final: str, numbers: str) -> None:
        if final == "m":
            if not numbers.startswith((">", "?", "<", "=")):
                self._style = styled(self._style, numbers)
            return
        if numbers and not re.fullmatch(r"[0-9;]*", numbers):
            return
        first, second = ([*map(parameter, numbers.split(";")[:2]), 0, 0])[:2]
        count = max(first, 1)
        if final in "ABEFde":
            self._move_vertically(final, count)
        elif final in "CDG`a":
            self._move_horizontally(final, count)
        elif final in "Hf":
            self._row = min(count - 1, self._lowest + _FAR)
            self._move_horizontally("G", max(second, 1))
        elif final in "JK":
            self._erase(final, first)
        elif final in "PX@":
            self._shift(final, count)
        elif final in "LM":
            self._shift_lines(final, count)
        elif final == "s":
            self._saved = (self._row, self._column)
        elif final == "u":
            self._row, self._column = self._saved

    def _move_vertically(self, final: str, count: int) -> None:
        if final in "AF":
            row = self._row - count
        elif final == "d":
            row = count - 1
        else:
            row = self._row + count
        self._row = max(0, min(row, self._lowest + _FAR))
        if final in "EF":
            self._column = 0

    def _move_horizontally(self, final: str, count: int) -> None:
        column = {"C": self._column + count, "a": self._column + count, "D": self._column - count}
        furthest = max(len(self._line.cells), self._column, _FAR)
        self._column = max(0, min(column.get(final, count - 1), furthest))

    def _erase(self, final: str, what: int) -> None:
        line = self._line
        if what == 0:
            line.blank(self._column)
        elif what == 1:
            line.blank(0, self._column + 1)
        else:
            line.blank(0)
        if final == "J":
            above = self.lines[: self._row] if what else []
            below = self.lines[self._row + 1 :] if what != 1 else []
            for other in [*above, *below]:
                other.blank(0)
            if what != 1:  # nothing is left below
                del self.lines[self._row + 1 :]

    def _shift(self, final: str, count: int) -> None:
        line, here = self._line, self._column
        if final == "X":
            line.blank(here, here + count)
        elif final == "P":
            del line.cells[here : here + count], line.styles[here : here + count]
        elif here < len(line.cells):
            count = min(count, _FAR)
            line.cells[here:here] = [" "] * count
            line.styles[here:here] = [USUAL] * count

    def _shift_lines(self, final: str, count: int) -> None:
        _ = self._line
        if final == "M":
            del self.lines[self._row : self._row + count]
            _ = self._line
        else:
            count = min(count, _FAR, max(0, self._lowest + _FAR - len(self.lines)))
            self.lines[self._row : self._row] = [Line() for _ in range(count)]


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    """Columns of a character: 0 where it belongs to the one before it."""
    if category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1
