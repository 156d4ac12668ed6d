"""Read a lesson's script, in Jupytext's percent format, as cells that know their lines."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import nbformat
import yaml
from nbformat import NotebookNode

from mnist_lessons.publishing.writing.known import KNOWN

if TYPE_CHECKING:  # slow to import, and needed only for what is new
    from jupytext.cell_reader import DoublePercentScriptCellReader

__all__ = ["Parsed", "Place", "no_yaml", "parsed"]

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


class Parsed(NamedTuple):
    """What a script holds.

    Attributes:
        notebook: its cells, without outputs.
        places: where each of them stands.
        front_matter: what its header says of the page.
        fault: line, from 1, and reason where it cannot be read; there are no cells then.
    """

    notebook: NotebookNode
    places: tuple[Place, ...]
    front_matter: Mapping[str, Any]
    fault: tuple[int, str] | None


@lru_cache(maxsize=4096)
def parsed(name: str, source: bytes) -> Parsed:
    """The script of that name; as it was read last time, if it has not changed since."""
    if source.startswith(_HEADER.encode()):  # YAML has values that a file of answers has not
        return _parse(source)
    [kept] = KNOWN.answer(f"cells of {name}", source, lambda: [_packed(_parse(source))])
    notebook, places, fault = json.loads(kept)
    lines = source.decode().splitlines() if places else []
    return Parsed(
        nbformat.from_dict(notebook),
        tuple(
            Place(marker, first, tuple(lines[first - 1 : first - 1 + count]))
            for marker, first, count in places
        ),
        {},
        tuple(fault) if fault else None,
    )


def _packed(parsed: Parsed) -> str:
    places = [(place.marker, place.first, len(place.lines)) for place in parsed.places]
    return json.dumps([parsed.notebook, places, parsed.fault])


def _parse(source: bytes) -> Parsed:
    from jupytext.cell_reader import DoublePercentScriptCellReader
    from jupytext.header import header_to_metadata_and_cell

    try:
        lines = source.decode().splitlines()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        return Parsed(_notebook([]), (), {}, (line, f"it is not UTF-8: {error.reason}"))
    try:
        _, _, header, begin = header_to_metadata_and_cell(lines, "#", "", ".py")
        front_matter = yaml.safe_load(header.source.rstrip("-\n")) if header else {}
        if not isinstance(front_matter, dict):
            raise yaml.YAMLError("no names with values")
    except yaml.YAMLError as error:
        begins = lines.index(_HEADER) + 1 if _HEADER in lines else 1
        return Parsed(_notebook([]), (), {}, no_yaml(error, begins))
    except ValueError:  # Jupytext's, of a line such as `# coding: latin-1`
        return Parsed(_notebook([]), (), {}, (1, "it says that it is not UTF-8"))
    cells, places = [], []
    while begin < len(lines) and not lines[begin].strip():
        begin += 1  # blank lines before the first cell are none
    while begin < len(lines):
        reader = DoublePercentScriptCellReader(_PERCENT_FORMAT, "python")
        try:
            cell, used = reader.read(lines[begin:])
        except Exception:  # Jupytext does not expect every value of the names that it knows
            reason = 'what follows %% is no metadata of a cell, such as tags=["solution"]'
            return Parsed(_notebook([]), (), {}, (begin + 1, reason))
        start = begin + _is_marker(reader, lines[begin])
        places.append(Place(begin + 1, start + 1, tuple(lines[start : begin + used])))
        cells.append(cell)
        begin += used
    return Parsed(_notebook(cells), tuple(places), front_matter, None)


def no_yaml(error: yaml.YAMLError, begins: int) -> tuple[int, str]:
    """Line and reason where front matter is no YAML that begins in a line, from 1."""
    mark = getattr(error, "problem_mark", None)
    line = begins + (mark.line if mark else 0)
    return line, f"its front matter is not YAML: {getattr(error, 'problem', error)}"


def _is_marker(reader: "DoublePercentScriptCellReader", line: str) -> bool:
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
