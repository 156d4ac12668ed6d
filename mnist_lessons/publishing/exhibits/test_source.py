"""Tests of this project on its pages: the source of each, folded, as it stands at the build."""

import ast
import html
import re
from difflib import get_close_matches
from pathlib import Path
from typing import TypeGuard

from mnist_lessons.errors import BuildFailure

__all__ = ["source_of", "with_tests"]

_PLACE = re.compile(r"<!-- lessons: test (\S+)\s+(\S+) -->")
_FILE = re.compile(r"tests/(\w+/)*\w+\.py")


def with_tests(page: str, root: Path, repository: str = "") -> str:
    """A page with tests in the place of `<!-- lessons: test FILE NAME -->`.

    Args:
        page: HTML.
        root: of the project; a file is named as it is seen from there, `tests/test_data.py`.
        repository: address of the repository, to which a link leads; or empty.

    Raises:
        BuildFailure: there is no such file below `tests/`, or no such test in it.
    """
    return _PLACE.sub(lambda found: _block(root, found[1], found[2], repository), page)


def _block(root: Path, file: str, name: str, repository: str) -> str:
    # Slow to import, and needed by few pages.
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    listing = highlight(source_of(root, file, name), PythonLexer(), HtmlFormatter(wrapcode=True))
    link = ""
    if repository:
        address = html.escape(f"{repository.rstrip('/')}/blob/HEAD/{file}")
        link = f'<p><a href="{address}">The whole file</a></p>'
    return (
        '<details class="example" data-search-exclude>'
        f"<summary>The test: <code>{file}::{name}</code></summary>{listing}{link}</details>"
    )


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
        tree = ast.parse(text)
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


def _is_test(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
