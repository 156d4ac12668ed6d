"""The log of a training in a lesson's page: a short table, its curves, and what was printed."""

import html
import math
from collections.abc import Sequence
from itertools import pairwise

from mnist_lessons.publishing.html.curves import Axis, Curve, chart, legend
from mnist_lessons.publishing.html.terminal import as_html
from mnist_lessons.publishing.runs.card import Card, Epoch

__all__ = ["chosen_epochs", "number", "rows_of_fit", "training_block", "training_output"]

_MOST_ROWS = 8
_TINY = 1e-4
_HEAD = ("epoch", "training loss", "validation loss", "validation accuracy")


def training_output(card: Card, printed: str) -> str | None:
    """HTML for what a cell printed, where that is the log of one training.

    Args:
        card: of the lesson's run.
        printed: the text of the cell's stdout.

    Returns:
        Lines that are not of the training as they were, and a block for those that are; None
        where the text is to be shown as it is.
    """
    lines = printed.removesuffix("\n").split("\n")
    logged = [(each, _place(lines, each.printed)) for each in card.trainings]
    found = [(training, first) for training, first in logged if first is not None]
    if len(found) != 1:
        return None
    [(training, first)] = found
    end = first + len(training.printed)
    block = training_block(card, training.fit, "\n".join(lines[first:end]))
    return None if block is None else f"{_literally(lines[:first])}{block}{_literally(lines[end:])}"


def _place(lines: Sequence[str], wanted: Sequence[str]) -> int | None:
    """Where lines stand among others, one behind the other; None where they do not."""
    if not wanted:
        return None
    places = (place for place, line in enumerate(lines) if line == wanted[0])
    return next((first for first in places if lines[first : first + len(wanted)] == wanted), None)


def rows_of_fit(card: Card, fit: str) -> list[Epoch]:
    """The rows of one training in the log; none where several trainings have its name."""
    rows: list[Epoch] = [row for row in card.log if row.fit == fit]
    once = all(before.epoch < after.epoch for before, after in pairwise(rows))
    return rows if once else []


def training_block(card: Card, fit: str, printed: str) -> str | None:
    """A table of chosen epochs, the curve of the losses, and the printed lines, folded.

    Args:
        card: of the lesson's run.
        fit: name of the training in the log.
        printed: what `Run.follow` printed of it.

    Returns:
        HTML; None where the log has no such training, or several.
    """
    rows = rows_of_fit(card, fit)
    if not rows:
        return None
    lines = printed.count("\n") + 1
    return (
        '<div class="training">\n<div class="training-summary">\n'
        f"{_table(rows, fit)}\n{_figure(rows, fit)}\n</div>\n"
        '<details class="aside" data-search-exclude><summary>'
        f"What the program printed: {lines} line{'s' if lines > 1 else ''}</summary>\n"
        f"{_literally(printed.splitlines())}</details>\n"
        "</div>"
    )


def chosen_epochs(rows: Sequence[Epoch]) -> list[int]:
    """At most eight epochs: the first and the last, the best one, and round numbers between."""
    epochs = [row.epoch for row in rows]
    best = _best(rows)
    wanted = {epochs[0], epochs[-1]} | (set() if best is None else {best})
    tens = [10**power for power in range(len(str(epochs[-1])))]
    for epoch in (step * ten for step in (1, 5, 2) for ten in tens):
        if epoch in epochs and len(wanted) < _MOST_ROWS:
            wanted.add(epoch)
    return sorted(wanted)


def _best(rows: Sequence[Epoch]) -> int | None:
    """The trained epoch with the lowest validation loss."""
    losses = {
        row.epoch: row.validation_loss
        for row in rows
        if row.epoch and row.validation_loss is not None
    }
    return min(losses, key=lambda epoch: losses[epoch], default=None)


def _table(rows: Sequence[Epoch], fit: str) -> str:
    by_epoch = {row.epoch: row for row in rows}
    best = _best(rows)
    head = "".join(f'<th scope="col">{name}</th>' for name in _HEAD)
    body = "\n".join(_row(by_epoch[epoch], epoch == best) for epoch in chosen_epochs(rows))
    return (
        '<table class="training-log" data-search-exclude>\n'
        f'<caption>The training "{html.escape(fit)}": '
        f"{len(chosen_epochs(rows))} of its {len(rows)} measurements</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _row(row: Epoch, is_best: bool) -> str:
    note = '<span class="training-best">lowest</span> ' if is_best else ""
    cells = (
        number(row.train_loss),
        f"{note}{number(row.validation_loss)}",
        f"{row.validation_accuracy:.2%}",
    )
    filled = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{int(row.epoch)}</th>{filled}</tr>'


def number(value: float | None) -> str:
    """A loss with four decimals, or what stands for one that is very small or not finite."""
    if value is None or not math.isfinite(value):
        return "not finite"
    return f"{value:.4f}" if value >= _TINY else f"{value:.1e}"


def _figure(rows: Sequence[Epoch], fit: str) -> str:
    curves = [
        Curve("training", [(row.epoch, row.train_loss) for row in rows], is_training=True),
        Curve("validation", [(row.epoch, row.validation_loss) for row in rows]),
    ]
    label = (
        f'Losses of the training "{fit}" after each epoch: training loss from '
        f"{number(_first(rows).train_loss)} to {number(rows[-1].train_loss)}, validation "
        f"loss from {number(_first(rows).validation_loss)} to "
        f"{number(rows[-1].validation_loss)}, lowest after epoch {_best(rows)}."
    )
    drawing = chart(curves, Axis("loss (nats)", logarithmic=True), label)
    return f'<div class="training-curve">{drawing}{legend(curves)}</div>' if drawing else ""


def _first(rows: Sequence[Epoch]) -> Epoch:
    """The first measurement that the curve shows: after epoch 1."""
    return next((row for row in rows if row.epoch), rows[0])


def _literally(lines: Sequence[str]) -> str:
    text = as_html("\n".join(lines))
    if not text.strip():
        return ""
    return f'<pre class="training-printed" tabindex="0" data-search-exclude>{text}</pre>\n'
