"""Small grey images, tile by tile, in and out of one PNG."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

__all__ = ["SIDE", "place", "sprite", "tiles_of"]

SIDE = 28  # pixels
_MOST_MEMORY = 9  # of zlib: a smaller file
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY_OF_8_BITS = bytes([8, 0, 0, 0, 0])


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
    rows = max(1, -(-len(tiles) // columns))
    filled = [*tiles, *[bytes(SIDE * SIDE)] * (rows * columns - len(tiles))]
    # Each line begins with the number of its filter: none makes the smallest file of strokes.
    lines = [
        b"\0" + b"".join(tile[y * SIDE : (y + 1) * SIDE] for tile in filled[start:][:columns])
        for start in range(0, len(filled), columns)
        for y in range(SIDE)
    ]
    header = struct.pack(">II", columns * SIDE, rows * SIDE) + _GREY_OF_8_BITS
    body = _packed(b"".join(lines))
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _packed(content: bytes) -> bytes:
    # Strokes hold runs of black, and hardly anything else that repeats: this is the smallest.
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, _MOST_MEMORY, zlib.Z_RLE)
    return packer.compress(content) + packer.flush()


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
