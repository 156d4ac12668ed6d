"""What a text in Markdown is made of, and where: its code, formulas, tags and addresses.

Every change of prose goes by these rules, so that page and notebook agree on what is code. The
blocks are CommonMark's (fences, lists, quotations, tables), with the admonitions of the pages; a
fence that never ends is none.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.html_blocks import block_names
from markdown_it.common.html_re import HTML_TAG_RE
from markdown_it.helpers import parseLinkDestination, parseLinkTitle
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, list_block
from markdown_it.rules_block.fence import fence

__all__ = [
    "Kind",
    "Piece",
    "definitions",
    "pieces",
    "replaced",
    "titles",
    "with_quotations",
    "without_bars",
]


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


@dataclass(frozen=True)
class _Lines:
    """Lines of a text that belong together: a paragraph, a listing, an admonition."""

    kind: str
    first: int
    end: int
    quoted: int


_HIDDEN = (Kind.CODE, Kind.COMMENT, Kind.FORMULA, Kind.DISPLAY)
_CODE_BLOCKS = ("fence", "code_block")
_BLOCKS = (*_CODE_BLOCKS, "inline", "html_block", "html_element", "admonition")
_ADMONITION = re.compile(
    r'(?:!!!|\?\?\?\+?) ?(?P<kind>[\w-]+(?: +[\w-]+)*)?(?: *"(?P<title>.*?)")?[ \t]*$'
)
_MAYBE_A_TITLE = re.compile(r"^[ \t>]*(?:#\s|=+[ \t]*$)", re.MULTILINE)
_LINE = re.compile(r"\r\n?|\n")
_DEFINITION = re.compile(r"\[(?:\\.|[^\[\]\\])+\]:[ \t]*(?:\n[ \t>]*)?", re.DOTALL)
_LINE_START = re.compile(r"[ \t>]*(?:[-+*]|\d+[.)])?[ \t]*")
_SPACE = re.compile(r"[\s>]*")
_VERBATIM = ("code", "pre", "script", "style", "textarea")
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


def pieces(text: str) -> list[Piece]:
    """The pieces of a text that are more than plain prose, in order; none overlaps another."""
    starts = [0, *(found.end() for found in _LINE.finditer(text)), len(text)]
    found: list[Piece] = []
    for lines in _blocks(text):
        first, end = (starts[min(line, len(starts) - 1)] for line in (lines.first, lines.end))
        if lines.kind in _CODE_BLOCKS:
            found.append(Piece(Kind.CODE, first, end))
        elif lines.kind == "definition":
            found += _definition(text, first, end)
        elif lines.kind != "admonition":
            found += _inline(text, first, end, lines)
    return sorted(set(found), key=lambda piece: piece.start)


def replaced(
    text: str, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]
) -> str:
    """Replace what matches a pattern in the prose of a text, but not in code or a formula."""
    if not pattern.search(text):
        return text
    hidden = [piece for piece in pieces(text) if piece.kind in _HIDDEN]
    # A comment as a whole may be what is looked for: then it is a marker.
    starts = [piece.start + (piece.kind is Kind.COMMENT) for piece in hidden]

    def outside(found: re.Match[str]) -> str:
        before = bisect_right(starts, found.start()) - 1
        inside = before >= 0 and found.start() < hidden[before].end
        return found[0] if inside else replacement(found)

    return pattern.sub(outside, text)


def definitions(text: str) -> dict[str, str]:
    """The definitions of links, as `[name]: address "title"`, by name as it is compared."""
    environment: dict[str, Any] = {}
    _parser().parse(text, environment)
    lines = text.split("\n")
    found = {}
    for name, definition in environment.get("references", {}).items():
        first, end = definition["map"]
        found[name] = "\n".join(line.lstrip(" \t>") for line in lines[first:end])
    return found


def titles(text: str) -> list[int]:
    """The lines, from 1, of the headings of the first level."""
    return [
        token.map[0] + 1
        for token in (_parser().parse(text) if _MAYBE_A_TITLE.search(text) else ())
        if token.type == "heading_open" and token.tag == "h1" and token.map
    ]


def with_quotations(text: str) -> str:
    """The text with its admonitions as quotations, which every Markdown has."""
    while found := [lines for lines in _blocks(text) if lines.kind == "admonition"]:
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


def without_bars(text: str) -> str:
    """The text without bars in the code and formulas of tables.

    For a page they are part of these; elsewhere, each of them ends a cell.
    """
    barred = [
        piece
        for piece in pieces(text)
        if piece.kind in _HIDDEN and "|" in text[piece.start : piece.end]
    ]
    masked = list(text)
    for piece in barred:
        masked[piece.start : piece.end] = text[piece.start : piece.end].replace("|", "x")
    tables = [
        token.map or (0, 0)
        for token in _parser().parse("".join(masked))
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


def _quotation(lines: list[str]) -> list[str]:
    """The lines of an admonition, the last of them not blank, as a quotation."""
    place = re.search(r"!!!|\?\?\?", lines[0])
    assert place
    before = lines[0][: place.start()]
    head = _ADMONITION.match(lines[0], place.start())
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


def _blocks(text: str) -> Iterator[_Lines]:
    """The blocks that hold no other blocks, and the admonitions; several may share their lines."""
    environment: dict[str, Any] = {}
    quoted = 0
    for token in _parser().parse(text, environment):
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.map and token.type in _BLOCKS:
            first, end = token.map
            yield _Lines(token.type, first, end, quoted)
    defined = [*environment.get("references", {}).values(), *environment.get("duplicate_refs", [])]
    for definition in defined:
        first, end = definition["map"]
        yield _Lines("definition", first, end, quoted)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    interrupting: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.at("fence", _ended_fence, interrupting)
    parser.block.ruler.at("list", _list, interrupting)
    parser.block.ruler.before("html_block", "html_element", _element, interrupting)
    parser.block.ruler.before("fence", "formula", _formula, interrupting)
    parser.block.ruler.before("fence", "admonition", _admonition, interrupting)
    return parser


def _ended_fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    count = len(state.tokens)
    if not fence(state, start, end, False):
        return False
    token = state.tokens.pop()
    last = state.line - 1
    closing = state.src[state.bMarks[last] : state.eMarks[last]].strip(" \t>")
    ended = (
        last > start and closing.strip(token.markup[0]) == "" and len(closing) >= len(token.markup)
    )
    if silent or not ended:
        state.line = start
    else:
        state.tokens.insert(count, token)
    return ended


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if silent and state.parentType == "paragraph":
        # A line of a paragraph that begins with a sign is none, unless the paragraph is in a list
        # and began behind such a sign.
        first = state.bMarks[state.line]
        if not state.src[first : first + state.tShift[state.line]].strip():
            return False
    return list_block(state, start, end, silent)


def _element(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A block of HTML to its end tag: empty lines, indents and backticks in it mean nothing.

    So a page has it, and only where it stands in no other block.
    """
    if state.is_code_block(start) or state.level or state.blkIndent:
        return False
    opening = HTML_TAG_RE.match(state.src, state.bMarks[start] + state.tShift[start])
    name = _tag_name(opening[0]) if opening else ""
    # With this attribute, its content is Markdown.
    if not opening or name not in block_names or re.search(r"\smarkdown\b", opening[0]):
        return False
    depth = 0
    tag = re.compile(rf"<(?P<end>/?){name}(?=[\s/>])[^>]*>", re.IGNORECASE)
    for found in tag.finditer(state.src, opening.start(), state.eMarks[end - 1]):
        depth += -1 if found["end"] else 1
        if depth == 0:
            break
    else:
        return False
    if not silent:
        state.line = (
            next(line for line in range(start, end) if state.eMarks[line] >= found.end()) + 1
        )
        state.push("html_element", "", 0).map = [start, state.line]
    return True


def _formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Lines that begin with a double dollar, to its partner: no line is a list or a heading."""
    if state.is_code_block(start):
        return False
    opened = False
    for line in range(start, end):
        content = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
        if line == start:
            if not content.startswith("$$"):
                return False
            content = content[2:]
        if (not content.strip() and line > start) or state.sCount[line] < state.blkIndent:
            return False
        opened = "$$" in content
        if opened:
            break
    if not opened:
        return False
    if not silent:
        state.line = line + 1
        token = state.push("inline", "", 0)
        token.map, token.children = [start, state.line], []
    return True


def _admonition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    head = _ADMONITION.match(first)
    if not head or (head["kind"] is None and head["title"] is None):
        return False
    if silent:
        return True
    indent = state.sCount[start] + 4
    stop = start + 1
    while stop < end and (state.isEmpty(stop) or state.sCount[stop] >= indent):
        stop += 1
    token = state.push("admonition", "", 0)
    token.map = [start, stop]
    title = state.push("inline", "", 0)
    title.map, title.children = [start, start + 1], []
    before = state.blkIndent, state.lineMax
    state.blkIndent, state.lineMax = indent, stop
    state.md.block.tokenize(state, start + 1, stop)
    state.blkIndent, state.lineMax = before
    state.line = stop
    return True


def _definition(text: str, start: int, end: int) -> Iterator[Piece]:
    found = _DEFINITION.search(text, start, end)
    if found:
        address = parseLinkDestination(text, found.end(), end)
        if address.ok:
            yield Piece(Kind.ADDRESS, found.end(), address.pos)


def _inline(text: str, start: int, end: int, lines: _Lines) -> Iterator[Piece]:
    """The pieces of a paragraph, or of what is like one."""
    brackets: list[tuple[bool, int]] = []  # of a picture; the number of pieces before it
    found: list[Piece] = []
    at = start
    verbatim = ""  # the name of the tag whose content is code
    since = start
    while at < end:
        tag = HTML_TAG_RE.match(text, at, end) if text[at] == "<" else None
        name = _tag_name(tag[0]) if tag else ""
        if verbatim:
            at = tag.end() if tag else at + 1
            if tag and name == f"/{verbatim}":
                found.append(Piece(Kind.CODE, since, tag.start()))
                verbatim = ""
            elif tag and verbatim in ("code", "pre"):
                found.append(Piece(Kind.CODE, since, tag.start()))
                found.append(Piece(Kind.TAG, tag.start(), tag.end()))
                since = at
            continue
        part = _INLINE.match(text, at, end)
        if tag and not (part and part["comment"]):
            kind = Kind.TAG if name[:1].isalpha() else Kind.COMMENT
            if not name.startswith("/"):
                found.append(Piece(kind, at, tag.end()))
            at = tag.end()
            if name in _VERBATIM and not tag[0].endswith("/>"):
                verbatim, since = name, at
            continue
        if not part:
            at += 1
            continue
        if lines.kind == "html_element" and part[0][0] in "`[]!":
            at += 1  # in HTML, these are nothing but themselves
            continue
        at = part.end()
        if part["code"]:
            found.append(Piece(Kind.CODE, part.start(), at))
        elif part["comment"]:
            found.append(Piece(Kind.COMMENT, part.start(), at))
        elif part["opening"]:
            brackets.append((part[0] == "![", len(found)))
        elif part["closing"] and brackets:
            is_picture, before = brackets.pop()
            if link := _address(text, at, end):
                if is_picture:  # its text is an attribute: no place for a formula
                    found[before:] = [one for one in found[before:] if one.kind is Kind.CODE]
                address, at = link
                found.append(address)
        elif part["formula"]:
            found.append(Piece(Kind.FORMULA, part.start(), at, lines.quoted))
        elif part["display"]:
            found.append(Piece(Kind.DISPLAY, part.start(), at, lines.quoted))
        elif part["dollars"] == "$$" and _begins_a_line(text, part.start()):
            found.append(Piece(Kind.UNENDED, part.start(), at))
    if verbatim:
        found.append(Piece(Kind.CODE, since, end))
    yield from (piece for piece in found if piece.start < piece.end)


def _begins_a_line(text: str, at: int) -> bool:
    return bool(_LINE_START.fullmatch(text, text.rfind("\n", 0, at) + 1, at))


def _tag_name(tag: str) -> str:
    """The name in a tag, with a slash before it where it ends something; or empty."""
    found = re.match(r"<(/?[A-Za-z][\w-]*)", tag)
    return found[1].lower() if found else ""


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
