"""Markdown made from what a run says, which is shown as it is: nothing in it has any effect."""

import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from mnist_lessons.publishing.html.templates import fragment

__all__ = ["Markdown", "code", "inert", "table"]

# Anything that may begin Markdown or HTML, for instance an underscore outside of a word.
_SPECIAL = re.compile(r"[^\w .,:;/()%+-]|(?<![^\W_])_|_(?![^\W_])")


class Markdown(str):
    """A cell of a table that was made here; any other cell is a text of the run."""


def inert(text: str) -> str:
    """A text as Markdown that shows just this text, on one line."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", " ".join(text.split()))


def code(text: str) -> Markdown:
    """A text in a code font."""
    return Markdown(fragment("code", Markup(inert(text))))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """A table; what is no `Markdown` is shown as it is.

    Args:
        head: titles of the columns.
        rows: their cells.
        right: the columns, from 0, that are aligned to the right.
    """
    to_the_right = set(right)
    rule = ["---:" if column in to_the_right else "---" for column in range(len(head))]
    body = [[cell if isinstance(cell, Markdown) else inert(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))
