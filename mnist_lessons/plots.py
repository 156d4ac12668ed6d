"""Every figure of the lessons, each with a text that replaces it for those who cannot see it."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mnist_lessons._words import a, count, percent, times
from mnist_lessons.data import Split
from mnist_lessons.evaluation import Predictions, top_confusions
from mnist_lessons.figures.canvas import enlarged, grey
from mnist_lessons.figures.charts import Axis, Bar, Points, draw_bars, draw_lines, tell
from mnist_lessons.figures.convolution import convolution
from mnist_lessons.figures.descent import descent
from mnist_lessons.figures.drawing import (
    draw_curves,
    draw_doubts,
    draw_grid,
    draw_image,
    draw_matrix,
)
from mnist_lessons.figures.dropout import dropout
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.linear import linear_layer
from mnist_lessons.figures.pooling import max_pooling
from mnist_lessons.figures.relu import relu
from mnist_lessons.figures.softmax import softmax_bars
from mnist_lessons.training import EpochRecord

__all__ = [
    "Axis",
    "Bar",
    "LessonFigure",
    "bar_chart",
    "confusion_matrix",
    "convolution",
    "descent",
    "doubt_bars",
    "dropout",
    "image_grid",
    "learning_curves",
    "line_chart",
    "linear_layer",
    "max_pooling",
    "prediction_grid",
    "relu",
    "single_image",
    "softmax_bars",
]

_CROSS = "\N{BALLOT X} "


def single_image(
    image: Tensor, *, title: str, alt: str | None = None, unit: str = "grey level"
) -> LessonFigure:
    """One image, its true pixels, with a colour bar.

    Args:
        image: (28, 28) or (1, 28, 28), any real dtype.
        title: what the figure shows.
        alt: what the figure shows, for those who cannot see it; None: the title, and the range of
            the pixels.
        unit: what a pixel's value means.
    """
    values = image.squeeze().cpu().numpy()
    told = alt or (
        f"{title}. One image of {_size(values.shape)} pixels, white on black; {unit}: "
        f"from {tell(float(values.min()))} to {tell(float(values.max()))}."
    )
    header = ["row", *(f"column {column}" for column in range(values.shape[1]))]
    rows = [[number, *row] for number, row in enumerate(values.tolist())]
    draw = partial(draw_image, values, unit, title)
    return LessonFigure(draw, title, told, [header, *rows])


def image_grid(
    images: Tensor,
    captions: Sequence[str] | Tensor,
    *,
    title: str,
    alt: str | None = None,
    columns: int = 12,
    wrong: Sequence[bool] | None = None,
) -> LessonFigure:
    """Images side by side, white on black, each with a caption.

    All share one scale: the least value of all is black, the greatest is white.

    Args:
        images: (N, H, W) or (N, 1, H, W), any real dtype, at least one; H and W from 1 to 28.
        captions: one text for each image, or its label: int64 (N,).
        title: what the figure shows.
        alt: what the figure shows, for those who cannot see it; None: the title, the captions in
            order, and those of the images that are marked.
        columns: images in a row, at least 1; on a phone as many as there is room for.
        wrong: True for each image to be marked as an error: a cross and a frame.

    Raises:
        ValueError: there is no image, or the numbers of images and texts differ.
    """
    texts = [str(one) for one in captions.tolist()] if isinstance(captions, Tensor) else captions
    marks = [False] * len(texts) if wrong is None else list(wrong)
    if not len(images) == len(texts) == len(marks) or len(images) == 0 or columns < 1:
        raise ValueError(f"cannot draw {len(images)} images with {len(texts)} captions")
    values = images.reshape(len(images), *images.shape[-2:]).cpu().numpy()
    pixels = enlarged(grey(values))
    lines = [
        (_CROSS + text if mark else text).split("\n")
        for text, mark in zip(texts, marks, strict=True)
    ]
    told = alt or f"{title}. {_tell_grid(texts, marks, columns, values.shape[1:])}"
    draw = partial(draw_grid, pixels, lines, marks, columns, title)
    return LessonFigure(draw, title, told)


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


def learning_curves(histories: Mapping[str, Sequence[EpochRecord]], *, title: str) -> LessonFigure:
    """Loss and accuracy after each epoch, on training and validation images.

    Args:
        histories: the records of one or several runs, by name; at least one record each.
        title: what the curves show.
    """
    kept = {name: tuple(records) for name, records in histories.items()}
    measured = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    rows = [
        [name, record.epoch, *(getattr(record, quantity) for quantity in measured)]
        for name, records in kept.items()
        for record in records
    ]
    alt = f"{title}. " + " ".join(map(_tell, kept, kept.values()))
    draw = partial(draw_curves, kept, title)
    return LessonFigure(draw, title, alt, [["run", "epoch", *measured], *rows])


def confusion_matrix(counts: NDArray[np.int64], *, title: str) -> LessonFigure:
    """Counts of true against predicted digits; only the errors are coloured.

    Args:
        counts: (10, 10), row = true digit, column = predicted digit.
        title: what the matrix shows.
    """
    counts = counts.copy()
    worst = ", ".join(
        f"{true} read as {read} ({times(count)})" for true, read, count in top_confusions(counts)
    )
    right = f"{int(np.trace(counts)):,} of {int(counts.sum()):,} on the diagonal"
    alt = f"{title}. Confusion matrix, {right}. Most frequent errors: {worst or 'none'}."
    header = ["true digit", *(f"read as {digit}" for digit in range(10))]
    rows = [[digit, *row] for digit, row in enumerate(counts.tolist())]
    return LessonFigure(partial(draw_matrix, counts, title), title, alt, [header, *rows])


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
    hatched = " The bar of the true digit is hatched." if max(labels) >= 0 else ""
    alt = f"{title}.{hatched} The two highest bars: {'; '.join(told)}."
    header = ["image", "true digit", *(f"probability of {digit}" for digit in range(10))]
    table = [
        [row, label if label >= 0 else "none", *(_exactly(float(one)) for one in share)]
        for row, label, share in zip(rows.tolist(), labels, shares, strict=True)
    ]
    draw = partial(draw_doubts, images, shares, labels, title)
    return LessonFigure(draw, title, alt, [header, *table])


def line_chart(
    series: Mapping[str, Points],
    *,
    title: str,
    x: Axis,
    y: Axis,
    references: Mapping[str, float] | None = None,
    diagonal: bool = False,
) -> LessonFigure:
    """One quantity against another, a line for each name.

    Args:
        series: pairs (x, y) by name, in the units of the axes; at least one pair each.
        title: what the lines show.
        x: the axis across.
        y: the axis upwards.
        references: values of `y` worth a dotted line, by name.
        diagonal: whether a dotted line shows where y equals x.

    Raises:
        ValueError: there is no line, or one without a point.
    """
    kept = {name: [(float(a), float(b)) for a, b in points] for name, points in series.items()}
    if not kept or not all(kept.values()):
        raise ValueError("a chart needs a line, and a line needs a point")
    marks = dict(references or {})
    alt = f"{title}. {y.name} against {x.name}. " + " ".join(map(_tell_line, kept, kept.values()))
    if marks:
        told = ", ".join(f"{name} at {tell(value)}" for name, value in marks.items())
        alt += f" Dotted lines: {told}."
    rows = [[name, *pair] for name, points in kept.items() for pair in points]
    draw = partial(draw_lines, kept, x, y, marks, diagonal, title)
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
    kept = tuple(bars)
    if not kept:
        raise ValueError("a chart needs a bar")
    told = "; ".join(
        f"{bar.name}: {format_value.format(bar.value)}"
        + (f" plus or minus {format_value.format(bar.spread)}" if bar.spread else "")
        for bar in kept
    )
    rows = [[bar.name, bar.value, bar.spread] for bar in kept]
    draw = partial(draw_bars, kept, axis, format_value, title)
    header = ["name", axis.name, "spread"]
    return LessonFigure(draw, title, f"{title}. {axis.name}: {told}.", [header, *rows])


def _tell_line(name: str, points: Points) -> str:
    (first_x, first_y), (last_x, last_y) = points[0], points[-1]
    low_x, low = min(points, key=lambda point: point[1])
    high_x, high = max(points, key=lambda point: point[1])
    return (
        f"{name}: {tell(first_y)} at {tell(first_x)}, {tell(last_y)} at {tell(last_x)}; "
        f"lowest {tell(low)} at {tell(low_x)}, highest {tell(high)} at {tell(high_x)}."
    )


def _size(shape: tuple[int, ...]) -> str:
    return " by ".join(map(str, shape))


def _tell_grid(
    captions: Sequence[str], marks: Sequence[bool], columns: int, shape: tuple[int, ...]
) -> str:
    plain = [caption.replace("\n", ", ") for caption in captions]
    apart = "; " if any("," in caption for caption in plain) else ", "
    in_a_row = f", {columns} in a row" if len(plain) > columns else ""
    wrong = apart.join(caption for caption, mark in zip(plain, marks, strict=True) if mark)
    return (
        f"{count(len(plain), 'image')} of {_size(shape)} pixels{in_a_row}: {apart.join(plain)}."
        + (f" Marked as wrong by a cross and a frame: {wrong}." if wrong else "")
    )


def _exactly(share: float) -> float:
    # Nine digits tell any two float32 apart: 0.9999999 is not written as 1.
    return float(f"{share:.9g}")


def _tell(name: str, records: Sequence[EpochRecord]) -> str:
    first, last = records[0], records[-1]
    best = min(records, key=lambda record: record.validation_loss)
    return (
        f"{name}: from epoch {first.epoch} to {last.epoch} the validation loss goes from "
        f"{first.validation_loss:.3f} to {last.validation_loss:.3f}, lowest after epoch "
        f"{best.epoch} with {best.validation_loss:.3f}; the validation accuracy goes "
        f"from {first.validation_accuracy:.2%} to {last.validation_accuracy:.2%}. At the end the "
        f"training loss is {last.train_loss:.2g}, the training accuracy {last.train_accuracy:.2%}."
    )
