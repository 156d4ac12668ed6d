"""What the pages need of Python-Markdown besides its own: formulas, and links in raw HTML."""

import html
import re
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

from mnist_lessons.publishing._addresses import in_tag
from mnist_lessons.publishing._formulas import FormulaError, as_html
from mnist_lessons.publishing._prose import Kind, Piece, pieces

__all__ = ["PageProse"]

# Behind the one that tidies lines, before those that take out fences and raw HTML.
_PRIORITY = 27
_OF_INTEREST = re.compile(r"<[A-Za-z]|\$")


class PageProse(Extension):
    """Renders formulas; adapts and checks addresses in raw HTML as MkDocs does those of Markdown.

    Attributes:
        problems: a sentence for each formula that cannot be shown, with its page.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  (Python-Markdown's name)
        """Take part in the conversion of a page."""
        md.ESCAPED_CHARS.append("$")
        md.preprocessors.register(_PageProse(md, self.problems), "lessons", _PRIORITY)


class _PageProse(Preprocessor):
    def __init__(self, md: Markdown, problems: list[str]) -> None:
        super().__init__(md)
        self._problems = problems

    def run(self, lines: list[str]) -> list[str]:
        """The lines with each formula in the place where Python-Markdown keeps finished HTML."""
        text = "\n".join(lines)
        if not _OF_INTEREST.search(text):
            return lines
        parts, end = [], 0
        for piece in pieces(text):
            source = text[piece.start : piece.end]
            if (after := self._instead(piece, source)) != source:
                parts += [text[end : piece.start], after]
                end = piece.end
        return "".join([*parts, text[end:]]).split("\n")

    def _instead(self, piece: Piece, source: str) -> str:
        if piece.kind is Kind.TAG:
            links = self._links()
            return in_tag(source, links.path_to_url) if links else source
        if piece.kind is Kind.UNENDED:
            self._tell("a formula begins with $$ and does not end before an empty line")
        if piece.kind in (Kind.FORMULA, Kind.DISPLAY):
            return str(self.md.htmlStash.store(self._formula(piece, source)))
        return source

    def _formula(self, piece: Piece, source: str) -> str:
        tex = re.sub(rf"\n(?:[ \t]*>){{{piece.quoted}}}", "\n", source).strip("$")
        try:
            return as_html(tex, display=piece.kind is Kind.DISPLAY)
        except FormulaError as error:
            written = " ".join(source.split())
            self._tell(f"the formula {written} cannot be shown: {error}")
            return f"<code>{html.escape(written)}</code> ({html.escape(str(error))})"

    def _tell(self, problem: str) -> None:
        links = self._links()
        self._problems.append(f"{links.file.src_uri}: {problem}" if links else problem)

    def _links(self) -> Any:
        """What MkDocs adds to adapt and check the links of a page; None on no page of MkDocs."""
        if "relpath" not in self.md.treeprocessors:
            return None
        return self.md.treeprocessors["relpath"]
