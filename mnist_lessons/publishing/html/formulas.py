"""Formulas in TeX as MathML, which browsers draw and screen readers read without a script."""

import html
import re
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from mnist_lessons.publishing.html.templates import fragment

if TYPE_CHECKING:
    from math_core import LatexToMathML

__all__ = ["FormulaError", "as_html"]

_WIDE = 28  # characters that a line of a narrow phone has room for
_ENTITY = re.compile(r"&[A-Z]\w*;")  # of invisible signs; XML would not know them
_TABLE_LEVEL = re.compile(r'(<mtable[^>]*?) scriptlevel="\d"')
_TAGS = re.compile(r"<[^>]*>")


class FormulaError(ValueError):
    """A formula cannot be shown; the message says why."""


def as_html(tex: str, *, display: bool) -> str:
    r"""A formula as HTML that may stand in a paragraph.

    Args:
        tex: the formula without its dollars, as `\frac{a}{b}`.
        display: whether it has lines of its own, with room for limits and fractions.

    Raises:
        FormulaError: it is no TeX, uses a command that is not known, or shows nothing.
    """
    # Few pages have formulas.
    from math_core import LatexError

    try:
        drawn = _converter().convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        place, _, reason = str(error).partition(": ")
        raise FormulaError(f"{reason.strip().rstrip('.')} (character {int(place) + 1})") from error
    drawn = _ENTITY.sub(lambda entity: html.unescape(entity[0]), drawn)
    shown = html.unescape(_TAGS.sub("", drawn)).strip()
    if "href=" in drawn:
        raise FormulaError("a formula cannot refer to another one")
    if not shown:
        raise FormulaError("it shows nothing")
    # Of a table, HTML knows no such attribute.
    drawn = _TABLE_LEVEL.sub(r"\1", drawn)
    text = str(Markup(' alttext="{}"').format(" ".join(tex.split())))
    drawn = drawn.replace("<math", "<math" + text, 1)
    # What may be wider than the page is scrolled in a box of its own.
    kind = " display" if display else " wide" if len(shown) > _WIDE else ""
    # Search would take the signs for words.
    return fragment("formula", Markup(drawn), kind)


@cache
def _converter() -> "LatexToMathML":
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False)
