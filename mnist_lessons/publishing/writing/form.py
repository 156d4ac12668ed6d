"""The form of a lesson, checked from its text alone, before anything runs.

A lesson is a page, a notebook and a script. Whatever one of them would treat differently is
refused here, with its line; so is what a run could only refuse later.
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from typing import Any

from mnist_lessons.publishing.writing.lessons import LIMIT, SHORTEST_ALT, Lesson, Place, prose_line
from mnist_lessons.publishing.writing.prose import replaced, titles

__all__ = ["Found", "problems"]

Found = tuple[int, str]  # a line of the script, from 1, and what is wrong there

_TAGS = ("solution",)
_FRONT_MATTER = ("description",)
# What Jupytext itself notes of a cell.
_NOTED = {"tags", LIMIT, "title", "region_name", "cell_depth", "cell_marker", "lines_to_next_cell"}
_NOTED |= {"lines_to_end_of_cell_marker"}
_ODD_IN_AN_ADDRESS = re.compile(r"[#%:?`\"\\]")
_KIND = re.compile(r"\[.*|\W*(markdown|md|raw|code)\W*", re.IGNORECASE)
_TAG = re.compile(r"\W*(tags?\W.*|tags?|solution\W*)", re.IGNORECASE)
_NEARLY_A_MARKER = re.compile(r"#+\s*%%")
# In prose, `%%time` is a word; what is nearly a marker stands alone, or before a space or a kind.
_NEARLY_A_MARKER_IN_PROSE = re.compile(r"^#*[ \t]*%%+(?![\w%]).*", re.MULTILINE)
_LINE = re.compile(r"\bline (\d+)")
_TITLE = re.compile(r"# +\S")
_QUOTED = re.compile(r"[rR]?(\"\"\"|''')")
# Jupytext would make it one when it opens the script.
_COMMENTED_COMMAND = re.compile(r"#\s*(?P<command>%%?[A-Za-z_]{2}.*|!!?\s*[\w~./{$].*)")
_COMMAND = re.compile(r"\s*([%!?]|[\w.]+\?)|.*[\w)]\?{1,2}\s*$|.*=\s*[%!]")
# `splitlines`, and so Jupytext, ends a line at each of these; Python and editors do not.
_ENDS_A_LINE_FOR_SOME = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SHOWS_NOTHING = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
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
_CODE_IN_PROSE = "code in a Markdown cell: begin it with # %%, or the line with # (prose)"
_NO_MARKER = "begins no cell: write '# %%' or '# %% [markdown]'"


@lru_cache(maxsize=64)
def problems(lesson: Lesson) -> tuple[str, ...]:
    """What is wrong with the text of a lesson, one sentence each, in the order of its lines."""
    name = f"{lesson.script.parent.name}/{lesson.script.name}"
    found = [lesson.fault] if lesson.fault else sorted(set(_found(lesson)))
    return tuple(f"{name}, line {line}: {reason}" for line, reason in found)


def _found(lesson: Lesson) -> Iterator[Found]:
    text = lesson.plain.decode()
    yield from (unreadable := [*_characters(text), *_encoding(lesson.plain)])
    if unreadable:
        return
    if odd := _ODD_IN_AN_ADDRESS.search(lesson.slug):
        yield 1, f"the name of its file has {odd[0]!r}, which means something else in an address"
    yield from _front_matter(lesson)
    cells = list(zip(lesson.notebook().cells, lesson.places, strict=True))
    yield from (untitled := list(_title(cells)))
    for number, (cell, place) in enumerate(cells, start=1):
        yield from _metadata(cell, place, is_first=number == 1)
    code = [place for cell, place in cells if cell.cell_type == "code"]
    wrong = [
        *chain.from_iterable(_prose(place) for cell, place in cells if cell.cell_type != "code"),
        *chain.from_iterable(map(_compiles, code)),
        *chain.from_iterable(_comments(cell, place) for cell, place in cells),
        *chain.from_iterable(_nearly_markers(cell, place) for cell, place in cells),
    ]
    # What is wrong in a cell is wrong in the whole, too.
    wrong = wrong or list(_compiles(Place(1, 1, tuple(text.splitlines()))))
    yield from wrong
    if not wrong and not untitled:
        yield from _more_titles(cells)
        tree = ast.parse(text)
        yield from _names(tree)
        yield from _loops(tree)
        yield from _run(tree, lesson.slug)
        yield from _alternative_texts(tree)


def _characters(text: str) -> Iterator[Found]:
    for number, line in enumerate(re.split("\r\n|\n|\r", text), start=1):
        if found := _ENDS_A_LINE_FOR_SOME.search(line):
            yield number, f"the character {found[0]!a} ends a line for some programs: remove it"
        elif found := _SHOWS_NOTHING.search(line):
            yield number, f"the character {found[0]!a} cannot be shown: write its escape, or none"


def _encoding(source: bytes) -> Iterator[Found]:
    """What Python takes for the name of another encoding, even in a title."""
    lines = source.splitlines()[:2]
    for number in range(1, len(lines) + 1):
        try:
            encoding, _ = tokenize.detect_encoding(iter(lines[:number]).__next__)
        except SyntaxError as error:
            encoding = str(error)
        if encoding != "utf-8":
            yield number, f"for Python it says that it is not UTF-8: {encoding}"
            return


def _front_matter(lesson: Lesson) -> Iterator[Found]:
    for name, value in lesson.front_matter.items():
        if name not in _FRONT_MATTER:
            yield 1, f"no {name} in front matter; there is {_listed(_FRONT_MATTER)}"
        elif not isinstance(value, str) or not value.strip():
            yield 1, f"{name} in front matter must be text"


def _title(cells: list[tuple[Any, Place]]) -> Iterator[Found]:
    cell, place = cells[0] if cells else (None, Place(1, 1, ()))
    if cell is None or cell.cell_type != "markdown":
        yield (
            place.first,
            "its first cell must be Markdown: '# Its title'; a module that is no lesson belongs "
            "in mnist_lessons/, or has a name that begins with _",
        )
    elif not _TITLE.match(cell.source) and not list(_prose(place)):
        yield place.first, "it must begin with its title: '# Its title'"


def _more_titles(cells: list[tuple[Any, Place]]) -> Iterator[Found]:
    """Titles besides the first, below which nothing would be in the table of contents."""
    found = [
        (prose_line(cell.source, place, line), "a second title: a section begins with ##")
        for cell, place in cells
        if cell.cell_type == "markdown"
        for line in titles(cell.source)
    ]
    yield from found[1:]


def _metadata(cell: Any, place: Place, *, is_first: bool) -> Iterator[Found]:
    """What a cell's marker says beyond that it is one."""
    line, metadata = place.marker, cell.metadata
    title = str(metadata.get("title", ""))
    kind = _KIND.fullmatch(title)
    if _TAG.fullmatch(title):
        yield line, f'{title} is only a name here: write tags=["solution"]'
    if cell.cell_type == "raw" or kind:
        written = f"kind {kind[0]}" if kind else "raw kind"
        yield line, f"no {written} of cell: there are '# %% [markdown]' and, for code, '# %%'"
    for name, value in metadata.items():
        if name == "incorrectly_encoded_metadata":
            yield line, f'cannot read {value}: write it as tags=["solution"]'
        elif name == "tags":
            yield from ((line, reason) for reason in _tags(value))
        elif name == LIMIT and not is_first:
            yield line, f"{LIMIT} belongs to the first cell, and holds for all"
        elif name == LIMIT and not _is_number(value):
            yield line, f"{LIMIT} must be a number of minutes above 0, not {value!r}"
        elif name not in _NOTED and not (name == "active" and cell.cell_type == "raw"):
            yield line, f"no {name} of a cell: there are tags and, of the first cell, {LIMIT}"


def _tags(tags: object) -> Iterator[str]:
    if not isinstance(tags, list):
        yield f'tags must be a list, tags=["solution"], not {tags!r}'
        return
    for tag in tags:
        if tag not in _TAGS:
            yield f"no tag {tag!r}; there is {_listed(_TAGS)}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and value is not True and 0 < value < 1e9


def _prose(place: Place) -> Iterator[Found]:
    """Lines of a Markdown cell that are code for Python, the first of each block."""
    text = "\n".join(place.lines)
    if _is_one_string(text):
        return
    if rest := _after_a_string(text):
        yield place.first + rest - 1, _CODE_IN_PROSE
        return
    before = False
    for number, line in enumerate(place.lines, start=place.first):
        is_code = bool(line.strip()) and not line.startswith("#")
        if is_code and not before:
            yield number, _CODE_IN_PROSE
        before = is_code or (before and not line.strip())


def _is_one_string(text: str) -> bool:
    """Whether a text is nothing but one triple-quoted string, which Jupytext takes for prose."""
    layout = (tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    found = [token for token in _tokens(text.strip()) if token.type not in layout]
    is_string = len(found) == 1 and found[0].type == tokenize.STRING
    return is_string and bool(_QUOTED.match(found[0].string))


def _nearly_markers(cell: Any, place: Place) -> Iterator[Found]:
    """Lines of prose, not of code in it, that look like a marker."""
    found: list[Found] = []

    def look(line: re.Match[str]) -> str:
        number = prose_line(cell.source, place, line.string.count("\n", 0, line.start()) + 1)
        found.append((number, f"{place.lines[number - place.first].strip()} {_NO_MARKER}"))
        return line[0]

    if cell.cell_type == "markdown":
        replaced(cell.source, _NEARLY_A_MARKER_IN_PROSE, look)
    yield from found


def _after_a_string(text: str) -> int | None:
    """The line, from 1, where something follows a cell's prose that stands in quotes."""
    try:
        first, *rest = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    match first:
        case ast.Expr(value=ast.Constant(value=str())) if rest and _QUOTED.match(text.lstrip()):
            decorators: list[ast.expr] = getattr(rest[0], "decorator_list", [])
            return min([rest[0].lineno, *(decorator.lineno for decorator in decorators)])
    return None


def _comments(cell: Any, place: Place) -> Iterator[Found]:
    """Comments of a code cell that are a command in a notebook, or look like a marker."""
    if cell.cell_type != "code":
        return
    for token in _tokens("\n".join(place.lines)):
        within = token.start[0] - 1
        if token.type != tokenize.COMMENT or token.line.strip() != token.string.strip():
            continue
        if found := _COMMENTED_COMMAND.match(token.string):
            yield (
                place.first + within,
                f"this comment is the command {found['command']!r} for Jupytext: reword it",
            )
        elif _NEARLY_A_MARKER.match(token.string):
            yield (
                place.first + within,
                f"{token.string} {_NO_MARKER}",
            )


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    """The tokens of a text, none where it is not Python."""
    try:
        return list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []


def _compiles(place: Place) -> Iterator[Found]:
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


def _names(tree: ast.Module) -> Iterator[Found]:
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


def _loops(tree: ast.Module) -> Iterator[Found]:
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


def _run(tree: ast.Module, slug: str) -> Iterator[Found]:
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


def _alternative_texts(tree: ast.Module) -> Iterator[Found]:
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


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
