"""The lessons as they stand in `tutorials/`: one script, one notebook, one page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

__all__ = ["Lesson", "alt_text", "code_cells", "discover", "has_alt_text", "pictures"]

_SHORTEST_ALT = 20


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        script: the Jupytext percent-format file.
    """

    script: Path

    @property
    def slug(self) -> str:
        """Short name: of the page, the notebook and the run."""
        return self.script.stem

    @property
    def has_title(self) -> bool:
        """Whether it begins with a Markdown cell that begins with a heading."""
        cells = self.notebook().cells
        return bool(cells) and cells[0].cell_type == "markdown" and cells[0].source.startswith("# ")

    def notebook(self) -> NotebookNode:
        """The script as a notebook without outputs, with stable cell ids."""
        notebook: NotebookNode = jupytext.read(self.script, fmt="py:percent")
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


def discover(folder: Path) -> tuple[Lesson, ...]:
    """All lessons of a folder, by name."""
    return tuple(Lesson(script) for script in sorted(folder.glob("*.py")))


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
