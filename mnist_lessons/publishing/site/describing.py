"""What a lesson's page says of itself: to the theme, to search engines, to whoever shows a link."""

from collections.abc import Mapping
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

from mnist_lessons.publishing.lesson_page.head import description, title
from mnist_lessons.publishing.lesson_page.structured import Published, structured_data
from mnist_lessons.publishing.site.sharing import Shared
from mnist_lessons.publishing.writing.lessons import Lesson

__all__ = ["describe"]

_LESSON_BOOST = 2  # in search, beside other pages
# On every page, the theme's navigation asks all pages with metadata; what is missing takes longest.
_ASKED_FOR = ("icon", "status", "subtitle")


def describe(
    page: Page,
    lesson: Lesson,
    notebooks: Mapping[str, Any],
    shared: Shared | None,
    config: MkDocsConfig,
) -> None:
    """Give the page of a lesson its metadata, which templates and search read.

    Args:
        page: the page.
        lesson: the lesson.
        notebooks: of all lessons, by their names.
        shared: its picture, where it has one.
        config: of the site; `extra.license` is the address of its licence.
    """
    notebook = notebooks[lesson.slug]
    about = lesson.front_matter.get("description") or description(notebook)
    published = Published(
        site=config.site_name,
        language=str(config.theme.get("language") or ""),
        licence=str(config.extra.get("license") or ""),
        site_url=config.site_url or "",
        url=page.canonical_url or "",
        image=shared.address if shared else "",
    )
    needs = [title(notebooks[slug]) for slug in lesson.needs if slug in notebooks]
    page.meta.setdefault("description", about)
    page.meta.setdefault("search", {"boost": _LESSON_BOOST})
    page.meta["structured"] = structured_data(notebook, about, needs, published)
    for name in _ASKED_FOR:
        page.meta.setdefault(name, "")
