"""What a lesson is, for search engines: a LearningResource of schema.org, as JSON-LD."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnist_lessons.publishing.lesson_page.head import plain, reading_minutes, title
from mnist_lessons.publishing.writing.lessons import LEVEL, said_of

__all__ = ["Published", "structured_data"]

_LEARNED = re.compile(r"^## What you will learn\n+((?:- .*(?:\n +.*)*\n?)+)", re.MULTILINE)
_ITEM = re.compile(r"^- ", re.MULTILINE)
# What could end the element that holds the data, or begin another.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}


@dataclass(frozen=True)
class Published:
    """The page of a lesson, and the site that it is on; what is empty is left out.

    Attributes:
        site: name of the site.
        language: of the site, as `en`.
        licence: address of the prose's licence.
        site_url: address of the site.
        url: address of the page.
        image: address of its picture.
    """

    site: str
    language: str = ""
    licence: str = ""
    site_url: str = ""
    url: str = ""
    image: str = ""


def structured_data(notebook: Any, about: str, needs: Sequence[str], published: Published) -> str:
    """JSON that may stand in a `script` element of a page.

    Args:
        notebook: of the lesson.
        about: what it is about, in a sentence or two.
        needs: titles of the lessons that it builds on; none where it needs no other.
        published: where it is to be read.
    """
    site = {"@type": "WebSite", "name": published.site, "url": published.site_url}
    data = {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": title(notebook),
        "description": about,
        "url": published.url,
        "image": published.image,
        "learningResourceType": "lesson",
        "educationalLevel": said_of(notebook).get(LEVEL),
        "timeRequired": f"PT{reading_minutes(notebook)}M",
        "teaches": _taught(notebook),
        "competencyRequired": [*needs] or ["Python"],
        "inLanguage": published.language,
        "license": published.licence,
        "isAccessibleForFree": True,
        "isPartOf": _without_gaps(site),
    }
    return json.dumps(_without_gaps(data)).translate(_ESCAPES)


def _taught(notebook: Any) -> list[str]:
    """The list below the heading *What you will learn*, without its commas."""
    prose = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = next(filter(None, map(_LEARNED.search, prose)), None)
    return [plain(item).rstrip(",.;") for item in _ITEM.split(found[1])[1:]] if found else []


def _without_gaps(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value}
