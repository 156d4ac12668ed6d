"""Digits as pen strokes, by people who wrote no digit of MNIST.

E. Alpaydin and F. Alimoglu, "Pen-Based Recognition of Handwritten Digits", UCI Machine Learning
Repository, 1998, DOI 10.24432/C5MG6K, CC BY 4.0.
"""

import json
from dataclasses import dataclass

from mnist_lessons._datasets import PENS, read_verified
from mnist_lessons._unipen import CHOOSING_WRITERS, TEST_WRITERS
from mnist_lessons.settings import Settings

__all__ = ["CHOOSING_WRITERS", "TEST_WRITERS", "PenDigit", "Pens", "load_pens"]


@dataclass(frozen=True)
class PenDigit:
    """A digit as somebody wrote it, with a stylus on a tablet.

    Attributes:
        digit: which, 0 to 9.
        writer: who, 1 to 44.
        strokes: lists of points [x, y], whole numbers in a box of 500 by 500, y downwards.
    """

    digit: int
    writer: int
    strokes: list[list[list[int]]]


@dataclass(frozen=True)
class Pens:
    """The digits, in the order of the archive.

    Attributes:
        choosing: by `CHOOSING_WRITERS`: 7,494.
        test: by `TEST_WRITERS`: 2,249. Choose nothing by them.
    """

    choosing: list[PenDigit]
    test: list[PenDigit]


def load_pens(settings: Settings | None = None) -> Pens | None:
    """Load the pen digits, if they are to be had.

    Looked for in this order: `pens/` in the folder of `MNIST_LESSONS_DATA`, as `choose.jsonl` and
    `test.jsonl`, plain or `.gz`, or else as UCI's archive
    `pen+based+recognition+of+handwritten+digits.zip`; the user's cache folder; UCI, unless
    `MNIST_LESSONS_OFFLINE` is 1. What is read from the archive is kept in the cache. No SHA-256 of
    the archive has been published: what is checked, at every load, is that of the digits, their
    writers and all their points.

    Args:
        settings: read from the environment where None.

    Returns:
        The digits of the choosing and of the test writers; None where no place has them.

    Raises:
        SettingError: a setting is unknown or out of range.
        DataError: what a folder has are not these digits, or the cache cannot be written.
    """
    from mnist_lessons._fetch import verified_files  # here: as in `data.load_mnist`

    with verified_files(settings or Settings.from_environment(), PENS) as found:
        if found.root is None:
            return None
        choosing, test = (
            [
                PenDigit(**json.loads(line))
                for line in read_verified(PENS, file, found.root / PENS.folder).splitlines()
            ]
            for file in PENS.files
        )
    return Pens(choosing, test)
