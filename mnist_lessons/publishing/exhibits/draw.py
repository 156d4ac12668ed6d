"""The page where readers draw a digit: its networks as files, and its block of HTML.

`docs/javascripts/draw/page.js` makes it work.
"""

import gzip
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from mnist_lessons._words import a, percent
from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.runs.card import Network
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.runs.tiles import SIDE, tiles_of

__all__ = ["block", "files"]

_MOST_MISTAKES = 40
_KEY = re.compile(r"[A-Za-z0-9_-]+")
_OWN = (
    '<link rel="stylesheet" href="../stylesheets/draw.css">'
    '<link rel="modulepreload" href="../javascripts/draw/page.js">'
)
_NOTHING = "<p>No lesson has published a network yet, so there is none to draw for.</p>"
_MAPS_IN_A_ROW = 10
_STORAGE = {"int8": "8 bits", "float16": "half precision", "float32": "full precision"}


@dataclass(frozen=True)
class _Network:
    """A published network of a run.

    Attributes:
        run: where its files are.
        noted: what the run's card says of it.
        name: in a sentence, after "the".
        key: unique in the page, made of letters, digits, `_` and `-`.
    """

    run: StoredRun
    noted: Network
    name: str
    key: str

    @cached_property
    def weights(self) -> bytes:
        content = (self.run.folder / f"{self.noted.key}.weights").read_bytes()
        if len(content) != self.noted.bytes:
            raise ValueError(f"{len(content):,} bytes, not {self.noted.bytes:,}")
        return content

    @cached_property
    def noted_mistakes(self) -> Mapping[str, Any]:
        listed = self.run.folder / f"{self.noted.key}.errors.json"
        if not listed.is_file():
            return {"errors": []}
        noted: Mapping[str, Any] = json.loads(listed.read_text(encoding="utf-8"))
        return noted

    @cached_property
    def mistakes(self) -> list[tuple[Sequence[Any], bytes]]:
        """The surest: row, true digit, read digit and probabilities; and 784 bytes."""
        errors = self.noted_mistakes["errors"][:_MOST_MISTAKES]
        if not errors:
            return []
        picture = self.run.folder / f"{self.noted.key}.errors.png"
        tiles = tiles_of(picture, int(self.noted_mistakes["columns"]), len(errors))
        return list(zip(errors, tiles, strict=True))

    @property
    def convolutions(self) -> list[tuple[int, Sequence[int]]]:
        """Number of each convolution among the layers, and the shape of its output."""
        layers = enumerate(self.noted.layers)
        return [(number, layer.shape) for number, layer in layers if layer.kind == "conv"]


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
    digits = [tile for network in networks for _, tile in _read(network).mistakes]
    made = {
        "draw/networks.json": json.dumps(content, separators=(",", ":")).encode(),
        "draw/weights.bin": _packed(b"".join(_read(network).weights for network in networks)),
        "draw/digits.bin": _packed(b"".join(digits)),
    }
    if example := _example(networks):
        made["draw/example.svg"] = example.picture.encode()
    return made


def block(runs: Sequence[StoredRun]) -> str:
    """The HTML in the place of `<!-- lessons: draw -->`.

    Raises:
        BuildFailure: what a run has published is damaged.
    """
    networks = _networks(runs)
    if not networks:
        return _NOTHING
    return "\n".join(
        [
            # The theme's search leaves out a section, but not a division that has others in it.
            '<section class="draw own-style" data-draw data-search-exclude>',
            _OWN,
            '<div class="draw-columns">',
            _pad(networks),
            _answers(networks),
            "</div>",
            _maps(networks),
            f'<p class="draw-time">{_all(networks)} in <strong data-time>…</strong> in this '
            "browser: the median of the last 30 answers.</p>",
            "</section>",
            _without_script(networks),
            _sizes(networks),
        ]
    )


def _all(networks: Sequence[_Network]) -> str:
    told = {1: "The network answers", 2: "Both networks together answer"}
    return told.get(len(networks), "All networks together answer")


def _networks(runs: Sequence[StoredRun]) -> list[_Network]:
    chosen = [(run, max(found, key=_epochs_of(run))) for run in runs if (found := _published(run))]
    kinds = [_kind(noted) for _, noted in chosen]
    keys = [noted.key for _, noted in chosen]
    return [
        _Network(
            run,
            noted,
            name=kind if kinds.count(kind) == 1 else f"network {noted.title}",
            key=key if keys.count(key) == 1 else f"{key}-{number}",
        )
        for number, ((run, noted), kind, key) in enumerate(zip(chosen, kinds, keys, strict=True))
    ]


def _published(run: StoredRun) -> list[Network]:
    return [noted for noted in run.card.networks if _KEY.fullmatch(noted.key)]


def _epochs_of(run: StoredRun) -> Any:
    epochs = {result.key: result.epochs for result in run.card.results}
    return lambda noted: epochs.get(noted.key, 0)


def _kind(noted: Network) -> str:
    has_convolution = any(layer.kind == "conv" for layer in noted.layers)
    return "convolutional network" if has_convolution else "simple network"


def _read(network: _Network) -> _Network:
    """The network, once all its files have been read."""
    try:
        _ = network.weights, network.mistakes
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise BuildFailure(
            f"{network.run.card.lesson}: the network {network.noted.key!r} cannot be read: "
            f"{error}; `python -m mnist_lessons.publishing run --again` makes it anew"
        ) from error
    return network


def _described(network: _Network) -> dict[str, Any]:
    noted = msgspec.to_builtins(network.noted)
    known = {name: noted[name] for name in ("storage", "layers", "gain", "offset")}
    digits = [errors[1] for errors, _ in _read(network).mistakes]
    mistakes = len(network.noted_mistakes["errors"])
    about = {"key": network.key, "name": network.name, "mistakes": mistakes}
    return {**about, **known, "digits": digits}


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _pad(networks: Sequence[_Network]) -> str:
    buttons = "\n".join(
        f'<button type="button" class="draw-button" data-next="{network.key}">'
        f"Next error of the {html.escape(network.name)}</button>"
        for network in networks
        if _read(network).mistakes
    )
    return f"""\
<div class="draw-pad">
<div class="draw-area" data-empty tabindex="0" role="application" aria-label="Drawing area" \
aria-describedby="draw-help">
<canvas width="560" height="560" aria-hidden="true"></canvas>
<span class="draw-brush" hidden></span>
</div>
<div class="draw-controls">
<button type="button" class="draw-button" data-do="undo">Undo</button>
<button type="button" class="draw-button" data-do="clear">Clear</button>
<label><input type="checkbox" role="switch" checked data-centre> Centre my digit</label>
</div>
<div class="draw-controls draw-errors" role="group" \
aria-label="Test digits that a network gets wrong">
{buttons}
</div>
<p class="draw-help" id="draw-help">Draw with mouse, pen or finger. With the keyboard, arrows move \
the brush, and the space bar puts it down and lifts it. Arrows also move a test digit.</p>
</div>"""


def _answers(networks: Sequence[_Network]) -> str:
    names = "".join(
        f'<th scope="col">{html.escape(network.name)} '
        f'<strong class="draw-read" data-answer="{network.key}">?</strong></th>'
        for network in networks
    )
    rows = "\n".join(
        f'<tr><th scope="row">{digit}</th>{_doubts(networks)}</tr>' for digit in range(10)
    )
    return f"""\
<div class="draw-answers">
<div class="draw-seeing">
<canvas class="draw-seen" width="28" height="28" role="img" \
aria-label="The 28 by 28 pixels that the networks see"></canvas>
<div>
<p class="draw-caption">What the networks see: 28 by 28 pixels.</p>
<p class="draw-words" aria-hidden="true">The networks are loading.</p>
<p class="draw-live" aria-live="polite">The networks are loading.</p>
</div>
</div>
<table class="draw-table draw-doubts">
<caption>What each network reads, and how sure it is of each digit</caption>
<thead><tr><th scope="col">digit</th>{names}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>"""


def _doubts(networks: Sequence[_Network]) -> str:
    return "".join(
        f'<td data-doubt="{network.key}"><span class="draw-bar"></span>'
        '<span class="draw-share"></span></td>'
        for network in networks
    )


def _maps(networks: Sequence[_Network]) -> str:
    ordinals = ("first", "second", "third")
    return "\n".join(
        _map_figure(network, layer, shape, ordinals[order] if order < len(ordinals) else "next")
        for network in networks
        for order, (layer, shape) in enumerate(network.convolutions)
    )


def _map_figure(network: _Network, layer: int, shape: Sequence[int], ordinal: str) -> str:
    count, height, width = shape
    across = min(count, _MAPS_IN_A_ROW)
    down = -(-count // across)
    size = f'width="{across * (width + 1) - 1}" height="{down * (height + 1) - 1}"'
    says = (
        f"What the {ordinal} convolution makes of your digit: {count} maps of {height} by {width}"
    )
    return (
        f'<figure class="draw-maps"><canvas {size} data-maps="{network.key}" '
        f'data-layer="{layer}" role="img" aria-label="{says}"></canvas>'
        f"<figcaption>{says}.</figcaption></figure>"
    )


def _sizes(networks: Sequence[_Network]) -> str:
    titles = "".join(
        f'<th scope="col">{html.escape(network.noted.title)}</th>' for network in networks
    )
    told: dict[str, Callable[[_Network], str]] = {
        "a weight is stored in": lambda network: _STORAGE[network.noted.storage],
        "bytes, compressed": lambda network: f"{len(_packed(_read(network).weights)):,}",
        "test accuracy before": lambda network: f"{network.noted.accuracy:.2%}",
        "test accuracy as stored": lambda network: f"{network.noted.stored_accuracy:.2%}",
        "test images": lambda network: f"{network.noted.count:,}",
    }
    cells = {
        what: "".join(f"<td>{tell(network)}</td>" for network in networks)
        for what, tell in told.items()
    }
    rows = "\n".join(f'<tr><th scope="row">{what}</th>{row}</tr>' for what, row in cells.items())
    return f"""\
<table class="draw-table draw-sizes" data-search-exclude>
<caption>The weights that this page loads, and what storing them cost</caption>
<thead><tr><td></td>{titles}</tr></thead>
<tbody>
{rows}
</tbody>
</table>"""


@dataclass(frozen=True)
class _Example:
    """A picture for those who have no JavaScript, and its text."""

    picture: str
    text: str


def _example(networks: Sequence[_Network]) -> _Example | None:
    """A test digit that the last network gets wrong, the least confident of those shown."""
    for network in reversed(networks):
        for (_, true, read, chances), pixels in reversed(_read(network).mistakes):
            shares = sorted(enumerate(chances), key=lambda share: -share[1])
            told = ", ".join(
                f"{percent(chance / 1_000, places=0)} for {digit}"
                for digit, chance in shares
                if chance >= 10
            )
            says = f"A test digit, {a(true)}. The {network.name} reads {read}; its doubts: {told}."
            return _Example(_drawn(pixels, chances), says)
    return None


def _drawn(pixels: bytes, chances: Sequence[int]) -> str:
    bars = "".join(
        f'<text x="150" y="{14 * digit + 11}">{digit}</text>'
        f'<rect x="162" y="{14 * digit + 2}" width="{chance * 0.11:.1f}" height="10"/>'
        for digit, chance in enumerate(chances)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 280 140" width="560" height="280">'
        '<path fill="#fff" d="M0 0h280v140H0z"/><path d="M0 0h140v140H0z"/>'
        f'<g shape-rendering="crispEdges">{"".join(_squares(pixels))}</g>'
        f'<g fill="#1f5aa6" font-family="sans-serif" font-size="10">{bars}</g></svg>'
    )


def _squares(pixels: bytes) -> Iterator[str]:
    for number, grey in enumerate(pixels):
        if grey:
            x, y = number % SIDE * 5, number // SIDE * 5
            yield f'<path fill="#{f"{grey:02x}" * 3}" d="M{x} {y}h5v5h-5z"/>'


def _without_script(networks: Sequence[_Network]) -> str:
    example = _example(networks)
    picture = ""
    if example:
        text = html.escape(example.text)
        picture = (
            f'<figure><img src="example.svg" width="560" height="280" loading="lazy" '
            f'alt="{text}">'
            f"<figcaption>{text}</figcaption></figure>"
        )
    # Not <noscript>: the theme marks a page where scripts run, and so it can be styled and tested.
    return (
        '<div class="draw-without" data-search-exclude>'
        "<p>Drawing needs JavaScript, which is off or missing here. This is what you would see:</p>"
        f"{picture}</div>"
    )
