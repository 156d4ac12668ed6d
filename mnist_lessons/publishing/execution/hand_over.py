"""Hand a kernel the modules of `in_kernel` as text: what it imports is the lesson's doing alone."""

from pathlib import Path
from typing import Any

from mnist_lessons.publishing.execution import in_kernel

__all__ = ["preparation"]

# In the order in which they import each other.
_MODULES = ("lesson_code", "ending", "variables", "files", "cells", "script", "preparation")
_SOURCES = {
    f"{in_kernel.__name__}.{name}": (Path(*in_kernel.__path__) / f"{name}.py").read_text("utf-8")
    for name in _MODULES
}
# They are modules while they import each other; afterwards, nobody can tell that they were.
_LOADER = """
import sys, types
for name, source in sources.items():
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, "<kernel>", "exec"), vars(module))
for name in sources:
    del sys.modules[name]
module.prepare(**about)
"""


def preparation(**about: Any) -> str:
    """Code that prepares a kernel, and leaves no name behind.

    Args:
        about: what `in_kernel.preparation.prepare` is to know.
    """
    space = {"sources": _SOURCES, "about": about}
    return f"exec({_LOADER!r}, {space!r})"
