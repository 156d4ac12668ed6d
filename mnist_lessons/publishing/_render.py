"""Prepare an executed notebook for mkdocs-jupyter, and tidy the HTML that it makes.

Prose goes through MkDocs' own Markdown, so that admonitions, links, anchors and the table of
contents are those of any other page; code and outputs are rendered by mkdocs-jupyter.
"""

import html
import re
import struct
from base64 import b64decode
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import nbformat
from bs4 import BeautifulSoup, Tag
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbformat import NotebookNode

from mnist_lessons.publishing._lessons import alt_text, code_cells, pictures

__all__ = ["figures", "prepared", "prose_page", "tidy"]

_SEPARATOR = "<!-- next cell -->"
_SOLUTION = "solution"
_HIDDEN = (
    "style, script, .clipboard-copy-txt, .zeroclipboard-container, .jp-Collapser, .jp-OutputPrompt"
)
_SCAFFOLDING = (
    ".jp-Notebook, .jp-Cell, .jp-Cell-inputWrapper, .jp-Cell-inputArea, .jp-InputArea-editor, "
    ".CodeMirror, .jp-Cell-outputWrapper, .jp-OutputArea, .jp-OutputArea-child"
)


def figures(notebook: NotebookNode) -> dict[str, bytes]:
    """The pictures among the outputs, by file name."""
    named: dict[str, bytes] = {}
    for number, output in enumerate(_pictures(notebook), start=1):
        name = _file_name(output, number)
        if name in named:
            name = f"{name.removesuffix('.png')}-{number}.png"
        named[name] = b64decode(output["data"]["image/png"])
    return named


def prose_page(notebook: NotebookNode, uri: str, config: MkDocsConfig, files: Files) -> Page:
    """Render all prose of a notebook as one page of MkDocs, which checks its links."""
    prose = f"\n\n{_SEPARATOR}\n\n".join(
        cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    )
    page = Page(None, File.generated(config, uri, content=prose), config)
    page.read_source(config)
    page.render(config, files)
    return page


def prepared(notebook: NotebookNode, rendered_prose: str) -> NotebookNode:
    """The notebook with its prose as HTML, its pictures as files, its solutions folded."""
    pieces = iter(rendered_prose.split(_SEPARATOR))
    names = iter(figures(notebook))
    cells: list[NotebookNode] = []
    for folded, group in groupby(notebook.cells, key=_is_solution):
        if folded:
            cells.append(_html_cell('<details class="success"><summary>Solution</summary>'))
        for cell in group:
            if cell.cell_type == "markdown":
                cells.append(_html_cell(next(pieces)))
            else:
                cells.append(_with_picture_files(cell, names))
        if folded:
            cells.append(_html_cell("</details>"))
    result: NotebookNode = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    for number, cell in enumerate(cells, start=1):
        cell["id"] = f"part-{number}"
    return result


def tidy(content: str) -> str:
    """Keep what a reader sees: code and outputs, without the renderer's scaffolding."""
    soup = BeautifulSoup(content, "html.parser")
    for tag in soup.select(_HIDDEN):
        tag.decompose()
    for tag in soup.select(_SCAFFOLDING):
        tag.unwrap()
    for block in soup.select(".highlight-ipynb"):
        block["class"] = "highlight"
        if block.pre:
            _wrap_in_code(soup, block.pre)
    return str(soup)


def _wrap_in_code(soup: BeautifulSoup, pre: Tag) -> None:
    # The theme's copy button and colours expect the text of a listing inside <code>.
    code = soup.new_tag("code")
    for child in list(pre.contents):
        code.append(child.extract())
    pre.append(code)


def _is_solution(cell: NotebookNode) -> bool:
    return _SOLUTION in cell.metadata.get("tags", [])


def _html_cell(text: str) -> NotebookNode:
    cell: NotebookNode = nbformat.v4.new_raw_cell(text, metadata={"raw_mimetype": "text/html"})
    return cell


def _with_picture_files(cell: NotebookNode, names: Any) -> NotebookNode:
    cell = nbformat.from_dict({**cell, "metadata": {}})  # tags would be printed
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            output["data"] = {"text/html": _image(next(names), output)}
            output["metadata"] = {}
    return cell


def _image(name: str, output: Mapping[str, Any]) -> str:
    width, height = struct.unpack(">II", b64decode(output["data"]["image/png"])[16:24])
    alt = alt_text(output)
    return (
        f'<div class="lesson-figure"><img src="{html.escape(name)}" alt="{html.escape(alt)}" '
        f'width="{width // 2}" height="{height // 2}" loading="lazy" decoding="async"></div>'
    )


def _pictures(notebook: NotebookNode) -> list[Any]:
    return [picture for cell in code_cells(notebook) for picture in pictures(cell)]


def _file_name(output: Mapping[str, Any], number: int) -> str:
    name = output["metadata"].get("image/png", {}).get("name", f"figure-{number}")
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()) + ".png"
