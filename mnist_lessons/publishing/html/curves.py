"""Curves over epochs as inline SVG, which takes its colours from the page's stylesheet.

They are made at each build, of the logs of all runs. So they are not drawn with Matplotlib: a
build that executes nothing need not import it, and one drawing serves both palettes and any width.
They look like its figures, though: `figures.palette` has the markers and dashes of both, and the
classes `curve-0` to `curve-5` of `docs/stylesheets/tables.css` its colours.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from mnist_lessons.figures import palette
from mnist_lessons.publishing.html.scales import Scale, percentages, short

__all__ = ["Curve", "Quantity", "chart", "legend", "reduced"]

_WIDTH, _HEIGHT = 400, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 388, 30, 224
_APART = 48.0  # units of the drawing between two markers of a line
_BUCKET = 3.0  # units of the drawing: more points than two of them cannot be seen apart


@dataclass(frozen=True)
class Curve:
    """A line of a chart.

    Attributes:
        name: as the reader sees it.
        points: (epoch, value), by epoch; a value that is None or not finite is left out.
        series: whose line it is, from 0.
        is_training: whether it shows what was measured on the images that were trained on.
    """

    name: str
    points: Sequence[tuple[float, float | None]]
    series: int = 0
    is_training: bool = False


@dataclass(frozen=True)
class Quantity:
    """What a chart shows.

    Attributes:
        name: with the unit.
        logarithmic: whether equal steps are equal ratios; only values above 0 are drawn.
        percent: whether the values are shares, to be written as percentages.
    """

    name: str
    logarithmic: bool = False
    percent: bool = False


def chart(curves: Sequence[Curve], quantity: Quantity, label: str) -> Markup:
    """An SVG element with one line for each curve, over epochs from 1 on a logarithmic axis.

    Args:
        curves: their series are told apart by colour and marker.
        quantity: what they show.
        label: what the chart shows, for those who cannot see it.

    Returns:
        The element; an empty text where there is nothing to draw.
    """
    drawn = [_drawable(curve, quantity) for curve in curves]
    points = [point for line in drawn for point in line]
    if not points:
        return Markup()
    across = Scale(1, max(2.0, *(epoch for epoch, _ in points)), _LEFT, _RIGHT, True)
    up = _scale([value for _, value in points], quantity)
    # One series alone is told from nothing but its training.
    apart = _APART if len({curve.series for curve in curves}) > 1 else math.inf
    lines = "".join(
        _line(curve, [(across.place(epoch), up.place(value)) for epoch, value in line], apart)
        for curve, line in zip(curves, drawn, strict=True)
        if line
    )
    return Markup(
        f'<svg class="curves" viewBox="0 0 {_WIDTH} {_HEIGHT}" data-search-exclude="" role="img" '
        f'aria-label="{html.escape(label)}">'
        f"{_across(across)}{_up(up, quantity)}{lines}</svg>"
    )


def legend(curves: Sequence[Curve]) -> Markup:
    """A list that names the lines of a chart."""
    items = "".join(
        '<li><svg viewBox="0 0 40 12" width="40" height="12" aria-hidden="true">'
        f"{_line(curve, [(2, 6), (32, 6)])}</svg> {html.escape(curve.name)}</li>"
        for curve in curves
    )
    return Markup(f'<ul class="curves-legend" data-search-exclude="">{items}</ul>')


def reduced(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that one can see: of each narrow strip the first, lowest, highest and last."""
    strips: dict[int, list[tuple[float, float]]] = {}
    for point in points:
        strips.setdefault(round(point[0] / _BUCKET), []).append(point)
    kept = []
    for strip in strips.values():
        heights = sorted(range(len(strip)), key=lambda place: strip[place][1])
        kept += [strip[place] for place in sorted({0, heights[0], heights[-1], len(strip) - 1})]
    return kept


def _drawable(curve: Curve, quantity: Quantity) -> list[tuple[float, float]]:
    return [
        (epoch, value)
        for epoch, value in curve.points
        if epoch >= 1
        and value is not None
        and math.isfinite(value)
        and (value > 0 or not quantity.logarithmic)
    ]


def _scale(values: Sequence[float], quantity: Quantity) -> Scale:
    low, high = min(values), max(values)
    if quantity.logarithmic:
        room = (high / low) ** 0.05 if high > low else 1.2
        return Scale(low / room, high * room, _BOTTOM, _TOP, True)
    room = (high - low) * 0.05 or 0.01
    top = min(1.0, high + room) if quantity.percent else high + room
    return Scale(low - room, top, _BOTTOM, _TOP, False)


def _line(curve: Curve, places: Sequence[tuple[float, float]], apart: float = math.inf) -> str:
    kept = reduced(places)
    colour, marker = palette.kind(curve.series)
    name = f"curve curve-{colour}{' curve-training' if curve.is_training else ''}"
    dashes = palette.TRAINING if curve.is_training else palette.VALIDATION
    dashed = f' stroke-dasharray="{" ".join(f"{length:g}" for length in dashes)}"'
    markers = "".join(
        _marker(palette.MARKERS[marker].corners, x, y) for x, y in _marked(kept, apart)
    )
    return f'<g class="{name}"><path d="{_path(kept)}"{dashed if dashes else ""}/>{markers}</g>'


def _marked(places: Sequence[tuple[float, float]], apart: float) -> list[tuple[float, float]]:
    """The end of a line, and places before it that lie far enough from one another."""
    marked = [places[-1]]
    for place in reversed(places):
        if marked[-1][0] - place[0] >= apart:
            marked.append(place)
    return marked


def _path(places: Sequence[tuple[float, float]]) -> str:
    """A line through places, in steps of tenths: small numbers, and a small page."""
    tenths = [(round(10 * x), round(10 * y)) for x, y in places]
    steps = [
        f"{(x - before_x) / 10:g} {(y - before_y) / 10:g}"
        for (before_x, before_y), (x, y) in pairwise(tenths)
    ]
    start = f"M{tenths[0][0] / 10:g} {tenths[0][1] / 10:g}"
    return f"{start}l{' '.join(steps)}" if steps else start


def _marker(corners: Sequence[tuple[float, float]], x: float, y: float) -> str:
    if not corners:
        return f'<circle cx="{x:.4g}" cy="{y:.4g}" r="4"/>'
    return f'<polygon points="{" ".join(f"{x + dx:.4g},{y + dy:.4g}" for dx, dy in corners)}"/>'


def _across(scale: Scale) -> str:
    ticks = "".join(
        f'<text x="{scale.place(tick):.4g}" y="{_BOTTOM + 18}" text-anchor="middle">'
        f"{tick:,.0f}</text>"
        for tick in scale.ticks()
    )
    marks = " ".join(f"M{scale.place(tick):.4g} {_BOTTOM}v5" for tick in scale.ticks())
    name = f'<text x="{(_LEFT + _RIGHT) / 2:g}" y="{_HEIGHT - 8}" text-anchor="middle">'
    return (
        f'<path class="curves-axis" d="M{_LEFT} {_BOTTOM}H{_RIGHT}{marks}"/>{ticks}'
        f"{name}epoch (logarithmic)</text>"
    )


def _up(scale: Scale, quantity: Quantity) -> str:
    ticks = scale.ticks()
    shown = percentages(ticks) if quantity.percent else [short(tick) for tick in ticks]
    lines = "".join(f"M{_LEFT} {scale.place(tick):.4g}H{_RIGHT}" for tick in ticks)
    texts = "".join(
        f'<text x="{_LEFT - 6}" y="{scale.place(tick) + 4:.4g}" text-anchor="end">{text}</text>'
        for tick, text in zip(ticks, shown, strict=True)
    )
    name = html.escape(quantity.name)
    return f'<path class="curves-grid" d="{lines}"/>{texts}<text x="4" y="14">{name}</text>'
