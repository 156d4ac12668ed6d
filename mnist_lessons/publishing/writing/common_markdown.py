"""Prose as every Markdown has it: for the notebook, which others than this site show."""

import re
from typing import Any

from mnist_lessons.publishing.writing.blocks import ADMONITION, blocks, parser
from mnist_lessons.publishing.writing.inline import Kind
from mnist_lessons.publishing.writing.prose import HIDDEN, pieces

__all__ = ["definitions", "with_quotations", "without_bars"]


def definitions(text: str) -> dict[str, str]:
    """The definitions of links, as `[name]: address "title"`, by name as it is compared."""
    if "]:" not in text:
        return {}
    environment: dict[str, Any] = {}
    parser().parse(text, environment)
    lines = text.split("\n")
    found = {}
    for name, definition in environment.get("references", {}).items():
        first, end = definition["map"]
        found[name] = "\n".join(line.lstrip(" \t>") for line in lines[first:end])
    return found


def with_quotations(text: str) -> str:
    """The text with its admonitions as quotations, which every Markdown has."""
    if "!!!" not in text and "???" not in text:
        return text
    while found := [lines for lines in blocks(text) if lines.kind == "admonition"]:
        # The last one has none inside it.
        last = found[-1]
        lines = text.split("\n")
        end = last.end
        while not lines[end - 1].strip(" \t>"):
            end -= 1
        quotation = _quotation(lines[last.first : end])
        if end < len(lines) and lines[end].strip(" \t>"):
            quotation.append("")  # what comes next would belong to the quotation
        text = "\n".join([*lines[: last.first], *quotation, *lines[end:]])
    return text


def _quotation(lines: list[str]) -> list[str]:
    """The lines of an admonition, the last of them not blank, as a quotation."""
    place = re.search(r"!!!|\?\?\?", lines[0])
    assert place
    before = lines[0][: place.start()]
    head = ADMONITION.match(lines[0], place.start())
    assert head
    title = head["title"]
    if title is None:
        title = head["kind"].split(" ")[0].capitalize()
    # Behind the sign of a list, the next lines are only indented.
    following = re.sub(r"[^>\s]", " ", before)
    body = [line[len(following) :].removeprefix("    ") for line in lines[1:]]
    if title:
        body = [f"**{title}**", *([""] if body and body[0] else []), *body]
    quoted = [f"{following}> {line}".rstrip() for line in body]
    return [f"{before}{quoted[0][len(following) :]}", *quoted[1:]] if quoted else [before]


def without_bars(text: str) -> str:
    """The text without bars in the code and formulas of tables.

    For a page they are part of these; elsewhere, each of them ends a cell.
    """
    if "|" not in text:
        return text
    barred = [
        piece
        for piece in pieces(text)
        if piece.kind in HIDDEN and "|" in text[piece.start : piece.end]
    ]
    masked = list(text)
    for piece in barred:
        masked[piece.start : piece.end] = text[piece.start : piece.end].replace("|", "x")
    tables = [
        token.map or (0, 0)
        for token in parser().parse("".join(masked))
        if token.type == "table_open"
    ]
    for piece in reversed(barred):
        line = text.count("\n", 0, piece.start)
        if any(first <= line < end for first, end in tables):
            source = text[piece.start : piece.end]
            if piece.kind in (Kind.FORMULA, Kind.DISPLAY):
                instead = source.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
            else:
                instead = re.sub(r"(?<!\\)\|", r"\|", source)
            text = text[: piece.start] + instead + text[piece.end :]
    return text
