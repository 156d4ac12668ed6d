"""Small pictures with names, put together as the computation that they show."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnist_lessons._words import signed
from mnist_lessons.figures.canvas import Canvas, Pixels, grey, tiled
from mnist_lessons.figures.look import Look, readable_on
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

    def cells(
        self, pixels: Pixels, values: NDArray[Any], corner: Corner, side: float, name: str
    ) -> None:
        """Numbers (H, W), written in squares with the colours of a bitmap (H, W, 4)."""
        self._canvas.picture(self._sheet, pixels, *corner, side)
        # At most four characters beside a sign: neighbours must not touch.
        places = 0 if (values == values.round()).all() else 1 if abs(values).max() >= 10 else 2
        for (row, column), value in np.ndenumerate(values):
            x, y = corner[0] + side * (column + 0.5), corner[1] + side * (row + 0.5) + 4
            colour = readable_on(f"#{bytes(pixels[row, column, :3]).hex()}")
            text = f"{value:.{places}f}".replace("-", "\N{MINUS SIGN}")
            self.text(x, y, text, fontsize=11, color=colour)
        self._finish(values, corner, side, name)

    def legend(self, greatest: float, corner: Corner) -> None:
        """What the colours of maps mean: a strip of nine numbers, 117 wide, 30 high."""
        left, top = corner
        self.map(np.linspace(-greatest, greatest, 9)[None], greatest, corner, 13, "")
        for x, side, value in (
            (0, "left", -greatest),
            (58.5, "center", 0.0),
            (117, "right", greatest),
        ):
            self.text(left + x, top + 28, signed(value), fontsize=11, ha=side)

    def ring(self, corner: Corner, width: float, height: float) -> None:
        """A frame that is seen on any colour."""
        self._frame(corner, width, height, self._look.paper, 5)
        self._frame(corner, width, height, self._look.ink, 2)

    def cross(self, corner: Corner, side: float) -> None:
        """Lines that part a square into four."""
        left, top = corner
        middle, bottom, right = side / 2, top + side, left + side
        for x, y in (
            ([left + middle, left + middle], [top, bottom]),
            ([left, right], [top + middle, top + middle]),
        ):
            self._sheet.add_line(Line2D(x, y, color=self._look.ink, linewidth=3))

    def _frame(self, corner: Corner, width: float, height: float, colour: str, line: float) -> None:
        box = Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=line)
        self._sheet.add_patch(box)

    def _finish(self, values: NDArray[Any], corner: Corner, side: float, name: str) -> None:
        height, width = (side * length for length in values.shape)
        self._frame(corner, width, height, self._look.muted, 1)
        self.text(corner[0] + width / 2, corner[1] - 8, name)
