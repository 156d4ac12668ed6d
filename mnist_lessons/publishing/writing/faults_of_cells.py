"""What is wrong with the cells of a lesson: their markers, their prose, their comments."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mnist_lessons.publishing.writing.lessons import (
    LEVEL,
    LEVELS,
    LIMIT,
    NEEDS,
    SETUP,
    SOLUTION,
    THUMBNAIL,
    Lesson,
    prose_line,
)
from mnist_lessons.publishing.writing.prose import replaced, titles
from mnist_lessons.publishing.writing.scripts import Place

__all__ = [
    "Found",
    "of_comments",
    "of_front_matter",
    "of_marker",
    "of_more_titles",
    "of_nearly_markers",
    "of_prose",
    "of_title",
]

Found = tuple[int, str]  # a line of the script, from 1, and what is wrong there
_TAGS = (SETUP, SOLUTION)
_FRONT_MATTER = ("description",)
# What Jupytext itself notes of a cell.
_NOTED = {"tags", "title", "region_name", "cell_depth", "cell_marker", "lines_to_next_cell"}
_NOTED |= {"lines_to_end_of_cell_marker"}
# What the first cell says of the lesson: what that must be, and whether it is.
_OF_LESSON: dict[str, tuple[str, Callable[[object], bool]]] = {
    LIMIT: ("a number of minutes above 0", lambda value: _is_number(value)),
    LEVEL: (f"one of {', '.join(LEVELS)}", lambda value: value in LEVELS),
    THUMBNAIL: ("the name of a figure", lambda value: isinstance(value, str)),
    NEEDS: ('names of lessons, "one another"', lambda value: isinstance(value, str)),
}
_KIND = re.compile(r"\[.*|\W*(markdown|md|raw|code)\W*", re.IGNORECASE)
_TAG = re.compile(r"\W*(tags?\W.*|tags?|(?P<tag>setup|solution)\W*)", re.IGNORECASE)
_NEARLY_A_MARKER = re.compile(r"#+\s*%%")
# In prose, `%%time` is a word; what is nearly a marker stands alone, or before a space or a kind.
_NEARLY_A_MARKER_IN_PROSE = re.compile(r"^#*[ \t]*%%+(?![\w%]).*", re.MULTILINE)
_TITLE = re.compile(r"# +\S")
_QUOTED = re.compile(r"[rR]?(\"\"\"|''')")
# Jupytext would make it one when it opens the script.
_COMMENTED_COMMAND = re.compile(r"#\s*(?P<command>%%?[A-Za-z_]{2}.*|!!?\s*[\w~./{$].*)")
_CODE_IN_PROSE = "code in a Markdown cell: begin it with # %%, or the line with # (prose)"
_NO_MARKER = "begins no cell: write '# %%' or '# %% [markdown]'"


def of_front_matter(lesson: Lesson) -> Iterator[Found]:
    for name, value in lesson.front_matter.items():
        if name not in _FRONT_MATTER:
            yield 1, f"no {name} in front matter; there is {_listed(_FRONT_MATTER)}"
        elif not isinstance(value, str) or not value.strip():
            yield 1, f"{name} in front matter must be text"


def of_title(cells: list[tuple[Any, Place]]) -> Iterator[Found]:
    cell, place = cells[0] if cells else (None, Place(1, 1, ()))
    if cell is None or cell.cell_type != "markdown":
        yield (
            place.first,
            "its first cell must be Markdown: '# Its title'; a module that is no lesson belongs "
            "in mnist_lessons/, or has a name that begins with _",
        )
    elif not _TITLE.match(cell.source) and not list(of_prose(place)):
        yield place.first, "it must begin with its title: '# Its title'"


def of_more_titles(cells: list[tuple[Any, Place]]) -> Iterator[Found]:
    """Titles besides the first, below which nothing would be in the table of contents."""
    found = [
        (prose_line(cell.source, place, line), "a second title: a section begins with ##")
        for cell, place in cells
        if cell.cell_type == "markdown"
        for line in titles(cell.source)
    ]
    yield from found[1:]


def of_marker(cell: Any, place: Place, *, is_first: bool) -> Iterator[Found]:
    """What a cell's marker says beyond that it is one."""
    line, metadata = place.marker, cell.metadata
    title = str(metadata.get("title", ""))
    kind = _KIND.fullmatch(title)
    if named := _TAG.fullmatch(title):
        tag = (named["tag"] or SOLUTION).lower()
        yield line, f'{title} is only a name here: write tags=["{tag}"]'
    if cell.cell_type == "raw" or kind:
        written = f"kind {kind[0]}" if kind else "raw kind"
        yield line, f"no {written} of cell: there are '# %% [markdown]' and, for code, '# %%'"
    for name, value in metadata.items():
        if name == "incorrectly_encoded_metadata":
            yield line, f'cannot read {value}: write it as tags=["solution"]'
        elif name == "tags":
            yield from ((line, reason) for reason in _tags(value, cell.cell_type))
        elif name in _OF_LESSON and not is_first:
            yield line, f"{name} belongs to the first cell, and holds for all"
        elif name in _OF_LESSON:
            must_be, is_right = _OF_LESSON[name]
            if not is_right(value):
                yield line, f"{name} must be {must_be}, not {value!r}"
        elif name not in _NOTED and not (name == "active" and cell.cell_type == "raw"):
            known = ", ".join(_OF_LESSON)
            yield line, f"no {name} of a cell: there are tags and, of the first cell, {known}"


def _tags(tags: object, kind: str) -> Iterator[str]:
    if not isinstance(tags, list):
        yield f'tags must be a list, tags=["solution"], not {tags!r}'
        return
    unknown = [tag for tag in tags if tag not in _TAGS]
    yield from (f"no tag {tag!r}; there are {_listed(_TAGS)}" for tag in unknown)
    if len(tags) > 1 and not unknown:
        yield f"a cell has one tag, not {_listed(map(str, tags))}"
    elif tags == [SETUP] and kind != "code":
        yield f"the tag {SETUP} is of code: prose is always shown"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and value is not True and 0 < value < 1e9


def of_prose(place: Place) -> Iterator[Found]:
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


def of_nearly_markers(cell: Any, place: Place) -> Iterator[Found]:
    """Lines of prose, not of code in it, that look like a marker."""
    found: list[Found] = []

    def look(line: re.Match[str]) -> str:
        number = prose_line(cell.source, place, line.string.count("\n", 0, line.start()) + 1)
        found.append((number, f"{place.lines[number - place.first].strip()} {_NO_MARKER}"))
        return line[0]

    if cell.cell_type == "markdown":
        replaced(cell.source, _NEARLY_A_MARKER_IN_PROSE, look)
    yield from found


def of_comments(cell: Any, place: Place) -> Iterator[Found]:
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


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
