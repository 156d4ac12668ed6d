"""The log of a training in a lesson's page: a short table, its curves, and what was printed."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from mnist_lessons._words import count
from mnist_lessons.publishing.html.ansi import as_html
from mnist_lessons.publishing.html.curves import Curve, Quantity, chart, legend
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.card import Card, Epoch

__all__ = ["chosen_epochs", "number", "rows_of_fit", "training_output"]

_MOST_ROWS = 8
_TINY = 1e-4


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
    rows = rows_of_fit(card, training.fit)
    if not rows:
        return None
    before, of_training, after = (
        Markup(as_html("\n".join(part))) for part in (lines[:first], lines[first:end], lines[end:])
    )
    return render(
        "training_log.html",
        before=before,
        after=after,
        printed=of_training,
        lines=count(end - first, "line"),
        fit=training.fit,
        measurements=len(rows),
        rows=_table(rows),
        **_chart(card, rows, training.fit),
    )


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


def _table(rows: Sequence[Epoch]) -> list[dict[str, Any]]:
    by_epoch = {row.epoch: row for row in rows}
    best = _best(rows)
    return [
        {
            "epoch": epoch,
            "train_loss": number(by_epoch[epoch].train_loss),
            "validation_loss": number(by_epoch[epoch].validation_loss),
            "accuracy": f"{by_epoch[epoch].validation_accuracy:.2%}",
            "is_best": epoch == best,
        }
        for epoch in chosen_epochs(rows)
    ]


def number(value: float | None) -> str:
    """A loss with four decimals, or what stands for one that is very small or not finite."""
    if value is None or not math.isfinite(value):
        return "not finite"
    return f"{value:.4f}" if value >= _TINY else f"{value:.1e}"


def _chart(card: Card, rows: Sequence[Epoch], fit: str) -> dict[str, str]:
    """The curves of a training, unless a figure of the lesson has them: once is enough."""
    if any(fit in figure.fits for figure in card.figures):
        return {"drawing": "", "legend": ""}
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
    drawing = chart(curves, Quantity("loss (nats)", logarithmic=True), label)
    return {"drawing": drawing, "legend": legend(curves)}


def _first(rows: Sequence[Epoch]) -> Epoch:
    """The first measurement that the curve shows: after epoch 1."""
    return next((row for row in rows if row.epoch), rows[0])
