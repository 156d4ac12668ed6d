"""The HTML of code cells, kept until something that made it changes.

A server has it in memory. On disk each lesson has a file, one object with the cells of today:
key to HTML. A file that cannot be read counts as empty.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["Cell", "CellCache", "Renderer"]

Cell = Mapping[str, Any]
Renderer = Callable[[Sequence[Cell]], list[str]]

_MODULES = Path(__file__).parents[1]
_PACKAGES = ("mkdocs-jupyter", "nbconvert", "pygments", "beautifulsoup4")


class CellCache:
    """The cells of all lessons that were rendered before."""

    def __init__(self) -> None:
        self._known: dict[Path, dict[str, str]] = {}

    def html(self, file: Path, cells: Sequence[Cell], render: Renderer) -> list[str]:
        """The HTML of a lesson's prepared code cells; `render` makes that of the new ones."""
        stored = _read(file)
        known = self._known.setdefault(file, {})
        known.update(stored)
        keys = [_key(cell) for cell in cells]
        new = {key: cell for key, cell in zip(keys, cells, strict=True) if key not in known}
        if new:
            known.update(zip(new, render([*new.values()]), strict=True))
        today = {key: known[key] for key in keys}
        if today != stored:
            _write(file, today)
        return [today[key] for key in keys]


def _key(cell: Cell) -> str:
    text = json.dumps([_renderer(), cell], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _renderer() -> str:
    """A hash of everything but the cell itself that decides on its HTML."""
    # All modules and templates: whatever the renderer calls today or tomorrow is among them.
    files = [*_MODULES.rglob("*.py"), *_MODULES.rglob("templates/*")]
    code = [file.read_bytes() for file in sorted(files)]
    digests = [hashlib.sha256(content).hexdigest() for content in code]
    made_by = [*digests, *(f"{name} {version(name)}" for name in _PACKAGES)]
    return hashlib.sha256("\n".join(made_by).encode()).hexdigest()


def _read(file: Path) -> dict[str, str]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    whole = isinstance(content, dict) and all(isinstance(html, str) for html in content.values())
    return content if whole else {}


def _write(file: Path, cells: dict[str, str]) -> None:
    """Replace the file; where that is not possible, or not finished, there is no cache."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(cells), encoding="utf-8")
