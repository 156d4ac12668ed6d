"""Links from the names in a lesson's code to their places in the API reference."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeGuard

from markupsafe import Markup

from mnist_lessons.publishing.execution.project_files import signature
from mnist_lessons.publishing.html.templates import fragment

__all__ = ["described", "linked"]

_PACKAGE = "mnist_lessons"
_MODULE = re.compile(rf"^::: ({_PACKAGE}[\w.]*)", re.MULTILINE)
_NAME = re.compile(
    r'(?P<dot><span class="o">\.</span>)?<span class="(?:n|nc|nf)">(?P<name>[A-Za-z_]\w*)</span>'
)


def described(reference: Path, package: Path) -> frozenset[str]:
    """The full names that the reference has a place for: what modules export, and its methods.

    Args:
        reference: the Markdown page, which names modules as `::: mnist_lessons.data`.
        package: folder of the package.
    """
    modules = _MODULE.findall(reference.read_text(encoding="utf-8")) if reference.is_file() else []
    return frozenset(name for module in modules for name in _public(module, package))


def linked(html: str, names: Mapping[str, str], known: Iterable[str], reference: str) -> str:
    """The highlighted code of a cell with a link for each name of this package.

    Args:
        html: as Pygments writes it, one `span` for each name.
        names: what `imported_names` returned.
        known: the full names that the reference describes.
        reference: address of the reference, as seen from the page.
    """
    places = set(known)
    before = ""  # what stands on the left of a dot
    end = -1

    def link(found: re.Match[str]) -> str:
        nonlocal before, end
        follows = found["dot"] is not None and found.start() == end
        end = found.end()
        if found["dot"] is None:
            before = names.get(found["name"], "")
        else:
            owner = before.removesuffix("()") if follows else ""
            before = f"{owner}.{found['name']}" if owner else ""
        if before not in places:
            return found[0]
        name = found[0][len(found["dot"] or "") :]
        return (found["dot"] or "") + fragment("api_link", Markup(name), f"{reference}#{before}")

    return _NAME.sub(link, html)


def _public(module: str, package: Path) -> tuple[str, ...]:
    path = package.joinpath(*module.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return _exported(module, file, signature(file))


@lru_cache(maxsize=256)
def _exported(module: str, file: Path, _: tuple[int, ...]) -> tuple[str, ...]:
    """What a module exports, and the methods of that; read anew only when it was written."""
    return tuple(_read(module, file))


def _read(module: str, file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    exported: list[str] = next(
        (ast.literal_eval(node.value) for node in tree.body if _assigns(node, "__all__")), []
    )
    yield from (f"{module}.{name}" for name in exported)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in exported:
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
                    yield f"{module}.{node.name}.{part.name}"


def _assigns(node: ast.stmt, name: str) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name
