"""The lessons as they stand in `tutorials/`: one script, one notebook, one page."""

import codecs
import io
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from mnist_lessons._sources import code_hash
from mnist_lessons.publishing.writing.known import KNOWN
from mnist_lessons.publishing.writing.scripts import Parsed, Place, parsed

__all__ = [
    "LEVEL",
    "LEVELS",
    "LIMIT",
    "NEEDS",
    "SETUP",
    "SHORTEST_ALT",
    "SOLUTION",
    "THUMBNAIL",
    "Lesson",
    "code_cells",
    "discover",
    "prose_line",
    "said_of",
    "tagged",
]

# What the first cell may say of its lesson.
LIMIT = "cell_limit_minutes"
LEVEL = "level"
THUMBNAIL = "thumbnail"  # name of the figure that stands for it in a list
NEEDS = "needs"  # names of the lessons that it builds on, with spaces between
LEVELS = ("beginner", "intermediate", "advanced")
# What a cell may be: plumbing, or what is to be found by thinking. Pages fold both.
SETUP = "setup"
SOLUTION = "solution"
SHORTEST_ALT = 20  # characters that can stand for a figure
_USUAL_LIMIT = 120.0


@dataclass(frozen=True)
class Lesson:
    """One lesson, as it stood when it was read.

    Attributes:
        script: the Jupytext percent-format file.
        source: its content.
        unread: why there is none, where the file could not be read.
    """

    script: Path
    source: bytes = field(repr=False)
    unread: str = ""

    @property
    def slug(self) -> str:
        """Short name: of the page, the notebook and the run."""
        return self.script.stem

    @property
    def uri(self) -> str:
        """Name of its file among the sources of the site's pages."""
        return f"tutorials/{self.slug}.py"

    @property
    def folder(self) -> Path:
        """What lies in this folder, where there is one, lies beside the page, too."""
        return self.script.with_suffix("")

    @property
    def plain(self) -> bytes:
        """Its content without a byte-order mark, which Jupytext would take for code."""
        return self.source.removeprefix(codecs.BOM_UTF8)

    @property
    def _parsed(self) -> Parsed:
        return parsed(self.script.name, self.plain)

    @property
    def fault(self) -> tuple[int, str] | None:
        """Line and reason where the script cannot be read at all; it has no cells then."""
        unread = (1, f"it cannot be read: {self.unread}") if self.unread else None
        return unread or self._parsed.fault

    @property
    def places(self) -> tuple[Place, ...]:
        """Where each cell of the notebook stands in the script."""
        return self._parsed.places

    @property
    def front_matter(self) -> Mapping[str, Any]:
        """What the header says of the page, such as its `description`."""
        return self._parsed.front_matter

    @property
    def cell_limit(self) -> float:
        """Seconds that a cell may take: `cell_limit_minutes` of the first cell, or two hours."""
        return 60 * float(said_of(self.notebook()).get(LIMIT, _USUAL_LIMIT))

    @property
    def needs(self) -> tuple[str, ...]:
        """The lessons that this one builds on, by name; none where it needs no other."""
        said = said_of(self._parsed.notebook).get(NEEDS)
        return tuple(said.split()) if isinstance(said, str) else ()

    def offered(self) -> dict[str, bytes]:
        """The files of its folder, by name: readers download them from beside the page."""
        files = sorted(path for path in self.folder.glob("[!._]*") if path.is_file())
        return {path.name: path.read_bytes() for path in files}

    def notebook(self) -> NotebookNode:
        """The script as a notebook without outputs, with stable cell ids."""
        notebook: NotebookNode = nbformat.from_dict(self._parsed.notebook)  # a copy
        return notebook

    def prose(self) -> Iterator[tuple[str, Callable[[int], int]]]:
        """The Markdown of each cell, and what tells the script's line from one of its own."""
        parsed = self._parsed
        for cell, place in zip(parsed.notebook.cells, parsed.places, strict=True):
            if cell.cell_type == "markdown":
                yield cell.source, partial(prose_line, cell.source, place)

    def code_hashes(self) -> list[str]:
        """What each code cell does: its hash changes with the code, not with a comment."""
        return KNOWN.answer(f"code of {self.script.name}", self.plain, self._code_hashes)

    def _code_hashes(self) -> list[str]:
        return [_cell_hash(cell) for cell in code_cells(self._parsed.notebook)]

    def line(self, number: int, within: int = 1) -> int:
        """Line of the script where a line of code cell `number`, both from 1, stands."""
        parsed = self._parsed
        places = [
            place
            for cell, place in zip(parsed.notebook.cells, parsed.places, strict=True)
            if cell.cell_type == "code"
        ]
        if not 0 < number <= len(places):
            return 1
        place = places[number - 1]
        # Python does not count the blank lines before a cell's first.
        blank = next((n for n, line in enumerate(place.lines) if line.strip()), 0)
        return place.first + blank + within - 1


def prose_line(source: str, place: Place, number: int) -> int:
    """Line of the script where a line of a Markdown cell's source, from 1, stands."""
    first = source.partition("\n")[0]
    # Blank lines, and the quotes of a string, may stand before it.
    before = next((n for n, line in enumerate(place.lines) if first in line), 0)
    return place.first + before + number - 1


def discover(folder: Path) -> tuple[Lesson, ...]:
    """All lessons of a folder, by name; a name that begins with `_` is none of a lesson."""
    # Editors keep hidden files of their own beside a script.
    found = sorted(path for path in folder.glob("*.py") if path.name[0] not in "._")
    return tuple(_read(path) for path in found)


def _read(path: Path) -> Lesson:
    try:
        return Lesson(path, path.read_bytes())
    except OSError as error:  # it must not stop the others
        return Lesson(path, b"", error.strerror or str(error))


def said_of(notebook: NotebookNode) -> Mapping[str, Any]:
    """What the first cell of a notebook says of the lesson, by name, as `LEVEL`."""
    return notebook.cells[0].metadata if notebook.cells else {}


def code_cells(notebook: NotebookNode) -> list[Any]:
    """The code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(cell: Any, tag: str) -> bool:
    """Whether a cell has a tag, `SETUP` or `SOLUTION`."""
    return tag in cell.metadata.get("tags", [])


def _cell_hash(cell: NotebookNode) -> str:
    # A semicolon at the end of a cell hides its last value; the syntax tree knows nothing of it.
    return code_hash(cell.source) + " ;" * (_last_token(cell.source) == ";")


def _last_token(source: str) -> str:
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return ""
    return next((token.string for token in reversed(tokens) if token.type not in skipped), "")
