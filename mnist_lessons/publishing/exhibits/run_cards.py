"""The run cards of all lessons, one below the other, as Markdown."""

from collections.abc import Sequence

from mnist_lessons.publishing.html.markdown import inert
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.lesson_page.run_card import run_card
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["block"]


def block(runs: Sequence[StoredRun], distribution: Distribution = Distribution()) -> str:
    """Each card under the name of its lesson, for a page beside the folder `tutorials/`."""
    return "\n\n".join(
        f"### {inert(run.card.lesson)}\n\n{run_card(run, distribution, 'tutorials/')}"
        for run in runs
    )
