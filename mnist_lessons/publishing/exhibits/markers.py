"""The places of markers in a page: what is wrong with them, and what is put into them."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from mnist_lessons.errors import BuildFailure, LessonError
from mnist_lessons.publishing.exhibits.registry import MARKERS
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.writing.prose import replaced

__all__ = ["filled_html", "filled_markdown", "problems"]

_PLACE = re.compile(r"<!-- lessons: (.*?) -->")
_MARKER = re.compile(
    r"""
    (?<! \\ ) (?P<start> <\s?!\s*[-\u2013\u2014]* ) \s*
    (?P<lessons> [a-z]{5,9} ) (?! [a-z] )
    (?: \s* (?P<sign> [:;=.,/|_\uff1a]+ | -(?!-?>) ) )?
    (?P<rest> (?: (?! -*--> | \n[ \t]*\n ) . )* )
    (?P<end> -*--> )?
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


def problems(text: str, sources: Sources) -> list[tuple[int, str]]:
    """What is wrong with the markers of a page: the line of each wrong one, from 1, and why.

    Args:
        text: Markdown; its code is left alone.
        sources: what the exhibits would be made of.
    """
    found: list[tuple[int, str]] = []

    def look(marker: re.Match[str]) -> str:
        line = text.count("\n", 0, marker.start()) + 1
        # One that does not end may go on to the end of the page.
        written = marker[0] if marker["end"] else marker[0].partition("\n")[0]
        shown = " ".join(written.split())
        found.extend((line, f"{shown}: {reason}") for reason in _wrong(marker, sources))
        return marker[0]

    replaced(text, _MARKER, look)
    return found


def filled_markdown(text: str, sources: Sources) -> tuple[str, bool]:
    """A page with the exhibits that are Markdown; the other markers remain, spaced in one way.

    Args:
        text: Markdown; its code is left alone.
        sources: what the exhibits are made of.

    Returns:
        The page, and whether it has scores now.

    Raises:
        LessonError: what a record or a run left behind is damaged.
    """
    has_scores = False

    def block(marker: re.Match[str]) -> str:
        nonlocal has_scores
        words = _words(marker)
        if not words or not marker["end"]:
            return marker[0]
        content = f"<!-- lessons: {' '.join(words)} -->"
        known = MARKERS.get(words[0])
        has_scores |= known is not None and known.has_scores
        if known and known.is_markdown and len(words) == 1:
            content = known.make(sources)
        indent, after = _beside(marker)
        if indent.strip() or after.strip():
            return content
        # Beside other lines, it would be a part of their paragraph.
        return "\n\n" + "".join(f"{indent}{line}\n" for line in content.split("\n")) + "\n"

    return replaced(text, _MARKER, block), has_scores


def filled_html(page: str, sources: Sources, failed: Callable[[LessonError], str]) -> str:
    """A page with the exhibits that are HTML.

    Args:
        page: HTML, made from what `filled_markdown` returned.
        sources: what the exhibits are made of.
        failed: what stands in the place of an exhibit that cannot be made.
    """

    def exhibit(place: re.Match[str]) -> str:
        name, *arguments = place[1].split()
        marker = MARKERS.get(name)
        if marker is None or marker.is_markdown or not marker.takes(len(arguments)):
            return place[0]
        try:
            if problem := marker.problem(sources, *arguments):
                raise BuildFailure(f"{name}: {problem}")
            return marker.make(sources, *arguments)
        except LessonError as error:
            return failed(error)

    return _PLACE.sub(exhibit, page)


def _beside(marker: re.Match[str]) -> tuple[str, str]:
    """What stands on the lines of a marker, before it and after it."""
    text = marker.string
    before = text[text.rfind("\n", 0, marker.start()) + 1 : marker.start()]
    return before, text[marker.end() :].partition("\n")[0]


def _words(marker: re.Match[str]) -> list[str] | None:
    """The name of a marker and what follows it; None of a comment that only looks like one."""
    words = marker["rest"].split()
    word = marker["lessons"].lower()
    is_close = get_close_matches(word, ["lessons"], cutoff=0.8)
    is_named = bool(words) and words[0].lower() in MARKERS
    is_said = marker["sign"] == ":" and word.startswith("l")
    return words if is_close and (is_said or is_named) else None


def _wrong(marker: re.Match[str], sources: Sources) -> Iterator[str]:
    words = _words(marker)
    if words is None:
        return
    if not words:
        yield f"no name; there are {', '.join(MARKERS)}"
        return
    name, *arguments = words
    known = MARKERS.get(name)
    if not marker["end"]:
        yield "it does not end with -->"
    elif known is None:
        yield f"no marker {name}; there are {', '.join(MARKERS)}"
    elif (
        marker["sign"] != ":"
        or marker["lessons"] != "lessons"
        or marker["start"] != "<!--"
        or marker["end"] != "-->"
    ):
        yield f"write it as <!-- lessons: {' '.join(words)} -->"
    elif "".join(_beside(marker)).strip():
        yield "it must stand alone on its line"
    elif not known.takes(len(arguments)):
        yield f"write it as <!-- lessons: {' '.join([name, *known.arguments])} -->"
    elif problem := known.problem(sources, *arguments):
        yield problem
