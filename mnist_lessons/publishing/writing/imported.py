"""The names in a lesson's code that stand for something of this package."""

import ast
from collections.abc import Sequence

from mnist_lessons.publishing.writing.known import KNOWN

__all__ = ["imported_names"]

_PACKAGE = "mnist_lessons"
# What is made by a call: its methods have places of their own.
_MADE_BY = {f"{_PACKAGE}.runlog.start_run": f"{_PACKAGE}.runlog.Run()"}


def imported_names(lesson: str, sources: Sequence[str]) -> dict[str, str]:
    """What a lesson imports of this package, under the names that its cells use.

    Args:
        lesson: its slug.
        sources: the code of its cells; one that is not Python is passed over.

    Returns:
        For each name as the code has it, the full name; `Class()` for what is made of a class.
    """

    def find() -> list[str]:
        return [f"{name} {full}" for name, full in _found(sources).items()]

    known = KNOWN.answer(f"names imported by {lesson}", "\0".join(sources).encode(), find)
    return dict(one.split() for one in known)


def _found(sources: Sequence[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for source in sources:
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            names |= _named(node, names)
    return names


def _named(node: ast.AST, names: dict[str, str]) -> dict[str, str]:
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == _PACKAGE:
        return {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        made = _MADE_BY.get(names.get(getattr(node.value.func, "id", ""), ""))
        return {target.id: made for target in node.targets if made and isinstance(target, ast.Name)}
    return {}
