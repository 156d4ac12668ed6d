"""The run card, and what else must be said of a run."""

from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup

from mnist_lessons._words import duration, timed
from mnist_lessons.publishing.html.templates import fragment, render
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.runs.card import Card, Data
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["asserted", "downloads", "files", "made_with", "measured", "notices", "run_card"]

_FILES = {
    "notebook": "{0}.ipynb",
    "script": "{0}.py",
    "log": "log.csv",
    "run card": "run.json",
}
_OF_THE_FULL_RUN = "Its text speaks of a full run on the full MNIST."


def run_card(run: StoredRun, distribution: Distribution = Distribution()) -> str:
    """Everything that one must know to repeat a run, as HTML that stands in Markdown.

    Each page of a lesson has it: as a table in Markdown it would be the slowest of its blocks.
    """
    card = run.card
    rows = {
        "started": f"{card.started:%Y-%m-%d %H:%M:%S} UTC",
        "duration": _duration_row(card),
        **made_with(card),
    }
    links = {"files of this run": files(quote(card.lesson), card)}
    if code := distribution.files("../downloads/"):
        links["code of this site"] = code
    return render("run_card.html", rows=rows, files=links)


def made_with(card: Card) -> dict[str, str]:
    """What a run was made with, which several runs may have in common."""
    return {
        "profile": card.profile,
        "device": f"{card.device} ({card.device_name}), threads: {card.threads}",
        "seed": str(card.seed),
        **_data_rows(card.data),
        "versions": ", ".join(f"{name} {number}" for name, number in card.versions.items()),
        "commit": _commit(card),
    }


def _commit(card: Card) -> str:
    changed = " with uncommitted changes" if card.uncommitted_changes else ""
    return _code(card.commit[:12]) + changed if card.commit else "not a Git checkout"


def _code(text: str) -> Markup:
    return Markup(fragment("code", text))


def _duration_row(card: Card) -> str:
    text = timed(card.seconds)
    if card.reused_seconds:
        reused = duration(card.reused_seconds)
        text += f"; {reused} of training were taken from checkpoints of an earlier run"
    return text


def _data_rows(data: Data | None) -> dict[str, str]:
    if data is None:
        return {"data": "none"}
    sizes = ", ".join(f"{size:,} {name}" for name, size in data.sizes.items())
    return {
        "data": f"{data.dataset} from {data.source}: {sizes} images",
        "checksum of the data": _code(data.checksum[:16]),
        "licence of the images": data.licence,
    }


def measured(run: StoredRun) -> str:
    """On how many images the log's losses and accuracies were measured."""
    log = run.card.log
    if not log:
        return "There is no log: nothing was trained with `run.fit`."
    return (
        "Losses and accuracies were measured after each epoch, always on the same images: "
        f"{log[-1].train_count:,} of the training split and "
        f"{log[-1].validation_count:,} of the validation split."
    )


def asserted(card: Card) -> str:
    """What the mark before a claim means; empty where the page has none."""
    if not any(claim.checked for claim in card.claims):
        return ""
    return (
        "The program asserts each sentence marked \N{CHECK MARK}: were it not so in this run, "
        "the program would have stopped there, and there would be no page."
    )


def downloads(slug: str, card: Card) -> str:
    """Links to what lies beside a lesson's page, as Markdown."""
    links = [f"[{name}]({address})" for name, address in files(slug, card).items()]
    return f"Download: {' · '.join(links)}"


def files(slug: str, card: Card) -> dict[str, str]:
    """Where the files of a run lie, as seen from the folder of its lesson's page.

    A lesson that trains in loops of its own has no log.
    """
    names = [name for name in _FILES if name != "log" or card.log]
    return {name: f"{slug}/{_FILES[name].format(slug)}" for name in names}


def notices(runs: Sequence[StoredRun]) -> list[tuple[str, str]]:
    """Title and text of what a reader of a page built from these runs must know."""
    said = []
    if any(run.card.profile == "preview" for run in runs):
        said.append(
            (
                "Preview",
                "This page was built with a few epochs of training on at most 4,000 images, to see "
                "how it looks. Its numbers mean nothing, and titles may speak of more images.",
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
    if said:
        title, text = said.pop()
        said.append((title, f"{text} {_OF_THE_FULL_RUN}"))
    return said
