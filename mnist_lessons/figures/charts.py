"""Charts of any quantity: lines over an axis, and bars or dots beside their names."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from mnist_lessons.figures.canvas import Canvas
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look
from mnist_lessons.figures.styles import reference_style, series_style

__all__ = ["Axis", "Bar", "Points", "bar_chart", "line_chart", "tell"]

Points = Sequence[tuple[float, float]]

_Line = NDArray[np.float64]  # (N, 2), in pixels of the figure
_ROW = 44  # of a bar with its name above


@dataclass(frozen=True)
class Axis:
    """One axis of a chart.

    Attributes:
        name: what is measured, with its unit.
        log: whether equal steps are equal factors.
        limits: lowest and highest value shown; None: what the data needs.
    """

    name: str
    log: bool = False
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Bar:
    """One value with its name.

    Attributes:
        name: beside the bar.
        value: its length.
        spread: half the length of the whisker around its end, 0 for none.
    """

    name: str
    value: float
    spread: float = 0.0


def tell(value: float) -> str:
    """A number as text, with as many digits as it needs, four at most after the point."""
    if value and abs(value) < 0.001:
        return f"{value:.2g}"
    text = f"{value:,.4f}" if abs(value) < 10 else f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def line_chart(
    series: Mapping[str, Points],
    *,
    title: str,
    x: Axis,
    y: Axis,
    references: Mapping[str, float] | None = None,
    crosses: Mapping[str, Points] | None = None,
    diagonal: bool = False,
) -> LessonFigure:
    """One quantity against another, a line for each name.

    Args:
        series: pairs (x, y) by name, in the units of the axes; at least one pair each.
        title: what the lines show.
        x: the axis across.
        y: the axis upwards.
        references: values of `y` worth a dotted line, by name.
        crosses: points that went wrong, by what they have in common; each gets a cross.
        diagonal: whether a dotted line shows where y equals x.

    Raises:
        ValueError: there is no line, or one without a point.
    """
    kept, crossed = _read(series), _read(crosses or {})
    if not kept or not all(kept.values()):
        raise ValueError("a chart needs a line, and a line needs a point")
    marks = dict(references or {})
    alt = f"{title}. {y.name} against {x.name}. " + " ".join(map(_tell_line, kept, kept.values()))
    if marks:
        told = ", ".join(f"{name} at {tell(value)}" for name, value in marks.items())
        alt += f" Dotted lines: {told}."
    for name, points in crossed.items():
        told = ", ".join(f"{tell(b)} at {tell(a)}" for a, b in points) or "none"
        alt += f" Crosses, {name}: {told}."
    rows = [[name, *pair] for name, points in (kept | crossed).items() for pair in points]
    draw = partial(_draw_lines, kept, x, y, marks, crossed, diagonal, title)
    return LessonFigure(draw, title, alt, [["line", x.name, y.name], *rows])


def bar_chart(
    bars: Sequence[Bar], *, title: str, axis: Axis, format_value: str = "{:.2f}"
) -> LessonFigure:
    """Values beside their names, in the given order.

    Args:
        bars: the values, at least one, in the unit of the axis.
        title: what they show.
        axis: where its limits leave out 0, dots stand for bars, which would mislead there.
        format_value: of the values as they are written, for `str.format`.

    Raises:
        ValueError: there is no bar.
    """
    # A value may come as a tensor of one number.
    kept = tuple(Bar(bar.name, float(bar.value), float(bar.spread)) for bar in bars)
    if not kept:
        raise ValueError("a chart needs a bar")
    told = "; ".join(
        f"{bar.name}: {format_value.format(bar.value)}"
        + (f" plus or minus {format_value.format(bar.spread)}" if bar.spread else "")
        for bar in kept
    )
    rows = [[bar.name, bar.value, bar.spread] for bar in kept]
    draw = partial(_draw_bars, kept, axis, format_value, title)
    header = ["name", axis.name, "spread"]
    return LessonFigure(draw, title, f"{title}. {axis.name}: {told}.", [header, *rows])


def _read(series: Mapping[str, Points]) -> dict[str, Points]:
    """The points as plain numbers: they may come as tensors."""
    return {name: [(float(a), float(b)) for a, b in points] for name, points in series.items()}


def _tell_line(name: str, points: Points) -> str:
    (first_x, first_y), (last_x, last_y) = points[0], points[-1]
    low_x, low = min(points, key=lambda point: point[1])
    high_x, high = max(points, key=lambda point: point[1])
    return (
        f"{name}: {tell(first_y)} at {tell(first_x)}, {tell(last_y)} at {tell(last_x)}; "
        f"lowest {tell(low)} at {tell(low_x)}, highest {tell(high)} at {tell(high_x)}."
    )


def _draw_lines(
    series: Mapping[str, Points],
    x: Axis,
    y: Axis,
    references: Mapping[str, float],
    crosses: Mapping[str, Points],
    diagonal: bool,
    title: str,
    look: Look,
) -> Figure:
    """Lines with markers, told apart by colour and marker; dotted lines for references."""
    cross: dict[str, Any] = {"linestyle": "none", "marker": "x", "color": look.ink}
    cross |= {"markersize": 13, "markeredgewidth": 2.5}
    names = [*(series if len(series) > 1 else []), *crosses]
    step = 52 + 7 * max(map(len, names), default=0)
    columns = max(1, look.width // step)
    top = 22 * math.ceil(len(names) / columns) + 26
    width = look.width - 62
    height = 220 if look.narrow else 290
    canvas = Canvas(look, look.width, top + height + 46, title)
    axes = canvas.plot(50, top, width, height)
    for number, points in enumerate(series.values()):
        axes.plot(*zip(*points, strict=True), **_line(number, len(points), look))
    for points in filter(None, crosses.values()):
        axes.plot(*zip(*points, strict=True), **cross, clip_on=False)
    _finish(axes, x, y, look)
    if diagonal:
        axes.axline((0, 0), slope=1, **reference_style(look))
    shown = [axes.transData.transform(points) for points in series.values()]
    for name, value in references.items():
        _reference(axes, name, value, shown, look)
    sheet = canvas.sheet()
    canvas.text(sheet, 0, top - 10, y.name, ha="left")
    for number, name in enumerate(names):
        left, down = step * (number % columns), 22 * (number // columns) + 10
        style = cross | {"markersize": 9} if name in crosses else _line(number, 1, look)
        sheet.plot([left, left + 24], [down, down], **style | {"marker": None})
        sheet.plot([left + 12], [down], **style | {"linestyle": "none"})
        canvas.text(sheet, left + 32, down + 4, name, ha="left")
    sheet.set(xlim=sheet.get_xlim(), ylim=sheet.get_ylim())
    return canvas.figure


def _line(number: int, points: int, look: Look) -> dict[str, Any]:
    return series_style(number, look) | {
        "linewidth": 2,
        "markersize": 6,
        "markevery": max(1, points // 12),
    }


def _finish(axes: Axes, x: Axis, y: Axis, look: Look) -> None:
    for axis, scale, limit, ruler in (
        (x, axes.set_xscale, axes.set_xlim, axes.xaxis),
        (y, axes.set_yscale, axes.set_ylim, axes.yaxis),
    ):
        if axis.log:
            scale("log")
            low, high = sorted(axis.limits or getattr(axes, f"get_{ruler.axis_name}lim")())
            few = high < 100 * low  # then powers of ten would be one or two
            ruler.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=7))
            ruler.set_minor_locator(NullLocator())
        else:
            ruler.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        ruler.set_major_formatter(FuncFormatter(lambda value, _: tell(value)))
        if axis.limits:
            limit(*axis.limits)
    axes.grid(color=look.grid, linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel(x.name, fontsize=12, color=look.ink)


def _reference(axes: Axes, name: str, value: float, lines: Sequence[_Line], look: Look) -> None:
    """A dotted line with its name above or below, at an end or in the middle: where it is free."""
    axes.axhline(value, zorder=1, **reference_style(look))
    room, length = axes.bbox, 7 * len(name)
    level = axes.transData.transform((axes.get_xlim()[0], value))[1]

    def clearance(place: tuple[float, int]) -> float:
        across = room.x0 + place[0] * (room.width - length) + np.linspace(0, length, 20)
        gaps: list[float] = [room.y1 - level - 12 * place[1], level + 12 * place[1] - room.y0]
        for line in lines:
            x, y = line[line[:, 0].argsort()].T
            heights = np.interp(across, x, y)
            gaps.append(float(np.abs(heights - level - 10 * place[1]).min()))
        return min(gaps)

    at, side = max(((at, side) for side in (1, -1) for at in (1.0, 0.0, 0.5)), key=clearance)
    axes.annotate(
        name, (at, value), xycoords=("axes fraction", "data"), xytext=(0, 4 * side),
        textcoords="offset points", ha={1.0: "right", 0.0: "left", 0.5: "center"}[at],
        va="bottom" if side > 0 else "top", fontsize=12, color=look.ink, parse_math=False,
    )  # fmt: skip


def _draw_bars(
    bars: Sequence[Bar], axis: Axis, format_value: str, title: str, look: Look
) -> Figure:
    """A row for each value, its name above it: a bar from 0, or a dot where 0 is not shown."""
    spans = [bar.value + sign * bar.spread for bar in bars for sign in (-1, 1)]
    low, high = axis.limits or (min(0.0, *spans), max(0.0, *spans))
    room = look.width - 76  # on the right stands the value
    canvas = Canvas(look, look.width, _ROW * len(bars) + 44, title)
    axes = canvas.plot(8, 0, room, _ROW * len(bars))
    axes.set(xlim=(low, high if high > low else low + 1), ylim=(_ROW * len(bars), 0), yticks=[])
    axes.spines["left"].set_visible(low <= 0 <= high)
    axes.spines["left"].set_position(("data", min(max(low, 0.0), high)))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4 if look.narrow else 7, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tell(value)))
    axes.grid(axis="x", color=look.grid, linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel(axis.name, fontsize=12, color=look.ink)
    sheet = canvas.sheet()
    for number, bar in enumerate(bars):
        middle = _ROW * number + 30
        canvas.text(sheet, 10, middle - 14, bar.name, ha="left")
        canvas.text(sheet, look.width - 2, middle + 4, format_value.format(bar.value), ha="right")
        if low <= 0:
            axes.barh(middle, bar.value, height=14, color=look.series[0])
        else:
            axes.plot([bar.value], [middle], "o", color=look.series[0], markersize=8)
        if bar.spread:
            ends = [bar.value - bar.spread, bar.value + bar.spread]
            axes.plot(ends, [middle, middle], "-|", color=look.ink, linewidth=1.5, markersize=9)
    return canvas.figure
