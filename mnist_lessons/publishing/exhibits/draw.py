"""The page where readers draw a digit: its networks as files, and its block of HTML.

A marker names the networks, `LESSON/KEY` each. `docs/javascripts/draw/page.js` makes them work.
"""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from mnist_lessons.publishing.exhibits.example import Example
from mnist_lessons.publishing.exhibits.sources import Sources, page_of
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.card import Network
from mnist_lessons.publishing.runs.networks import (
    Mistake,
    Mistakes,
    mistakes_of,
    training_of,
    weights_of,
)

__all__ = ["block", "example", "files", "problem"]

_CONFIDENCE = Path("mnist_lessons", "studies", "confidence.json")
_UNCHANGED = {"temperature": 1, "sure": 0}

_MOST_MISTAKES = 40
_STORAGE = {"int8": "8 bits", "float16": "half precision", "float32": "full precision"}
# Sixteen levels of grey: training images are only looked at.
_COARSE = bytes(round(level / 17) * 17 for level in range(256))
_WHO_ANSWERS = {1: "The network answers", 2: "Both networks together answer"}


@dataclass(frozen=True)
class _Network:
    """A published network of a run.

    Attributes:
        noted: what the run's card says of it.
        key: `LESSON/KEY`.
        name: in a sentence, after "the".
        weights: as they are stored.
        mistakes: on the test split; None where the run noted none.
    """

    noted: Network
    key: str
    name: str
    weights: bytes
    mistakes: Mistakes | None

    @property
    def lesson(self) -> str:
        """Address of its lesson, as seen from the page."""
        return page_of(self.key.partition("/")[0])

    @property
    def surest(self) -> tuple[Mistake, ...]:
        """The mistakes that the page shows."""
        return self.mistakes.all[:_MOST_MISTAKES] if self.mistakes else ()

    @property
    def packed(self) -> bytes:
        """The weights as the page loads them."""
        return _packed(self.weights)

    @property
    def example(self) -> Example | None:
        """A test digit that it gets wrong, the least confident of those shown."""
        return Example(self.surest[-1], self.name) if self.surest else None


def files(sources: Sources) -> dict[str, bytes]:
    """What pages load, by address in the site: all published networks, whichever a page names.

    Weights and test digits are gzipped: they are small on every host.

    Raises:
        BuildFailure: what a run has published is damaged.
    """
    networks = _networks(sources)
    if not networks:
        return {}
    confidence = _confidence(sources.root)
    content = {"networks": [_described(network, confidence) for network in networks]}
    made = {"draw/networks.json": json.dumps(content, separators=(",", ":")).encode()}
    for network in networks:
        made[f"draw/{network.key}.weights.bin"] = network.packed
        digits = b"".join(mistake.pixels for mistake in network.surest)
        made[f"draw/{network.key}.errors.bin"] = _packed(digits)
        if network.example:
            made[f"draw/{network.key}.svg"] = network.example.drawing
    return made | _training(sources)


def block(sources: Sources, *keys: str) -> str:
    """The HTML of the page.

    Args:
        sources: the project, and the runs of its lessons.
        keys: of the networks, in their order; those of lessons without a run are left out.

    Raises:
        BuildFailure: what a run has published is damaged.
    """
    known = {network.key: network for network in _networks(sources)}
    networks = [known[key] for key in keys if key in known]
    return render(
        "draw.html",
        networks=networks,
        who_answers=_WHO_ANSWERS.get(len(networks), "All networks together answer"),
        sizes=_sizes(networks),
        shown=next((network for network in networks if network.example), None),
    )


def problem(sources: Sources, *keys: str) -> str:
    """Why a network cannot be shown; empty where all can, or may once their lessons have run."""
    for key in keys:
        lesson, _, name = key.partition("/")
        if lesson not in sources.lessons:
            return f"no lesson {lesson}; there are {', '.join(sources.lessons)}"
        run = sources.lessons[lesson]
        there = [noted.key for noted in run.card.networks] if run else [name]
        if name not in there:
            told = ", ".join(f"{lesson}/{one}" for one in there)
            return f"{lesson} publishes no network {key}; it publishes {told or 'none'}"
    return ""


def example(sources: Sources, key: str) -> Example | None:
    """What readers without JavaScript see of a network, drawn in `draw/KEY.svg`, if anything.

    Raises:
        BuildFailure: what a run has published is damaged.
    """
    known = {network.key: network.example for network in _networks(sources)}
    return known.get(key)


def _networks(sources: Sources) -> list[_Network]:
    published = [
        (lesson, run, noted)
        for lesson, run in sources.lessons.items()
        if run
        for noted in run.card.networks
    ]
    return [
        _Network(
            noted,
            key=f"{lesson}/{noted.key}",
            name=noted.name,
            weights=weights_of(run, noted),
            mistakes=mistakes_of(run, noted.key),
        )
        for lesson, run, noted in published
    ]


def _confidence(root: Path) -> dict[str, dict[str, float]]:
    """The temperature of each network, by name, and the least probability that is sure."""
    try:
        found: dict[str, dict[str, float]] = json.loads((root / _CONFIDENCE).read_bytes())
    except FileNotFoundError:
        return {}
    return found


def _described(network: _Network, confidence: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    noted = msgspec.to_builtins(network.noted)
    known = {name: noted[name] for name in ("storage", "layers", "gain", "offset")}
    chosen = confidence.get(network.name, {})
    return {
        "key": network.key,
        "name": network.name,
        "size": len(network.packed),
        **{name: chosen.get(name, value) for name, value in _UNCHANGED.items()},
        **known,
        "mistakes": len(network.mistakes.all) if network.mistakes else 0,
        "digits": [mistake.true for mistake in network.surest],
    }


def _training(sources: Sources) -> dict[str, bytes]:
    """Some training images of each digit, in few grey levels."""
    found = (images for run in sources.runs if (images := training_of(run)))
    return {
        f"draw/training-{digit}.bin": _packed(b"".join(images).translate(_COARSE))
        for digit, images in enumerate(next(found, ()))
    }


@lru_cache(maxsize=64)  # files, sizes and the table ask for the same weights
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _sizes(networks: Sequence[_Network]) -> list[tuple[str, list[str]]]:
    told: dict[str, Callable[[_Network], str]] = {
        "a weight is stored in": lambda network: _STORAGE[network.noted.storage],
        "bytes, compressed": lambda network: f"{len(network.packed):,}",
        "validation accuracy before": lambda network: f"{network.noted.accuracy:.2%}",
        "validation accuracy as stored": lambda network: f"{network.noted.stored_accuracy:.2%}",
        "validation images": lambda network: f"{network.noted.count:,}",
    }
    return [(what, [tell(network) for network in networks]) for what, tell in told.items()]
