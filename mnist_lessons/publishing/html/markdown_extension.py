"""What the pages need of Python-Markdown besides its own: formulas, and links in raw HTML."""

import re
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

from mnist_lessons.publishing.html.formulas import FormulaError, as_html
from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.writing.addresses import in_tag
from mnist_lessons.publishing.writing.inline import Kind, Piece
from mnist_lessons.publishing.writing.prose import pieces, pieces_of, replaced

__all__ = ["PageProse", "formula_problems"]

# Behind the one that tidies lines, before those that take out fences and raw HTML.
_PRIORITY = 27
_OF_INTEREST = re.compile(r"<[A-Za-z]|\$")
_BARE = re.compile(r"\\begin\{[a-z]+\*?\}")
_FORMULAS = (Kind.FORMULA, Kind.DISPLAY, Kind.UNENDED)


def formula_problems(text: str) -> list[tuple[int, str]]:
    """What is wrong with the formulas of a text: the line of each wrong one, from 1, and why."""
    found = []

    def look(begin: re.Match[str]) -> str:
        line = text.count("\n", 0, begin.start()) + 1
        found.append((line, f"{begin[0]} stands in no formula: put $$ around it"))
        return begin[0]

    replaced(text, _BARE, look)
    for piece in pieces(text) if "$" in text else ():
        try:
            if piece.kind in _FORMULAS:
                _drawn(piece, text[piece.start : piece.end])
        except FormulaError as error:
            found.append((text.count("\n", 0, piece.start) + 1, str(error)))
    return sorted(found)


def _drawn(piece: Piece, source: str) -> str:
    """A formula as HTML.

    Raises:
        FormulaError: it cannot be shown.
    """
    if piece.kind is Kind.UNENDED:
        raise FormulaError("a formula begins with $$ and does not end before an empty line")
    written = _written(piece, source)
    dollars = 2 if piece.kind is Kind.DISPLAY else 1
    try:
        return as_html(written[dollars:-dollars], display=piece.kind is Kind.DISPLAY)
    except FormulaError as error:
        line = " ".join(written.split())
        raise FormulaError(f"the formula {line} cannot be shown: {error}") from error


def _written(piece: Piece, source: str) -> str:
    """A formula without the signs of the quotations around it."""
    return re.sub(rf"\n(?:[ \t]*>){{{piece.quoted}}}", "\n", source)


class PageProse(Extension):
    """Renders formulas; adapts and checks addresses in raw HTML as MkDocs does those of Markdown.

    Attributes:
        problems: a sentence for each formula that cannot be shown, after the URI of its page; empty
            for text of no page, such as a docstring.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[tuple[str, str]] = []

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  (Python-Markdown's name)
        """Take part in the conversion of a page."""
        md.ESCAPED_CHARS += ["$", "<"]  # as every other Markdown has it
        md.preprocessors.register(_PageProse(md, self.problems), "lessons", _PRIORITY)


class _PageProse(Preprocessor):
    def __init__(self, md: Markdown, problems: list[tuple[str, str]]) -> None:
        super().__init__(md)
        self._problems = problems

    def run(self, lines: list[str]) -> list[str]:
        """The lines with each formula in the place where Python-Markdown keeps finished HTML."""
        text = "\n".join(lines)
        if not _OF_INTEREST.search(text):
            return lines
        parts, end = [], 0
        uri = self._uri()
        for piece in pieces_of(uri, text) if uri else pieces(text):
            source = text[piece.start : piece.end]
            if (after := self._instead(piece, source)) != source:
                parts += [text[end : piece.start], after]
                end = piece.end
        return "".join([*parts, text[end:]]).split("\n")

    def _instead(self, piece: Piece, source: str) -> str:
        if piece.kind is Kind.TAG:
            links = self._links()
            return in_tag(source, links.path_to_url) if links else source
        if piece.kind not in _FORMULAS:
            return source
        try:
            return str(self.md.htmlStash.store(_drawn(piece, source)))
        except FormulaError as error:
            self._problems.append((self._uri(), str(error)))
            written = " ".join(_written(piece, source).split())
            return str(self.md.htmlStash.store(fragment("not_shown", written)))

    def _uri(self) -> str:
        links = self._links()
        return str(links.file.src_uri) if links else ""

    def _links(self) -> Any:
        """What MkDocs adds to adapt and check the links of a page; None on no page of MkDocs."""
        if "relpath" not in self.md.treeprocessors:
            return None
        return self.md.treeprocessors["relpath"]
