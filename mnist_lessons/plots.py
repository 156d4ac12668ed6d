"""Every figure of the lessons, each with a text that replaces it for who cannot see it."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from torch import Tensor

from mnist_lessons.data import Split
from mnist_lessons.evaluation import Predictions, top_confusions
from mnist_lessons.training import EpochRecord

__all__ = [
    "LessonFigure",
    "confusion_matrix",
    "doubt_bars",
    "image_grid",
    "learning_curves",
    "prediction_grid",
    "single_image",
]

_DPI = 144
_WIDTH = 9.0  # inches
_WRONG = "#b00020"
_CROSS = "\N{BALLOT X} "
_COLOURS = ("#1f5aa6", "#c25100", "#1b7837", "#6a3d9a")  # told apart by line style as well
_STYLES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class LessonFigure:
    """A figure and its alternative text.

    Attributes:
        figure: the Matplotlib figure.
        alt: what the figure shows, in at least 20 characters.

    Raises:
        ValueError: the alternative text is too short to replace the figure.
    """

    figure: Figure
    alt: str

    def __post_init__(self) -> None:
        if len(self.alt) < 20:
            raise ValueError(f"the alternative text is too short: {self.alt!r}")

    def save(self, path: Path) -> None:
        """Write the figure as a PNG file."""
        path.write_bytes(self.png())

    def png(self) -> bytes:
        """The figure as the content of a PNG file."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Description": self.alt})
        return buffer.getvalue()

    def bundle(self, png: bytes) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """What a notebook displays, and what it notes of that, for a PNG that was drawn."""
        picture = base64.b64encode(png).decode("ascii")
        return {"image/png": picture, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        return self.bundle(self.png())


def single_image(image: Tensor, *, title: str, alt: str, unit: str = "grey level") -> LessonFigure:
    """One image, its true pixels, with a colour bar.

    Args:
        image: (28, 28) or (1, 28, 28), any real dtype.
        title: what the figure shows.
        alt: what the figure shows, for who cannot see it.
        unit: what a pixel's value means.
    """
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    drawn = axes.imshow(image.squeeze().cpu().numpy(), cmap="gray", interpolation="nearest")
    axes.set(xlabel="column (pixels)", ylabel="row (pixels)")
    figure.colorbar(drawn, ax=axes, label=unit)
    _entitle(figure, title)
    return LessonFigure(figure, alt)


def image_grid(
    images: Tensor,
    captions: Sequence[str],
    *,
    title: str,
    alt: str,
    columns: int = 12,
    wrong: Sequence[bool] | None = None,
) -> LessonFigure:
    """Images side by side, white on black, each with a caption.

    Args:
        images: (N, 28, 28) or (N, 1, 28, 28), any real dtype, at least one.
        captions: one text for each image.
        title: what the figure shows.
        alt: what the figure shows, for who cannot see it.
        columns: images in a row, at least 1.
        wrong: True for each image to be marked as an error: a cross and a frame.

    Raises:
        ValueError: there is no image, or the numbers of images and texts differ.
    """
    marks = [False] * len(captions) if wrong is None else list(wrong)
    if not len(images) == len(captions) == len(marks) or len(images) == 0 or columns < 1:
        raise ValueError(f"cannot draw {len(images)} images with {len(captions)} captions")
    pixels = images.reshape(len(images), 28, 28).cpu().numpy()
    rows = math.ceil(len(images) / columns)
    lines = max(caption.count("\n") + 1 for caption in captions)
    side = _WIDTH / columns
    figure = Figure(figsize=(_WIDTH, rows * (side + 0.19 * lines) + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    low, high = float(pixels.min()), float(pixels.max())
    for axes, image, caption, mark in zip(grid.flat, pixels, captions, marks, strict=False):
        axes.imshow(image, cmap="gray", interpolation="nearest", vmin=low, vmax=high)
        colour = _WRONG if mark else "black"
        weight = "bold" if mark else "normal"
        size = min(11.0, 5.5 + 4.5 * side)
        text = _CROSS + caption if mark else caption
        axes.set_title(text, fontsize=size, color=colour, weight=weight, pad=2)
        if mark:
            _frame(axes)
    _entitle(figure, title)
    return LessonFigure(figure, alt)


def prediction_grid(
    split: Split, predictions: Predictions, rows: Tensor, *, title: str, columns: int = 12
) -> LessonFigure:
    """Some images of a split with what the model reads: `predicted (true)`, probability.

    Args:
        split: the images that were predicted.
        predictions: what the model says of each of them.
        rows: int64, the images to draw, at least one.
        title: what the figure shows.
        columns: images in a row.
    """
    digits, labels = predictions.digits[rows].tolist(), predictions.labels[rows].tolist()
    confidence = predictions.confidence[rows].tolist()
    wrong = [digit != label for digit, label in zip(digits, labels, strict=True)]
    captions = [
        f"{digit} ({label})\n{_percent(share)}"
        for digit, label, share in zip(digits, labels, confidence, strict=True)
    ]
    errors = ", ".join(
        f"{digit} for a {label} ({_percent(share)})"
        for digit, label, share in zip(digits, labels, confidence, strict=True)
        if digit != label
    )
    alt = (
        f"{title}. {len(wrong)} images in rows of {columns}, each with the predicted digit, "
        f"the true digit in brackets and the probability of the prediction. "
        + (f"Wrong, marked by a cross and a frame: {errors}." if errors else "All are right.")
    )
    return image_grid(
        split.images.cpu()[rows], captions, title=title, alt=alt, columns=columns, wrong=wrong
    )


def learning_curves(histories: Mapping[str, Sequence[EpochRecord]], *, title: str) -> LessonFigure:
    """Loss and accuracy after each epoch, on training and validation images.

    Args:
        histories: the records of one or several runs, by name; at least one record each.
        title: what the curves show.
    """
    figure = Figure(figsize=(_WIDTH, 4.2), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    for number, (name, records) in enumerate(histories.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        # Shifted at each round of colours, so that no two of sixteen runs look the same.
        style = _STYLES[(number + number // len(_COLOURS)) % len(_STYLES)]
        prefix = f"{name}, " if len(histories) > 1 else ""
        epochs = [record.epoch for record in records]
        few = "o" if len(records) <= 10 else None
        for axes, quantity, factor in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
            for part, only_style in (("train", "--"), ("validation", "-")):
                axes.plot(
                    epochs,
                    [factor * getattr(record, f"{part}_{quantity}") for record in records],
                    linestyle=only_style if len(histories) == 1 else style,
                    color=colour if part == "validation" else _lighter(colour),
                    linewidth=1.8 if part == "validation" else 1.2,
                    marker=few,
                    markersize=4,
                    label=prefix + part,
                )
    loss.set(xlabel="epoch (0: untrained)", ylabel="cross-entropy (nats per image)", yscale="log")
    accuracy.set(xlabel="epoch (0: untrained)", ylabel="accuracy (%)")
    shown = [
        100 * share
        for records in histories.values()
        for record in records[1:]
        for share in (record.train_accuracy, record.validation_accuracy)
    ]
    if shown and min(shown) > 50:
        # The untrained model's 10 % would press everything else against the top.
        accuracy.set_ylim(math.floor(min(shown)) - 0.5, 100.2)
    for axes in (loss, accuracy):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(fontsize=9)
    _entitle(figure, title)
    return LessonFigure(figure, f"{title}. " + " ".join(map(_tell, histories, histories.values())))


def confusion_matrix(counts: NDArray[np.int64], *, title: str) -> LessonFigure:
    """Counts of true against predicted digits; only the errors are coloured.

    Args:
        counts: (10, 10), row = true digit, column = predicted digit.
        title: what the matrix shows.
    """
    errors = np.where(np.eye(10, dtype=bool), 0, counts)
    figure = Figure(figsize=(6.8, 5.8), layout="constrained")
    axes = figure.add_subplot()
    shown = np.ma.masked_array(errors, mask=np.eye(10, dtype=bool))
    top = max(int(errors.max()), 1)
    drawn = axes.imshow(shown, cmap="Oranges", norm=PowerNorm(0.6, vmin=0, vmax=top))
    axes.set_facecolor("#e4e4e4")
    for true in range(10):
        for read in range(10):
            count = int(counts[true, read])
            if count:
                dark = true != read and count > 0.645 * top  # white is read better from there on
                axes.text(
                    read,
                    true,
                    f"{count}",
                    ha="center",
                    va="center",
                    color="white" if dark else "black",
                    fontsize=9 if true == read else 10,
                )
    axes.set(
        xlabel="predicted digit",
        ylabel="true digit",
        title=title,
        xticks=range(10),
        yticks=range(10),
    )
    ticks = MaxNLocator(integer=True)
    figure.colorbar(drawn, ax=axes, label="errors (images)", shrink=0.85, ticks=ticks)
    worst = ", ".join(
        f"{true} read as {read} {count} times" for true, read, count in top_confusions(counts)
    )
    right = f"{int(np.trace(counts)):,} of {int(counts.sum()):,} on the diagonal"
    alt = f"{title}. Confusion matrix, {right}. Most frequent errors: {worst or 'none'}."
    return LessonFigure(figure, alt)


def doubt_bars(split: Split, predictions: Predictions, rows: Tensor, *, title: str) -> LessonFigure:
    """Images above the probabilities that the model gives to the ten digits.

    Args:
        split: the images that were predicted.
        predictions: what the model says of each of them.
        rows: int64, the images to draw, 1 to 8.
        title: what the figure shows.

    Raises:
        ValueError: there is no row, or there are more than 8.
    """
    number = len(rows)
    if not 1 <= number <= 8:
        raise ValueError(f"cannot draw the doubts about {number} images: choose 1 to 8")
    figure = Figure(figsize=(_WIDTH, 4.6), layout="constrained")
    grid = figure.subplots(2, number, squeeze=False, height_ratios=(1, 1.6))
    images = split.images.cpu()[rows].reshape(number, 28, 28).numpy()
    shares = predictions.probabilities[rows].numpy()
    told = []
    for column, (image, share, label) in enumerate(
        zip(images, shares, predictions.labels[rows].tolist(), strict=True)
    ):
        picture, bars = grid[0, column], grid[1, column]
        picture.imshow(image, cmap="gray", interpolation="nearest")
        picture.set_axis_off()
        picture.set_title(f"true: {label}", fontsize=11)
        drawn = bars.barh(range(10), 100 * share, color=_COLOURS[0])
        drawn[label].set(hatch="///", facecolor=_COLOURS[1], edgecolor="white")
        bars.set(xlim=(0, 100), yticks=range(10), xlabel="probability (%)")
        bars.invert_yaxis()
        bars.set_ylabel("digit" if column == 0 else "")
        first, second = np.argsort(-share)[:2]
        told.append(
            f"a {label}: {first} with {_percent(share[first])}, "
            f"{second} with {_percent(share[second])}"
        )
    _entitle(figure, title)
    alt = f"{title}. The bar of the true digit is hatched. The two highest bars: {'; '.join(told)}."
    return LessonFigure(figure, alt)


def _entitle(figure: Figure, title: str) -> None:
    # On the left: on a phone, a wide figure scrolls, and shows its left side first.
    figure.suptitle(title, x=0.01, horizontalalignment="left")


def _frame(axes: Axes) -> None:
    axes.set_axis_on()
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=_WRONG, linewidth=2.5, linestyle=(0, (3, 1)))


def _percent(share: float) -> str:
    # 99.97 % must not be shown as a certainty.
    return f"{math.floor(1000 * share) / 10:.1f} %" if share < 1 else "> 99.9 %"


def _lighter(colour: str) -> tuple[float, ...]:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return tuple(channel + (1 - channel) * 0.35 for channel in channels)


def _tell(name: str, records: Sequence[EpochRecord]) -> str:
    first, last = records[0], records[-1]
    return (
        f"{name}: from epoch {first.epoch} to {last.epoch} the validation loss goes from "
        f"{first.validation_loss:.3f} to {last.validation_loss:.3f} and the validation accuracy "
        f"from {first.validation_accuracy:.1%} to {last.validation_accuracy:.1%}; at the end the "
        f"training loss is {last.train_loss:.3f}, the training accuracy {last.train_accuracy:.1%}."
    )
