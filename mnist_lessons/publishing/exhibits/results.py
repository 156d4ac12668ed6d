"""The short table of results on the home page, as Markdown."""

from collections.abc import Iterable
from urllib.parse import quote

from mnist_lessons.publishing.html.markdown import Markdown, inert, table
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["block"]


def block(runs: Iterable[StoredRun]) -> str:
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
