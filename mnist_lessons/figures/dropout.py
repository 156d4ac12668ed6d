"""Dropout: the same units of one image in eval mode, and struck out at random in train mode."""

from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from torch import Tensor

from mnist_lessons._words import count
from mnist_lessons.figures.canvas import Canvas
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look

__all__ = ["dropout"]

_MOST = 24  # units that a phone has room for
_NAMED = ("train mode, once", "train mode, once more")
_Values = NDArray[np.float64]


def dropout(
    values: Tensor, once: Tensor, again: Tensor, *, title: str, alt: str | None = None
) -> LessonFigure:
    """The units of one image with dropout off, and twice with dropout on.

    Drawn are those units whose value is not 0, at most the first 24: of others nobody sees
    whether they are struck out.

    Args:
        values: (units,), in eval mode; any real dtype and device.
        once: (units,), the same in train mode: 0, or the value times one factor.
        again: as `once`, drawn at random anew.
        title: what the figure shows.
        alt: what it shows, for those who cannot see it; None: how many are struck out each time.

    Raises:
        ValueError: the shapes differ, no value differs from 0, or some unit of `once` or `again`
            is neither 0 nor its value times one factor.
    """
    if values.ndim != 1 or not values.shape == once.shape == again.shape:
        shapes = ", ".join(str(tuple(one.shape)) for one in (values, once, again))
        raise ValueError(f"dropout is drawn for the units of one image, (units,), not {shapes}")
    shown = values.detach().cpu().nonzero().flatten()[:_MOST]
    rows = [one.detach().cpu().double()[shown].numpy() for one in (values, once, again)]
    factor = _factor(rows[0], np.stack(rows[1:]))
    struck = [int((row == 0).sum()) for row in rows[1:]]
    told = alt or (
        f"{title}. {count(len(shown), 'unit')} of one image. In eval mode, each has its output. In "
        f"train mode, {struck[0]} are struck out at random, the next time {struck[1]}, and "
        f"others; those that are left are multiplied by {factor:g}."
    )
    table = [[unit, *map(float, parts)] for unit, *parts in zip(shown.tolist(), *rows, strict=True)]
    draw = partial(_draw, shown.tolist(), rows, factor, title)
    return LessonFigure(draw, title, told, [["unit", "eval mode", *_NAMED], *table])


def _factor(values: _Values, drawn: NDArray[np.float64]) -> float:
    """By what the units that are left are multiplied, 1 where none is."""
    ratios = (drawn / values)[drawn != 0] if len(values) else np.empty(0)
    factor = float(np.median(ratios)) if len(ratios) else 1.0
    if not len(values) or not np.allclose(ratios, factor, rtol=1e-3):
        raise ValueError(
            "dropout leaves a unit 0 or multiplies it by one factor: give the values of the same "
            "image, of which some are not 0"
        )
    return round(factor, 3)


def _draw(units: list[int], rows: list[_Values], factor: float, title: str, look: Look) -> Figure:
    height, step = 84, 134
    canvas = Canvas(look, look.width, step * 3 + 26, title)
    sheet = canvas.sheet()
    low, high = min(0.0, *map(np.min, rows)), max(0.0, *map(np.max, rows))
    for number, row in enumerate(rows):
        top = step * number
        axes = canvas.plot(40, top + 26, look.width - 44, height)
        axes.set(xlim=(-0.7, len(units) - 0.3), ylim=(low, high), xticks=[])
        _bars(axes, row, rows[0], look)
        canvas.text(sheet, 0, top + 14, _name(number, row, factor), ha="left")
    told = f"each bar: the output of one of {len(units)} units of one image"
    canvas.text(sheet, look.width / 2, step * 3 + 10, told)
    return canvas.figure


def _name(number: int, row: _Values, factor: float) -> str:
    if number == 0:
        return "eval mode: every unit"
    struck = f"{int((row == 0).sum())} struck out"
    return f"{_NAMED[number - 1]}: {struck}, the others \N{MULTIPLICATION SIGN} {factor:g}"


def _bars(axes: Axes, row: _Values, whole: _Values, look: Look) -> None:
    """Bars of the units, marked where they are in eval mode; crosses for those struck out."""
    places = np.arange(len(row))
    axes.bar(places, row, width=0.7, color=look.series[0])
    style: dict[str, Any] = {"color": look.wrong, "linestyle": "none", "markeredgewidth": 2}
    gone = row == 0
    axes.bar(places[gone], whole[gone], width=0.7, fill=False, edgecolor=look.muted, linestyle=":")
    axes.plot(places[gone], whole[gone] / 2, marker="x", markersize=7, **style)
    axes.hlines(whole[~gone], places[~gone] - 0.35, places[~gone] + 0.35, color=look.paper)
    axes.axhline(0, color=look.muted, linewidth=1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
    axes.spines["bottom"].set_visible(False)
