"""The idx format, in which MNIST and what follows it are published."""

import math

import numpy as np
from numpy.typing import NDArray

from mnist_lessons.errors import DataError

__all__ = ["array_of", "idx_of"]

_BYTES = 8  # the format's number for unsigned bytes


def array_of(content: bytes | bytearray, name: str) -> NDArray[np.uint8]:
    """The array of bytes in an idx file; it shares the memory of the content.

    Args:
        content: of the file, decompressed.
        name: of the file, for errors.

    Returns:
        uint8, of the shape that the file declares.

    Raises:
        DataError: the content is no idx file of bytes, or has another length than it declares.
    """
    if len(content) < 4 or content[0] or content[1]:
        raise DataError(f"{name} is no idx file: it does not begin with two zero bytes")
    kind, dimensions = content[2], content[3]
    if kind != _BYTES:
        raise DataError(f"{name} holds numbers of the idx type {kind:#04x}, not bytes (0x08)")
    begin = 4 + 4 * dimensions
    if len(content) < begin:
        raise DataError(f"{name} ends within its header of {begin} bytes")
    header = bytes(content[4:begin])
    shape = tuple(int(size) for size in np.frombuffer(header, dtype=">u4"))
    expected = begin + math.prod(shape)
    if len(content) != expected:
        raise DataError(f"{name} has {len(content):,} bytes, but declares {expected:,}: {shape}")
    return np.frombuffer(content, dtype=np.uint8, offset=begin).reshape(shape)


def idx_of(array: NDArray[np.uint8]) -> bytes:
    """The content of an idx file that holds an array of bytes."""
    header = bytes([0, 0, _BYTES, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.tobytes()
