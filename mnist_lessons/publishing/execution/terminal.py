"""What a terminal of any size would show of a text that a program has printed.

The screen begins empty, and grows. Carriage returns, backspaces, tabs and the movements of the
cursor have been applied, colours are kept, and no other control character is left.
ECMA-48, and what xterm adds for colours.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from typing import Any
from unicodedata import category, east_asian_width

__all__ = ["Colour", "as_html", "as_text", "shown"]

# A number of the terminal's palette from 0 to 255, or red, green and blue.
Colour = int | tuple[int, int, int]

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
_PLAIN = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]*")
_TAB = 8
_FAR = 1_000  # how far the cursor may go beyond what is written
_ENOUGH = 4.6  # of contrast; WCAG 2.2, 1.4.3 asks for 4.5
_PAPER = {"light": (245, 245, 245), "dark": (46, 48, 62)}  # at their worst
_BASIC = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0)),
    *((0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0)),
    *((92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
_GREY = 8
_SWITCHES: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
    39: {"text": None},
    49: {"paper": None},
}
# Code, what it colours, and its first colour of the palette.
_BASIC_CODES = ((30, "text", 0), (40, "paper", 0), (90, "text", 8), (100, "paper", 8))
_CODES = {"bold": 1, "dim": 2, "italic": 3, "underline": 4, "reverse": 7, "strike": 9}


@dataclass(frozen=True)
class _Style:
    text: Colour | None = None
    paper: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False


_USUAL = _Style()


@dataclass
class _Line:
    """The cells of a line; a wide character has an empty one behind it."""

    cells: list[str] = field(default_factory=list)
    styles: list[_Style] = field(default_factory=list)
    overwritten: bool = False

    def put(self, column: int, cells: Sequence[str], style: _Style) -> None:
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
            self.styles += [_USUAL] * missing

    def extend(self, column: int, char: str) -> None:
        """Add what belongs to the character before a column."""
        self.pad(max(column, 1))
        place = max(column - 1, 0)
        place -= place > 0 and self.cells[place] == ""
        self.cells[place] += char

    def blank(self, start: int, end: int | None = None) -> None:
        end = len(self.cells) if end is None else min(end, len(self.cells))
        if start < end:
            self.put(start, [" "] * (end - start), _USUAL)
        self.overwritten = True

    def spans(self) -> list[tuple[str, _Style]]:
        end = len(self.cells)
        if self.overwritten:  # what a bar has left behind
            while end and self.cells[end - 1] == " " and self.styles[end - 1] == _USUAL:
                end -= 1
        spans, start = [], 0
        for style, same in groupby(self.styles[:end]):
            stop = start + len(list(same))
            spans.append(("".join(self.cells[start:stop]), style))
            start = stop
        return spans


class _Screen:
    """Lines of any number and length, and a cursor."""

    def __init__(self) -> None:
        self.lines = [_Line()]
        self._row = self._column = self._lowest = 0
        self._style = _USUAL
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

    def spans(self) -> list[list[tuple[str, _Style]]]:
        """The text of each line in pieces of one style."""
        return [line.spans() for line in self.lines]

    @property
    def _line(self) -> _Line:
        while len(self.lines) <= self._row:
            self.lines.append(_Line())
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
            self._style = _USUAL
            self.lines = [_Line()]

    def _command(self, final: str, numbers: str) -> None:
        if final == "m":
            if not numbers.startswith((">", "?", "<", "=")):
                self._style = _styled(self._style, numbers)
            return
        if numbers and not re.fullmatch(r"[0-9;]*", numbers):
            return
        first, second = ([*map(_number, numbers.split(";")[:2]), 0, 0])[:2]
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
            line.styles[here:here] = [_USUAL] * count

    def _shift_lines(self, final: str, count: int) -> None:
        _ = self._line
        if final == "M":
            del self.lines[self._row : self._row + count]
            _ = self._line
        else:
            count = min(count, _FAR, max(0, self._lowest + _FAR - len(self.lines)))
            self.lines[self._row : self._row] = [_Line() for _ in range(count)]


def _styled(style: _Style, numbers: str) -> _Style:
    """The style after `ESC [ numbers m`."""
    codes = iter(numbers.split(";"))
    for code in codes:
        head, *parts = code.split(":")
        number = _number(head)
        changes: dict[str, Any] = _SWITCHES.get(number, {})
        if number == 0:
            style = _USUAL
        elif number == 4 and parts == ["0"]:
            changes = {"underline": False}
        elif number in (38, 48):
            colour = _colour(parts) if parts else _colour_of(codes)
            changes = {} if colour is None else {"text" if number == 38 else "paper": colour}
        for first, name, colour in _BASIC_CODES:
            if first <= number < first + 8:
                changes = {name: colour + number - first}
        style = replace(style, **changes)
    return style


def _number(text: str) -> int:
    """What a parameter says; as much of it as any screen needs."""
    return int(text.lstrip("0")[:6]) if text.isdecimal() and text.strip("0") else 0


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    """Columns of a character: 0 where it belongs to the one before it."""
    if category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def _colour_of(codes: Iterator[str]) -> Colour | None:
    kind = next(codes, "")
    return _colour([kind, *(next(codes, "0") for _ in range({"5": 1, "2": 3}.get(kind, 0)))])


def _colour(parts: Sequence[str]) -> Colour | None:
    """The colour that `5:n`, `2:r:g:b` or `2:space:r:g:b` names; None for any other."""
    values = [*map(_number, parts)]
    if any(value > 255 for value in values):
        return None
    if values[:1] == [5] and len(values) > 1:
        return values[1]
    if values[:1] == [2] and len(values) > 3:
        red, green, blue = values[2:5] if len(values) > 4 else values[1:4]
        return red, green, blue
    return None


def as_text(text: str) -> str:
    """What a terminal shows, as plain text."""
    return "\n".join("".join(piece for piece, _ in line) for line in _lines(text))


def shown(text: str) -> str:
    """What a terminal shows, with colours as the only control sequences: `ESC [ ... m`."""
    if _PLAIN.fullmatch(text):
        return text
    return "\n".join("".join(_coloured(*span) for span in line) for line in _lines(text))


def as_html(text: str) -> str:
    """What a terminal shows, as HTML: colours have enough contrast in both palettes.

    The style sheet knows the class `terminal` and its variables.
    """
    if _PLAIN.fullmatch(text):
        return html.escape(text)
    return "\n".join("".join(_span(*span) for span in line) for line in _lines(text))


def _lines(text: str) -> list[list[tuple[str, _Style]]]:
    screen = _Screen()
    screen.feed(text)
    return screen.spans()


def _coloured(text: str, style: _Style) -> str:
    if style == _USUAL:
        return text
    codes = [str(code) for name, code in _CODES.items() if getattr(style, name)]
    codes += _codes(style.text, 30, 90) + _codes(style.paper, 40, 100)
    return f"\x1b[{';'.join(codes)}m{text}\x1b[0m"


def _codes(colour: Colour | None, first: int, bright: int) -> list[str]:
    if colour is None:
        return []
    if isinstance(colour, tuple):
        return [str(first + 8), "2", *map(str, colour)]
    if colour < 16:
        return [str(first + colour if colour < 8 else bright + colour - 8)]
    return [str(first + 8), "5", str(colour)]


def _span(text: str, style: _Style) -> str:
    content = html.escape(text)
    if style == _USUAL:
        return content
    rules = list(_colours(style))
    rules += ["font-weight:bold"] if style.bold else []
    rules += ["font-style:italic"] if style.italic else []
    lines = [name for name in ("underline", "strike") if getattr(style, name)]
    if lines:
        names = " ".join("line-through" if name == "strike" else name for name in lines)
        rules.append(f"text-decoration:{names}")
    return f'<span class="terminal" style="{";".join(rules)}">{content}</span>'


def _colours(style: _Style) -> Iterator[str]:
    text, paper = style.text, style.paper
    if style.reverse:
        text, paper = paper, _GREY if text is None else text
    if paper is not None:
        ground = _rgb(paper)
        ink = (0, 0, 0) if text is None else _rgb(text)
        yield f"--terminal-paper:{_hex(ground)}"
        yield f"--terminal-light:{_hex(_readable(ink, ground))}"
        yield f"--terminal-dark:{_hex(_readable(ink, ground))}"
    elif text is not None or style.dim:
        ink = (127, 127, 127) if text is None else _rgb(text)
        yield f"--terminal-light:{_hex(_readable(ink, _PAPER['light']))}"
        yield f"--terminal-dark:{_hex(_readable(ink, _PAPER['dark']))}"


def _rgb(colour: Colour) -> tuple[int, int, int]:
    if isinstance(colour, tuple):
        return colour
    if colour < 16:
        return _BASIC[colour]
    if colour >= 232:
        level = 8 + 10 * (colour - 232)
        return level, level, level
    red, rest = divmod(colour - 16, 36)
    green, blue = divmod(rest, 6)
    return _level(red), _level(green), _level(blue)


def _level(step: int) -> int:
    return 55 + 40 * step if step else 0


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


@lru_cache(maxsize=1024)
def _readable(ink: tuple[int, int, int], ground: tuple[int, int, int]) -> tuple[int, int, int]:
    """The colour nearest to `ink` that can be read on `ground`."""
    black, white = (0, 0, 0), (255, 255, 255)
    end = white if _contrast(white, ground) > _contrast(black, ground) else black
    for step in range(101):
        mixed = tuple(
            round(one + (other - one) * step / 100) for one, other in zip(ink, end, strict=True)
        )
        if _contrast(mixed, ground) >= _ENOUGH:
            return mixed[0], mixed[1], mixed[2]
    return end


def _contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Sequence[int]) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
