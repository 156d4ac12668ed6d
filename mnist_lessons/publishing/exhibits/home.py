"""What the home page shows first: a mistake that a network is sure of, and a pad to draw on.

`docs/javascripts/home.js` makes the pad work, with one small network.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from mnist_lessons._words import a, count, percent
from mnist_lessons.publishing.exhibits.example import Example
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.card import Network
from mnist_lessons.publishing.runs.networks import Mistake, Mistakes, mistakes_of, weights_of
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.runs.tiles import sprite

__all__ = ["block", "files", "problem"]

_MOST_BYTES = 60_000  # of the network, before compression

_Published = tuple[StoredRun, Network]


def files(runs: Sequence[StoredRun]) -> dict[str, bytes]:
    """What the pad loads, by address in the site; the weights are gzipped.

    Raises:
        BuildFailure: what a run has published is damaged.
    """
    chosen = _small_network(runs)
    if chosen is None:
        return {}
    run, network = chosen
    known = {"storage", "layers", "gain", "offset"}
    content = {name: value for name, value in msgspec.to_builtins(network).items() if name in known}
    made = {
        "home/network.json": json.dumps(content, separators=(",", ":")).encode(),
        "home/weights.bin": gzip.compress(weights_of(run, network), 9, mtime=0),
    }
    if example := _example(chosen):
        made["home/example.svg"] = example.drawing
    return made


def block(runs: Sequence[StoredRun], row: str) -> str:
    """The HTML of both.

    Args:
        runs: of all lessons.
        row: of the test image, from 0, that is shown where the first network is surest of what
            it reads wrong; where it reads that image, the mistake that it is surest of.

    Raises:
        BuildFailure: what a run has published is damaged.
    """
    mistakes = next(_noted(runs), None)
    chosen = _small_network(runs)
    return render(
        "home.html",
        mistake=_shown(mistakes, int(row)) if mistakes and mistakes.all else None,
        network=chosen is not None,
        example=_example(chosen) if chosen else None,
    )


def problem(row: str) -> str:
    """Why the argument is wrong; empty where it is right."""
    return "" if row.isdecimal() else f"{row} is no row of the test images"


def _noted(runs: Sequence[StoredRun]) -> Iterator[Mistakes]:
    for run in runs:
        for result in run.card.results:
            if mistakes := mistakes_of(run, result.key):
                yield mistakes


def _shown(mistakes: Mistakes, row: int) -> dict[str, Any]:
    surest = mistakes.all[0]
    wanted = (one for one in mistakes.all if one.row == row and _sure(one) == _sure(surest))
    mistake = next(wanted, surest)
    return {
        "image": b64encode(sprite([mistake.pixels], 1)).decode(),
        "read": mistake.read,
        "sure": _sure(mistake).replace("> ", "more than "),
        "true": a(mistake.true),
        "of": f"{count(len(mistakes.all), 'mistake')} among {mistakes.count:,} test images",
    }


def _sure(mistake: Mistake) -> str:
    return percent(mistake.chances[mistake.read] / 1_000)


def _small_network(runs: Sequence[StoredRun]) -> _Published | None:
    """The first small one that is published, if possible one with a convolution."""
    small = [
        (run, network)
        for run in runs
        for network in run.card.networks
        if network.bytes <= _MOST_BYTES
    ]
    return min(small, key=lambda one: not _has_convolution(one[1]), default=None)


def _has_convolution(network: Network) -> bool:
    return any(layer.kind == "conv" for layer in network.layers)


def _example(chosen: _Published) -> Example | None:
    """A test digit that the pad's network reads wrong, the one that it is least sure of."""
    run, network = chosen
    mistakes = mistakes_of(run, network.key)
    return Example(mistakes.all[-1], "network") if mistakes and mistakes.all else None
