"""How a page shows printed text: wide text can be scrolled by keyboard, long text is folded."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

__all__ = ["may_be_wide", "present"]

_MOST_LINES = 24
_NEVER_SCROLLS = 32  # characters that fit into a line on any screen


def may_be_wide(text: str) -> bool:
    """Whether a line of a text may be too long for some screen."""
    return max(map(len, text.splitlines()), default=0) > _NEVER_SCROLLS


def present(soup: "BeautifulSoup", pre: "Tag") -> None:
    """Let a printed text be scrolled by keyboard if it is wide, and fold it if it is long."""
    text = pre.get_text()
    lines = text.splitlines()
    if may_be_wide(text):
        pre.attrs |= {"tabindex": "0", "role": "group", "aria-label": "Output"}
    if len(lines) > _MOST_LINES:
        details = soup.new_tag("details", attrs={"class": "aside"})
        summary = soup.new_tag("summary")
        summary.string = f"Output: {len(lines):,} lines, {_size(text)}"
        pre.replace_with(details)
        details.extend([summary, pre])


def _size(text: str) -> str:
    return f"{math.ceil(len(text.encode()) / 1000):,} kB"
