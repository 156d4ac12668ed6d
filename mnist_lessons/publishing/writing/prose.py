"""What a text in Markdown is made of, and where: its code, formulas, tags and addresses.

Every change of prose goes by these rules, so that page and notebook agree on what is code.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache

from mnist_lessons.publishing.writing.blocks import CODE_BLOCKS, blocks, parser
from mnist_lessons.publishing.writing.inline import Kind, Piece, of_definition, of_paragraph
from mnist_lessons.publishing.writing.known import KNOWN

__all__ = ["HIDDEN", "pieces", "pieces_of", "replaced", "titles"]

HIDDEN = (Kind.CODE, Kind.COMMENT, Kind.FORMULA, Kind.DISPLAY)
_MAYBE_A_TITLE = re.compile(r"^[ \t>]*(?:#\s|=+[ \t]*$)", re.MULTILINE)
_LINE = re.compile(r"\r\n?|\n")


@lru_cache(maxsize=8192)
def pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of a text that are more than plain prose, in order; none overlaps another."""
    starts = [0, *(found.end() for found in _LINE.finditer(text)), len(text)]
    found: list[Piece] = []
    for lines in blocks(text):
        first, end = (starts[min(line, len(starts) - 1)] for line in (lines.first, lines.end))
        if lines.kind in CODE_BLOCKS:
            found.append(Piece(Kind.CODE, first, end))
        elif lines.kind == "definition":
            found += of_definition(text, first, end)
        elif lines.kind != "admonition":
            found += of_paragraph(text, first, end, lines)
    return tuple(sorted(set(found), key=lambda piece: piece.start))


def pieces_of(uri: str, text: str) -> tuple[Piece, ...]:
    """The pieces of the text of a page, known from the last time if it is still that text."""

    def find() -> list[str]:
        return [f"{one.kind.name} {one.start} {one.end} {one.quoted}" for one in pieces(text)]

    known = map(str.split, KNOWN.answer(f"pieces of {uri}", text.encode(), find))
    return tuple(Piece(Kind[kind], *map(int, numbers)) for kind, *numbers in known)


def replaced(
    text: str, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]
) -> str:
    """Replace what matches a pattern in the prose of a text, but not in code or a formula."""
    if not pattern.search(text):
        return text
    hidden = [piece for piece in pieces(text) if piece.kind in HIDDEN]
    # A comment as a whole may be what is looked for: then it is a marker.
    starts = [piece.start + (piece.kind is Kind.COMMENT) for piece in hidden]

    def outside(found: re.Match[str]) -> str:
        before = bisect_right(starts, found.start()) - 1
        inside = before >= 0 and found.start() < hidden[before].end
        return found[0] if inside else replacement(found)

    return pattern.sub(outside, text)


def titles(text: str) -> list[int]:
    """The lines, from 1, of the headings of the first level."""
    return [
        token.map[0] + 1
        for token in (parser().parse(text) if _MAYBE_A_TITLE.search(text) else ())
        if token.type == "heading_open" and token.tag == "h1" and token.map
    ]
