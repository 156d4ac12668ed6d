"""What the theme's templates are told of the runs: when the newest was, and what to warn of."""

import os
from collections.abc import Iterable, Sequence

from jinja2 import Environment
from mkdocs.structure.files import Files

from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.lesson_page.run_card import notices
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["tell_theme", "watermark"]


def watermark(runs: Iterable[StoredRun]) -> str:
    """What lies across each page of a preview, as HTML; empty on any other site."""
    return fragment("watermark") if any(run.card.profile == "preview" for run in runs) else ""


def tell_theme(env: Environment, files: Files, runs: Sequence[StoredRun]) -> None:
    """Date the pages, and have templates know whether the site is a preview or of the sample.

    Args:
        env: the templates.
        files: of the site, with its pages.
        runs: those that the site shows.
    """
    env.globals["notices"] = notices(runs)
    env.globals["watermark"] = watermark(runs)
    if runs and "SOURCE_DATE_EPOCH" not in os.environ:
        # Of the newest run, not of today: the same runs make the same site on any day.
        newest = max(run.card.started for run in runs)
        for file in files.documentation_pages():
            assert file.page
            file.page.update_date = f"{newest:%Y-%m-%d}"
