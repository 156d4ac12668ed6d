"""The HTML of a lesson's code cells and their outputs, made by mkdocs-jupyter."""

import json
import os
import re
import struct
import tempfile
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from mnist_lessons.publishing.execution.terminal import shown
from mnist_lessons.publishing.html.ansi import as_html
from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.lesson_page.claims import claim_output
from mnist_lessons.publishing.lesson_page.figures import figure_files, figure_html
from mnist_lessons.publishing.lesson_page.outputs import present
from mnist_lessons.publishing.lesson_page.tables import table_files, table_output
from mnist_lessons.publishing.lesson_page.training_log import training_output
from mnist_lessons.publishing.runs.admission import alt_text, pictures, published
from mnist_lessons.publishing.runs.card import Card
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.writing.lessons import code_cells

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from nbformat import NotebookNode

__all__ = [
    "prepared",
    "rendered",
    "shown_files",
    "tidy",
]

_ESCAPE = "\x1b"
_SEPARATOR = "<!-- next cell -->"
_PYTHON = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_VERBATIM = {"raw_mimetype": "text/html"}
_HIDDEN = (
    "style, script, .clipboard-copy-txt, .zeroclipboard-container, .jp-Collapser, .jp-OutputPrompt"
)
_SCAFFOLDING = (
    ".jp-Cell, .jp-Cell-inputWrapper, .jp-Cell-inputArea, .jp-InputArea-editor, "
    ".CodeMirror, .jp-Cell-outputWrapper, .jp-OutputArea, .jp-OutputArea-child"
)


def shown_files(notebook: "NotebookNode", run: StoredRun) -> dict[str, bytes]:
    """The files that the figures and tables among the outputs need, by file name.

    Args:
        notebook: of the lesson.
        run: of the lesson.
    """
    files: dict[str, bytes] = {}
    for number, output in enumerate(_shown(notebook), start=1):
        picture = b64decode(output["data"]["image/png"])
        drawn = figure_files(run, _name(output), picture)
        files |= drawn or {_file_name(output, number): picture}
    outputs = (output for cell in code_cells(notebook) for output in published(cell))
    return files | table_files(run, outputs)


def prepared(notebook: "NotebookNode", run: StoredRun | None = None) -> list[dict[str, Any]]:
    """All that decides on the HTML of each code cell, ready for JSON: pictures are files.

    Args:
        notebook: of the lesson.
        run: of the lesson, for its figures, tables and claims, and the logs of its trainings.
    """
    pictures_shown = iter(_figures(notebook, run))
    return [
        {
            "source": cell.source,
            "outputs": [
                _told(run, output) or _prepared_output(output, pictures_shown)
                for output in published(cell)
            ],
        }
        for cell in code_cells(notebook)
    ]


def rendered(cells: Sequence[Mapping[str, Any]], scratch: Path | None = None) -> list[str]:
    """The HTML of prepared code cells, made by mkdocs-jupyter; `scratch` takes its files."""
    # Slow to import, and needed only for new cells.
    from mkdocs_jupyter.nbconvert2 import nb2html

    separator = {"cell_type": "raw", "metadata": _VERBATIM, "source": _SEPARATOR}
    parts: list[dict[str, Any]] = [separator]
    for cell in cells:
        parts += [{"cell_type": "code", "metadata": {}, "execution_count": None, **cell}, separator]
    identified = [{**part, "id": f"part-{number}"} for number, part in enumerate(parts)]
    notebook = {"cells": identified, "metadata": _PYTHON, "nbformat": 4, "nbformat_minor": 5}
    with tempfile.TemporaryDirectory(prefix="mnist-lessons-cells-", dir=scratch) as folder:
        path = Path(folder) / "cells.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        with _own_configuration_in(folder):
            page = nb2html(str(path), no_prompt=True)
    return [tidy(part) for part in page.split(_SEPARATOR)[1:-1]]


@contextmanager
def _own_configuration_in(folder: str) -> Iterator[None]:
    """Look for the user's configuration of nbconvert in a folder: it would change the pages."""
    instead = {"JUPYTER_CONFIG_DIR": folder, "JUPYTER_CONFIG_PATH": ""}
    before = {name: os.environ[name] for name in instead if name in os.environ}
    os.environ.update(instead)
    try:
        yield
    finally:
        for name in instead:
            del os.environ[name]
        os.environ.update(before)


def tidy(content: str) -> str:
    """Keep what a reader sees: code and outputs, without the renderer's scaffolding."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(content, "html.parser")
    for tag in soup.select(_HIDDEN):
        tag.decompose()
    for tag in soup.select(_SCAFFOLDING):
        tag.unwrap()
    for block in soup.select(".highlight-ipynb"):
        block["class"] = "highlight"
        if block.pre:
            _wrap_in_code(soup, block.pre)
    for block in soup.select(".jp-OutputArea-output"):
        del block["tabindex"]
        for pre in block("pre", recursive=False):
            present(soup, pre)
    return str(soup).strip()


def _wrap_in_code(soup: "BeautifulSoup", pre: "Tag") -> None:
    # The theme's copy button and colours expect the text of a listing inside <code>.
    code = soup.new_tag("code")
    for child in list(pre.contents):
        code.append(child.extract())
    pre.append(code)


def _told(run: StoredRun | None, output: Mapping[str, Any]) -> dict[str, Any] | None:
    """More than the text of an output, where the run's card has it: a log, a table, a claim."""
    if run is None:
        return None
    block = _log(run.card, output) or table_output(run, output) or claim_output(run.card, output)
    return _display({"text/html": block}) if block else None


def _log(card: Card, output: Mapping[str, Any]) -> str | None:
    """A training's log as a table with its curve, where an output is one."""
    return training_output(card, output["text"]) if output.get("name") == "stdout" else None


def _prepared_output(output: Mapping[str, Any], figures: Iterator[str]) -> dict[str, Any]:
    data = output.get("data", {})
    if "image/png" in data:
        return _display({"text/html": next(figures)})
    text = shown(data["text/plain"] if data else output["text"])
    if _ESCAPE in text:  # it has colours
        return _display({"text/html": fragment("printed", Markup(as_html(text)))})
    if data:
        return _display({"text/plain": text})
    return {"output_type": "stream", "name": output["name"], "text": text}


def _display(data: Mapping[str, str]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _figures(notebook: "NotebookNode", run: StoredRun | None) -> Iterator[str]:
    """The HTML of each figure among the outputs."""
    for number, output in enumerate(_shown(notebook), start=1):
        name, about = _name(output), output["metadata"].get("image/png", {})
        picture = b64decode(output["data"]["image/png"])
        drawn = figure_files(run, name, picture) if run else {}
        title = str(about.get("title", ""))
        yield (
            figure_html(str(name), drawn, alt=alt_text(output), title=title)
            if drawn
            else _image(_file_name(output, number), output)
        )


def _shown(notebook: "NotebookNode") -> list[Any]:
    return [picture for cell in code_cells(notebook) for picture in pictures(cell)]


def _image(name: str, output: Mapping[str, Any]) -> str:
    start = b64decode(output["data"]["image/png"][:32])
    width, height = struct.unpack(">II", start[16:24])
    return fragment("image", name, alt_text(output), width // 2, height // 2)


def _name(output: Mapping[str, Any]) -> object:
    return output["metadata"].get("image/png", {}).get("name")


def _file_name(output: Mapping[str, Any], number: int) -> str:
    name = f"{_name(output) or 'figure'}-{number}"
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()) + ".png"
