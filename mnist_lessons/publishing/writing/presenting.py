"""How much of the code that a lesson shows only presents: prints, titles, figures, tables, notes.

A statement counts as one line, however long it is: an honest alternative text is free.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_lessons.publishing.writing.lessons import SETUP, SOLUTION, tagged

__all__ = ["Shares", "shares"]

_FOR_WORDS = {"alt", "caption", "captions", "label", "labels", "says", "shown", "text", "title"}
_FOR_WORDS |= {"told"}
_PRESENTERS = {"ax", "axes", "display", "fig", "figure", "plots", "plt", "print", "pyplot"}
_PRESENTING_MODULES = ("plots", "pyplot", "runlog")
# The methods of `run` that load, train or assert; the others present.
_WORKING = {"claim", "data", "device", "epochs", "fit", "loaded", "train"}
_BLOCKS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor),
    *(ast.While, ast.If, ast.With, ast.Try),
)
_ALIGNED = re.compile(r"[<>^]|^\d")  # the format of a number or a text that has a width


@dataclass(frozen=True)
class Shares:
    """Lines of a lesson's code, blank ones and comments left out.

    Attributes:
        shown: their number in cells that are neither folded nor a solution.
        presenting: those of them that only present, as text.
        folded: their number in cells with the tag `setup`.
    """

    shown: int
    presenting: Sequence[str]
    folded: int

    @property
    def presents(self) -> float:
        """The share of the shown lines that only present, in per cent."""
        return 100 * len(self.presenting) / max(self.shown, 1)

    @property
    def hides(self) -> float:
        """The share of folded lines among those shown and folded, in per cent."""
        return 100 * self.folded / max(self.shown + self.folded, 1)


def shares(cells: Iterable[Any]) -> Shares:
    """Measure the code cells of a lesson, each of them Python."""
    cells = list(cells)
    names = _presenters(ast.parse(cell.source) for cell in cells)
    shown, folded, presenting = 0, 0, []
    for cell in cells:
        lines = dict(_lines(cell.source))
        if tagged(cell, SETUP):
            folded += len(lines)
        elif not tagged(cell, SOLUTION):
            shown += len(lines)
            found = set(_presenting(ast.parse(cell.source), names))
            presenting += [line.strip() for number, line in lines.items() if number in found]
    return Shares(shown, presenting, folded)


def _lines(source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.splitlines(), start=1):
        if line.strip() and not line.strip().startswith("#"):
            yield number, line


def _presenters(trees: Iterable[ast.Module]) -> set[str]:
    """The names that stand for what presents: `tell = print`, `from ...plots import bars`."""
    names = set(_PRESENTERS)
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.ImportFrom(module=str(module)) if module.endswith(("plots", "pyplot")):
                    names |= {alias.asname or alias.name for alias in node.names}
                case ast.Import(names=aliases):
                    named = [alias for alias in aliases if alias.name.endswith(("plots", "pyplot"))]
                    names |= {alias.asname for alias in named if alias.asname}
                case ast.Assign(targets=targets, value=ast.Name() | ast.Attribute() as value):
                    if _is_presenter(value, names):
                        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _is_presenter(called: ast.expr, names: set[str]) -> bool:
    root, *attributes = re.split(r"\W+", ast.unparse(called))
    if root == "run" and attributes:
        return attributes[0] not in _WORKING
    return root in names or (root == "sys" and attributes[:1] == ["stdout"])


def _presenting(node: ast.AST, names: set[str]) -> Iterator[int]:
    """The first line of each statement below a node that only presents."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt) and _presents(child, names):
            yield child.lineno
            if not isinstance(child, _BLOCKS):
                continue
        yield from _presenting(child, names)


def _presents(statement: ast.stmt, names: set[str]) -> bool:
    match statement:
        case ast.Assert():
            return False
        case ast.ImportFrom(module=module, names=aliases):
            imported = [module or "", *(f".{alias.name}" for alias in aliases)]
            return imported[0].endswith(_PRESENTING_MODULES) or ".plots" in imported
    if isinstance(statement, _BLOCKS):
        inner = [one for one in _inside(statement) if not isinstance(one, ast.Pass)]
        return bool(inner) and all(_presents(one, names) for one in inner)
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    if any(isinstance(target, ast.Name) and target.id in _FOR_WORDS for target in targets):
        return True
    return any(_formats(node, names) for node in ast.walk(statement))


def _inside(block: ast.AST) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(block):
        match child:
            case ast.ExceptHandler():
                yield from _inside(child)
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring
            case ast.stmt():
                yield child


def _formats(node: ast.AST, names: set[str]) -> bool:
    match node:
        case ast.Call(func=called):
            return _is_presenter(called, names)
        case ast.FormattedValue(format_spec=ast.JoinedStr() as given):
            return bool(_ALIGNED.search(ast.unparse(given).strip("f'\"")))
    return False
