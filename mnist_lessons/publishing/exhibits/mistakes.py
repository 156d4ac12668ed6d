"""The page of errors: every mistake of every network, as HTML and two files beside it.

The page is a static list; `docs/javascripts/errors.js` makes it a browser.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_lessons._words import count, percent
from mnist_lessons.publishing.exhibits.sources import page_of
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.networks import Mistake, Mistakes, mistakes_of, name_of
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.runs.tiles import SIDE, place, sprite

__all__ = ["block", "files"]

_COLUMNS = 24
_LEVELS = 4  # of the colour of a cell


@dataclass(frozen=True)
class _Network:
    """A network on the page.

    Attributes:
        name: of its section, made of letters, digits and `-`.
        title: as its run says it.
        called: its name in a sentence, after "the"; empty where it was not published.
        lesson: short name of the lesson that trained it.
        mistakes: what it misread.
    """

    name: str
    title: str
    called: str
    lesson: str
    mistakes: Mistakes


def block(runs: Sequence[StoredRun]) -> str:
    """The HTML of the page, made from the runs.

    Raises:
        BuildFailure: what a run noted of its mistakes is damaged.
    """
    networks = _networks(runs)
    tiles = _numbered(networks)
    height = max(1, -(-len(tiles) // _COLUMNS)) * SIDE
    return render(
        "mistakes.html",
        sheet={"width": _COLUMNS * SIDE, "height": height},
        networks=[_section(network, tiles) for network in networks],
    )


def files(runs: Sequence[StoredRun]) -> dict[str, bytes]:
    """What the page loads, by address in the site: the images, and the list of mistakes.

    Raises:
        BuildFailure: what a run noted of its mistakes is damaged.
    """
    networks = _networks(runs)
    if not networks:
        return {}
    tiles = _numbered(networks)
    return {
        "errors/digits.png": sprite(list(tiles), _COLUMNS),
        "errors/errors.json": _data(networks, tiles),
    }


def _networks(runs: Sequence[StoredRun]) -> list[_Network]:
    return [
        _Network(
            name=re.sub(r"[^a-z0-9]+", "-", f"{run.card.lesson}-{key}".lower()),
            title=title,
            called=name_of(run.card, key),
            lesson=run.card.lesson,
            mistakes=mistakes,
        )
        for run in runs
        for key, title in {result.key: result.title for result in run.card.results}.items()
        if (mistakes := mistakes_of(run, key))
    ]


def _numbered(networks: Sequence[_Network]) -> dict[bytes, int]:
    """Each image once, with its number: networks share many of their mistakes."""
    pixels = [mistake.pixels for network in networks for mistake in network.mistakes.all]
    return {image: number for number, image in enumerate(dict.fromkeys(pixels))}


def _data(networks: Sequence[_Network], tiles: Mapping[bytes, int]) -> bytes:
    content = {
        network.name: [
            [tiles[mistake.pixels], mistake.row, mistake.true, mistake.read, mistake.chances]
            for mistake in network.mistakes.all
        ]
        for network in networks
    }
    return (json.dumps({"columns": _COLUMNS, "networks": content}, separators=(",", ":"))).encode()


def _section(network: _Network, tiles: Mapping[bytes, int]) -> dict[str, Any]:
    mistakes = network.mistakes
    found = f"{count(len(mistakes.all), 'mistake')} among {mistakes.count:,} test images"
    return {
        "name": network.name,
        "title": network.title,
        "called": network.called,
        "found": found,
        "lesson": page_of(network.lesson),
        "confusion": [list(_cells(mistakes.confusion, true)) for true in range(10)],
        "mistakes": [_item(mistake, tiles[mistake.pixels]) for mistake in mistakes.all],
    }


def _item(mistake: Mistake, tile: int) -> dict[str, Any]:
    x, y = place(tile, _COLUMNS)
    sure = percent(mistake.chances[mistake.read] / 1_000)
    view = f"{x} {y} {SIDE} {SIDE}"
    return {"true": mistake.true, "read": mistake.read, "view": view, "sure": sure}


def _cells(confusion: Sequence[Sequence[int]], true: int) -> Iterator[dict[str, Any]]:
    most = max(
        number for row, read in enumerate(confusion) for column, number in enumerate(read)
        if row != column
    )  # fmt: skip
    for read, number in enumerate(confusion[true]):
        if read == true:
            yield {"count": number, "kind": "right", "pair": ""}
        elif number:
            level = -(-number * _LEVELS // most)
            yield {"count": number, "kind": f"level-{level}", "pair": f"{true}{read}"}
        else:
            yield {"count": 0, "kind": "", "pair": ""}
