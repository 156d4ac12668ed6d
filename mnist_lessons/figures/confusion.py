"""The confusion matrix: how often each digit was read as each other."""

from functools import partial

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnist_lessons._words import times
from mnist_lessons.evaluation import top_confusions
from mnist_lessons.figures.canvas import Canvas, Pixels
from mnist_lessons.figures.colours import channels, mixed
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look, readable_on

__all__ = ["confusion_matrix"]


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
    return LessonFigure(partial(_draw_matrix, counts, title), title, alt, [header, *rows])


def _draw_matrix(counts: NDArray[np.int64], title: str, look: Look) -> Figure:
    """Counts (10, 10) in cells whose colours tell many errors from few."""
    across, down = (31, 31) if look.narrow else (60, 34)
    left, top = 44, 4
    canvas = Canvas(look, left + 10 * across + 2, top + 10 * down + 46, title)
    axes = canvas.plot(left, top, 10 * across, 10 * down)
    colours = _cell_colours(counts, look)
    axes.imshow(colours, interpolation="none", aspect="auto")
    for (true, read), count in np.ndenumerate(counts):
        if count:
            behind = f"#{bytes(colours[true, read, :3]).hex()}"
            axes.text(
                read, true, f"{count}", ha="center", va="center_baseline",
                fontsize=11 if look.narrow else 13, color=readable_on(behind),
                fontweight="normal" if true == read else "bold",
            )  # fmt: skip
    edges = [place - 0.5 for place in range(11)]
    axes.set(xticks=range(10), yticks=range(10))
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color=look.grid, linewidth=1)
    axes.tick_params(which="both", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("predicted digit", fontsize=12, color=look.ink)
    axes.set_ylabel("true digit", fontsize=12, color=look.ink)
    return canvas.figure


def _cell_colours(counts: NDArray[np.int64], look: Look) -> Pixels:
    """(10, 10, 4): errors from few to many, nothing where there is none, a grey diagonal."""
    errors = np.where(np.eye(10, dtype=bool), 0, counts)
    shares = PowerNorm(0.6, vmin=0, vmax=max(int(errors.max()), 1))(errors).data
    few, many = map(channels, look.heat)
    cells = np.empty((10, 10, 4), dtype=np.uint8)
    cells[..., :3] = np.rint(mixed(few, many, shares))
    cells[..., 3] = np.where(errors > 0, 255, 0)
    cells[np.eye(10, dtype=bool)] = (*channels(look.fill), 255)
    return cells
