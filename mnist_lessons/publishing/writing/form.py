"""The form of a lesson, checked from its text alone, before anything runs.

A lesson is a page, a notebook and a script. Whatever one of them would treat differently is
refused here, with its line; so is what a run could only refuse later.
"""

import ast
import re
import tokenize
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from mnist_lessons.publishing.writing.faults_of_cells import (
    Found,
    of_comments,
    of_front_matter,
    of_marker,
    of_more_titles,
    of_nearly_markers,
    of_prose,
    of_title,
)
from mnist_lessons.publishing.writing.faults_of_code import (
    of_alternative_texts,
    of_compiling,
    of_loops,
    of_names,
    of_run,
)
from mnist_lessons.publishing.writing.known import KNOWN
from mnist_lessons.publishing.writing.lessons import Lesson
from mnist_lessons.publishing.writing.scripts import Place

__all__ = ["problems"]

_ODD_IN_AN_ADDRESS = re.compile(r"[#%:?`\"\\]")
# `splitlines`, and so Jupytext, ends a line at each of these; Python and editors do not.
_ENDS_A_LINE_FOR_SOME = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SHOWS_NOTHING = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")


@lru_cache(maxsize=4096)
def problems(lesson: Lesson) -> tuple[str, ...]:
    """What is wrong with the text of a lesson, one sentence each, in the order of its lines."""
    name = f"{lesson.script.parent.name}/{lesson.script.name}"

    def find() -> list[str]:
        found = [lesson.fault] if lesson.fault else sorted(set(_found(lesson)))
        return [f"{name}, line {line}: {reason}" for line, reason in found]

    # What decides on those that begin no run is also which modules are installed.
    if lesson.unread or b"start_run" not in lesson.source:
        return tuple(find())
    return tuple(KNOWN.answer(f"problems of {name}", lesson.source, find))


def _found(lesson: Lesson) -> Iterator[Found]:
    text = lesson.plain.decode()
    yield from (unreadable := [*_characters(text), *_encoding(lesson.plain)])
    if unreadable:
        return
    if odd := _ODD_IN_AN_ADDRESS.search(lesson.slug):
        yield 1, f"the name of its file has {odd[0]!r}, which means something else in an address"
    yield from of_front_matter(lesson)
    cells = list(zip(lesson.notebook().cells, lesson.places, strict=True))
    yield from (untitled := list(of_title(cells)))
    for number, (cell, place) in enumerate(cells, start=1):
        yield from of_marker(cell, place, is_first=number == 1)
    code = [place for cell, place in cells if cell.cell_type == "code"]
    wrong = [
        *chain.from_iterable(of_prose(place) for cell, place in cells if cell.cell_type != "code"),
        *chain.from_iterable(map(of_compiling, code)),
        *chain.from_iterable(of_comments(cell, place) for cell, place in cells),
        *chain.from_iterable(of_nearly_markers(cell, place) for cell, place in cells),
    ]
    # What is wrong in a cell is wrong in the whole, too.
    wrong = wrong or list(of_compiling(Place(1, 1, tuple(text.splitlines()))))
    yield from wrong
    if not wrong and not untitled:
        yield from of_more_titles(cells)
        tree = ast.parse(text)
        yield from of_names(tree)
        yield from of_loops(tree)
        yield from of_run(tree, lesson.slug)
        yield from of_alternative_texts(tree)


def _characters(text: str) -> Iterator[Found]:
    for number, line in enumerate(re.split("\r\n|\n|\r", text), start=1):
        if found := _ENDS_A_LINE_FOR_SOME.search(line):
            yield number, f"the character {found[0]!a} ends a line for some programs: remove it"
        elif found := _SHOWS_NOTHING.search(line):
            yield number, f"the character {found[0]!a} cannot be shown: write its escape, or none"


def _encoding(source: bytes) -> Iterator[Found]:
    """What Python takes for the name of another encoding, even in a title."""
    lines = source.splitlines()[:2]
    for number in range(1, len(lines) + 1):
        try:
            encoding, _ = tokenize.detect_encoding(iter(lines[:number]).__next__)
        except SyntaxError as error:
            encoding = str(error)
        if encoding != "utf-8":
            yield number, f"for Python it says that it is not UTF-8: {encoding}"
            return
