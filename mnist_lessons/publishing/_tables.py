"""Markdown made from the runs: results, run cards, logs, and what must be said of a run."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnist_lessons.publishing._progress import duration
from mnist_lessons.publishing._store import StoredRun

__all__ = ["downloads", "log_table", "measured", "notices", "results_table", "run_card"]

_FILES = (
    "[notebook]({0}/{0}.ipynb) · [script]({0}/{0}.py) · "
    "[log]({0}/log.csv) · [run card]({0}/run.json)"
)


def results_table(runs: Iterable[StoredRun]) -> str:
    """One row for each trained model of each run."""
    rows = [
        (
            f"[{result['title']}](tutorials/{card['lesson']}.py)",
            f"**{result['accuracy']:.2%}**",
            f"{result['interval'][0]:.2%} to {result['interval'][1]:.2%}",
            f"{result['correct']:,} of {result['count']:,}",
            f"{result['parameters']:,}",
            f"{result['multiplications']:,}",
            f"{result['seconds_per_epoch']:.2f}",
        )
        for card in (run.card for run in runs)
        for result in card["results"]
    ]
    head = (
        "model",
        "test accuracy",
        "95 % interval",
        "correct",
        "parameters",
        "multiplications per image",
        "seconds per epoch",
    )
    return _table(head, rows, right=range(1, 7))


def run_card(run: StoredRun) -> str:
    """Everything that one must know to repeat a run."""
    card = run.card
    versions = ", ".join(f"{name} {number}" for name, number in card["versions"].items())
    commit = card["commit"] or "not a Git checkout"
    changed = " with uncommitted changes" if card["uncommitted_changes"] else ""
    rows = [
        ("profile", card["profile"]),
        ("started", card["started"].replace("T", " ").replace("+00:00", " UTC")),
        ("duration", f"{duration(card['seconds'])} (minutes:seconds)"),
        ("device", f"{card['device']} ({card['device_name']}), threads: {card['threads']}"),
        ("seed", str(card["seed"])),
        *_data_rows(card["data"]),
        ("versions", versions),
        ("commit", f"`{commit[:12]}`{changed}" if card["commit"] else commit),
    ]
    return _table(("what", "in this run"), rows)


def _data_rows(data: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if data is None:
        return [("data", "none")]
    sizes = ", ".join(f"{size:,} {name}" for name, size in data["sizes"].items())
    return [
        ("data", f"{data['dataset']} from {data['source']}: {sizes} images"),
        ("checksum of the data", f"`{data['checksum'][:16]}`"),
        ("licence of the images", data["licence"]),
    ]


def measured(run: StoredRun) -> str:
    """On how many images the log's losses and accuracies were measured."""
    log = run.card["log"]
    if not log:
        return "Nothing was trained."
    return (
        "Losses and accuracies were measured after each epoch, always on the same images: "
        f"{log[-1]['train_count']:,} of the training split and "
        f"{log[-1]['validation_count']:,} of the validation split."
    )


def log_table(run: StoredRun) -> str:
    """The accuracy log as a table, one row for each epoch."""
    with (run.folder / "log.csv").open(encoding="utf-8", newline="") as stream:
        rows = [
            (
                row["fit"],
                row["epoch"],
                f"{float(row['train_loss']):.4f}",
                f"{float(row['train_accuracy']):.2%}",
                f"{float(row['validation_loss']):.4f}",
                f"{float(row['validation_accuracy']):.2%}",
                f"{float(row['seconds']):.2f}",
            )
            for row in csv.DictReader(stream)
        ]
    head = (
        "training",
        "epoch",
        "train loss",
        "train accuracy",
        "validation loss",
        "validation accuracy",
        "seconds",
    )
    return _table(head, rows, right=range(1, 7))


def downloads(slug: str) -> str:
    """Links to what lies beside a lesson's page."""
    return "Download: " + _FILES.format(slug)


def notices(runs: Sequence[StoredRun]) -> list[tuple[str, str]]:
    """Title and text of what a reader of a page built from these runs must know."""
    said = []
    if any(run.card["profile"] == "preview" for run in runs):
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


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    to_the_right = set(right)
    rule = ["---:" if column in to_the_right else "---" for column in range(len(head))]
    escaped = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *escaped))
