"""The lessons as they stand in `tutorials/`: one script, one notebook, one page."""

import codecs
import io
import tokenize
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import yaml
from jupytext.cell_reader import DoublePercentScriptCellReader
from jupytext.header import header_to_metadata_and_cell
from nbformat import NotebookNode

from mnist_lessons._sources import code_hash
from mnist_lessons.publishing.writing.known import KNOWN

__all__ = [
    "LIMIT",
    "SHORTEST_ALT",
    "Lesson",
    "Place",
    "code_cells",
    "discover",
    "no_yaml",
    "prose_line",
]

LIMIT = "cell_limit_minutes"
SHORTEST_ALT = 20  # characters that can stand for a figure
_USUAL_LIMIT = 120.0
_HEADER = "# ---"  # before and after front matter
# A comment stays one, though Jupytext would take `# cat or dog` for a command.
_PERCENT_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}


class Place(NamedTuple):
    """Where a cell stands in its script: the line of its marker, and what comes after that.

    Attributes:
        marker: line of its marker, from 1; of its first line where it has none.
        first: its first line, from 1.
        lines: all its lines as the script has them.
    """

    marker: int
    first: int
    lines: tuple[str, ...]


class _Parsed(NamedTuple):
    notebook: NotebookNode
    places: tuple[Place, ...]
    front_matter: Mapping[str, Any]
    fault: tuple[int, str] | None  # line, and why the script cannot be read


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
    def plain(self) -> bytes:
        """Its content without a byte-order mark, which Jupytext would take for code."""
        return self.source.removeprefix(codecs.BOM_UTF8)

    @property
    def fault(self) -> tuple[int, str] | None:
        """Line and reason where the script cannot be read at all; it has no cells then."""
        unread = (1, f"it cannot be read: {self.unread}") if self.unread else None
        return unread or _parsed(self.plain).fault

    @property
    def places(self) -> tuple[Place, ...]:
        """Where each cell of the notebook stands in the script."""
        return _parsed(self.plain).places

    @property
    def front_matter(self) -> Mapping[str, Any]:
        """What the header says of the page, such as its `description`."""
        return _parsed(self.plain).front_matter

    @property
    def cell_limit(self) -> float:
        """Seconds that a cell may take: `cell_limit_minutes` of the first cell, or two hours."""
        cells = self.notebook().cells
        minutes = cells[0].metadata.get(LIMIT, _USUAL_LIMIT) if cells else _USUAL_LIMIT
        return 60 * float(minutes)

    def notebook(self) -> NotebookNode:
        """The script as a notebook without outputs, with stable cell ids."""
        return deepcopy(_parsed(self.plain).notebook)

    def prose(self) -> Iterator[tuple[str, Callable[[int], int]]]:
        """The Markdown of each cell, and what tells the script's line from one of its own."""
        parsed = _parsed(self.plain)
        for cell, place in zip(parsed.notebook.cells, parsed.places, strict=True):
            if cell.cell_type == "markdown":
                yield cell.source, partial(prose_line, cell.source, place)

    def code_hashes(self) -> list[str]:
        """What each code cell does: its hash changes with the code, not with a comment."""
        return KNOWN.answer("code", self.plain, self._code_hashes)

    def _code_hashes(self) -> list[str]:
        return [_cell_hash(cell) for cell in code_cells(_parsed(self.plain).notebook)]

    def line(self, number: int, within: int = 1) -> int:
        """Line of the script where a line of code cell `number`, both from 1, stands."""
        parsed = _parsed(self.plain)
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


def code_cells(notebook: NotebookNode) -> list[Any]:
    """The code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@lru_cache(maxsize=4096)
def _parsed(source: bytes) -> _Parsed:
    try:
        lines = source.decode().splitlines()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        return _Parsed(_notebook([]), (), {}, (line, f"it is not UTF-8: {error.reason}"))
    try:
        _, _, header, begin = header_to_metadata_and_cell(lines, "#", "", ".py")
        front_matter = yaml.safe_load(header.source.rstrip("-\n")) if header else {}
        if not isinstance(front_matter, dict):
            raise yaml.YAMLError("no names with values")
    except yaml.YAMLError as error:
        begins = lines.index(_HEADER) + 1 if _HEADER in lines else 1
        return _Parsed(_notebook([]), (), {}, no_yaml(error, begins))
    except ValueError:  # Jupytext's, of a line such as `# coding: latin-1`
        return _Parsed(_notebook([]), (), {}, (1, "it says that it is not UTF-8"))
    cells, places = [], []
    while begin < len(lines) and not lines[begin].strip():
        begin += 1  # blank lines before the first cell are none
    while begin < len(lines):
        reader = DoublePercentScriptCellReader(_PERCENT_FORMAT, "python")
        try:
            cell, used = reader.read(lines[begin:])
        except Exception:  # Jupytext does not expect every value of the names that it knows
            reason = 'what follows %% is no metadata of a cell, such as tags=["solution"]'
            return _Parsed(_notebook([]), (), {}, (begin + 1, reason))
        start = begin + _is_marker(reader, lines[begin])
        places.append(Place(begin + 1, start + 1, tuple(lines[start : begin + used])))
        cells.append(cell)
        begin += used
    return _Parsed(_notebook(cells), tuple(places), front_matter, None)


def no_yaml(error: yaml.YAMLError, begins: int) -> tuple[int, str]:
    """Line and reason where front matter is no YAML that begins in a line, from 1."""
    mark = getattr(error, "problem_mark", None)
    line = begins + (mark.line if mark else 0)
    return line, f"its front matter is not YAML: {getattr(error, 'problem', error)}"


def _is_marker(reader: DoublePercentScriptCellReader, line: str) -> bool:
    return bool(reader.start_code_re.match(line) or reader.alternative_start_code_re.match(line))


def _notebook(cells: list[NotebookNode]) -> NotebookNode:
    for number, cell in enumerate(cells, start=1):
        cell["id"] = f"cell-{number}"
        if cell.cell_type == "markdown":
            cell.source = cell.source.strip("\n")
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook: NotebookNode = nbformat.from_dict(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )
    return notebook


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
