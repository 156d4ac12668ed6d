"""Where the code of a model comes from: its modules, and those that they import.

Python itself, PyTorch and other installed packages are known by their versions.
"""

import ast
import importlib.util
import inspect
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FunctionType

from mnist_lessons._sources import code_hash

__all__ = ["MAIN", "Unknown", "by_version", "code_of", "defined_in", "path_of"]

MAIN = "__main__"
# A file that was changed later is not what this process runs.
_STARTED = time.time()
_BY_VERSION = {*sys.stdlib_module_names, "torch"}


class Unknown(Exception):
    """Something that may decide the result of a training cannot be put into words."""


def code_of(modules: Iterable[str]) -> list[tuple[str, str]]:
    """Hashes of some modules and of those that they import, by name.

    Python itself, PyTorch and other installed packages are left out.
    """
    waiting = {name for name in modules if not by_version(name)}
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        found[name], imported = _read(_source(name), name)
        waiting |= {other for other in imported if path_of(other)} - set(found)
    return sorted(found.items())


def by_version(name: str) -> bool:
    return name.partition(".")[0] in _BY_VERSION


def defined_in(kind: type) -> Iterator[str]:
    """The modules of a class and of its bases: all of its code is there."""
    for base in kind.__mro__:
        name = base.__module__
        found: object = sys.modules.get(name)
        for part in base.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is not base:  # made in a function, or by text that is in no file
            raise Unknown(f"{base} is not in its module")
        if by_version(name):
            continue
        functions = [value for value in vars(base).values() if isinstance(value, FunctionType)]
        if not all(_is_in(inspect.unwrap(f).__code__.co_filename, name) for f in functions):
            raise Unknown(f"{base} has functions from elsewhere")
        yield name


def _is_in(place: str, name: str) -> bool:
    """Whether code that was compiled from `place` is part of the source of a module."""
    if _cells(name) is not None:
        return sys.modules["IPython"].get_ipython().compile.format_code_name(place) is not None
    path = path_of(name)
    return path is not None and os.path.exists(place) and os.path.samefile(place, path)


def _source(name: str) -> str:
    if (cells := _cells(name)) is not None:
        return "\n".join(cells)
    path = path_of(name)
    if path is None:
        raise Unknown(f"the source of {name} is not known")
    try:
        changed = path.stat()
        if max(changed.st_mtime, changed.st_ctime) > _STARTED:
            raise Unknown(f"{path} has changed since this process began")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unknown(f"cannot read {path}") from error


def _cells(name: str) -> list[str] | None:
    """All that a notebook has executed so far; None where `name` is a file."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and name == MAIN else None
    if shell is None or hasattr(sys.modules[name], "__file__"):  # the latter: %run of a script
        return None
    return list(shell.history_manager.input_hist_parsed)


def path_of(name: str) -> Path | None:
    """The file of a module that somebody may edit: none for what is installed or not there."""
    if by_version(name):
        return None
    root = name.partition(".")[0]
    if name == MAIN:
        origin = getattr(sys.modules[name], "__file__", None)
    else:
        try:
            # The root first: to look into a package is to import it.
            spec = importlib.util.find_spec(root)
            if spec is None or _is_installed(root, spec.origin):
                return None
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return None
        origin = spec.origin if spec else None
    return Path(origin) if origin and origin.endswith(".py") else None


def _is_installed(root: str, origin: str | None) -> bool:
    parts = Path(origin).parts if origin else ()
    return root != __package__ and ("site-packages" in parts or "dist-packages" in parts)


@cache
def _read(source: str, name: str) -> tuple[str, frozenset[str]]:
    """The hash of a module's source, and what it may import: modules, or names inside of one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise Unknown(f"{name} is no Python") from error
    package = getattr(sys.modules.get(name), "__package__", None) or ""
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            with suppress(ImportError):
                origin = "." * node.level + (node.module or "")
                origin = importlib.util.resolve_name(origin, package)
                imported |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return code_hash(source), frozenset(imported)
