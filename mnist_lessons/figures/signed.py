"""Maps of signed numbers: a colour for each sign, and a dash in negative places that needs none."""

import numpy as np
from numpy.typing import NDArray

from mnist_lessons.figures.canvas import Pixels
from mnist_lessons.figures.colours import channels, mixed, opaque
from mnist_lessons.figures.look import Look

__all__ = ["signed_pixels"]

_DASHED = 0.2  # share of the greatest number from which a negative one has its dash
_POWER = 0.65  # small numbers would be too pale
_STRONG = 0.6  # share of the full colour from which the dash is that of the paper


def signed_pixels(values: NDArray[np.float64], greatest: float, look: Look, times: int) -> Pixels:
    """Numbers (H, W) as an RGBA bitmap (times x H, times x W).

    Args:
        values: the numbers.
        greatest: the size of the number, of either sign, that has the full colour.
        look: 0 has the colour of its paper.
        times: pixels of the bitmap for one number across and down; there are no dashes below 3.
    """
    shares = np.clip(values / (greatest or 1.0), -1, 1)
    strength = np.abs(shares) ** _POWER
    paper, positive, negative = map(channels, (look.paper, *look.series[:2]))
    full = np.where(shares[..., None] < 0, negative, positive)
    bitmap = mixed(paper, full, strength).repeat(times, axis=0).repeat(times, axis=1)
    for row, column in np.argwhere(shares < -_DASHED) if times >= 3 else ():
        left, length = times * column + times // 4, times - 2 * (times // 4)
        is_strong = strength[row, column] > _STRONG
        bitmap[times * row + times // 2, left : left + length] = paper if is_strong else negative
    return opaque(bitmap)
