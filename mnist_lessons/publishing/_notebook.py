"""The notebook that readers download: it reads well, and runs, where this site is not."""

import re
from copy import deepcopy
from typing import Any

import nbformat

__all__ = ["portable"]

_ADMONITION = re.compile(
    r'^(?:!!!|\?\?\?\+?) \w+(?: "(?P<title>[^"\n]*)")?\n(?P<body>(?:(?:    .*)?\n?)+)', re.MULTILINE
)
_RELATIVE = re.compile(r"\]\((?![a-z]+:|#|/)(?P<target>[^)\s]+)\)")
_INSTALL = """\
# In Colab: install the package that this lesson imports.
import importlib.util

if importlib.util.find_spec("mnist_lessons") is None:
    %pip install --quiet "mnist-lessons @ git+https://github.com/{repository}@{commit}"
"""


def portable(notebook: Any, *, site_url: str = "", colab: str = "", commit: str = "") -> bytes:
    """A lesson's notebook as a file.

    Admonitions become quotations, which every notebook shows. Where the site's address is
    known, links lead there. Where the notebook can be opened in Colab, it begins with a cell
    that installs this package.

    Args:
        notebook: with its outputs; stays as it is.
        site_url: address of the site, or empty.
        colab: folder of the notebooks on GitHub, `OWNER/REPOSITORY/...`, or empty.
        commit: what is installed in Colab; `main` where empty.
    """
    own = deepcopy(notebook)
    for cell in own.cells:
        if cell.cell_type == "markdown":
            cell.source = _ADMONITION.sub(_quotation, cell.source)
            if site_url:
                cell.source = _RELATIVE.sub(lambda link: _absolute(link, site_url), cell.source)
    if colab:
        own.cells.insert(0, _install_cell("/".join(colab.split("/")[:2]), commit or "main"))
    return f"{nbformat.writes(own)}\n".encode()


def _quotation(found: re.Match[str]) -> str:
    body = [line.removeprefix("    ") for line in found["body"].rstrip("\n").splitlines()]
    lines = [f"**{found['title']}**", "", *body] if found["title"] else body
    quoted = "\n".join(f"> {line}".rstrip() for line in lines)
    return f"{quoted}\n\n" if found["body"].endswith("\n") else quoted


def _absolute(link: re.Match[str], site_url: str) -> str:
    path, mark, place = link["target"].partition("#")
    page = re.sub(r"(\.md|\.py)$", "/", path)
    # A lesson is written as if it lay in a folder `tutorials` beside the other pages.
    below = page.removeprefix("../") if page.startswith("../") else f"tutorials/{page}"
    return f"]({site_url.rstrip('/')}/{below}{mark}{place})"


def _install_cell(repository: str, commit: str) -> Any:
    source = _INSTALL.format(repository=repository, commit=commit).rstrip()
    return nbformat.v4.new_code_cell(source, id="install")
