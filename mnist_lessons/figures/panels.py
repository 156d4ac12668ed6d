"""Small pictures with names, put together as the computation that they show."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnist_lessons._words import signed
from mnist_lessons.figures.canvas import Canvas, grey, tiled
from mnist_lessons.figures.look import Look
from mnist_lessons.figures.signed import signed_pixels

__all__ = ["Corner", "Panels"]

Corner = tuple[float, float]  # CSS pixels from the left and from the top


class Panels:
    """A sheet, as wide as the text around it, for images, maps of signed numbers and signs.

    Args:
        look: what it is drawn for.
        height: of the sheet, in CSS pixels, as all lengths here.
        title: shown if the look says so.
    """

    def __init__(self, look: Look, height: float, title: str) -> None:
        self._look = look
        self._canvas = Canvas(look, look.width, height, title)
        self._sheet = self._canvas.sheet()

    @property
    def figure(self) -> Figure:
        """The figure that holds the sheet."""
        return self._canvas.figure

    def text(self, x: float, y: float, text: str, **options: Any) -> None:
        """One line of text in the middle of `x`; `y` is that of its base line."""
        self._canvas.text(self._sheet, x, y, text, **options)

    def sign(self, x: float, y: float, sign: str) -> None:
        """A large sign of arithmetic around a point."""
        self.text(x, y + 8, sign, fontsize=24)

    def image(self, values: NDArray[Any], corner: Corner, side: float, name: str) -> None:
        """Numbers (H, W) in grey levels, each a square of a given side, with a name above."""
        self._canvas.picture(self._sheet, tiled(grey(values[None]), 1, 0, 0), *corner, side)
        self._finish(values, corner, side, name)

    def map(
        self, values: NDArray[np.float64], greatest: float, corner: Corner, side: int, name: str
    ) -> None:
        """Signed numbers (H, W), each a square of a given side, with a name above."""
        bitmap = signed_pixels(values, greatest, self._look, side)
        self._canvas.picture(self._sheet, bitmap, *corner, 1)
        self._finish(values, corner, side, name)

    def legend(self, greatest: float, corner: Corner) -> None:
        """What the colours of maps mean: a strip of nine numbers, 144 wide, 32 high."""
        left, top = corner
        self.map(np.linspace(-greatest, greatest, 9)[None], greatest, corner, 16, "")
        for place, value in ((0, -greatest), (72, 0.0), (144, greatest)):
            self.text(left + place, top + 32, signed(value), fontsize=11)

    def frame(
        self, corner: Corner, width: float, height: float, colour: str, line: float = 2
    ) -> None:
        """A rectangle without a filling."""
        box = Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=line)
        self._sheet.add_patch(box)

    def _finish(self, values: NDArray[Any], corner: Corner, side: float, name: str) -> None:
        height, width = (side * length for length in values.shape)
        self.frame(corner, width, height, self._look.muted, 1)
        self.text(corner[0] + width / 2, corner[1] - 8, name)
