"""The runs of all lessons: what they have in common, and a table of what differs."""

from typing import Any
from urllib.parse import quote

from mnist_lessons.publishing.exhibits.sources import Sources, page_of
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.lesson_page.head import title
from mnist_lessons.publishing.lesson_page.run_card import files, made_with
from mnist_lessons.publishing.runs.card import Card

__all__ = ["block"]


def block(sources: Sources) -> str:
    """The runs, and where their files lie, as HTML for the page of results."""
    made = [made_with(run.card) for run in sources.runs]
    names = list(dict.fromkeys(name for one in made for name in one))
    common = [name for name in names if len({one.get(name, "") for one in made}) == 1]
    differing = [name for name in names if name not in common]
    return render(
        "runs.html",
        common={name: made[0][name] for name in common},
        code=sources.distribution.files("../downloads/"),
        heads=differing,
        rows=[
            {
                "title": _title(sources, run.card.lesson),
                "address": page_of(run.card.lesson),
                "started": f"{run.card.started:%Y-%m-%d}",
                "minutes": f"{run.card.whole_seconds / 60:.1f}",
                "cells": [one.get(name, "") for name in differing],
                "files": _files(run.card),
            }
            for run, one in zip(sources.runs, made, strict=True)
        ],
    )


def _title(sources: Sources, slug: str) -> str:
    notebook: Any = sources.notebooks.get(slug)
    return (title(notebook) if notebook else "") or slug


def _files(card: Card) -> dict[str, str]:
    found = files(quote(card.lesson), card)
    return {name: f"../tutorials/{address}" for name, address in found.items()}
