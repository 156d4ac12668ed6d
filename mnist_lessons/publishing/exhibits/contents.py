"""The lessons in reading order, in parts: what each is about, how long it takes, a picture."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import quote

from mnist_lessons._words import count
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.lesson_page.head import description, reading_minutes, title
from mnist_lessons.publishing.lesson_page.thumbnail import (
    Thumbnail,
    chosen_figure,
    thumbnails,
)
from mnist_lessons.publishing.runs.inert_svg import size_of
from mnist_lessons.publishing.writing.lessons import LEVEL, THUMBNAIL, said_of

__all__ = ["block", "length", "problem"]

_LONGEST = 150  # characters of what a lesson is about
_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def block(sources: Sources) -> str:
    """The list as HTML.

    Raises:
        BuildFailure: a drawing could do more than be seen.
    """
    items = [
        {"number": number, "part": sources.parts.get(slug, ""), **_item(sources, slug)}
        for number, slug in enumerate(sources.notebooks, start=1)
    ]
    parts = [(title, list(lessons)) for title, lessons in groupby(items, itemgetter("part"))]
    return render("contents.html", parts=parts)


def length(sources: Sources) -> str:
    """How many lessons there are, and how long it takes to read one, as Markdown."""
    minutes = [reading_minutes(notebook) for notebook in sources.notebooks.values()]
    many = _NUMBERS[len(minutes)] if len(minutes) < len(_NUMBERS) else f"{len(minutes):,}"
    lessons = f"{many} lesson{'s' * (len(minutes) != 1)}"
    if not minutes:
        return f"{lessons} yet."
    each = count(max(minutes), "minute")
    if min(minutes) < max(minutes):
        each = f"{min(minutes)} to {each}"
    return f"{lessons}, {each} of reading{' each' * (len(minutes) > 1)}."


def problem(sources: Sources) -> str:
    """Why a lesson's picture cannot be shown; empty where all can."""
    return next(_problems(sources), "")


def _problems(sources: Sources) -> Iterator[str]:
    for slug, notebook in sources.notebooks.items():
        run = sources.lessons[slug]
        if run and run.card.figures and chosen_figure(run, notebook) is None:
            name = said_of(notebook)[THUMBNAIL]
            there = ", ".join(figure.name for figure in run.card.figures)
            yield f"{slug} shows no figure {name!r} for its thumbnail; it shows {there}"


def _item(sources: Sources, slug: str) -> dict[str, Any]:
    notebook, run = sources.notebooks[slug], sources.lessons[slug]
    folder = f"{sources.tutorials}{quote(slug)}/"
    small = thumbnails(run, notebook) if run else []
    return {
        "title": title(notebook) or slug,
        "about": description(notebook, _LONGEST),
        "address": folder,
        "level": said_of(notebook).get(LEVEL, ""),
        "reading": f"{reading_minutes(notebook):,}",
        "running": _minutes(run.card.whole_seconds) if run else "",
        "pictures": [_picture(thumbnail, folder) for thumbnail in small],
    }


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / 60)):,}"


def _picture(thumbnail: Thumbnail, folder: str) -> dict[str, Any]:
    width, height = size_of(thumbnail.content)
    return {
        "scheme": thumbnail.scheme,
        "address": f"{folder}{thumbnail.file}",
        "title": thumbnail.title,
        "width": width,
        "height": height,
    }
