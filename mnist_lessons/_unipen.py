"""The pen digits of UCI's archive, as lines of JSON.

The archive is a zip; what is of use in it is UNIPEN text (I. Guyon and others, 1994), compressed
with Unix `compress`. A line is `{"digit":8,"writer":12,"strokes":[[[267,167],...],...]}`.
"""

import json
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from mnist_lessons.errors import DataError

__all__ = ["CHOOSING_WRITERS", "TEST_WRITERS", "contents"]

CHOOSING_WRITERS = tuple(range(1, 31))
"""Whose digits may choose: thickness, augmentation, temperature, threshold."""

TEST_WRITERS = (31, 32, 34, 35, 37, 39, 40, 42, 43)
"""Whose digits choose nothing. The other five of the 44 are left to whoever tests the page anew."""

_BOX = 500  # side of the box that was written in
_MOST = 8_000_000  # bytes of a member, several times what the two have


def contents(archive: Path) -> dict[str, bytes]:
    """The digits of the choosing and of the test writers, in the order of the archive.

    Args:
        archive: UCI's zip.

    Returns:
        Lines of JSON, by name: `choose.jsonl` and `test.jsonl`.

    Raises:
        DataError: it cannot be read, or its text is none of pen digits.
    """
    try:
        with ZipFile(archive) as opened:
            return {
                "choose.jsonl": _lines(opened, "pendigits-orig.tra.Z", CHOOSING_WRITERS),
                "test.jsonl": _lines(opened, "pendigits-orig.tes.Z", TEST_WRITERS),
            }
    except (BadZipFile, EOFError, OSError, RuntimeError, ValueError, zlib.error) as error:
        raise DataError(
            f"cannot read the pen digits in {archive}: {error}; replace it by a fresh copy"
        ) from error


def _lines(archive: ZipFile, name: str, writers: Collection[int]) -> bytes:
    """The digits by some writers in one of the two files."""
    from unlzw3 import unlzw  # here: few ever read the archive

    sizes = {info.filename: info.file_size for info in archive.infolist()}
    if not 0 < sizes.get(name, 0) <= _MOST:
        raise ValueError(f"it has no {name} of at most {_MOST:,} bytes")
    try:
        digits = [*_digits(unlzw(archive.read(name)).decode("latin-1"))]
    except ValueError as error:
        raise ValueError(f"its {name} is damaged: {error}") from error
    before = min(writers) - 1  # UCI's second file counts its writers from 1 again
    for digit in digits:
        digit["writer"] += before if digit["writer"] <= before else 0
    kept = (digit for digit in digits if digit["writer"] in writers)
    return "".join(json.dumps(digit, separators=(",", ":")) + "\n" for digit in kept).encode()


def _digits(text: str) -> Iterator[dict[str, Any]]:
    """Each digit of UNIPEN text, its points turned so that y grows downwards."""
    for segment in text.split(".SEGMENT DIGIT")[1:]:
        head, *drawn = segment.split(".PEN_DOWN")
        digit, writer, _ = head.partition(".COMMENT")[2].split()
        yield {
            "digit": int(digit),
            "writer": int(writer),
            "strokes": [_points(stroke.partition(".PEN_UP")[0]) for stroke in drawn],
        }


def _points(text: str) -> list[list[int]]:
    numbers = [int(word) for word in text.split()]
    return [[x, _BOX - y] for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
