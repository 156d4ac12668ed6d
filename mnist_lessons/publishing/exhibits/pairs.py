"""Pairs of networks that read the same test images: who reads what the other does not.

McNemar's exact test (Q. McNemar, "Note on the sampling error of the difference between correlated
proportions or percentages", Psychometrika 12, 1947) asks whether luck alone could have dealt out
the images that exactly one of two networks reads.
"""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from mnist_lessons.publishing.exhibits.mistakes import read_networks
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["Pair", "Reader", "mcnemar", "pairs"]

_NOTHING = "<p>No two networks have read the same test images yet.</p>"
_RARE = 0.05  # what luck may do in any of the pairs of a test
_VERDICT = ("p-value", "could it be luck?")


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
        How likely a fair coin, thrown once for each of these images, deals them out at least as
        unevenly; 1 where there are none.
    """
    throws = only_first + only_second
    ways = tail = 1
    for heads in range(min(only_first, only_second)):
        ways = ways * (throws - heads) // (heads + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << throws))


def pairs(runs: Sequence[StoredRun]) -> str:
    """Each network beside the one with the fewest mistakes, and all pairs, folded, as HTML.

    Raises:
        BuildFailure: what a run noted of its mistakes is damaged.
    """
    tests: dict[tuple[str, int], list[Reader]] = {}
    for reader in _readers(runs):
        tests.setdefault((reader.data, reader.count), []).append(reader)
    shown = [_test(readers) for readers in tests.values() if len(readers) > 1]
    return "\n".join(shown) or _NOTHING


def _readers(runs: Iterable[StoredRun]) -> list[Reader]:
    return [
        Reader(
            network.title,
            run.card.data.checksum,
            network.count,
            frozenset(mistake.row for mistake in network.mistakes),
        )
        for run in runs
        if run.card.data
        for network in read_networks(run)
    ]


def _test(readers: Sequence[Reader]) -> str:
    """The tables of the networks that read the same images."""
    best = min(readers, key=lambda reader: len(reader.misread))
    others = sorted(readers, key=lambda reader: len(reader.misread))
    with_best = [Pair(reader, best) for reader in others if reader is not best]
    every = [Pair(first, second) for first, second in combinations(readers, 2)]
    rare = _RARE / len(every)
    where = f"the {best.count:,} images of this test, one training each"
    best_name = html.escape(best.title)
    table = _table(
        f"Each network beside the best of this test, {best_name}: {where}",
        ("network", "only it reads", "only the best reads", *_VERDICT),
        [f"{_name(pair.first)}{_cells(pair, rare)}" for pair in with_best],
    )
    table += f"\n<p>Number of pairs: {len(every)}. Hardly: a p-value below {rare:.2g}.</p>"
    if len(every) == len(with_best):
        return table
    folded = _table(
        f"All pairs: {where}",
        ("first,<br>second", "only the first reads", "only the second reads", *_VERDICT),
        [f"{_name(pair.first, pair.second)}{_cells(pair, rare)}" for pair in every],
    )
    return (
        f'{table}\n<details class="aside"><summary>All {len(every)} pairs</summary>\n'
        f"{folded}\n</details>"
    )


def _table(caption: str, head: Sequence[str], rows: Iterable[str]) -> str:
    heads = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<div class="results" role="region" aria-label="{caption}" tabindex="0">\n'
        '<table class="results-table" data-search-exclude>\n'
        f"<caption><span>{caption}</span></caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _name(*readers: Reader) -> str:
    names = ",<br>".join(html.escape(reader.title) for reader in readers)
    return f'<th scope="row">{names}</th>'


def _cells(pair: Pair, rare: float) -> str:
    chance = pair.p_value
    shown = f"{chance:.3f}" if chance >= 0.001 else "&lt; 0.001"
    luck = "hardly" if chance < rare else "possibly"
    return (
        f"<td>{pair.only_first:,}</td><td>{pair.only_second:,}</td><td>{shown}</td>"
        f'<td class="results-text">{luck}</td>'
    )
