"""What a run noted of its networks: their mistakes, their weights, and some training images.

Each file is read once a build, whichever pages show it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.runs.card import Card, Network
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.runs.tiles import tiles_of

__all__ = ["Mistake", "Mistakes", "mistakes_of", "name_of", "training_of", "weights_of"]

_DIGITS = 10
_TRAINING = 150  # images of a digit
_AGAIN = "`python -m mnist_lessons.publishing run --again` makes"
# What reading a damaged file can raise.
_DAMAGED = (OSError, ValueError, TypeError, LookupError)


def name_of(card: Card, key: str) -> str:
    """What a sentence calls the network of a result; empty where it was not published."""
    return next((network.name for network in card.networks if network.key == key), "")


@dataclass(frozen=True)
class Mistake:
    """One image that a network read wrong.

    Attributes:
        row: of the image in the test split.
        true: digit that was meant.
        read: digit that was read.
        chances: probability of each digit, in thousandths.
        pixels: 784 bytes.
    """

    row: int
    true: int
    read: int
    chances: tuple[int, ...]
    pixels: bytes


@dataclass(frozen=True)
class Mistakes:
    """All mistakes of a network, the most confident first.

    Attributes:
        count: of the test images.
        confusion: how often each true digit (row) was read as each digit (column).
        all: the mistakes.
    """

    count: int
    confusion: tuple[tuple[int, ...], ...]
    all: tuple[Mistake, ...]


def mistakes_of(run: StoredRun, key: str) -> Mistakes | None:
    """The mistakes of a network of a run; None where it noted none.

    Raises:
        BuildFailure: the list or the picture of them is damaged.
    """
    listed = run.folder / f"{key}.errors.json"
    if not listed.is_file():
        return None
    try:
        return _read(listed, listed.stat().st_mtime_ns)
    except _DAMAGED as error:
        raise BuildFailure(
            f"{run.card.lesson}: the mistakes of {key!r} cannot be read: {error}; "
            f"{_AGAIN} them anew"
        ) from error


def weights_of(run: StoredRun, network: Network) -> bytes:
    """The stored weights of a network.

    Raises:
        BuildFailure: they are missing, or more or fewer than the card says.
    """
    try:
        stored = run.folder / f"{network.key}.weights"
        content = _bytes(stored, stored.stat().st_mtime_ns)
        if len(content) != network.bytes:
            raise ValueError(f"{len(content):,} bytes, not {network.bytes:,}")
    except (OSError, ValueError) as error:
        raise BuildFailure(
            f"{run.card.lesson}: the network {network.key!r} cannot be read: {error}; "
            f"{_AGAIN} it anew"
        ) from error
    return content


def training_of(run: StoredRun) -> list[list[bytes]]:
    """Some of a run's training images, 784 bytes each, by digit; none where it kept none.

    Raises:
        BuildFailure: their picture is damaged.
    """
    picture = run.folder / "training.digits.png"
    if not picture.is_file():
        return []
    try:
        tiles = tiles_of(picture, _TRAINING, _DIGITS * _TRAINING)
    except _DAMAGED as error:
        raise BuildFailure(
            f"{run.card.lesson}: the training images cannot be read: {error}; {_AGAIN} them anew"
        ) from error
    rows = (tiles[start : start + _TRAINING] for start in range(0, len(tiles), _TRAINING))
    return [[tile for tile in row if any(tile)] for row in rows]


@lru_cache(maxsize=64)
def _bytes(file: Path, _: int) -> bytes:
    return file.read_bytes()


@lru_cache(maxsize=64)
def _read(listed: Path, _: int) -> Mistakes:
    noted = json.loads(listed.read_text(encoding="utf-8"))
    errors = noted["errors"]
    tiles = tiles_of(listed.with_suffix(".png"), int(noted["columns"]), len(errors))
    return Mistakes(
        count=int(noted["count"]),
        confusion=_matrix(noted["confusion"]),
        all=tuple(map(_mistake, errors, tiles)),
    )


def _matrix(rows: Sequence[Sequence[Any]]) -> tuple[tuple[int, ...], ...]:
    matrix = tuple(tuple(map(int, row)) for row in rows)
    if [len(row) for row in matrix] != [_DIGITS] * _DIGITS:
        raise ValueError("the confusion matrix is not 10 by 10")
    return matrix


def _mistake(noted: Sequence[Any], pixels: bytes) -> Mistake:
    row, true, read, chances = noted
    mistake = Mistake(int(row), int(true), int(read), tuple(map(int, chances)), pixels)
    if not {mistake.true, mistake.read} <= set(range(_DIGITS)) or len(mistake.chances) != _DIGITS:
        raise ValueError(f"no such digit: {noted}")
    return mistake
