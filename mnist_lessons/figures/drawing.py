"""How each kind of figure is drawn, for a light or a dark page, wide or narrow."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from mnist_lessons._words import percent, scientific
from mnist_lessons.figures.canvas import Canvas, Pixels, tiled
from mnist_lessons.figures.look import Look, readable_on
from mnist_lessons.figures.styles import series_style
from mnist_lessons.training import EpochRecord

__all__ = ["draw_curves", "draw_doubts", "draw_grid", "draw_image", "draw_matrix"]

_LARGEST_SIDE = 4.0  # CSS pixels for one pixel of an image
_MARGIN = 4  # around a grid: room for frames
_BAR = 15  # from one bar to the next


def draw_image(values: NDArray[Any], unit: str, title: str, look: Look) -> Figure:
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


def draw_grid(
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


def draw_curves(histories: Mapping[str, Sequence[EpochRecord]], title: str, look: Look) -> Figure:
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


def draw_matrix(counts: NDArray[np.int64], title: str, look: Look) -> Figure:
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
    shares = PowerNorm(0.6, vmin=0, vmax=max(int(errors.max()), 1))(errors).data[..., None]
    few, many = (np.array(_channels(colour)) for colour in look.heat)
    cells = np.empty((10, 10, 4), dtype=np.uint8)
    cells[..., :3] = np.rint(few + (many - few) * shares)
    cells[..., 3] = np.where(errors > 0, 255, 0)
    cells[np.eye(10, dtype=bool)] = (*_channels(look.fill), 255)
    return cells


def draw_doubts(
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


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
