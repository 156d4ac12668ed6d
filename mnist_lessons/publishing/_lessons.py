"""The lessons as they stand in `tutorials/`: one script, one notebook, one page."""

import io
import re
import tokenize
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

from mnist_lessons._sources import code_hash

__all__ = ["Lesson", "alt_text", "code_cells", "discover", "has_alt_text", "pictures"]

_SHORTEST_ALT = 20
_TAGS_THAT_DECIDE = ("raises-exception", "skip-execution")
_CODE = re.compile(r"# ?%%(?!.*\[(markdown|md|raw)\])")
_LIMIT = "cell_limit_minutes"
_USUAL_LIMIT = 120.0


@dataclass(frozen=True)
class Lesson:
    """One lesson, as it stood when it was read.

    Attributes:
        script: the Jupytext percent-format file.
        source: its content.
    """

    script: Path
    source: bytes = field(repr=False)

    @property
    def slug(self) -> str:
        """Short name: of the page, the notebook and the run."""
        return self.script.stem

    @property
    def has_title(self) -> bool:
        """Whether it begins with a Markdown cell that begins with a heading."""
        cells = self.notebook().cells
        return bool(cells) and cells[0].cell_type == "markdown" and cells[0].source.startswith("# ")

    @property
    def cell_limit(self) -> float:
        """Seconds that a cell may take: `cell_limit_minutes` of the first cell, or two hours."""
        cells = self.notebook().cells
        minutes = cells[0].metadata.get(_LIMIT, _USUAL_LIMIT) if cells else _USUAL_LIMIT
        return 60 * float(minutes)

    def notebook(self) -> NotebookNode:
        """The script as a notebook without outputs, with stable cell ids.

        Raises:
            UnicodeDecodeError: the script is not UTF-8.
        """
        return deepcopy(_parsed(self.source))

    def code_hashes(self) -> list[str]:
        """What each code cell does: its hash changes with the code, not with a comment."""
        return [_cell_hash(cell) for cell in code_cells(_parsed(self.source))]

    def line(self, number: int, within: int = 1) -> int:
        """Line of the script where a line of code cell `number`, both from 1, stands."""
        lines = self.source.decode().splitlines()
        markers = [place for place, line in enumerate(lines, start=1) if _CODE.match(line)]
        if not 0 < number <= len(markers):
            return 1
        first = markers[number - 1] + 1
        while first < len(lines) and not lines[first - 1].strip():
            first += 1  # Python does not count the blank lines before a cell's first
        return first - 1 + within


def discover(folder: Path) -> tuple[Lesson, ...]:
    """All lessons of a folder, by name."""
    found = sorted(path for path in folder.glob("*.py") if path.is_file())
    # Editors keep hidden files of their own beside a script.
    return tuple(Lesson(path, path.read_bytes()) for path in found if path.name[0] != ".")


def code_cells(notebook: NotebookNode) -> list[Any]:
    """The code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pictures(cell: NotebookNode) -> list[Any]:
    """The outputs of a code cell that are pictures, in order."""
    return [output for output in cell.outputs if "image/png" in output.get("data", {})]


def alt_text(picture: Any) -> str:
    """What a picture shows, in words; an empty string where nobody said it."""
    return str(picture["metadata"].get("image/png", {}).get("alt", ""))


def has_alt_text(picture: Any) -> bool:
    """Whether a picture's text is long enough to replace it."""
    return len(alt_text(picture)) >= _SHORTEST_ALT


@lru_cache(maxsize=64)
def _parsed(source: bytes) -> NotebookNode:
    notebook: NotebookNode = jupytext.reads(source.decode(), fmt="py:percent")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number}"
    return notebook


def _cell_hash(cell: NotebookNode) -> str:
    deciding = sorted(set(cell.metadata.get("tags", [])).intersection(_TAGS_THAT_DECIDE))
    # A semicolon at the end of a cell hides its last value; the syntax tree knows nothing of it.
    hides = _last_token(cell.source) == ";"
    return code_hash(cell.source) + "".join(f" {tag}" for tag in deciding) + " ;" * hides


def _last_token(source: str) -> str:
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return ""
    return next((token.string for token in reversed(tokens) if token.type not in skipped), "")
