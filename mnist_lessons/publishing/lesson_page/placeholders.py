"""The prose of a lesson's page, with a placeholder for each code cell, and what is put there.

The Markdown has a comment in the place of each code cell, and goes through MkDocs like that
of any other page. The HTML of the code cells takes the place of the comments afterwards.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import count, groupby
from typing import TYPE_CHECKING

from markupsafe import Markup

from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.writing.lessons import SOLUTION, tagged

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = [
    "failure",
    "filled",
    "folded",
    "greyed",
    "indented",
    "literally",
    "lost",
    "markdown",
    "placeholder",
    "reasons",
]

_COMMENT = re.compile("<!--.*?-->", re.DOTALL)
_OUTPUTS = '<div class="jp-'  # the first of them, after the code


def markdown(notebook: "NotebookNode") -> str:
    """The notebook's prose, with a placeholder for each code cell, and its solutions folded."""
    numbers = count(1)
    parts = []
    for folded, cells in groupby(notebook.cells, key=partial(tagged, tag=SOLUTION)):
        text = "\n\n".join(
            placeholder(next(numbers)) if cell.cell_type == "code" else cell.source
            for cell in cells
        )
        parts.append(f'??? success "Solution"\n\n{indented(text)}' if folded else text)
    return "\n\n".join(parts)


def placeholder(number: int) -> str:
    """What stands in the place of a code cell, numbered from 1."""
    return f"<!-- code cell {number} -->"


def indented(text: str) -> str:
    """A text as the content of an admonition."""
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())


def filled(page: str, contents: Mapping[str, str]) -> str:
    """Put contents in the place of placeholders."""
    return _COMMENT.sub(lambda found: contents.get(found[0], found[0]), page)


def lost(page: str, places: Iterable[str]) -> list[str]:
    """The placeholders that a page has not exactly once: the prose hides or repeats them."""
    comments = Counter(_COMMENT.findall(page))
    return [place for place in places if comments[place] != 1]


def failure(reason: str) -> str:
    """What ended a lesson, in the place of the outputs that the cell did not come to."""
    return fragment("failure", Markup(reason))


def folded(cell: str) -> str:
    """A rendered code cell of plumbing: its code behind one line, its outputs as ever."""
    code, first, outputs = cell.partition(_OUTPUTS)
    return fragment("folded_code", Markup(code.strip())) + first + outputs


def greyed(cell: str) -> str:
    """A rendered code cell whose outputs are told and shown to be of an earlier run."""
    code, end, outputs = cell.partition(_OUTPUTS)
    if not end:
        return cell
    return code + fragment("earlier_outputs", Markup(end + outputs))


def literally(text: str) -> str:
    """A text as HTML, to be read as it is."""
    return fragment("literally", text)


def reasons(told: Iterable[str]) -> str:
    """Reasons as HTML: each first line a paragraph, and what follows it, a traceback, as it is."""
    parts = [reason.partition("\n") for reason in told]
    return fragment("reasons", [(sentence, more) for sentence, _, more in parts])
