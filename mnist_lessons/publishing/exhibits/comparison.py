"""The comparison of all runs, made from their cards alone: a table, and learning curves.

The table can be read as it is; `docs/javascripts/results.js` makes it sortable.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from mnist_lessons._words import device
from mnist_lessons.publishing.exhibits.sources import page_of
from mnist_lessons.publishing.html.curves import Curve, Quantity, chart, legend
from mnist_lessons.publishing.html.templates import fragment, render
from mnist_lessons.publishing.lesson_page.training_log import number, rows_of_fit
from mnist_lessons.publishing.runs.card import Card, Epoch, Result
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["curves", "table"]

_EPOCHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


@dataclass(frozen=True)
class _Row:
    """A trained network, and the card of its run."""

    noted: Result
    card: Card

    @property
    def lesson(self) -> str:
        """Address of its lesson, as seen from the page of results."""
        return page_of(self.card.lesson)

    @cached_property
    def epochs(self) -> list[Epoch]:
        """Its training in the log."""
        return rows_of_fit(self.card, self.noted.fit) if self.noted.fit else []


@dataclass(frozen=True)
class _Column:
    """A column of the table, after the networks' names.

    Attributes:
        name: its head.
        value: by which the table is sorted, a number, or None where the model has none; None of a
            column of texts.
        shown: what stands in a cell; it is escaped, unless it is `Markup`.
        is_scale: whether the head shows a scale from the lowest interval to 100%.
    """

    name: str
    shown: Callable[[_Row, float], str]
    value: Callable[[_Row], float | None] | None = None
    is_scale: bool = False

    @property
    def kind(self) -> str:
        return "number" if self.value else "text"


def _interval(row: _Row, low: float) -> str:
    below, above = row.noted.interval
    places = (below, row.noted.accuracy, above)
    start, middle, end = (f"{4 + 92 * (place - low) / ((1 - low) or 1):.1f}" for place in places)
    whisker = fragment("whisker", f"{below:.2%} to {above:.2%}", start, middle, end)
    return Markup(whisker)


def _accuracy(row: _Row, _: float) -> str:
    return Markup(fragment("strong", f"{row.noted.accuracy:.2%}"))


def _device(row: _Row, _: float) -> str:
    card = row.card
    return device(card.device, card.device_name, card.threads)


def _if_known(name: str, value: Callable[[_Row], float | None], form: str = ",") -> _Column:
    """A column of numbers that not every model has."""

    def shown(row: _Row, _: float) -> str:
        number = value(row)
        return "\N{EN DASH}" if number is None else format(number, form)

    return _Column(name, shown, value)


# A new column is an entry here, and a line of `docs/results.md`; what it shows is in `runs.card`.
# The most telling come first, and the device last.
_COLUMNS = (
    _Column("test accuracy", _accuracy, lambda row: row.noted.accuracy),
    _Column("95% interval", _interval, lambda row: row.noted.interval[0], is_scale=True),
    _if_known("parameters", lambda row: row.noted.parameters),
    _if_known("multiplications per image", lambda row: row.noted.multiplications),
    _if_known("seconds per epoch", lambda row: row.noted.seconds_per_epoch, ".2f"),
    _if_known("epochs", lambda row: row.noted.epochs),
    _Column("seed", lambda row, _: str(row.card.seed), lambda row: row.card.seed),
    _Column("device", _device),
)


def table(runs: Sequence[StoredRun]) -> str:
    """The table of all trained networks, as HTML for the page of results."""
    rows = _rows(runs)
    low = math.floor(min((row.noted.interval[0] for row in rows), default=0) * 100) / 100
    columns = [
        {
            "name": column.name,
            "kind": column.kind,
            "scale": f"{low:.0%}" if column.is_scale else "",
        }
        for column in _COLUMNS
    ]
    shown = [
        {
            "title": row.noted.title,
            "lesson": row.lesson,
            "cells": [_cell(column, row, low) for column in _COLUMNS],
        }
        for row in rows
    ]
    caption = f"Trained networks{_on_devices(rows)}"
    return render("comparison.html", caption=caption, columns=columns, rows=shown)


def _cell(column: _Column, row: _Row, low: float) -> dict[str, Any]:
    number = column.value(row) if column.value else None
    value = "" if number is None else repr(float(number))
    return {"kind": column.kind, "value": value, "shown": column.shown(row, low)}


def _rows(runs: Sequence[StoredRun]) -> list[_Row]:
    return [_Row(noted, run.card) for run in runs for noted in run.card.results]


def _on_devices(rows: Sequence[_Row]) -> str:
    """What must be said of their seconds."""
    devices = {(row.card.device_name, row.card.threads) for row in rows}
    if len(devices) == 1:
        return ", on the same device"
    return "; their devices differ, so their seconds do not compare"


def curves(runs: Sequence[StoredRun]) -> str:
    """Validation accuracy and loss of all trained networks, as HTML for the page of results."""
    rows = [row for row in _rows(runs) if row.epochs]
    drawings = [
        _drawing(rows, column, quantity, what)
        for column, quantity, what in (
            ("validation_accuracy", Quantity("validation accuracy (%)", percent=True), "accuracy"),
            ("validation_loss", Quantity("validation loss (nats)", logarithmic=True), "loss"),
        )
        if rows
    ]
    return render(
        "learning_curves.html",
        drawings=drawings,
        legend=legend(_curves_of(rows, "validation_loss")),
        titles=[row.noted.title for row in rows],
        rows=[(epoch, [_numbers(row, epoch) for row in rows]) for epoch in _chosen_epochs(rows)],
        logs=list({row.lesson: row.card.lesson for row in rows}.items()),
    )


def _drawing(rows: Sequence[_Row], column: str, quantity: Quantity, what: str) -> str:
    ends = "; ".join(f"{row.noted.title}: {_value(row.epochs[-1], column)}" for row in rows)
    label = f"Validation {what} after each epoch. At the end, {ends}."
    return chart(_curves_of(rows, column), quantity, label)


def _curves_of(rows: Sequence[_Row], column: str) -> list[Curve]:
    return [
        Curve(row.noted.title, [(one.epoch, getattr(one, column)) for one in row.epochs], series)
        for series, row in enumerate(rows)
    ]


def _value(epoch: Epoch, column: str) -> str:
    value = getattr(epoch, column)
    return number(value) if column == "validation_loss" else f"{value:.2%}"


def _chosen_epochs(rows: Sequence[_Row]) -> list[int]:
    """The last of each network, and round numbers before them."""
    lasts = {row.epochs[-1].epoch for row in rows}
    return sorted(lasts | {epoch for epoch in _EPOCHS if epoch < max(lasts, default=0)})


def _numbers(row: _Row, wanted: int) -> str:
    """Accuracy and loss after an epoch; empty where it was not trained for so long."""
    epoch = next((one for one in row.epochs if one.epoch == wanted), None)
    if epoch is None:
        return ""
    return f"{_value(epoch, 'validation_accuracy')}, {_value(epoch, 'validation_loss')}"
