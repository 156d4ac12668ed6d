"""A Matplotlib figure as a small SVG image that looks like the page around it."""

import io
import re
from base64 import b64decode, b64encode
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

__all__ = ["svg"]

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mnist-lessons",
    "hatch.linewidth": 1.0,
}
_NOTHING = dict.fromkeys(("Creator", "Date", "Format", "Type"))
# The fonts of the site. Matplotlib would put them in quotes, and repeat them at each text.
_FONTS = "text{font-family:-apple-system,BlinkMacSystemFont,Helvetica,Arial,sans-serif}"
_UNUSED = re.compile(
    r'^.*?(?=<svg )|(?<=<g) id="[^"]*"|font-family: [^;"]*;? ?| transform="rotate\(-0 [^"]*"',
    re.DOTALL,
)
_BITMAP = re.compile(r"(?<=data:image/png;base64,)[^\"]+")
_SIZE = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')


def svg(figure: Figure) -> bytes:
    """The figure as an SVG file: text as text, a point as a pixel, always the same bytes."""
    buffer = io.StringIO()
    with matplotlib.rc_context():
        matplotlib.rcParams.update(_SETTINGS)
        figure.savefig(buffer, format="svg", metadata=_NOTHING)
    text = _UNUSED.sub("", buffer.getvalue())
    text = _SIZE.sub(r'width="\1" height="\2"', text, count=1)
    text = _BITMAP.sub(_small, text)
    return text.replace("</style>", f"{_FONTS}</style>", 1).encode()


def _small(bitmap: re.Match[str]) -> str:
    """The same PNG image, as grey levels if it has no other colours: half as many bytes."""
    with Image.open(io.BytesIO(b64decode(bitmap[0]))) as picture:
        red, green, blue, opaque = picture.convert("RGBA").split()
    if red.tobytes() != green.tobytes() or red.tobytes() != blue.tobytes():
        return bitmap[0]
    buffer = io.BytesIO()
    Image.merge("LA", (red, opaque)).save(buffer, format="png")
    return b64encode(buffer.getvalue()).decode()
