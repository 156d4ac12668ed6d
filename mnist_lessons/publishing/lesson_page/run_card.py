"""The run card, and what else must be said of a run, as Markdown."""

from collections.abc import Sequence
from urllib.parse import quote

from mnist_lessons._words import duration
from mnist_lessons.publishing.html.markdown import Markdown, code, table
from mnist_lessons.publishing.runs.card import Card, Data
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["downloads", "measured", "notices", "run_card"]

_FILES = (
    "[notebook]({0}/{1}.ipynb) · [script]({0}/{1}.py) · "
    "[log]({0}/log.csv) · [run card]({0}/run.json)"
)


def run_card(run: StoredRun, beside: str = "") -> str:
    """Everything that one must know to repeat a run.

    Args:
        run: the run.
        beside: folder of the lesson's page, as seen from the page that shows the card.
    """
    card = run.card
    versions = ", ".join(f"{name} {number}" for name, number in card.versions.items())
    changed = " with uncommitted changes" if card.uncommitted_changes else ""
    commit = code(card.commit[:12], changed) if card.commit else "not a Git checkout"
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
        ("checksum of the data", code(data.checksum[:16])),
        ("licence of the images", data.licence),
    ]


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
