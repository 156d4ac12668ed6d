"""Small grey images, tile by tile, in and out of one PNG."""

import io
from collections.abc import Sequence
from pathlib import Path

__all__ = ["SIDE", "place", "sprite", "tiles_of"]

SIDE = 28  # pixels
_RUNS = 3  # zlib's Z_RLE


def tiles_of(path: Path, columns: int, count: int) -> list[bytes]:
    """The first tiles of a picture, 784 bytes each, row by row.

    Args:
        path: a grey PNG of 28 by 28 pixel tiles.
        columns: tiles in a row.
        count: of the tiles that are wanted.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not grey, or has not as many tiles.
    """
    from PIL import Image  # a site without mistakes does without it

    with Image.open(path) as picture:
        width, height = picture.size
        if picture.mode != "L" or width != columns * SIDE or height < -(-count // columns) * SIDE:
            raise ValueError(f"{path.name} does not hold {count} grey tiles")
        corners = [place(number, columns) for number in range(count)]
        return [picture.crop((x, y, x + SIDE, y + SIDE)).tobytes() for x, y in corners]


def place(number: int, columns: int) -> tuple[int, int]:
    """The left and the upper edge of a tile, in pixels."""
    return number % columns * SIDE, number // columns * SIDE


def sprite(tiles: Sequence[bytes], columns: int) -> bytes:
    """A PNG of tiles of 784 bytes each; the last row is filled up with black ones."""
    from PIL import Image

    rows = max(1, -(-len(tiles) // columns))
    picture = Image.new("L", (columns * SIDE, rows * SIDE))
    for number, tile in enumerate(tiles):
        picture.paste(Image.frombytes("L", (SIDE, SIDE), tile), place(number, columns))
    content = io.BytesIO()
    # Strokes hold runs of black, and hardly anything else that repeats: this is the smallest.
    picture.save(content, "PNG", compress_level=9, compress_type=_RUNS)
    return content.getvalue()
