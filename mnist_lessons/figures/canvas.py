"""A figure measured in CSS pixels from its upper left corner, and the pixels of images."""

import math
import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from mnist_lessons.figures.look import Look

__all__ = ["Canvas", "Pixels", "enlarged", "grey", "tiled"]

Pixels = NDArray[np.uint8]

_POINTS = 72  # an inch; a point of Matplotlib is a CSS pixel of ours
_TITLE = 14
_TITLE_LINE = 20
_CHARACTER = 8.6  # width, at most, of a character of a title on average


class Canvas:
    """A figure with a given room for drawing, below its title if it shows one.

    Args:
        look: what it is drawn for.
        width: of the figure.
        height: of the room for drawing.
        title: shown if the look says so.
    """

    def __init__(self, look: Look, width: float, height: float, title: str) -> None:
        lines = textwrap.wrap(title, max(int(width / _CHARACTER), 8)) if look.titled else []
        self._look = look
        width, height = math.ceil(width), math.ceil(height)
        self._room = width, height
        self._pad = 12 if look.titled else 0  # a page has its own margins
        head = _TITLE_LINE * len(lines) + (12 if lines else 0)
        self._size = width + 2 * self._pad, height + head + 2 * self._pad
        inches = (self._size[0] / _POINTS, self._size[1] / _POINTS)
        self.figure = Figure(figsize=inches, dpi=_POINTS, facecolor="none")
        style: dict[str, Any] = {"fontsize": _TITLE, "fontweight": "bold", "color": look.ink}
        for number, line in enumerate(lines):
            y = 1 - (self._pad + 13 + _TITLE_LINE * number) / self._size[1]
            self.figure.text(self._pad / self._size[0], y, line, parse_math=False, **style)

    def sheet(self) -> Axes:
        """Axes over the whole room, in CSS pixels, y downwards, with nothing on them."""
        width, height = self._room
        axes = self._axes(0, 0, width, height)
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        return axes

    def plot(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes for data in a part of the room, without a frame above and on the right."""
        axes = self._axes(left, top, width, height)
        look = self._look
        axes.tick_params(which="both", color=look.muted, labelcolor=look.ink, labelsize=12)
        axes.tick_params(which="both", width=1, pad=3)
        for name, spine in axes.spines.items():
            spine.set(color=look.muted, linewidth=1, visible=name in ("left", "bottom"))
        return axes

    def _axes(self, left: float, top: float, width: float, height: float) -> Axes:
        across, down = self._size
        bottom = self._pad + self._room[1] - top - height
        box = ((self._pad + left) / across, bottom / down, width / across, height / down)
        return self.figure.add_axes(box, facecolor="none")

    def text(self, sheet: Axes, x: float, y: float, text: str, **options: Any) -> None:
        """One line of text on a sheet; `y` is that of its base line."""
        usual = {"fontsize": 12, "color": self._look.ink, "ha": "center", "va": "baseline"}
        sheet.text(x, y, text, **{**usual, **options}, parse_math=False)

    def picture(self, sheet: Axes, pixels: Pixels, left: float, top: float, side: float) -> None:
        """Show (height, width, 4) pixels on a sheet, each a square of a given side."""
        height, width = pixels.shape[:2]
        extent = (left, left + side * width, top + side * height, top)
        limits = sheet.axis()
        sheet.imshow(pixels, extent=extent, interpolation="none", aspect="auto")
        sheet.axis(limits)

    def frame(self, sheet: Axes, left: float, top: float, side: float) -> None:
        """A dashed frame around a square, which marks an error."""
        right, bottom = left + side, top + side
        sheet.add_line(
            Line2D([left, right, right, left, left], [top, top, bottom, bottom, top],
                   color=self._look.wrong, linewidth=2, linestyle=(0, (3, 1.5)))
        )  # fmt: skip


def grey(images: NDArray[Any]) -> Pixels:
    """Images (N, H, W) as bytes on one scale: their least value black, their greatest white."""
    low, high = float(images.min()), float(images.max())
    scaled = (images.astype(np.float64) - low) * (255 / (high - low or 1))
    return np.rint(scaled).astype(np.uint8)


def enlarged(images: Pixels) -> Pixels:
    """Small images (N, H, W), each pixel repeated as often as keeps the larger side within 28."""
    times = max(1, 28 // max(images.shape[1:]))
    return images.repeat(times, axis=1).repeat(times, axis=2)


def tiled(images: Pixels, columns: int, across: int, down: int) -> Pixels:
    """Grey images (N, H, W) in rows, as one RGBA bitmap with transparent pixels in between.

    Args:
        images: the tiles.
        columns: tiles in a row.
        across: pixels between two columns.
        down: pixels between two rows.
    """
    rows = -(-len(images) // columns)
    high, wide = images.shape[1:]
    height, width = rows * (high + down) - down, columns * (wide + across) - across
    bitmap = np.zeros((height, width, 4), dtype=np.uint8)
    for number, image in enumerate(images):
        top, left = (number // columns) * (high + down), (number % columns) * (wide + across)
        bitmap[top : top + high, left : left + wide, :3] = image[..., None]
        bitmap[top : top + high, left : left + wide, 3] = 255
    return bitmap
