"""ReLU: a line with a bend at 0, and what it does with the units of one image."""

from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from torch import Tensor

from mnist_lessons._words import count, signed
from mnist_lessons.figures.canvas import Canvas
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look

__all__ = ["relu"]


def relu(values: Tensor, *, title: str, alt: str | None = None) -> LessonFigure:
    """What ReLU makes of the units of a layer: below 0 becomes 0, the others stay as they are.

    Args:
        values: (units,), of one image, before ReLU; any real dtype and device, at least one.
        title: what the figure shows.
        alt: what it shows, for those who cannot see it; None: how many units are cut to 0.

    Raises:
        ValueError: there is no value, or more than one dimension.
    """
    inputs = values.detach().cpu().double().numpy()
    if inputs.ndim != 1 or not inputs.size:
        raise ValueError(
            f"ReLU is drawn for the units of one image, (units,), not {tuple(values.shape)}"
        )
    outputs = np.maximum(inputs, 0)
    cut, kept = int((inputs <= 0).sum()), int((inputs > 0).sum())
    told = alt or (
        f"{title}. ReLU: a flat line at 0 up to an input of 0, then output equals input. Of "
        f"{count(len(inputs), 'unit')}, with inputs from {signed(float(inputs.min()))} to "
        f"{signed(float(inputs.max()))}, {cut} become 0 and {kept} stay as they are."
    )
    pairs = zip(inputs.tolist(), outputs.tolist(), strict=True)
    rows = [[unit, *pair] for unit, pair in enumerate(pairs)]
    draw = partial(_draw, inputs, outputs, title)
    return LessonFigure(draw, title, told, [["unit", "input", "output"], *rows])


def _draw(
    inputs: NDArray[np.float64], outputs: NDArray[np.float64], title: str, look: Look
) -> Figure:
    height = 200 if look.narrow else 240
    canvas = Canvas(look, look.width, height + 100, title)
    axes = canvas.plot(40, 54, look.width - 56, height)
    sheet = canvas.sheet()
    size = 1.08 * max(float(np.abs(inputs).max()), 1e-6)
    axes.set(xlim=(-size, size), ylim=(-0.1 * size, size))
    axes.plot([-size, 0, size], [0, 0, size], color=look.muted, linewidth=2)
    axes.axvline(0, color=look.grid, linewidth=1, zorder=0)
    style: dict[str, Any] = {
        "linestyle": "none",
        "markersize": 8,
        "markeredgewidth": 1.5,
        "clip_on": False,
    }
    for is_cut, marker, fill, colour, left, told in (
        (inputs <= 0, "s", look.paper, look.series[1], 6, "become 0"),
        (inputs > 0, "o", look.series[0], look.series[0], 0.5 * look.width, "stay as they are"),
    ):
        style |= {"marker": marker, "markerfacecolor": fill, "markeredgecolor": colour}
        axes.plot(inputs[is_cut], outputs[is_cut], **style)
        sheet.plot([left], [10], **style)
        canvas.text(sheet, left + 12, 14, f"{int(is_cut.sum())} units {told}", ha="left")
    sheet.set(xlim=(0, look.width), ylim=sheet.get_ylim())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.set_xlabel("input: the unit's sum", fontsize=12, color=look.ink)
    canvas.text(sheet, 0, 42, "output", ha="left")
    return canvas.figure
