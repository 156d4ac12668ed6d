"""The comparison of all runs, made from their cards alone: a table, and learning curves.

The table can be read as it is; `docs/javascripts/results.js` makes it sortable.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from mnist_lessons._words import device
from mnist_lessons.publishing.html.curves import Axis, Curve, chart, legend
from mnist_lessons.publishing.lesson_page.training_log import number, rows_of_fit
from mnist_lessons.publishing.runs.card import Card, Epoch, Result
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["comparison", "learning_curves"]

_NOTHING = "<p>No lesson has recorded a result yet.</p>"
_HEAD = (
    ("network", "text"),
    ("test accuracy", "number"),
    ("95% interval", "number"),
    ("parameters", "number"),
    ("multiplications per image", "number"),
    ("seconds per epoch", "number"),
    ("epochs", "number"),
    ("seed", "number"),
    ("device", "text"),
)
_EPOCHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


@dataclass(frozen=True)
class _Result:
    """A row of the table: a trained network, and the card of its run."""

    noted: Result
    card: Card

    @property
    def title(self) -> str:
        return str(self.noted.title)

    @property
    def interval(self) -> tuple[float, float]:
        low, high = self.noted.interval
        return float(low), float(high)

    @property
    def device(self) -> str:
        card = self.card
        return device(card.device, card.device_name, card.threads)

    @property
    def lesson(self) -> str:
        return f"../tutorials/{quote(str(self.card.lesson), safe='')}/"

    @property
    def rows(self) -> list[Epoch]:
        """Of its training in the log."""
        fit = self.noted.fit
        return rows_of_fit(self.card, fit) if isinstance(fit, str) else []


def comparison(runs: Sequence[StoredRun]) -> str:
    """The table of all trained networks, as HTML for the page of results."""
    results = _results(runs)
    if not results:
        return _NOTHING
    low = math.floor(min(result.interval[0] for result in results) * 100) / 100
    head = "".join(_head(name, kind, low) for name, kind in _HEAD)
    body = "\n".join(_row(result, low) for result in results)
    return (
        '<div class="results" role="region" aria-labelledby="results-caption" tabindex="0">\n'
        '<table class="results-table" data-search-exclude>\n'
        '<caption id="results-caption"><span>Trained networks'
        f"{_on_devices(results)}</span></caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def learning_curves(runs: Sequence[StoredRun]) -> str:
    """Validation accuracy and loss of all trained networks, as HTML for the page of results."""
    results = [result for result in _results(runs) if result.rows]
    if not results:
        return "<p>No training has been logged yet.</p>"
    drawings = "\n".join(
        _drawing(results, column, axis, what)
        for column, axis, what in (
            ("validation_accuracy", Axis("validation accuracy (%)", percent=True), "accuracy"),
            ("validation_loss", Axis("validation loss (nats)", logarithmic=True), "loss"),
        )
    )
    names = legend(_curves(results, "validation_loss"))
    return (
        f'<div class="results-curves">\n{drawings}\n</div>\n{names}\n'
        f'<details class="aside"><summary>The same as numbers</summary>\n'
        f"{_numbers(results)}\n</details>"
    )


def _results(runs: Sequence[StoredRun]) -> list[_Result]:
    return [_Result(noted, run.card) for run in runs for noted in run.card.results]


def _on_devices(results: Sequence[_Result]) -> str:
    """What must be said of their seconds."""
    devices = {(result.card.device_name, result.card.threads) for result in results}
    if len(devices) == 1:
        return ", on the same device"
    return "; their devices differ, so their seconds do not compare"


def _head(name: str, kind: str, low: float) -> str:
    scale = ""
    if name == "95% interval":
        ends = f"<span>{low:.0%}</span><span>100%</span>"
        scale = f'<span class="results-scale" aria-hidden="true">{ends}</span>'
    return (
        f'<th scope="col" data-kind="{kind}"><span class="results-name">{name}</span>{scale}</th>'
    )


def _row(result: _Result, low: float) -> str:
    noted = result.noted
    below, above = result.interval
    cells = (
        _cell(noted.accuracy, f"<strong>{noted.accuracy:.2%}</strong>"),
        _cell(below, f"{below:.2%} to {above:.2%}{_whisker(result, low)}"),
        _cell(noted.parameters, f"{noted.parameters:,}"),
        _cell(noted.multiplications, f"{noted.multiplications:,}"),
        _cell(noted.seconds_per_epoch, f"{noted.seconds_per_epoch:.2f}"),
        _cell(noted.epochs, f"{noted.epochs:,}"),
        _cell(result.card.seed, str(result.card.seed)),
    )
    device = f'<td class="results-text">{html.escape(result.device)}</td>'
    name = f'<a href="{html.escape(result.lesson)}">{html.escape(result.title)}</a>'
    return f'<tr><th scope="row">{name}</th>{"".join(cells)}{device}</tr>'


def _cell(value: float, shown: str) -> str:
    return f'<td data-value="{float(value)!r}">{shown}</td>'


def _whisker(result: _Result, low: float) -> str:
    """The interval and the accuracy on a scale that ends at 100%."""

    def place(share: float) -> float:
        return 4 + 92 * (share - low) / ((1 - low) or 1)

    start, end = (place(share) for share in result.interval)
    return (
        '<svg class="results-whisker" viewBox="0 0 100 12" aria-hidden="true">'
        f'<path class="results-track" d="M4 6H96"/><path d="M{start:.1f} 6H{end:.1f}'
        f'M{start:.1f} 2v8M{end:.1f} 2v8"/>'
        f'<circle cx="{place(result.noted.accuracy):.1f}" cy="6" r="3"/></svg>'
    )


def _drawing(results: Sequence[_Result], column: str, axis: Axis, what: str) -> str:
    ends = "; ".join(f"{result.title}: {_value(result.rows[-1], column)}" for result in results)
    label = f"Validation {what} after each epoch. At the end, {ends}."
    return chart(_curves(results, column), axis, label)


def _curves(results: Sequence[_Result], column: str) -> list[Curve]:
    return [
        Curve(result.title, [(row.epoch, getattr(row, column)) for row in result.rows], number)
        for number, result in enumerate(results)
    ]


def _value(row: Epoch, column: str) -> str:
    return (
        number(getattr(row, column))
        if column == "validation_loss"
        else f"{getattr(row, column):.2%}"
    )


def _numbers(results: Sequence[_Result]) -> str:
    """A table of accuracy and loss at chosen epochs, and where to get all of them."""
    names = "".join(
        f'<th scope="col">{html.escape(result.title)}<br>accuracy, loss</th>' for result in results
    )
    lasts = {result.rows[-1].epoch for result in results}
    epochs = sorted(lasts | {epoch for epoch in _EPOCHS if epoch < max(lasts)})
    body = "\n".join(_numbers_row(epoch, results) for epoch in epochs)
    logs = {result.lesson: result.card.lesson for result in results}
    links = ", ".join(
        f'<a href="{html.escape(address)}log.csv">the log of {html.escape(str(lesson))}</a>'
        for address, lesson in logs.items()
    )
    return (
        '<div class="results" role="region" aria-label="Accuracy and loss by epoch" tabindex="0">\n'
        '<table class="results-table" data-search-exclude><thead><tr><th scope="col">epoch</th>'
        f"{names}</tr></thead>\n<tbody>\n{body}\n</tbody></table>\n</div>\n"
        f"<p>Every epoch: {links}.</p>"
    )


def _numbers_row(epoch: int, results: Sequence[_Result]) -> str:
    cells = []
    for result in results:
        row = next((row for row in result.rows if row.epoch == epoch), None)
        cells.append(_numbers_cell(row))
    return f'<tr><th scope="row">{epoch}</th>{"".join(cells)}</tr>'


def _numbers_cell(row: Epoch | None) -> str:
    if row is None:
        return '<td class="results-none">not trained</td>'
    return f"<td>{_value(row, 'validation_accuracy')}, {_value(row, 'validation_loss')}</td>"
