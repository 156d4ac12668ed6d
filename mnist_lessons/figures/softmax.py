"""Softmax: ten logits beside the ten probabilities that it makes of them."""

from functools import partial
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from mnist_lessons._words import percent, signed
from mnist_lessons.figures.canvas import Canvas
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look

__all__ = ["softmax_bars"]

_ROW = 22  # of one digit
_TOP = 34
_NUMBER = 42  # room for one beside its bar


def softmax_bars(
    logits: Tensor | NDArray[Any], label: int, *, title: str, alt: str | None = None
) -> LessonFigure:
    """The logits of one image, and the probabilities that softmax makes of them.

    Args:
        logits: (10,), any real dtype and device, or an array.
        label: the true digit, 0 to 9.
        title: what the figure shows.
        alt: what it shows, for those who cannot see it; None: the greatest of the two, and the
            true digit's.

    Raises:
        ValueError: there are not ten logits, or the label is no digit.
    """
    if tuple(logits.shape) != (10,) or label not in range(10):
        raise ValueError(
            f"softmax is drawn for the ten logits of one image and a digit from 0 to 9, not "
            f"{tuple(logits.shape)} and {label!r}"
        )
    values = torch.as_tensor(logits).detach().cpu().double()
    shares = values.softmax(dim=0).numpy()
    first = int(values.argmax())
    told = alt or f"{title}. {_tell(values.numpy(), shares, first, int(label))}"
    rows = [[digit, float(values[digit]), float(shares[digit])] for digit in range(10)]
    draw = partial(_draw, values.numpy(), shares, int(label), title)
    return LessonFigure(draw, title, told, [["digit", "logit", "probability"], *rows])


def _tell(values: NDArray[np.float64], shares: NDArray[np.float64], first: int, label: int) -> str:
    def both(digit: int) -> str:
        return f"{signed(float(values[digit]), 1)} becomes {percent(float(shares[digit]))}"

    right = ", and that is the true digit" if first == label else ""
    other = "" if first == label else f" The true digit is {label}: {both(label)}."
    return (
        f"Softmax makes ten probabilities of ten logits, which go from "
        f"{signed(float(values.min()), 1)} to {signed(float(values.max()), 1)}. The greatest is "
        f"that of {first}: {both(first)}{right}.{other}"
    )


def _draw(
    values: NDArray[np.float64], shares: NDArray[np.float64], label: int, title: str, look: Look
) -> Figure:
    names, gap = 52, 26 if look.narrow else 76
    width = (look.width - names - gap - 40) // 2  # on the right of the second: its number
    second = names + width + gap
    canvas = Canvas(look, look.width, _TOP + 10 * _ROW + 44, title)
    sheet = canvas.sheet()
    numbered = {label, int(values.argmax())}
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    has_negative = any(values[digit] < 0 for digit in numbered)
    room = _NUMBER * (high - low or 1.0) / (width - _NUMBER * (1 + has_negative))
    low -= room * has_negative
    logits = _panel(canvas, (names, width), (low, high + room), look)
    chances = _panel(canvas, (second, width), (0, 100), look)
    _bars(logits, values, label, look)
    _bars(chances, 100 * shares, label, look)
    for digit in range(10):
        middle = _TOP + _ROW * (digit + 0.5) + 4
        is_true = digit == label
        told = f"true: {digit}" if is_true else f"{digit}"
        weight = "bold" if is_true else "normal"
        canvas.text(sheet, names - 6, middle, told, ha="right", fontweight=weight)
    for digit in numbered:
        _number(logits, digit, float(values[digit]), signed(float(values[digit]), 1), look)
        _number(chances, digit, 100 * float(shares[digit]), percent(float(shares[digit])), look)
    for left, name in ((names, "logits"), (second, "probabilities (%)")):
        canvas.text(sheet, left + width / 2, 14, name, fontweight="bold")
    arrow = "\N{RIGHTWARDS ARROW}" if look.narrow else "softmax \N{RIGHTWARDS ARROW}"
    canvas.text(sheet, names + width + gap / 2, 14, arrow)
    return canvas.figure


def _panel(
    canvas: Canvas, across: tuple[float, float], limits: tuple[float, float], look: Look
) -> Axes:
    left, width = across
    axes = canvas.plot(left, _TOP, width, 10 * _ROW)
    axes.set(xlim=limits, ylim=(9.5, -0.5), yticks=[])
    axes.spines["left"].set_position(("data", 0))
    axes.locator_params(axis="x", nbins=3 if look.narrow else 5)
    axes.grid(axis="x", color=look.grid, linewidth=1)
    axes.set_axisbelow(True)
    return axes


def _bars(axes: Axes, lengths: NDArray[np.float64], label: int, look: Look) -> None:
    bars = axes.barh(range(10), lengths, height=0.7, color=look.series[0])
    bars[label].set(hatch="////", facecolor=look.series[1], edgecolor=look.paper, linewidth=0)


def _number(axes: Axes, digit: int, end: float, told: str, look: Look) -> None:
    side = -1 if end < 0 else 1
    axes.annotate(
        told, (end, digit), xytext=(4 * side, 0), textcoords="offset points", va="center",
        ha="right" if side < 0 else "left", fontsize=12, color=look.ink, annotation_clip=False,
    )  # fmt: skip
