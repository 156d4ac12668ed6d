"""The order of the pages and their parts, as the navigation has them, and a reader's way there."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from mkdocs.structure.pages import Page

from mnist_lessons.publishing.execution.prepare import LessonPage
from mnist_lessons.publishing.html.markdown import inert
from mnist_lessons.publishing.lesson_page.way import Way, announced, link
from mnist_lessons.publishing.writing.lessons import Lesson

__all__ = ["in_order", "parts", "way_of"]


def parts(nav: Any) -> dict[str, str]:
    """The part that each page stands in, by its source, in reading order; empty outside of all.

    Args:
        nav: as `mkdocs.yml` has it, which MkDocs has checked; None where it has none.
    """
    return dict(_parts(nav or [], ""))


def _parts(items: list[Any], part: str) -> Iterator[tuple[str, str]]:
    for item in items:
        for title, content in item.items() if isinstance(item, dict) else [("", item)]:
            if isinstance(content, list):
                yield from _parts(content, title)
            else:
                yield content, part


def in_order(lessons: Iterable[LessonPage], sources: Collection[str]) -> list[LessonPage]:
    """Lessons as the navigation has their sources; one that it lacks comes before all others."""
    order = {uri: place for place, uri in enumerate(sources)}
    return sorted(lessons, key=lambda page: order.get(page.lesson.uri, -1))


def way_of(
    lesson: Lesson,
    following: Page | None,
    lessons: Mapping[str, LessonPage],
    notebooks: Mapping[str, Any],
) -> Way:
    """What a lesson's page says of those around it.

    Args:
        lesson: the lesson.
        following: the page after its own.
        lessons: all of them, by the sources of their pages.
        notebooks: of the lessons, by their names.
    """
    needs = [link(slug, notebooks[slug]) for slug in lesson.needs if slug in notebooks]
    if following is None:
        return Way(needs)
    if found := lessons.get(following.file.src_uri):
        return Way(needs, announced(found.lesson.slug, notebooks[found.lesson.slug]))
    # A page that the navigation does not name has no title before it is read.
    address = f"../{quote(following.file.src_uri)}"
    return Way(needs, f"[{inert(following.title)}]({address})." if following.title else "")
