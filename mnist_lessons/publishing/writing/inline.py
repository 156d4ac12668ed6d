"""The pieces of a paragraph: code, comments, tags, formulas, and the addresses of links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from markdown_it.common.html_re import HTML_TAG_RE
from markdown_it.helpers import parseLinkDestination, parseLinkTitle

from mnist_lessons.publishing.writing.blocks import Lines, tag_name

__all__ = ["Kind", "Piece", "of_definition", "of_paragraph"]

_DEFINITION = re.compile(r"\[(?:\\.|[^\[\]\\])+\]:[ \t]*(?:\n[ \t>]*)?", re.DOTALL)
_LINE_START = re.compile(r"[ \t>]*(?:[-+*]|\d+[.)])?[ \t]*")
_SPACE = re.compile(r"[\s>]*")
_VERBATIM = ("code", "pre", "script", "style", "textarea")
_ANGLE = re.compile("<")
_SIGN = re.compile(r"[\\`<$!\[\]]")  # each piece of `_INLINE`, and each tag, begins with one
_INLINE = re.compile(
    r"""
      (?P<escaped> \\ [!-/:-@\[-`{-~] )
    | (?P<code> (?P<ticks> `++ ) .*? [^`] (?P=ticks) (?!`) )
    | (?P<tick> `++ )
    | (?P<comment> <!-- .*? --> )
    | (?P<auto> < [A-Za-z][A-Za-z0-9+.-]+ : [^\s<>]* > )
    | (?P<display> \$\$ (?!\$) (?: \\. | \$ (?!\$) | [^\\$`] )+? \$\$ (?!\$) )
    | (?P<dollars> \$\$++ )
    | (?P<formula>
        # Beside a digit, a dollar is one of money, except as in `28$\times$28`.
        \$ (?= \\[^\\$\s] ) (?: \\text\{[^{}`]*\} | \\. | [^\\$`] )+? (?<! \s ) \$
      | (?<! \d ) \$ (?! \s ) (?: \\text\{[^{}`]*\} | \\. | [^\\$`] )+? (?<! \s ) \$ (?! \d )
      )
    | (?P<opening> !? \[ )
    | (?P<closing> \] )
    """,
    re.VERBOSE | re.DOTALL,
)


class Kind(Enum):
    """What a piece of a text is."""

    CODE = auto()
    COMMENT = auto()
    TAG = auto()
    ADDRESS = auto()  # of a link or a picture, as it is written, with `<>` where it has them
    FORMULA = auto()  # with its dollars
    DISPLAY = auto()  # a formula on lines of its own, with its double dollars
    UNENDED = auto()  # a double dollar that begins a line and has no partner


@dataclass(frozen=True)
class Piece:
    """A piece of a text.

    Attributes:
        kind: what it is.
        start: its first character.
        end: the character after its last.
        quoted: the number of quotations around it, each of which puts `>` before its lines.
    """

    kind: Kind
    start: int
    end: int
    quoted: int = 0


def of_definition(text: str, start: int, end: int) -> Iterator[Piece]:
    found = _DEFINITION.search(text, start, end)
    if found:
        address = parseLinkDestination(text, found.end(), end)
        if address.ok:
            yield Piece(Kind.ADDRESS, found.end(), address.pos)


def of_paragraph(text: str, start: int, end: int, lines: Lines) -> list[Piece]:
    """The pieces of a paragraph, or of what is like one."""
    return _Paragraph(text, start, end, lines).pieces()


class _Paragraph:
    """Reads a paragraph from its start to its end."""

    def __init__(self, text: str, start: int, end: int, lines: Lines) -> None:
        self._text, self._end, self._lines = text, end, lines
        self._at = self._since = start
        self._verbatim = ""  # the name of the tag whose content is code, since `_since`
        self._brackets: list[tuple[bool, int]] = []  # of a picture; the number of pieces before it
        self._found: list[Piece] = []

    def pieces(self) -> list[Piece]:
        while self._at < self._end:
            self._step()
        if self._verbatim:
            self._add(Kind.CODE, self._since, self._end)
        return [piece for piece in self._found if piece.start < piece.end]

    def _step(self) -> None:
        at = self._at
        tag = HTML_TAG_RE.match(self._text, at, self._end) if self._text[at] == "<" else None
        if self._verbatim:
            self._go_on_in_code(tag)
            return
        part = _INLINE.match(self._text, at, self._end)
        if tag and not (part and part["comment"]):
            self._take_tag(tag)
        elif not part or (self._lines.kind == "html_element" and part[0][0] in "`[]!"):
            self._go_to(_SIGN)  # in HTML, these signs are nothing but themselves
        else:
            self._at = part.end()
            self._take(part)

    def _add(self, kind: Kind, start: int, end: int, quoted: int = 0) -> None:
        self._found.append(Piece(kind, start, end, quoted))

    def _go_to(self, sign: re.Pattern[str]) -> None:
        """Go to the next sign that may begin something, or to the end."""
        found = sign.search(self._text, self._at + 1, self._end)
        self._at = found.start() if found else self._end

    def _go_on_in_code(self, tag: re.Match[str] | None) -> None:
        if not tag:
            self._go_to(_ANGLE)
            return
        self._at = tag.end()
        ends = tag_name(tag[0]) == f"/{self._verbatim}"
        if ends or self._verbatim in ("code", "pre"):
            self._add(Kind.CODE, self._since, tag.start())
        if ends:
            self._verbatim = ""
        elif self._verbatim in ("code", "pre"):
            self._add(Kind.TAG, tag.start(), tag.end())
            self._since = self._at

    def _take_tag(self, tag: re.Match[str]) -> None:
        name = tag_name(tag[0])
        if not name.startswith("/"):
            self._add(Kind.TAG if name else Kind.COMMENT, self._at, tag.end())
        self._at = tag.end()
        if name in _VERBATIM and not tag[0].endswith("/>"):
            self._verbatim, self._since = name, self._at

    def _take(self, part: re.Match[str]) -> None:
        start, end, quoted = part.start(), part.end(), self._lines.quoted
        if part["code"]:
            self._add(Kind.CODE, start, end)
        elif part["comment"]:
            self._add(Kind.COMMENT, start, end)
        elif part["opening"]:
            self._brackets.append((part[0] == "![", len(self._found)))
        elif part["closing"] and self._brackets:
            self._take_link(*self._brackets.pop())
        elif part["formula"]:
            self._add(Kind.FORMULA, start, end, quoted)
        elif part["display"]:
            self._add(Kind.DISPLAY, start, end, quoted)
        elif part["dollars"] == "$$" and _begins_a_line(self._text, start):
            self._add(Kind.UNENDED, start, end)

    def _take_link(self, is_picture: bool, before: int) -> None:
        """Take the address behind a text in brackets, if there is one."""
        if link := _address(self._text, self._at, self._end):
            if is_picture:  # its text is an attribute: no place for a formula
                inside = self._found[before:]
                self._found[before:] = [piece for piece in inside if piece.kind is Kind.CODE]
            address, self._at = link
            self._found.append(address)


def _begins_a_line(text: str, at: int) -> bool:
    return bool(_LINE_START.fullmatch(text, text.rfind("\n", 0, at) + 1, at))


def _address(text: str, start: int, end: int) -> tuple[Piece, int] | None:
    """The address in the parentheses that follow a link's text, and where these end."""
    if not text.startswith("(", start, end):
        return None
    first = _after_space(text, start + 1, end)
    address = parseLinkDestination(text, first, end)
    if not address.ok:
        return None
    at = _after_space(text, address.pos, end)
    if at > address.pos:
        title = parseLinkTitle(text, at, end)
        if title.ok:
            at = _after_space(text, title.pos, end)
    if not text.startswith(")", at, end):
        return None
    return Piece(Kind.ADDRESS, first, address.pos), at + 1


def _after_space(text: str, start: int, end: int) -> int:
    found = _SPACE.match(text, start, end)
    assert found
    return found.end()
