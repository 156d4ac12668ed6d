"""Images of digits: one with its true pixels, and many side by side with captions."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from mnist_lessons._words import count
from mnist_lessons.figures.canvas import Canvas, Pixels, enlarged, grey, tiled
from mnist_lessons.figures.charts import tell
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look

__all__ = ["image_grid", "single_image"]

_CROSS = "\N{BALLOT X} "
_LARGEST_SIDE = 4.0  # CSS pixels for one pixel of an image
_MARGIN = 4  # around a grid: room for frames


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
    draw = partial(_draw_image, values, unit, title)
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
        images: (N, H, W) or (N, 1, H, W), any real dtype, at least one; H and W from 1 to 140.
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
    draw = partial(_draw_grid, pixels, lines, marks, columns, title)
    return LessonFigure(draw, title, told)


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


def _draw_image(values: NDArray[Any], unit: str, title: str, look: Look) -> Figure:
    """One image (28, 28) with its axes and a bar of its values."""
    side = 28 * (9 if look.narrow else 11)
    width = side + (108 if look.narrow else 118)
    canvas = Canvas(look, width, side + 66, title)
    axes = canvas.plot(36, 24, side, side)
    axes.imshow(values, cmap="gray", interpolation="none", aspect="auto")
    axes.set_xlabel("column (pixels)", fontsize=12, color=look.ink)
    _scale(canvas.plot(54 + side, 24, 12, side), float(values.min()), float(values.max()))
    sheet = canvas.sheet()
    canvas.text(sheet, 0, 14, "row (pixels)", ha="left")
    canvas.text(sheet, width, 14, unit, ha="right")
    return canvas.figure


def _scale(bar: Axes, low: float, high: float) -> None:
    high = high if high > low else low + 1
    levels = np.linspace(low, high, 256)[:, None]
    extent = (0, 1, low, high)
    bar.imshow(levels, cmap="gray", interpolation="none", aspect="auto", origin="lower",
               extent=extent)  # fmt: skip
    bar.set(xticks=[])
    bar.yaxis.tick_right()
    for spine in bar.spines.values():
        spine.set_visible(True)


def _draw_grid(
    images: Pixels,
    captions: Sequence[Sequence[str]],
    wrong: Sequence[bool],
    columns: int,
    title: str,
    look: Look,
) -> Figure:
    """Grey images (N, H, W), each below the lines of its caption; errors are marked."""
    columns = _columns(len(images), columns, captions, look)
    lines = max(map(len, captions))
    high, wide = images.shape[1:]
    side, across = _side(columns, wide, look)
    above = 16 * lines + 4  # room for the caption
    down = math.ceil((above + 10) / side)
    rows = math.ceil(len(images) / columns)
    used = min(columns, len(images))
    width = side * (used * (wide + across) - across) + 2 * _MARGIN
    height = above + side * (rows * (high + down) - down) + _MARGIN
    canvas = Canvas(look, width, height, title)
    sheet = canvas.sheet()
    canvas.picture(sheet, tiled(images, used, across, down), _MARGIN, above, side)
    for number, (texts, mark) in enumerate(zip(captions, wrong, strict=True)):
        left = _MARGIN + side * (wide + across) * (number % columns)
        top = above + side * (high + down) * (number // columns)
        for line, text in enumerate(texts):
            y = top - 7 - 16 * (len(texts) - 1 - line)
            canvas.text(sheet, left + wide / 2 * side, y, text, **_caption(mark, line, look))
        if mark:
            canvas.frame(sheet, left - 2, top - 2, wide * side + 4)
    return canvas.figure


def _columns(number: int, columns: int, captions: Sequence[Sequence[str]], look: Look) -> int:
    """Images in a row: as wished, or on a phone as many as leave room, in rows of one length."""
    longest = max(len(text) for texts in captions for text in texts)
    room = look.width // max(34, 7 * longest + 4)
    if not look.narrow or columns <= room:
        return columns
    rows = math.ceil(number / max(room, 1))
    return math.ceil(number / rows) if rows > 1 else room


def _side(columns: int, wide: int, look: Look) -> tuple[float, int]:
    """CSS pixels of one pixel of an image, and how many of these lie between two images."""
    across = 2
    while True:
        side = (look.width - 2 * _MARGIN) / (columns * (wide + across) - across)
        if min(side, _LARGEST_SIDE) * across >= 9:
            return min(side, _LARGEST_SIDE), across
        across += 1


def _caption(mark: bool, line: int, look: Look) -> dict[str, Any]:
    if mark:
        return {"color": look.wrong, "fontweight": "bold", "fontsize": 12 - line}
    return {"color": look.muted if line else look.ink, "fontsize": 12 - line}
