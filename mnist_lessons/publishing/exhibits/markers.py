"""Markers, `<!-- lessons: NAME ... -->`: places of a page that are filled with what was run.

All names are listed here, so that a misspelt one is an error instead of an empty place.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.exhibits.test_source import source_of
from mnist_lessons.publishing.writing.prose import replaced

__all__ = ["NAMES", "filled", "problems"]

# Each marker, with what must follow its name.
NAMES: Mapping[str, tuple[str, ...]] = {
    "comparison": (),
    "curves": (),
    "data": (),
    "draw": (),
    "errors": (),
    "figure": ("LESSON", "FIGURE"),
    "gpu": (),
    "pairs": (),
    "results": (),
    "runs": (),
    "test": ("FILE", "NAME"),
}
_MARKER = re.compile(
    r"""
    (?<! \\ ) (?P<start> <\s?!\s*[-\u2013\u2014]* ) \s*
    (?P<lessons> [a-z]{4,9} ) (?! [a-z] )
    (?: \s* (?P<sign> [:;=.,/|_\uff1a]+ | -(?!-?>) ) )?
    (?P<rest> (?: (?! -*--> | \n[ \t]*\n ) . )* )
    (?P<end> -*--> )?
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


def problems(
    text: str, root: Path, figures: Mapping[str, Collection[str] | None]
) -> list[tuple[int, str]]:
    """What is wrong with the markers of a page: the line of each wrong one, from 1, and why.

    Args:
        text: Markdown; its code is left alone.
        root: of the project.
        figures: the names of the figures of each lesson; None where they are not known yet.
    """
    found: list[tuple[int, str]] = []

    def look(marker: re.Match[str]) -> str:
        line = text.count("\n", 0, marker.start()) + 1
        # One that does not end may go on to the end of the page.
        written = marker[0] if marker["end"] else marker[0].partition("\n")[0]
        shown = " ".join(written.split())
        found.extend((line, f"{shown}: {reason}") for reason in _wrong(marker, root, figures))
        return marker[0]

    replaced(text, _MARKER, look)
    return found


def filled(text: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """A page with blocks in the place of markers; the others remain, spaced in one way.

    Args:
        text: Markdown; its code is left alone.
        blocks: what makes the Markdown for a marker, by its name.
    """

    def block(marker: re.Match[str]) -> str:
        words = _words(marker)
        if not words or not marker["end"]:
            return marker[0]
        content = f"<!-- lessons: {' '.join(words)} -->"
        if words[0] in blocks and len(words) == 1:
            content = blocks[words[0]]()
        indent, after = _beside(marker)
        if indent.strip() or after.strip():
            return content
        # Beside other lines, it would be a part of their paragraph.
        return "\n\n" + "".join(f"{indent}{line}\n" for line in content.split("\n")) + "\n"

    return replaced(text, _MARKER, block)


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
    is_named = bool(words) and words[0].lower() in NAMES
    is_said = marker["sign"] == ":" and word.startswith("l")
    return words if is_close and (is_said or is_named) else None


def _wrong(
    marker: re.Match[str], root: Path, figures: Mapping[str, Collection[str] | None]
) -> Iterator[str]:
    words = _words(marker)
    if words is None:
        return
    if not words:
        yield f"no name; there are {', '.join(NAMES)}"
        return
    name, *rest = words
    if not marker["end"]:
        yield "it does not end with -->"
    elif name not in NAMES:
        yield f"no marker {name}; there are {', '.join(NAMES)}"
    elif (
        marker["sign"] != ":"
        or marker["lessons"] != "lessons"
        or marker["start"] != "<!--"
        or marker["end"] != "-->"
    ):
        yield f"write it as <!-- lessons: {' '.join(words)} -->"
    elif "".join(_beside(marker)).strip():
        yield "it must stand alone on its line"
    elif len(rest) != len(NAMES[name]):
        yield f"write it as <!-- lessons: {' '.join([name, *NAMES[name]])} -->"
    elif name == "figure":
        yield from _no_figure(rest[0], rest[1], figures)
    elif name == "test":
        try:
            source_of(root, rest[0], rest[1])
        except BuildFailure as error:
            yield str(error)


def _no_figure(
    lesson: str, name: str, figures: Mapping[str, Collection[str] | None]
) -> Iterator[str]:
    if lesson not in figures:
        yield f"no lesson {lesson}; there are {', '.join(figures)}"
        return
    there = figures[lesson]
    if there is not None and name not in there:
        yield f"{lesson} shows no figure {name!r}; it shows {', '.join(there) or 'none'}"
