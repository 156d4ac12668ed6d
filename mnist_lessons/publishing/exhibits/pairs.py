"""Pairs of networks that read the same test images: who reads what the other does not.

McNemar's exact test (Q. McNemar, "Note on the sampling error of the difference between correlated
proportions or percentages", Psychometrika 12, 1947) asks whether luck alone could have dealt out
the images that exactly one of two networks reads.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.networks import mistakes_of
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["Pair", "Reader", "block", "mcnemar"]

_RARE = 0.05  # what luck may do in any of the pairs of a test


@dataclass(frozen=True)
class Reader:
    """A trained network, and the test images that it misread.

    Attributes:
        title: as its run says it.
        data: checksum of the data of its run.
        count: of the test images.
        misread: rows of images in the test split.
    """

    title: str
    data: str
    count: int
    misread: frozenset[int]


@dataclass(frozen=True)
class Pair:
    """Two networks that read the same test images."""

    first: Reader
    second: Reader

    @property
    def only_first(self) -> int:
        """Number of images that the first reads and the second does not."""
        return len(self.second.misread - self.first.misread)

    @property
    def only_second(self) -> int:
        """Number of images that the second reads and the first does not."""
        return len(self.first.misread - self.second.misread)

    @property
    def p_value(self) -> float:
        """Of McNemar's exact test."""
        return mcnemar(self.only_first, self.only_second)


def mcnemar(only_first: int, only_second: int) -> float:
    """The p-value of McNemar's exact test, two-sided.

    Args:
        only_first: number of images that the first network alone reads, from 0.
        only_second: number of images that the second network alone reads, from 0.

    Returns:
        How likely a fair coin, thrown once for each of these images, deals them out as unevenly
        or more so; 1 where there are none.
    """
    throws = only_first + only_second
    ways = tail = 1
    for heads in range(min(only_first, only_second)):
        ways = ways * (throws - heads) // (heads + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << throws))


def block(runs: Sequence[StoredRun]) -> str:
    """Each network beside the one with the fewest mistakes, and all pairs, folded, as HTML.

    Raises:
        BuildFailure: what a run noted of its mistakes is damaged.
    """
    tests: dict[tuple[str, int], list[Reader]] = {}
    for reader in _readers(runs):
        tests.setdefault((reader.data, reader.count), []).append(reader)
    shown = [_test(readers) for readers in tests.values() if len(readers) > 1]
    return render("pairs.html", tests=shown)


def _readers(runs: Iterable[StoredRun]) -> list[Reader]:
    return [
        Reader(
            title,
            run.card.data.checksum,
            mistakes.count,
            frozenset(mistake.row for mistake in mistakes.all),
        )
        for run in runs
        if run.card.data
        for key, title in {result.key: result.title for result in run.card.results}.items()
        if (mistakes := mistakes_of(run, key))
    ]


def _test(readers: Sequence[Reader]) -> dict[str, Any]:
    """The networks that read the same images, two by two."""
    others = sorted(readers, key=lambda reader: len(reader.misread))
    best = others[0]
    every = [Pair(first, second) for first, second in combinations(readers, 2)]
    rare = _RARE / len(every)
    return {
        "best": best.title,
        "where": f"the {best.count:,} images of this test, one training each",
        "rare": f"{rare:.2g}",
        "with_best": [_row(Pair(reader, best), rare, reader) for reader in others[1:]],
        "every": [_row(pair, rare, pair.first, pair.second) for pair in every],
    }


def _row(pair: Pair, rare: float, *named: Reader) -> dict[str, Any]:
    chance = pair.p_value
    return {
        "names": [reader.title for reader in named],
        "only_first": f"{pair.only_first:,}",
        "only_second": f"{pair.only_second:,}",
        "p_value": f"{chance:.3f}" if chance >= 0.001 else "< 0.001",
        "luck": "no" if chance < rare else "yes",
    }
