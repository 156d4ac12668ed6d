"""Learning curves: loss and accuracy after each epoch of one or several runs."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from mnist_lessons._words import scientific
from mnist_lessons.figures.canvas import Canvas
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look
from mnist_lessons.figures.styles import series_style
from mnist_lessons.training import EpochRecord

__all__ = ["learning_curves"]


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
    draw = partial(_draw_curves, kept, title)
    table = [["run", "epoch", *measured], *rows]
    return LessonFigure(draw, title, alt, table, tuple(kept.values()))


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


def _draw_curves(histories: Mapping[str, Sequence[EpochRecord]], title: str, look: Look) -> Figure:
    """Loss and accuracy by epoch, side by side, or one below the other where it is narrow."""
    several = len(histories) > 1
    rows = _legend_rows(histories, look) if several else 0
    top = 22 * (rows + 1) + 30
    height = 170 if look.narrow else 230
    step = (0, height + 84) if look.narrow else (352, 0)
    width = 302 if look.narrow else 278  # on the right, room for half of the last label
    canvas = Canvas(look, look.width, top + step[1] + height + 44, title)
    loss = canvas.plot(42, top, width, height)
    accuracy = canvas.plot(42 + step[0], top + step[1], width, height)
    for number, records in enumerate(histories.values()):
        for axes, quantity, factor in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
            for part in ("train", "validation"):
                values = [factor * getattr(record, f"{part}_{quantity}") for record in records]
                epochs = [record.epoch for record in records]
                axes.plot(epochs, values, **_line(number, part, look, epochs, several))
    _finish_curves(loss, accuracy, histories, look)
    _legend(canvas, histories if several else {}, rows, look)
    return canvas.figure


def _line(
    number: int, part: str, look: Look, epochs: Sequence[int], several: bool
) -> dict[str, Any]:
    """How a curve looks: run by colour and marker, part by line style."""
    style = series_style(number, look, part)
    if not several and len(epochs) > 10:
        style["marker"] = None
    marked = {*_epoch_ticks(epochs[-1]), epochs[-1]}
    places = [place for place, epoch in enumerate(epochs) if epoch in marked]
    return style | {"markersize": 5, "markevery": places, "label": part}


def _epoch_ticks(last: int) -> list[int]:
    """Epochs that stand far enough apart on their axis to be written there."""
    if last <= 5:
        return list(range(last + 1))
    factors = (1, 2, 5) if last <= 200 else (1,)
    powers = [10**power for power in range(len(str(last)))]
    steps = [factor * power for power in powers for factor in factors]
    return [0, *(step for step in steps if step <= last)]


def _finish_curves(
    loss: Axes, accuracy: Axes, histories: Mapping[str, Sequence[EpochRecord]], look: Look
) -> None:
    loss.set_yscale("log")
    low, high = loss.get_ylim()
    subs = (1.0, 2.0, 5.0) if high / low < 300 else (1.0,)
    loss.yaxis.set_major_locator(LogLocator(subs=subs))
    loss.yaxis.set_major_formatter(FuncFormatter(_plain))
    loss.yaxis.set_minor_locator(NullLocator())
    shown = [
        100 * share
        for records in histories.values()
        for record in records[1:]
        for share in (record.train_accuracy, record.validation_accuracy)
    ]
    if shown and min(shown) > 50:
        # The untrained model's 10% would press everything else against the top.
        accuracy.set_ylim(math.floor(min(shown)) - 0.5, 100.2)
    last = max(records[-1].epoch for records in histories.values())
    for axes, heading in ((loss, "cross-entropy (nats per image)"), (accuracy, "accuracy (%)")):
        # Most happens in the first epochs, of which an axis of equal steps would make a smudge.
        axes.set_xscale("symlog", linthresh=1, linscale=0.4)
        axes.set(xlim=(-0.12, max(last, 1) * 1.06), xticks=_epoch_ticks(last))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda epoch, _: f"{epoch:.0f}"))
        axes.grid(color=look.grid, linewidth=1)
        axes.set_axisbelow(True)
        axes.set_xlabel("epoch (logarithmic; 0: untrained)", fontsize=12, color=look.ink)
        axes.set_title(heading, loc="left", x=-42 / axes.bbox.width, fontsize=12, color=look.ink)


def _plain(value: float, _: object) -> str:
    return f"{value:g}" if value >= 0.001 else scientific(value)


def _legend_rows(names: Mapping[str, object], look: Look) -> int:
    return math.ceil(len(names) / _in_a_row(names, look))


def _in_a_row(names: Mapping[str, object], look: Look) -> int:
    return max(1, look.width // (38 + 7 * max(map(len, names))))


def _legend(canvas: Canvas, names: Mapping[str, object], rows: int, look: Look) -> None:
    """Name the runs by colour and marker, and below the parts by line style."""
    sheet = canvas.sheet()
    columns = _in_a_row(names, look) if names else 1
    step = 38 + 7 * max(map(len, names), default=0)
    for number, name in enumerate(names):
        style = _line(number, "validation", look, [0], several=True) | {"linestyle": "none"}
        x, y = step * (number % columns), 22 * (number // columns) + 12
        sheet.plot([x + 6], [y], **style | {"markersize": 7})
        canvas.text(sheet, x + 18, y + 4, name, ha="left")
    colour = look.ink if names else look.series[0]
    for place, (part, name) in enumerate((("validation", "validation"), ("train", "training"))):
        x, y = 120 * place, 22 * rows + 12
        style = _line(0, part, look, range(99), several=False) | {"color": colour}
        sheet.plot([x, x + 28], [y, y], **style)
        canvas.text(sheet, x + 36, y + 4, name, ha="left")
    sheet.set(xlim=sheet.get_xlim(), ylim=sheet.get_ylim())
