"""What a terminal of any size would show of a text that a program has printed.

Carriage returns, backspaces, tabs and the movements of the cursor have been applied, colours are
kept, and no other control character is left. ECMA-48, and what xterm adds for colours.
"""

import re

from mnist_lessons.publishing.execution.screen import Screen
from mnist_lessons.publishing.execution.styles import USUAL, Style, coloured

__all__ = ["as_text", "lines", "shown"]

_PLAIN = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]*")


def as_text(text: str) -> str:
    """What a terminal shows, as plain text."""
    return "\n".join("".join(piece for piece, _ in line) for line in lines(text))


def shown(text: str) -> str:
    """What a terminal shows, with colours as the only control sequences: `ESC [ ... m`."""
    return "\n".join("".join(coloured(*span) for span in line) for line in lines(text))


def lines(text: str) -> list[list[tuple[str, Style]]]:
    """What a terminal shows, line by line, in pieces of one style."""
    if _PLAIN.fullmatch(text):
        return [[(line, USUAL)] for line in text.split("\n")]
    screen = Screen()
    screen.feed(text)
    return screen.spans()
