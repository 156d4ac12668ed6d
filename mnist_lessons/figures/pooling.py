"""Max-pooling: the greatest number of each 2 by 2 square of a feature map is kept."""

from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look
from mnist_lessons.figures.panels import Corner, Panels
from mnist_lessons.figures.signed import signed_pixels

__all__ = ["max_pooling"]

_HEAD = 22  # above a panel: its name
_CELL = 42  # side of a number that is written

_Map = NDArray[np.float64]


def max_pooling(
    channel: Tensor, *, title: str, at: tuple[int, int] | None = None, alt: str | None = None
) -> LessonFigure:
    """How max-pooling halves a feature map: of each 2 by 2 square, the greatest number is kept.

    Args:
        channel: (H, W), a feature map, H and W from 4 to 28, any real dtype and device.
        title: what the figure shows.
        at: row and column, in the pooled map and from 0, of the first of the 2 by 2 squares that
            are enlarged; None: around the greatest number.
        alt: what it shows, for those who cannot see it; None: the squares and their greatest.

    Raises:
        ValueError: the map is too small or too large, or has no such place.
    """
    values = channel.detach().cpu().double()
    if values.ndim != 2 or not all(4 <= length <= 28 for length in values.shape):
        raise ValueError(
            f"pooling is drawn for one feature map of 4 to 28 by 4 to 28, not {tuple(values.shape)}"
        )
    pooled = F.max_pool2d(values[None], 2)[0].numpy()
    high, wide = (length - 2 for length in pooled.shape)
    if at is None:
        first, second = divmod(int(pooled.argmax()), pooled.shape[1])
        at = min(first, high), min(second, wide)
    row, column = at
    if not (0 <= row <= high and 0 <= column <= wide):
        raise ValueError(f"the pooled map {pooled.shape} has no two rows and columns from {at} on")
    crop = values.numpy()[2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
    kept = pooled[row : row + 2, column : column + 2]
    told = alt or (
        f"{title}. A feature map of {values.shape[0]} by {values.shape[1]} becomes one of "
        f"{pooled.shape[0]} by {pooled.shape[1]}: of each 2 by 2 square, the greatest number is "
        f"kept. Four squares enlarged: {_told(crop, kept)}."
    )
    table = [[*place, float(value)] for place, value in np.ndenumerate(pooled)]
    draw = partial(_draw, values.numpy(), pooled, at, title)
    return LessonFigure(draw, title, told, [["row", "column", "pooled map"], *table])


def _told(crop: _Map, kept: _Map) -> str:
    squares = [
        (crop[2 * row : 2 * row + 2, 2 * column : 2 * column + 2], value)
        for (row, column), value in np.ndenumerate(kept)
    ]
    return "; ".join(
        f"{', '.join(f'{one:.2f}' for one in square.flat)} give {value:.2f}"
        for square, value in squares
    )


def _draw(values: _Map, pooled: _Map, at: tuple[int, int], title: str, look: Look) -> Figure:
    row, column = at
    side = 4 * _CELL // max(values.shape)
    large, small = 4 * _CELL, 2 * _CELL
    gap = (look.width - (large + small) * (1 if look.narrow else 2)) / (2 if look.narrow else 3)
    gap = min(gap, 56)
    below = 2 * _HEAD + large + 56 if look.narrow else _HEAD
    panels = Panels(look, below + large + (4 if look.narrow else 54), title)
    crop: Corner = (0 if look.narrow else large + gap, below)
    kept: Corner = (crop[0] + large + gap, below)
    result: Corner = (large + gap, _HEAD) if look.narrow else (kept[0] + small + gap, _HEAD)
    greatest = float(np.abs(values).max())
    size = " by ".join(map(str, values.shape))
    panels.map(values, greatest, (0, _HEAD), side, f"feature map, {size}")
    panels.ring((2 * side * column, _HEAD + 2 * side * row), 4 * side, 4 * side)
    size = " by ".join(map(str, pooled.shape))
    panels.map(pooled, greatest, result, side, f"pooled, {size}")
    panels.ring((result[0] + side * column, _HEAD + side * row), 2 * side, 2 * side)
    panels.legend(greatest, (0, _HEAD + large + 12))
    numbers = values[2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
    panels.cells(signed_pixels(numbers, greatest, look, 1), numbers, crop, _CELL, "enlarged")
    _mark_greatest(panels, numbers, crop)
    numbers = pooled[row : row + 2, column : column + 2]
    panels.cells(signed_pixels(numbers, greatest, look, 1), numbers, kept, _CELL, "kept")
    for left, top in (kept, result) if look.narrow else (crop, kept, result):
        panels.sign(left - gap / 2, top + small / 2, "\N{RIGHTWARDS ARROW}")
    return panels.figure


def _mark_greatest(panels: Panels, numbers: _Map, corner: Corner) -> None:
    """A frame around the greatest number of each square of 2 by 2."""
    for top in (0, 2):
        for left in (0, 2):
            square = numbers[top : top + 2, left : left + 2]
            down, across = divmod(int(square.argmax()), 2)
            x, y = corner[0] + _CELL * (left + across), corner[1] + _CELL * (top + down)
            panels.ring((x + 3, y + 3), _CELL - 6, _CELL - 6)
    panels.cross(corner, 4 * _CELL)
