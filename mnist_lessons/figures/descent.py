"""Gradient descent on a curve of the loss, a panel for each learning rate."""

import math
from collections.abc import Mapping
from functools import partial
from itertools import chain, pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mnist_lessons._words import count
from mnist_lessons.figures.canvas import Canvas
from mnist_lessons.figures.charts import Axis, Points, tell
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look

__all__ = ["descent"]

_LOSS = Axis("cross-entropy (nats per image)")
_HEAD = 44  # above a panel: its name, and what the loss becomes


def descent(
    curve: Points,
    paths: Mapping[str, Points],
    *,
    title: str,
    x: Axis,
    y: Axis = _LOSS,
    alt: str | None = None,
) -> LessonFigure:
    """The steps of gradient descent on one curve of the loss, a panel for each learning rate.

    The panels show the part of the axes that the curve spans; a step that leaves it is seen to
    leave it.

    Args:
        curve: pairs (place, loss) in the order of the places, at least two.
        paths: pairs (place, loss) by the name of the learning rate, the start first; one to three
            paths of at least one step.
        title: what the figure shows.
        x: the axis across: what the places are.
        y: the axis upwards.
        alt: what it shows, for those who cannot see it; None: where each path starts and ends.

    Raises:
        ValueError: the curve has no two points, a path has no step, there are other numbers of
            paths, or a number is not finite: end a path before its loss overflows.
    """
    line = [(float(place), float(loss)) for place, loss in curve]
    kept = {name: [(float(a), float(b)) for a, b in path] for name, path in paths.items()}
    if len(line) < 2 or not 1 <= len(kept) <= 3 or any(len(path) < 2 for path in kept.values()):
        raise ValueError("descent needs a curve of two points, and one to three paths with a step")
    if not np.isfinite([*line, *chain.from_iterable(kept.values())]).all():
        raise ValueError("descent draws finite numbers: end a path before its loss overflows")
    lowest = min(line, key=lambda point: point[1])
    told = alt or (
        f"{title}. {y.name} against {x.name}: a curve that is lowest, {tell(lowest[1])}, at "
        f"{tell(lowest[0])}. "
        + " ".join(f"{name} ({_told(path, line)}." for name, path in kept.items())
    )
    rows = [
        [name, number, *point]
        for name, points in {"curve": line, **kept}.items()
        for number, point in enumerate(points)
    ]
    draw = partial(_draw, line, kept, x, y, title)
    return LessonFigure(draw, title, told, [["line", "step", x.name, y.name], *rows])


def _told(path: Points, curve: Points) -> str:
    (start, before), (end, after) = path[0], path[-1]
    left = sum(not curve[0][0] <= place <= curve[-1][0] for place, _ in path)
    return (
        f"{count(len(path) - 1, 'step')}): from {tell(start)} to {tell(end)}, and the loss from "
        f"{tell(before)} to {tell(after)}"
        + (f"; {count(left, 'point')} of the path outside the curve" if left else "")
    )


def _draw(
    curve: Points, paths: Mapping[str, Points], x: Axis, y: Axis, title: str, look: Look
) -> Figure:
    number = len(paths)
    gap = 26
    width = look.width - 62 if look.narrow else (look.width - 50 - gap * number) / number
    height = 130 if look.narrow else 200
    step = (0, height + _HEAD + 34) if look.narrow else (width + gap, 0)
    canvas = Canvas(look, look.width, 22 + _HEAD + step[1] * (number - 1) + height + 46, title)
    sheet = canvas.sheet()
    canvas.text(sheet, 0, 12, y.name, ha="left")
    for place, (name, path) in enumerate(paths.items()):
        left, top = 46 + step[0] * place, 22 + _HEAD + step[1] * place
        axes = canvas.plot(left, top, width, height)
        _panel(axes, curve, path, look)
        if place and not look.narrow:
            axes.tick_params(labelleft=False)
        if place == number - 1 or not look.narrow:
            axes.set_xlabel(x.name, fontsize=12, color=look.ink)
        canvas.text(sheet, left, top - 26, name, ha="left", fontweight="bold", fontsize=13)
        arrow = "\N{RIGHTWARDS ARROW}"
        (_, before), (_, after) = path[0], path[-1]
        told = f"{count(len(path) - 1, 'step')}: {before:.3g} {arrow} {after:.3g}"
        canvas.text(sheet, left, top - 9, told, ha="left")
    return canvas.figure


def _panel(axes: Plot, curve: Points, path: Points, look: Look) -> None:
    axes.plot(*zip(*curve, strict=True), color=look.muted, linewidth=2, zorder=1)
    (low, _), (high, _) = curve[0], curve[-1]
    losses = [loss for _, loss in curve]
    room = 0.08 * (max(losses) - min(losses) or 1.0)
    axes.set(xlim=(low, high), ylim=(min(losses) - room, max(losses) + room))
    for start, end in pairwise(path):
        ends = axes.transData.transform([start, end])
        if math.dist(*ends) > 14:  # an arrow that is shorter would hide behind its points
            axes.add_patch(
                FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, shrinkA=4,
                                shrinkB=4, color=look.series[1], linewidth=1.5, zorder=2)
            )  # fmt: skip
    style: dict[str, Any] = {
        "linestyle": "none",
        "color": look.series[0],
        "markeredgewidth": 1.5,
        "zorder": 3,
    }
    axes.plot(*zip(*path[1:], strict=True), marker="o", markersize=6, **style)
    axes.plot(*path[0], marker="s", markersize=9, markerfacecolor=look.paper, **style)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: tell(value)))
    axes.grid(color=look.grid, linewidth=1)
    axes.set_axisbelow(True)
