"""The addresses in prose: of links, pictures and definitions in Markdown, and of raw HTML."""

import html
import re
from collections.abc import Callable

from markdown_it.common.utils import unescapeAll

from mnist_lessons.publishing.writing.inline import Kind
from mnist_lessons.publishing.writing.prose import pieces

__all__ = ["Change", "addresses", "in_tag", "with_addresses"]

Change = Callable[[str], str]

_HOLD_ONE = ("cite", "href", "longdesc", "poster", "src", "xlink:href")
_HOLD_SEVERAL = ("imagesrcset", "srcset")
_ATTRIBUTE = re.compile(
    r"""(?P<before> \s (?P<name> [^\s"'>/=]+ ) \s*=\s* )
    (?: "(?P<double> [^"]* )" | '(?P<single> [^']* )' | (?P<bare> [^\s"'=<>`]+ ) )""",
    re.VERBOSE,
)
_CANDIDATE = re.compile(r"(?P<address>[^\s,](?:\S*[^\s,])?)(?P<size>(?:\s[^,]*)?(?:,|$))")


def with_addresses(text: str, change: Change) -> str:
    """A text in Markdown with each address changed, in whatever way it is written.

    Args:
        text: the prose; its code stays as it is.
        change: takes an address without its escapes, and returns the one to be there.
    """
    parts, end = [], 0
    for piece in pieces(text):
        before = text[piece.start : piece.end]
        if piece.kind is Kind.TAG:
            after = in_tag(before, change)
        elif piece.kind is Kind.ADDRESS:
            after = _in_markdown(before, change)
        else:
            continue
        parts += [text[end : piece.start], after]
        end = piece.end
    return "".join([*parts, text[end:]])


def addresses(text: str) -> list[tuple[int, str]]:
    """The addresses in a text in Markdown: the line of each, from 1, and it without its escapes."""
    found = []
    for piece in pieces(text):
        line = text.count("\n", 0, piece.start) + 1

        def note(address: str, line: int = line) -> str:
            found.append((line, address))
            return address

        if piece.kind is Kind.TAG:
            in_tag(text[piece.start : piece.end], note)
        elif piece.kind is Kind.ADDRESS:
            _in_markdown(text[piece.start : piece.end], note)
    return found


def in_tag(tag: str, change: Change) -> str:
    """An HTML tag with each address in its attributes changed; the others stay as written."""

    def attribute(found: re.Match[str]) -> str:
        name = found["name"].lower()
        written = found["double"] or found["single"] or found["bare"] or ""
        value = html.unescape(written)
        if name in _HOLD_SEVERAL:
            new = _CANDIDATE.sub(lambda one: change(one["address"]) + one["size"], value)
        elif name in _HOLD_ONE or (name == "data" and tag.lower().startswith("<object")):
            new = change(value.strip())
        else:
            return found[0]
        return found[0] if new == value.strip() else f'{found["before"]}"{html.escape(new)}"'

    return _ATTRIBUTE.sub(attribute, tag)


def _in_markdown(written: str, change: Change) -> str:
    address = unescapeAll(written[1:-1] if written.startswith("<") else written)
    new = change(address)
    if new == address:
        return written
    return f"<{new}>" if re.search(r"[\s()]", new) else new
