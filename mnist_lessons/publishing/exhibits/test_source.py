"""Tests of this project on its pages: the source of each, folded, as it stands at the build."""

import ast
import re
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TypeGuard

from markupsafe import Markup

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.html.templates import render

__all__ = ["block", "problem", "source_of"]

_FILE = re.compile(r"tests/(\w+/)*\w+\.py")


def block(sources: Sources, file: str, name: str) -> str:
    """The HTML of a test, folded.

    Args:
        sources: with the repository, to which a link leads.
        file: as it is seen from the project's root, `tests/test_data.py`.
        name: of the test.

    Raises:
        BuildFailure: there is no such file below `tests/`, or no such test in it.
    """
    # Slow to import, and needed by few pages.
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    listing = highlight(
        source_of(sources.root, file, name), PythonLexer(), HtmlFormatter(wrapcode=True)
    )
    repository = sources.repository.rstrip("/")
    address = f"{repository}/blob/HEAD/{file}" if repository else ""
    return render(
        "test_source.html", file=file, name=name, listing=Markup(listing), address=address
    )


def problem(sources: Sources, file: str, name: str) -> str:
    """Why there is no such test; empty where there is."""
    try:
        source_of(sources.root, file, name)
    except BuildFailure as error:
        return str(error)
    return ""


def source_of(root: Path, file: str, name: str) -> str:
    """A test with its decorators, as it is written.

    Raises:
        BuildFailure: there is no such file below `tests/`, or no such test in it.
    """
    path = root / file
    if not (_FILE.fullmatch(file) and path.is_file()):
        raise BuildFailure(f"there is no file of tests {file}")
    text = path.read_text(encoding="utf-8")
    try:
        tree = _parsed(text)
    except SyntaxError as error:
        raise BuildFailure(f"{file} is no Python: {error}") from error
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    there = [node.name for node in tree.body if _is_test(node)]
    close = get_close_matches(name, there)
    more = f"; there is {', '.join(close)}" if close else ""
    raise BuildFailure(f"{file} has no test {name}{more}")


@lru_cache(maxsize=32)  # a page shows several tests of a file, each of which is checked before
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _is_test(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
