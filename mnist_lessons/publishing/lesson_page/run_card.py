"""Markdown made from the runs: results, run cards, logs, and what must be said of a run.

What a run says is shown as it is: neither Markdown nor HTML in it has any effect.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from mnist_lessons._words import duration
from mnist_lessons.publishing.runs.card import Card, Data
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = [
    "Markdown",
    "data_tables",
    "downloads",
    "inert",
    "measured",
    "notices",
    "results_table",
    "run_card",
    "table",
]

_FILES = (
    "[notebook]({0}/{1}.ipynb) · [script]({0}/{1}.py) · "
    "[log]({0}/log.csv) · [run card]({0}/run.json)"
)

# Anything that may begin Markdown or HTML, for instance an underscore outside of a word.
_SPECIAL = re.compile(r"[^\w .,:;/()%+-]|(?<![^\W_])_|_(?![^\W_])")


class Markdown(str):
    """A cell of a table that was made here; any other cell is a text of the run."""


def inert(text: str) -> str:
    """A text as Markdown that shows just this text, on one line."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", " ".join(text.split()))


def results_table(runs: Iterable[StoredRun]) -> str:
    """A short table with one row for each trained model of each run."""
    rows = [
        (
            Markdown(f"[{inert(result.title)}](tutorials/{quote(card.lesson)}.py)"),
            Markdown(f"**{result.accuracy:.2%}**"),
            f"{result.interval[0]:.2%} to {result.interval[1]:.2%}",
            f"{result.parameters:,}",
        )
        for card in (run.card for run in runs)
        for result in card.results
    ]
    head = ("model", "test accuracy", "95% interval", "parameters")
    return table(head, rows, right=range(1, 4))


def run_card(run: StoredRun, beside: str = "") -> str:
    """Everything that one must know to repeat a run.

    Args:
        run: the run.
        beside: folder of the lesson's page, as seen from the page that shows the card.
    """
    card = run.card
    versions = ", ".join(f"{name} {number}" for name, number in card.versions.items())
    changed = " with uncommitted changes" if card.uncommitted_changes else ""
    commit = _code(card.commit[:12], changed) if card.commit else "not a Git checkout"
    rows = [
        ("profile", card.profile),
        ("started", f"{card.started:%Y-%m-%d %H:%M:%S} UTC"),
        ("duration", _duration_row(card)),
        ("device", f"{card.device} ({card.device_name}), threads: {card.threads}"),
        ("seed", str(card.seed)),
        *_data_rows(card.data),
        ("versions", versions),
        ("commit", commit),
        ("files of this run", Markdown(_links(quote(card.lesson), beside))),
    ]
    return table(("what", "in this run"), rows)


def _duration_row(card: Card) -> str:
    text = f"{duration(card.seconds)} (minutes:seconds)"
    if card.reused_seconds:
        reused = duration(card.reused_seconds)
        text += f"; {reused} of training were taken from checkpoints of an earlier run"
    return text


def _data_rows(data: Data | None) -> list[tuple[str, str]]:
    if data is None:
        return [("data", "none")]
    sizes = ", ".join(f"{size:,} {name}" for name, size in data.sizes.items())
    return [
        ("data", f"{data.dataset} from {data.source}: {sizes} images"),
        ("checksum of the data", _code(data.checksum[:16])),
        ("licence of the images", data.licence),
    ]


def data_tables(runs: Iterable[StoredRun]) -> str:
    """The data of all runs: sizes of the splits, and the checksum of each file."""
    loaded = {data.checksum: data for run in runs for data in (run.card.data,) if data is not None}
    return "\n\n".join(map(_data_table, loaded.values())) or "No run has loaded data yet."


def _data_table(data: Data) -> str:
    sizes = ", ".join(f"{size:,} {inert(name)}" for name, size in data.sizes.items())
    files = [(name, _code(checksum)) for name, checksum in data.sha256.items()]
    return (
        f"**{inert(data.dataset)}** from {inert(data.source)}: {sizes} images.\n\n"
        f"{table(('file', 'SHA-256 of its content'), files)}"
    )


def _code(text: str, after: str = "") -> Markdown:
    return Markdown(f"<code>{inert(text)}</code>{after}")


def measured(run: StoredRun) -> str:
    """On how many images the log's losses and accuracies were measured."""
    log = run.card.log
    if not log:
        return "Nothing was trained."
    return (
        "Losses and accuracies were measured after each epoch, always on the same images: "
        f"{log[-1].train_count:,} of the training split and "
        f"{log[-1].validation_count:,} of the validation split."
    )


def downloads(slug: str) -> str:
    """Links to what lies beside a lesson's page."""
    return f"Download: {_links(slug)}"


def _links(slug: str, beside: str = "") -> str:
    return _FILES.format(f"{beside}{slug}", slug)


def notices(runs: Sequence[StoredRun]) -> list[tuple[str, str]]:
    """Title and text of what a reader of a page built from these runs must know."""
    said = []
    if any(run.card.profile == "preview" for run in runs):
        said.append(
            (
                "Preview",
                "This page was built with a few epochs of training, to see how it looks. "
                "Its numbers mean nothing.",
            )
        )
    if any(run.is_sample for run in runs):
        said.append(
            (
                "Sample data",
                "This page was built from a sample of 5,000 MNIST images (4,000 for training, "
                "500 for validation, 500 for the test), not from the full MNIST. Its accuracy "
                "does not compare with any figure from the 10,000 test images.",
            )
        )
    return said


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """A table; what is no `Markdown` is shown as it is.

    Args:
        head: titles of the columns.
        rows: their cells.
        right: the columns, from 0, that are aligned to the right.
    """
    to_the_right = set(right)
    rule = ["---:" if column in to_the_right else "---" for column in range(len(head))]
    body = [[cell if isinstance(cell, Markdown) else inert(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))
