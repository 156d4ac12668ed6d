"""The notebook that readers download: it reads well, and runs, where this site is not."""

from collections.abc import Callable
from typing import Any

import nbformat
from markdown_it.common.utils import normalizeReference

from mnist_lessons.publishing.writing.addresses import with_addresses
from mnist_lessons.publishing.writing.common_markdown import (
    definitions,
    with_quotations,
    without_bars,
)
from mnist_lessons.publishing.writing.lessons import SETUP, SOLUTION, tagged

__all__ = ["portable"]


def portable(
    notebook: Any, *, published: Callable[[str], str] | None = None, install: str = ""
) -> bytes:
    """A lesson's notebook as a file.

    Admonitions become quotations, which every notebook shows, and a bar within a formula or code
    ends no cell of a table. A cell has the definitions of its links, which a page may have
    anywhere. Where the site's address is known, links lead there. Jupyter folds plumbing
    and solutions, too, and what solutions show.

    Args:
        notebook: with its outputs; stays as it is.
        published: the address on the site of what a lesson's link names; None where the site
            has no address.
        install: code of a first cell, which installs what the lesson imports; none where empty.
    """
    own = nbformat.from_dict(notebook)  # a copy, all the way down
    prose = [cell for cell in own.cells if cell.cell_type == "markdown"]
    _define_links(prose)
    for cell in prose:
        cell.source = without_bars(with_quotations(cell.source))
        if published:
            cell.source = with_addresses(cell.source, published)
    for cell in own.cells:
        if tagged(cell, SOLUTION):  # with its prose, and with what its code shows
            cell.metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
        elif tagged(cell, SETUP):
            cell.metadata["jupyter"] = {"source_hidden": True}
    if install:
        own.cells.insert(0, nbformat.v4.new_code_cell(install, id="install"))
    return f"{nbformat.v4.writes(own)}\n".encode()  # without checks of what we have made


def _define_links(prose: list[Any]) -> None:
    """Give each cell what it lacks of the other cells' definitions, `[name]: address`."""
    defined = [definitions(cell.source) for cell in prose]
    everywhere = {name: text for own in defined for name, text in own.items()}
    for cell, own in zip(prose, defined, strict=True):
        named = normalizeReference(cell.source)
        lacking = [
            text for name, text in everywhere.items() if name not in own and f"[{name}]" in named
        ]
        if lacking:
            cell.source = "\n".join([cell.source, "", *lacking])
