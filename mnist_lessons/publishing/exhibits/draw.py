"""The page where readers draw a digit: its networks as files, and its block of HTML.

`docs/javascripts/draw/page.js` makes it work.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mnist_lessons.publishing.exhibits.example import Example
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.card import Network
from mnist_lessons.publishing.runs.networks import Mistake, Mistakes, mistakes_of, weights_of
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["block", "files"]

_MOST_MISTAKES = 40
_MAPS_IN_A_ROW = 10
_ORDINALS = ("first", "second", "third")
_STORAGE = {"int8": "8 bits", "float16": "half precision", "float32": "full precision"}
_WHO_ANSWERS = {1: "The network answers", 2: "Both networks together answer"}


@dataclass(frozen=True)
class _Network:
    """A published network of a run.

    Attributes:
        noted: what the run's card says of it.
        name: in a sentence, after "the".
        key: unique in the page, made of letters, digits, `_` and `-`.
        weights: as they are stored.
        mistakes: on the test split; None where the run noted none.
    """

    noted: Network
    name: str
    key: str
    weights: bytes
    mistakes: Mistakes | None

    @property
    def surest(self) -> tuple[Mistake, ...]:
        """The mistakes that the page shows."""
        return self.mistakes.all[:_MOST_MISTAKES] if self.mistakes else ()

    @property
    def packed(self) -> bytes:
        """The weights as the page loads them."""
        return _packed(self.weights)


def files(runs: Sequence[StoredRun]) -> dict[str, bytes]:
    """What the page loads, by address in the site.

    `weights.bin` and `digits.bin` are gzipped: they are small on every host. Of each lesson
    comes the published network with the most epochs.

    Raises:
        BuildFailure: what a run has published is damaged.
    """
    networks = _networks(runs)
    if not networks:
        return {}
    content = {"networks": [_described(network) for network in networks]}
    digits = [mistake.pixels for network in networks for mistake in network.surest]
    made = {
        "draw/networks.json": json.dumps(content, separators=(",", ":")).encode(),
        "draw/weights.bin": _packed(b"".join(network.weights for network in networks)),
        "draw/digits.bin": _packed(b"".join(digits)),
    }
    if example := _example(networks):
        made["draw/example.svg"] = example.drawing
    return made


def block(runs: Sequence[StoredRun]) -> str:
    """The HTML of the page.

    Raises:
        BuildFailure: what a run has published is damaged.
    """
    networks = _networks(runs)
    return render(
        "draw.html",
        networks=networks,
        maps=[figure for network in networks for figure in _maps(network)],
        who_answers=_WHO_ANSWERS.get(len(networks), "All networks together answer"),
        sizes=_sizes(networks),
        example=_example(networks),
    )


def _networks(runs: Sequence[StoredRun]) -> list[_Network]:
    chosen = [(run, _longest_trained(run)) for run in runs if run.card.networks]
    kinds = [_kind(noted) for _, noted in chosen]
    keys = [noted.key for _, noted in chosen]
    return [
        _Network(
            noted,
            name=kind if kinds.count(kind) == 1 else f"network {noted.title}",
            key=key if keys.count(key) == 1 else f"{key}-{number}",
            weights=weights_of(run, noted),
            mistakes=mistakes_of(run, key),
        )
        for number, ((run, noted), kind, key) in enumerate(zip(chosen, kinds, keys, strict=True))
    ]


def _longest_trained(run: StoredRun) -> Network:
    epochs = {result.key: result.epochs for result in run.card.results}
    return max(run.card.networks, key=lambda network: epochs.get(network.key, 0))


def _kind(noted: Network) -> str:
    has_convolution = any(layer.kind == "conv" for layer in noted.layers)
    return "convolutional network" if has_convolution else "simple network"


def _described(network: _Network) -> dict[str, Any]:
    noted = msgspec.to_builtins(network.noted)
    known = {name: noted[name] for name in ("storage", "layers", "gain", "offset")}
    mistakes = len(network.mistakes.all) if network.mistakes else 0
    about = {"key": network.key, "name": network.name, "mistakes": mistakes}
    return {**about, **known, "digits": [mistake.true for mistake in network.surest]}


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _maps(network: _Network) -> Iterator[dict[str, Any]]:
    """What the page shows of each convolution."""
    layers = [
        (number, layer.shape)
        for number, layer in enumerate(network.noted.layers)
        if layer.kind == "conv"
    ]
    for order, (layer, (count, height, width)) in enumerate(layers):
        ordinal = _ORDINALS[order] if order < len(_ORDINALS) else "next"
        across = min(count, _MAPS_IN_A_ROW)
        yield {
            "network": network.key,
            "layer": layer,
            "width": across * (width + 1) - 1,
            "height": -(-count // across) * (height + 1) - 1,
            "says": f"What the {ordinal} convolution makes of your digit: {count} maps of "
            f"{height} by {width}",
        }


def _sizes(networks: Sequence[_Network]) -> list[tuple[str, list[str]]]:
    told: dict[str, Callable[[_Network], str]] = {
        "a weight is stored in": lambda network: _STORAGE[network.noted.storage],
        "bytes, compressed": lambda network: f"{len(network.packed):,}",
        "test accuracy before": lambda network: f"{network.noted.accuracy:.2%}",
        "test accuracy as stored": lambda network: f"{network.noted.stored_accuracy:.2%}",
        "test images": lambda network: f"{network.noted.count:,}",
    }
    return [(what, [tell(network) for network in networks]) for what, tell in told.items()]


def _example(networks: Sequence[_Network]) -> Example | None:
    """A test digit that the last network gets wrong, the least confident of those shown."""
    network = next((one for one in reversed(networks) if one.surest), None)
    return Example(network.surest[-1], network.name) if network else None
