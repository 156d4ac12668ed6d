"""What is wrong with the code of a lesson, for the script, the notebook or the page."""

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec

from mnist_lessons.publishing.writing.faults_of_cells import Found
from mnist_lessons.publishing.writing.lessons import SHORTEST_ALT
from mnist_lessons.publishing.writing.scripts import Place

__all__ = ["of_alternative_texts", "of_compiling", "of_loops", "of_names", "of_run"]

_LINE = re.compile(r"\bline (\d+)")
_COMMAND = re.compile(r"\s*([%!?]|[\w.]+\?)|.*[\w)]\?{1,2}\s*$|.*=\s*[%!]")
_KNOWN_TO_JUPYTER_ALONE = re.compile(
    r"get_ipython|display|In|Out|_i?\d+|_{1,3}|_i{1,3}|_[iod]h|__IPYTHON__"
)
_RUN_A_LOOP = ("run", "Runner")
_RUN_THIS_LOOP = ("run_until_complete", "run_forever")
_IN_A_THREAD = (
    "fails in a notebook, which has a running event loop; in a thread it does not: "
    "ThreadPoolExecutor().submit(asyncio.run, main()).result()"
)
_AS_A_SCRIPT = "a lesson must run as a script, too"


def of_compiling(place: Place) -> Iterator[Found]:
    text = "\n".join(place.lines)
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(text, "lesson", "exec", dont_inherit=True)
    except SyntaxError as error:
        within = min(error.lineno or 1, len(place.lines))
        line = place.lines[within - 1] if place.lines else ""
        # It counts the lines of the cell.
        message = _LINE.sub(lambda found: f"line {int(found[1]) + place.first - 1}", error.msg)
        reason = f"{type(error).__name__}: {message}"
        if _COMMAND.match(line):
            reason = f"{line.strip()} is a command of IPython, not Python: {_AS_A_SCRIPT}"
        elif "outside" in error.msg:
            reason += f": {_AS_A_SCRIPT}"
        yield place.first + max(within, 1) - 1, reason
    except (MemoryError, RecursionError, OverflowError, ValueError) as error:
        yield place.first, f"Python cannot compile it: {error or type(error).__name__}"


def of_names(tree: ast.Module) -> Iterator[Found]:
    """Names that Jupyter alone, or a script alone, knows."""
    bound = set(_bound(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="__file__") if "__file__" not in bound:
                yield node.lineno, "a notebook has no __file__: use run.beside('name of a file')"
            case ast.Name(id=name) if name not in bound and _KNOWN_TO_JUPYTER_ALONE.fullmatch(name):
                yield node.lineno, f"{name} is known to Jupyter alone: {_AS_A_SCRIPT}"
            # IPython has it for all; in a script, it returns None.
            case ast.alias(name="get_ipython") | ast.Attribute(attr="get_ipython"):
                yield node.lineno, f"get_ipython is known to Jupyter alone: {_AS_A_SCRIPT}"


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.alias(asname=str(name)) | ast.alias(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name


def of_loops(tree: ast.Module) -> Iterator[Found]:
    """Calls outside of functions that run an event loop: a notebook has one that runs already."""
    runners = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                modules = [each.asname or each.name for each in aliases if each.name == "asyncio"]
                runners |= {f"{module}.{name}" for module in modules for name in _RUN_A_LOOP}
            case ast.ImportFrom(module="asyncio", names=aliases):
                runners |= {
                    each.asname or each.name for each in aliases if each.name in _RUN_A_LOOP
                }
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in runners or _called(node.func) in _RUN_THIS_LOOP:
                yield node.lineno, f"{name} {_IN_A_THREAD}"


def of_run(tree: ast.Module, slug: str) -> Iterator[Found]:
    """The name of the run that the lesson begins."""
    names = {"start_run"}
    imported = set()
    is_mentioned = False
    for node in ast.walk(tree):
        match node:
            case ast.alias(name="start_run", asname=asname):
                names.add(asname or "start_run")
                is_mentioned = True
            case ast.Name(id="start_run") | ast.Attribute(attr="start_run"):
                is_mentioned = True
            case ast.Constant(value="run.json"):  # it writes the card of its run itself
                is_mentioned = True
            case ast.Import(names=aliases):
                imported |= {alias.name.partition(".")[0] for alias in aliases}
            case ast.ImportFrom(module=module):
                imported.add((module or "").partition(".")[0])
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) in names:
            name = _argument(node, 0, "lesson")
            text = _literal(name) if name else None
            if text is not None and text != slug:
                yield node.lineno, f"start_run({text!r}): the name must be the file's, {slug!r}"
    # A module that is found at run time alone may begin it in the place of the lesson.
    if not is_mentioned and all(map(_is_installed, imported)):
        yield 1, f"it begins no run: run = start_run({slug!r}, seed=1)"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def of_alternative_texts(tree: ast.Module) -> Iterator[Found]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            text = _literal(keyword.value) if keyword.arg == "alt" else None
            if text is not None and len(text) < SHORTEST_ALT:
                yield (
                    keyword.value.lineno,
                    f"the alternative text {text!r} is too short: say in at least "
                    f"{SHORTEST_ALT} characters what the figure shows",
                )


def _called(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return next(iter(named or call.args[place : place + 1]), None)


def _literal(node: ast.expr) -> str | None:
    """The text that an expression is, where it needs no run to tell."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return _joined(parts, _literal)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([left, right], _literal)
    return None


def _joined(parts: Iterable[ast.expr], told: Callable[[ast.expr], str | None]) -> str | None:
    texts = [told(part) for part in parts]
    return None if None in texts else "".join(text for text in texts if text)
