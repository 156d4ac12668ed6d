"""Where a lesson stands on a reader's way: what it needs, and what comes after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mnist_lessons._words import count
from mnist_lessons.publishing.html.markdown import inert
from mnist_lessons.publishing.lesson_page.head import description, reading_minutes, title
from mnist_lessons.publishing.writing.lessons import LEVEL, said_of

__all__ = ["Way", "announced", "link"]

_LONGEST = 150  # characters of what the next lesson is about


@dataclass(frozen=True)
class Way:
    """What a page says of the pages around it, as Markdown.

    Attributes:
        needs: links to the lessons that it builds on.
        following: what comes after it; empty where nothing does.
    """

    needs: Sequence[str] = ()
    following: str = ""


def link(slug: str, notebook: Any) -> str:
    """A link from one lesson to another, which has its title."""
    return f"[{inert(title(notebook) or slug)}]({quote(slug)}.py)"


def announced(slug: str, notebook: Any) -> str:
    """A lesson as the one before it names it: a link, what it is about, and how long it takes."""
    level = said_of(notebook).get(LEVEL, "")
    minutes = f"{count(reading_minutes(notebook), 'minute')} to read"
    facts = f"{level.capitalize()}, {minutes}" if level else minutes.capitalize()
    return f"{link(slug, notebook)}. {inert(description(notebook, _LONGEST))} {facts}."
