"""How characters of a terminal look: the styles that ECMA-48 and xterm have numbers for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["USUAL", "Colour", "Style", "coloured", "parameter", "styled"]

# A number of the terminal's palette from 0 to 255, or red, green and blue.
Colour = int | tuple[int, int, int]
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
class Style:
    text: Colour | None = None
    paper: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False


USUAL = Style()


def styled(style: Style, numbers: str) -> Style:
    """The style after `ESC [ numbers m`."""
    codes = iter(numbers.split(";"))
    for code in codes:
        head, *parts = code.split(":")
        number = parameter(head)
        changes: dict[str, Any] = _SWITCHES.get(number, {})
        if number == 0:
            style = USUAL
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


def parameter(text: str) -> int:
    """What a parameter says; as much of it as any screen needs."""
    return int(text.lstrip("0")[:6]) if text.isdecimal() and text.strip("0") else 0


def _colour_of(codes: Iterator[str]) -> Colour | None:
    kind = next(codes, "")
    return _colour([kind, *(next(codes, "0") for _ in range({"5": 1, "2": 3}.get(kind, 0)))])


def _colour(parts: Sequence[str]) -> Colour | None:
    """The colour that `5:n`, `2:r:g:b` or `2:space:r:g:b` names; None for any other."""
    values = [*map(parameter, parts)]
    if any(value > 255 for value in values):
        return None
    if values[:1] == [5] and len(values) > 1:
        return values[1]
    if values[:1] == [2] and len(values) > 3:
        red, green, blue = values[2:5] if len(values) > 4 else values[1:4]
        return red, green, blue
    return None


def coloured(text: str, style: Style) -> str:
    if style == USUAL:
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
