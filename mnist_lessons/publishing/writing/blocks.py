"""The blocks of a text in Markdown, and where they stand.

They are CommonMark's (fences, lists, quotations, tables), with the admonitions of the pages; a
fence that never ends is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.html_blocks import block_names
from markdown_it.common.html_re import HTML_TAG_RE
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, list_block
from markdown_it.rules_block.fence import fence

__all__ = ["ADMONITION", "CODE_BLOCKS", "Lines", "blocks", "parser", "tag_name"]

CODE_BLOCKS = ("fence", "code_block")
_BLOCKS = (*CODE_BLOCKS, "inline", "html_block", "html_element", "admonition")
ADMONITION = re.compile(
    r'(?:!!!|\?\?\?\+?) ?(?P<kind>[\w-]+(?: +[\w-]+)*)?(?: *"(?P<title>.*?)")?[ \t]*$'
)


@dataclass(frozen=True)
class Lines:
    """Lines of a text that belong together: a paragraph, a listing, an admonition."""

    kind: str
    first: int
    end: int
    quoted: int


def blocks(text: str) -> Iterator[Lines]:
    """The blocks that hold no other blocks, and the admonitions; several may share their lines."""
    environment: dict[str, Any] = {}
    quoted = 0
    for token in parser().parse(text, environment):
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.map and token.type in _BLOCKS:
            first, end = token.map
            yield Lines(token.type, first, end, quoted)
    defined = [*environment.get("references", {}).values(), *environment.get("duplicate_refs", [])]
    for definition in defined:
        first, end = definition["map"]
        yield Lines("definition", first, end, quoted)


@cache
def parser() -> MarkdownIt:
    made = MarkdownIt("commonmark").enable("table")
    made.core.ruler.enableOnly(["normalize", "block"])
    interrupting: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    made.block.ruler.at("fence", _ended_fence, interrupting)
    made.block.ruler.at("list", _list, interrupting)
    made.block.ruler.before("html_block", "html_element", _element, interrupting)
    made.block.ruler.before("fence", "formula", _formula, interrupting)
    made.block.ruler.before("fence", "admonition", _admonition, interrupting)
    return made


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
    name = tag_name(opening[0]) if opening else ""
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
    head = ADMONITION.match(first)
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


def tag_name(tag: str) -> str:
    """The name in a tag, with a slash before it where it ends something; or empty."""
    found = re.match(r"<(/?[A-Za-z][\w-]*)", tag)
    return found[1].lower() if found else ""
