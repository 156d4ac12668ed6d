"""Colours as numbers: read, mixed, and made into the pixels of a bitmap."""

import numpy as np
from numpy.typing import NDArray

from mnist_lessons.figures.canvas import Pixels

__all__ = ["channels", "mixed", "opaque"]

_Colours = NDArray[np.float64]


def channels(colour: str) -> _Colours:
    """Red, green and blue (3,) of `#rrggbb`, 0 to 255."""
    return np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)], dtype=np.float64)


def mixed(few: _Colours, many: _Colours, shares: NDArray[np.float64]) -> _Colours:
    """Colours (H, W, 3) from one, where a share (H, W) is 0, to another, where it is 1."""
    return few + (many - few) * shares[..., None]


def opaque(colours: _Colours) -> Pixels:
    """Colours (H, W, 3), 0 to 255, as an RGBA bitmap."""
    alpha = np.full((*colours.shape[:2], 1), 255.0)
    pixels: Pixels = np.rint(np.concatenate([colours, alpha], axis=2)).astype(np.uint8)
    return pixels
