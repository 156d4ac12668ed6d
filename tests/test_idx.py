"""The idx format, and what is not in it."""

import struct

import numpy as np
import pytest

from mnist_lessons._idx import array_of, idx_of
from mnist_lessons.errors import DataError

LABELS = struct.pack(">2I", 2049, 3) + bytes([5, 0, 4])
IMAGES = struct.pack(">4I", 2051, 2, 3, 4) + bytes(range(24))


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_the_bytes_come_in_the_shape_that_the_file_declares(kind):
    assert array_of(kind(LABELS), "labels").tolist() == [5, 0, 4]
    images = array_of(kind(IMAGES), "images")
    assert (images.dtype, images.shape) == (np.uint8, (2, 3, 4))
    assert images.tobytes() == bytes(range(24))


@pytest.mark.parametrize("content", [LABELS, IMAGES])
def test_what_is_written_is_what_was_read(content):
    assert idx_of(array_of(content, "a file")) == content


def test_no_images_are_a_file_too():
    assert array_of(struct.pack(">4I", 2051, 0, 28, 28), "images").shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no idx file"),
        (LABELS[:3], "no idx file"),
        (b"<html>", "no idx file"),
        (b"\0\1" + LABELS[2:], "no idx file"),
        (LABELS[:2] + b"\x0d" + LABELS[3:], r"type 0x0d, not bytes \(0x08\)"),
        (IMAGES[:11], "ends within its header of 16 bytes"),
        (IMAGES[:-1], r"has 39 bytes, but declares 40: \(2, 3, 4\)"),
        (IMAGES + b"\0", "has 41 bytes, but declares 40"),
        (IMAGES[:4] + b"\xff" * 12 + IMAGES[16:], "has 40 bytes, but declares 79,"),
        (LABELS[:3] + b"\xff" + LABELS[4:], "ends within its header of 1024 bytes"),
    ],
)
def test_anything_else_is_refused_with_the_name_of_the_file(content, said):
    with pytest.raises(DataError, match=f"^some-file .*{said}"):
        array_of(content, "some-file")
