"""Images of digits side by side in one grey PNG."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mnist_lessons.data import Split

__all__ = ["sheet_png", "training_png"]

_DIGITS = 10
_OF_EACH = 150  # images of a digit


def sheet_png(tiles: NDArray[np.uint8], columns: int) -> bytes:
    """Tiles (M, 28, 28) as a PNG; the last row is filled up with black ones."""
    rows = max(1, -(-len(tiles) // columns))
    whole = np.zeros((rows * columns, 28, 28), dtype=np.uint8)
    whole[: len(tiles)] = tiles
    grid = whole.reshape(rows, columns, 28, 28).swapaxes(1, 2)
    sheet = np.ascontiguousarray(grid.reshape(rows * 28, columns * 28))
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def training_png(train: Split) -> bytes:
    """The first 150 images of each digit, one row for each; where there are fewer, black ones.

    Args:
        train: uint8 images (N, 28, 28) and their labels, on any device.
    """
    tiles = np.zeros((_DIGITS, _OF_EACH, 28, 28), dtype=np.uint8)
    for digit, row in enumerate(tiles):
        images: Tensor = train.images[train.labels == digit][:_OF_EACH]
        row[: len(images)] = images.cpu().numpy()
    return sheet_png(tiles.reshape(-1, 28, 28), _OF_EACH)
