"""Which outputs of a cell may be published, and how a page shows printed text.

Text and PNG figures may, because they are inert.
"""

import math
from base64 import b64decode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

__all__ = ["present", "published", "refused"]

_ALLOWED = {"text/plain", "image/png"}
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_LINES = 24
_NEVER_SCROLLS = 32  # characters that fit into a line on any screen


def refused(cell: Any) -> str | None:
    """Why an output of a code cell cannot be published, or None."""
    for output in cell.outputs:
        if output.output_type == "error":
            return "its output is an error: catch the exception, and print what it says"
        data = output.get("data", {})
        if output.output_type != "stream" and not data:
            return "one of its outputs is empty: nothing of it can be shown"
        if other := data.keys() - _ALLOWED:
            return (
                f"its output has {', '.join(sorted(other))}, which could run scripts in a "
                "reader's browser: print text, or show a figure with run.show(...)"
            )
        if "image/png" in data and not _is_png(data["image/png"]):
            return "its output has a picture that is no PNG"
    return None


def _is_png(encoded: object) -> bool:
    try:
        return b64decode(str(encoded)).startswith(_PNG)
    except ValueError:
        return False


def published(cell: Any) -> list[Any]:
    """The outputs of a code cell that a page shows; each is a stream, or has text or a figure."""
    return [
        output
        for output in cell.outputs
        if output.output_type == "stream" or output.get("data", {}).keys() & _ALLOWED
    ]


def present(soup: "BeautifulSoup", pre: "Tag") -> None:
    """Let a printed text be scrolled by keyboard if it is wide, and fold it if it is long."""
    text = pre.get_text()
    lines = text.splitlines()
    if max(map(len, lines), default=0) > _NEVER_SCROLLS:
        pre.attrs |= {"tabindex": "0", "role": "group", "aria-label": "Output"}
    if len(lines) > _MOST_LINES:
        details = soup.new_tag("details", attrs={"class": "aside"})
        summary = soup.new_tag("summary")
        summary.string = f"Output: {len(lines):,} lines, {_size(text)}"
        pre.replace_with(details)
        details.extend([summary, pre])


def _size(text: str) -> str:
    return f"{math.ceil(len(text.encode()) / 1000):,} kB"
