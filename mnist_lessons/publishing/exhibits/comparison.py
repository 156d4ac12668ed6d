"""The networks of all runs and of the recorded study: tables, and learning curves.

The tables can be read as they are; `docs/javascripts/results.js` makes them sortable.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from statistics import NormalDist
from typing import Any

from markupsafe import Markup

from mnist_lessons._words import count
from mnist_lessons.publishing.exhibits.recorded import TITLES, Recorded, read_recorded
from mnist_lessons.publishing.exhibits.sources import page_of
from mnist_lessons.publishing.html.curves import Curve, Quantity, chart, legend
from mnist_lessons.publishing.html.templates import fragment, render
from mnist_lessons.publishing.lesson_page.training_log import number, rows_of_fit
from mnist_lessons.publishing.runs.card import Card, Epoch, Result
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["costs", "curves", "table"]

_EPOCHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
_STUDY = "beyond"  # the lesson of the recorded study
_95 = NormalDist().inv_cdf(0.975)  # standard errors on either side


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
class _Scored:
    """A network of a run, or several of one recipe of the study.

    Attributes:
        title: of the network.
        trained: how often, or from which seed.
        lesson: slug of its lesson.
        accuracy: on the test images; the mean of several.
        spread: standard deviation over the seeds; None of one training.
        interval: at 95%, for the luck of the images.
    """

    title: str
    trained: str
    lesson: str
    accuracy: float
    spread: float | None
    interval: tuple[float, float]


def table(runs: Sequence[StoredRun], study: Path) -> str:
    """The table of all trained networks, the best first, as HTML for the page of results.

    Args:
        runs: of the lessons.
        study: the file of its records.

    Raises:
        DataError: the file is no list of records.
    """
    recorded = read_recorded(study)
    scored = [_of_run(row) for row in _rows(runs)]
    scored += [_of_study(recorded[name], TITLES[name]) for name in TITLES if name in recorded]
    scored.sort(key=lambda one: -one.accuracy)
    low = math.floor(min((one.interval[0] for one in scored), default=0) * 100) / 100
    rows = [
        _shown(
            one.title,
            one.lesson,
            _cell(one.accuracy, lambda share: Markup(fragment("strong", f"{share:.2%}"))),
            _cell(one.spread, lambda spread: f"±\N{NO-BREAK SPACE}{100 * spread:.2f}"),
            _cell(one.interval[0], partial(_interval, low, one)),
            trained=one.trained,
        )
        for one in scored
    ]
    heads = {
        "test accuracy": "",
        "luck of the seed": "",
        "luck of the images, 95%": f"{low:.0%}",
    }
    return render("comparison.html", caption="Trained networks", heads=heads, rows=rows)


def _of_run(row: _Row) -> _Scored:
    return _Scored(
        title=row.noted.title,
        trained=f"seed {row.card.seed}",
        lesson=row.card.lesson,
        accuracy=row.noted.accuracy,
        spread=None,
        interval=row.noted.interval,
    )


def _of_study(recorded: Recorded, title: str) -> _Scored:
    half = _95 * recorded.image_error
    return _Scored(
        title=title,
        trained=f"mean of {count(len(recorded.seeds), 'seed')}",
        lesson=_STUDY,
        accuracy=recorded.accuracy,
        spread=recorded.spread,
        interval=(recorded.accuracy - half, min(1.0, recorded.accuracy + half)),
    )


def _interval(low: float, one: _Scored, below: float) -> Markup:
    above = one.interval[1]
    places = (below, one.accuracy, above)
    start, middle, end = (f"{4 + 92 * (place - low) / ((1 - low) or 1):.1f}" for place in places)
    return Markup(fragment("whisker", f"{below:.2%} to {above:.2%}", start, middle, end))


def costs(runs: Sequence[StoredRun]) -> str:
    """What the networks of the lessons cost, as HTML for the page of results."""
    networks = _rows(runs)
    rows = [
        _shown(
            row.noted.title,
            row.card.lesson,
            _cell(row.noted.parameters, "{:,}".format),
            _cell(row.noted.multiplications, "{:,}".format),
            _cell(row.noted.epochs, "{:,}".format),
            _cell(row.noted.seconds_per_epoch, "{:.2f}".format),
        )
        for row in networks
    ]
    caption = f"What the networks of the lessons cost{_on_devices(networks)}"
    names = ("parameters", "multiplications per image", "epochs", "seconds per epoch")
    return render("comparison.html", caption=caption, heads=dict.fromkeys(names, ""), rows=rows)


def _shown(title: str, lesson: str, *cells: dict[str, str], trained: str = "") -> dict[str, Any]:
    return {"title": title, "lesson": page_of(lesson), "trained": trained, "cells": cells}


def _cell(value: float | None, show: Callable[[float], str]) -> dict[str, str]:
    """By what a cell is sorted, and what stands in it: a dash where there is no number."""
    if value is None:
        return {"value": "", "shown": "\N{EN DASH}"}
    return {"value": repr(float(value)), "shown": show(value)}


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
