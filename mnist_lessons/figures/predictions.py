"""What a model reads: images with its predictions, and with the probabilities of all digits."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from mnist_lessons._words import a, percent
from mnist_lessons.data import Split
from mnist_lessons.evaluation import Predictions
from mnist_lessons.figures.canvas import Canvas, Pixels, grey, tiled
from mnist_lessons.figures.images import image_grid
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look

__all__ = ["doubt_bars", "prediction_grid"]

_BAR = 15  # from one bar to the next


def prediction_grid(
    split: Split, predictions: Predictions, rows: Tensor, *, title: str, columns: int = 12
) -> LessonFigure:
    """Some images of a split with what the model reads: `predicted (true)`, probability.

    Args:
        split: the images that were predicted.
        predictions: what the model says of each of them.
        rows: int64, the images to draw, at least one.
        title: what the figure shows.
        columns: images in a row; on a phone as many as there is room for.
    """
    digits, labels = predictions.digits[rows].tolist(), predictions.labels[rows].tolist()
    confidence = predictions.confidence[rows].tolist()
    read = list(zip(digits, labels, confidence, strict=True))
    wrong = [digit != label for digit, label in zip(digits, labels, strict=True)]
    errors = ", ".join(
        f"{digit} for {a(label)} ({percent(share)})"
        for digit, label, share in read
        if digit != label
    )
    alt = (
        f"{title}. {len(wrong)} images, each with the predicted digit, "
        f"the true digit in brackets and the probability of the prediction. "
        + (f"Wrong, marked by a cross and a frame: {errors}." if errors else "All are right.")
    )
    captions = [f"{digit} ({label})\n{percent(share)}" for digit, label, share in read]
    grid = image_grid(
        split.images.cpu()[rows], captions, title=title, alt=alt, columns=columns, wrong=wrong
    )
    header = ["image", "predicted digit", "true digit", "probability"]
    shown = [
        [row, digit, label, _exactly(share)]
        for row, (digit, label, share) in zip(rows.tolist(), read, strict=True)
    ]
    return LessonFigure(grid.draw, title, alt, [header, *shown])


def doubt_bars(split: Split, predictions: Predictions, rows: Tensor, *, title: str) -> LessonFigure:
    """Images above the probabilities that the model gives to the ten digits.

    Args:
        split: the images that were predicted.
        predictions: what the model says of each of them; a label of -1: the image is no digit.
        rows: int64, the images to draw, 1 to 8.
        title: what the figure shows.

    Raises:
        ValueError: there is no row, or there are more than 8.
    """
    number = len(rows)
    if not 1 <= number <= 8:
        raise ValueError(f"cannot draw the doubts about {number} images: choose 1 to 8")
    images = grey(split.images.cpu()[rows].reshape(number, 28, 28).numpy())
    shares = predictions.probabilities[rows].numpy()
    labels = predictions.labels[rows].tolist()
    told = []
    for share, label in zip(shares, labels, strict=True):
        first, second = np.argsort(-share)[:2]
        what = a(label) if label >= 0 else "no digit"
        told.append(
            f"{what}: {first} with {percent(float(share[first]))}, "
            f"{second} with {percent(float(share[second]))}"
        )
    seen = any(
        label >= 0 and share[label] >= 0.01 for share, label in zip(shares, labels, strict=True)
    )
    hatched = " The bar of the true digit is hatched." if seen else ""
    alt = f"{title}.{hatched} The two highest bars: {'; '.join(told)}."
    header = ["image", "true digit", *(f"probability of {digit}" for digit in range(10))]
    table = [
        [row, label if label >= 0 else "none", *(_exactly(float(one)) for one in share)]
        for row, label, share in zip(rows.tolist(), labels, shares, strict=True)
    ]
    draw = partial(_draw_doubts, images, shares, labels, title)
    return LessonFigure(draw, title, alt, [header, *table])


def _exactly(share: float) -> float:
    # Nine digits tell any two float32 apart: 0.9999999 is not written as 1.
    return float(f"{share:.9g}")


def _draw_doubts(
    images: Pixels, shares: NDArray[np.float32], labels: Sequence[int], title: str, look: Look
) -> Figure:
    """Grey images (N, 28, 28) above the probabilities (N, 10) of the ten digits; label -1: none."""
    number = len(labels)
    columns = math.ceil(number / math.ceil(number / 3)) if look.narrow else number
    step = min(look.width // columns, 172)
    side = min(3.0, (step - 24) / 28)
    height = 20 + 28 * side + 10 * _BAR + 64
    canvas = Canvas(look, step * columns, height * math.ceil(number / columns), title)
    sheet = canvas.sheet()
    for place, (image, share, label) in enumerate(zip(images, shares, labels, strict=True)):
        left = step * (place % columns) + 16
        top = height * (place // columns)
        said = f"true: {label}" if label >= 0 else "no digit"
        canvas.text(sheet, left, top + 13, said, ha="left")
        canvas.picture(sheet, tiled(image[None], 1, 0, 0), left, top + 20, side)
        _bars(canvas, sheet, (left, top + 32 + 28 * side), step - 24, share, label, look)
    return canvas.figure


def _bars(
    canvas: Canvas,
    sheet: Axes,
    corner: tuple[float, float],
    width: float,
    share: NDArray[np.float32],
    label: int,
    look: Look,
) -> None:
    left, top = corner
    # Length of 100%; on its right is room for the numbers of the bars.
    whole = min(0.8 * width, width - 26)
    for mark in (0, 50, 100):
        x = left + whole * mark / 100
        colour = look.grid if mark else look.muted
        sheet.plot([x, x], [top, top + 10 * _BAR], color=colour, linewidth=1, zorder=0)
        if mark != 50 or whole > 48:
            canvas.text(sheet, x, top + 10 * _BAR + 15, f"{mark}", fontsize=11)
    canvas.text(sheet, left + whole / 2, top + 10 * _BAR + 30, "probability (%)", fontsize=11)
    heights = top + _BAR * (np.arange(10) + 0.5)
    bars = sheet.barh(heights, whole * share, left=left, height=11, color=look.series[0])
    if label >= 0:
        bars[label].set(hatch="////", facecolor=look.series[1], edgecolor=look.paper, linewidth=0)
    highest = np.argsort(-share)[:2]
    for digit, y in enumerate(heights):
        canvas.text(sheet, left - 5, y + 4, f"{digit}", fontsize=11, ha="right")
        if digit in highest:
            x = left + whole * share[digit] + 4
            told = percent(float(share[digit]), places=0).removesuffix("%")
            canvas.text(sheet, x, y + 4, told, fontsize=11, ha="left")
