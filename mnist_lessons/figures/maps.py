"""Maps over the images that they are of: how much each place counts, and where the ink is."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from mnist_lessons._words import count
from mnist_lessons.figures.canvas import Canvas, Pixels
from mnist_lessons.figures.charts import tell
from mnist_lessons.figures.colours import channels, mixed, opaque
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look

__all__ = ["map_grid"]

_CAPTION = 22  # above a map
_GAP = 14  # between two maps
_LEGEND = 66  # below all maps: the unit, a strip and its numbers

_Maps = NDArray[np.float64]  # (N, H, W)


def map_grid(
    maps: Tensor,
    images: Tensor,
    captions: Sequence[str],
    *,
    title: str,
    unit: str,
    alt: str | None = None,
    columns: int = 4,
) -> LessonFigure:
    """Maps side by side, each with the outline of its image over it.

    All share one scale, from 0: the palest colour is 0, the strongest the greatest value of all.

    Args:
        maps: (N, H, W), numbers from 0 on, at least one map; any real dtype and device.
        images: (N, H, W) or (N, 1, H, W), those that the maps are of: their outline is where they
            pass half of their greatest value.
        captions: one text for each map.
        title: what the figure shows.
        unit: what a number of a map means.
        alt: what the figure shows, for those who cannot see it; None: for each map its greatest
            number and how it is shared between the places with ink and those without.
        columns: maps in a row, at least 1; on a phone two at most.

    Raises:
        ValueError: there is no map, a number is below 0, or the numbers of maps, images and texts
            or their sizes differ.
    """
    values = maps.detach().cpu().double().numpy()
    digits = images.detach().cpu().double().reshape(len(images), *images.shape[-2:]).numpy()
    if values.shape != digits.shape or len(values) != len(captions) or not len(values):
        raise ValueError(
            f"cannot draw maps {values.shape} over images {digits.shape} with {len(captions)} texts"
        )
    if columns < 1 or values.min() < 0:
        raise ValueError("a map has numbers from 0 on, and a grid one column at least")
    told = alt or f"{title}. {count(len(values), 'map')} of {unit}: " + "; ".join(
        map(_tell, values, digits, captions)
    )
    draw = partial(_draw, values, digits, list(captions), unit, columns, title)
    header = ["map", "row", *(f"column {column}" for column in range(values.shape[2]))]
    rows = [
        [caption, number, *row]
        for caption, one in zip(captions, values.tolist(), strict=True)
        for number, row in enumerate(one)
    ]
    return LessonFigure(draw, title, told if alt else f"{told}.", [header, *rows])


def _tell(values: _Maps, digit: _Maps, caption: str) -> str:
    on_ink, beside = (
        float(values[where].mean()) if where.any() else 0.0 for where in (digit > 0, digit <= 0)
    )
    return (
        f"{caption}: {tell(float(values.max()))} at most, on average {tell(on_ink)} where there is "
        f"ink and {tell(beside)} where there is none"
    )


def _draw(
    maps: _Maps,
    digits: _Maps,
    captions: Sequence[str],
    unit: str,
    columns: int,
    title: str,
    look: Look,
) -> Figure:
    columns = min(columns, len(maps), 2 if look.narrow else columns)
    rows = math.ceil(len(maps) / columns)
    high, wide = maps.shape[1:]
    side = min((look.width - _GAP * (columns - 1)) / (columns * wide), 7.0)
    step, down = side * wide + _GAP, side * high + _CAPTION
    canvas = Canvas(look, look.width, down * rows + _LEGEND, title)
    sheet = canvas.sheet()
    greatest = float(maps.max()) or 1.0
    for number, (values, digit, caption) in enumerate(zip(maps, digits, captions, strict=True)):
        left, top = step * (number % columns), down * (number // columns) + _CAPTION
        canvas.text(sheet, left + side * wide / 2, top - 7, caption)
        canvas.picture(sheet, _coloured(values / greatest, look), left, top, side)
        _outline(sheet, digit, left, top, side, look)
    strip, top = np.linspace(0, 1, 20)[None], down * rows + 28.0
    canvas.picture(sheet, _coloured(strip, look), 0, top, 10)
    for x, align, value in ((0, "left", 0.0), (200, "right", greatest)):
        canvas.text(sheet, x, top + 25, tell(value), ha=align)
    canvas.text(sheet, 0, top - 8, unit, ha="left")
    return canvas.figure


def _coloured(shares: _Maps, look: Look) -> Pixels:
    """Numbers (H, W) from 0 to 1 as an RGBA bitmap: 0 is the palest, 1 the strongest."""
    few, many = map(channels, look.heat)
    return opaque(mixed(few, many, shares))


def _outline(sheet: Axes, digit: _Maps, left: float, top: float, side: float, look: Look) -> None:
    """The line where a digit passes half of its greatest value, seen on any colour."""
    if digit.max() <= digit.min():
        return
    across = left + side * (np.arange(digit.shape[1]) + 0.5)
    down = top + side * (np.arange(digit.shape[0]) + 0.5)
    limits = sheet.axis()
    for colour, width in ((look.paper, 4.5), (look.ink, 2.0)):
        level = [digit.max() / 2]
        sheet.contour(across, down, digit, levels=level, colors=[colour], linewidths=[width])
    sheet.axis(limits)
