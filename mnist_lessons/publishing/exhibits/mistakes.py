"""The error browser: every mistake of every network, as a page and two files beside it.

The page is a static list; `docs/javascripts/errors.js` makes it a browser.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mnist_lessons._words import percent
from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.runs.tiles import SIDE, place, sprite, tiles_of

__all__ = ["ErrorBrowser", "Mistake", "Network", "error_browser", "read_networks"]

_COLUMNS = 24
_DIGITS = range(10)
_LEVELS = 4  # of the colour of a cell
_KEY = re.compile(r"[A-Za-z0-9_-]+")
_OWN = (
    '<link rel="stylesheet" href="../stylesheets/errors.css">'
    '<link rel="modulepreload" href="../javascripts/errors.js">'
)
_NOTHING = "<p>No lesson has recorded the mistakes of a network yet.</p>"


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
class Network:
    """A network with all its mistakes, the most confident first.

    Attributes:
        name: of its section in the page, made of letters, digits and `-`.
        title: as its run says it.
        lesson: short name of the lesson that trained it.
        count: of the test images.
        confusion: how often each true digit (row) was read as each digit (column).
        mistakes: all of them.
    """

    name: str
    title: str
    lesson: str
    count: int
    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class ErrorBrowser:
    """What the page of errors is made of.

    Attributes:
        html: takes the place of `<!-- lessons: errors -->`.
        files: by their address in the site.
    """

    html: str
    files: dict[str, bytes]


def error_browser(runs: Sequence[StoredRun]) -> ErrorBrowser:
    """Make the page and its files from the runs.

    Raises:
        BuildFailure: what a run noted of its mistakes is damaged.
    """
    networks = [network for run in runs for network in read_networks(run)]
    if not networks:
        return ErrorBrowser(_NOTHING, {})
    tiles = _numbered(networks)
    files = {
        "errors/digits.png": sprite(list(tiles), _COLUMNS),
        "errors/errors.json": _data(networks, tiles),
    }
    return ErrorBrowser(_page(networks, tiles), files)


def read_networks(run: StoredRun) -> list[Network]:
    """The networks of a run whose mistakes it noted.

    Raises:
        BuildFailure: a list or a picture of mistakes is damaged.
    """
    by_key = {result.key: result.title for result in run.card.results}
    return [
        _network(run, key, title)
        for key, title in by_key.items()
        if _KEY.fullmatch(key) and (run.folder / f"{key}.errors.json").is_file()
    ]


def _network(run: StoredRun, key: str, title: str) -> Network:
    lesson = run.card.lesson
    try:
        noted = json.loads((run.folder / f"{key}.errors.json").read_text(encoding="utf-8"))
        errors = noted["errors"]
        tiles = tiles_of(run.folder / f"{key}.errors.png", int(noted["columns"]), len(errors))
        return Network(
            name=re.sub(r"[^a-z0-9]+", "-", f"{lesson}-{key}".lower()),
            title=title,
            lesson=lesson,
            count=int(noted["count"]),
            confusion=_matrix(noted["confusion"]),
            mistakes=tuple(map(_mistake, errors, tiles)),
        )
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise BuildFailure(
            f"{lesson}: the mistakes of {key!r} cannot be read: {error}; "
            "`python -m mnist_lessons.publishing run --again` makes them anew"
        ) from error


def _matrix(rows: Sequence[Sequence[Any]]) -> tuple[tuple[int, ...], ...]:
    matrix = tuple(tuple(map(int, row)) for row in rows)
    if [len(row) for row in matrix] != [10] * 10:
        raise ValueError("the confusion matrix is not 10 by 10")
    return matrix


def _mistake(noted: Sequence[Any], pixels: bytes) -> Mistake:
    row, true, read, chances = noted
    mistake = Mistake(int(row), int(true), int(read), tuple(map(int, chances)), pixels)
    if not {mistake.true, mistake.read} <= set(_DIGITS) or len(mistake.chances) != 10:
        raise ValueError(f"no such digit: {noted}")
    return mistake


def _numbered(networks: Sequence[Network]) -> dict[bytes, int]:
    """Each image once, with its number: networks share many of their mistakes."""
    pixels = [mistake.pixels for network in networks for mistake in network.mistakes]
    return {image: number for number, image in enumerate(dict.fromkeys(pixels))}


def _data(networks: Sequence[Network], tiles: Mapping[bytes, int]) -> bytes:
    content = {
        network.name: [
            [tiles[mistake.pixels], mistake.row, mistake.true, mistake.read, mistake.chances]
            for mistake in network.mistakes
        ]
        for network in networks
    }
    return (json.dumps({"columns": _COLUMNS, "networks": content}, separators=(",", ":"))).encode()


def _page(networks: Sequence[Network], tiles: Mapping[bytes, int]) -> str:
    sections = "\n".join(_section(network, tiles) for network in networks)
    return f'<div class="errors own-style">\n{_OWN}\n{_sheet(len(tiles))}\n{sections}\n</div>'


def _sheet(count: int) -> str:
    """The picture, once: each tile of the page is a view of it."""
    height = max(1, -(-count // _COLUMNS)) * SIDE
    return (
        '<svg class="errors-sheet" aria-hidden="true" width="0" height="0"><defs>'
        f'<image id="errors-digits" xlink:href="digits.png" width="{_COLUMNS * SIDE}" '
        f'height="{height}"/></defs></svg>'
    )


def _section(network: Network, tiles: Mapping[bytes, int]) -> str:
    title = html.escape(network.title)
    name = f"errors-{network.name}"
    items = "\n".join(_item(mistake, tiles[mistake.pixels]) for mistake in network.mistakes)
    found = f"{len(network.mistakes):,} mistakes among {network.count:,} test images"
    lesson = f"../tutorials/{quote(network.lesson, safe='')}/"
    return (
        f'<section class="errors-network" data-network="{network.name}" '
        f'data-title="{title}" aria-labelledby="{name}">\n'
        f'<h2 id="{name}">{title}</h2>\n'
        f'<p>{found}, by the network of <a href="{html.escape(lesson)}">its lesson</a>.</p>\n'
        f"{_table(network)}\n"
        f'<h3 id="{name}-list" data-search-exclude>The mistakes, the most confident first</h3>\n'
        f'<ol class="errors-list" data-search-exclude aria-labelledby="{name}-list">\n'
        f"{items}\n</ol>\n"
        "</section>"
    )


def _item(mistake: Mistake, tile: int) -> str:
    x, y = place(tile, _COLUMNS)
    sure = html.escape(percent(mistake.chances[mistake.read] / 1_000))
    return (
        f'<li data-pair="{mistake.true}{mistake.read}">'
        f'<svg viewBox="{x} {y} {SIDE} {SIDE}" aria-hidden="true">'
        '<use xlink:href="#errors-digits"/></svg>'
        f"{mistake.true} read as {mistake.read}, <br>{sure}</li>"
    )


def _table(network: Network) -> str:
    columns = "".join(f'<th scope="col">{digit}</th>' for digit in _DIGITS)
    rows = "\n".join(
        f'<tr><th scope="row">{true}</th>{"".join(_cells(network.confusion, true))}</tr>'
        for true in _DIGITS
    )
    return (
        '<table class="errors-matrix" data-search-exclude>\n'
        "<caption>How often each digit was read as which: a row is a true digit, a column is "
        "what the network read.</caption>\n"
        f"<thead>\n<tr><td>true \N{DOWNWARDS ARROW}</td>"
        '<th scope="colgroup" colspan="10">read as</th></tr>\n'
        f"<tr><td></td>{columns}</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    )


def _cells(confusion: Sequence[Sequence[int]], true: int) -> Iterator[str]:
    most = max(confusion[row][read] for row in _DIGITS for read in _DIGITS if row != read)
    for read, count in enumerate(confusion[true]):
        if read == true:
            yield f'<td class="right">{count}</td>'
        elif count:
            level = -(-count * _LEVELS // most)
            yield f'<td class="level-{level}" data-pair="{true}{read}">{count}</td>'
        else:
            yield "<td>0</td>"
