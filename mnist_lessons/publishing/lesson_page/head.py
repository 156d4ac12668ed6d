"""What stands on top of a lesson's page: how long it takes, where to get it, how to open it."""

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from mnist_lessons._words import count, device, timed
from mnist_lessons.publishing.html.markdown import inert
from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.lesson_page.run_card import downloads
from mnist_lessons.publishing.runs.card import Card
from mnist_lessons.publishing.writing.lessons import LEVEL, SETUP, SOLUTION, said_of, tagged

__all__ = ["colab_link", "description", "head", "plain", "reading_minutes", "title"]

_WORDS_A_MINUTE = 200
_LINES_A_MINUTE = 20  # of code
_LONGEST = 200  # characters of a description
_FOLDED = re.compile(r"^\?\?\? .*(?:\n(?:[ \t].*)?)*", re.MULTILINE)  # a hint, indented
_END_OF_SENTENCE = re.compile(r"[.!?](?= )")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_COLAB = "https://colab.research.google.com/github"


def head(
    slug: str,
    card: Card,
    notebook: Any,
    distribution: Distribution = Distribution(),
    edit: str = "",
    needs: Sequence[str] = (),
) -> str:
    """Markdown for the top of a lesson's page.

    Args:
        slug: of the lesson.
        card: what its run recorded.
        notebook: of the lesson.
        distribution: what else is linked, where there is any.
        edit: address where the script can be edited; no link where empty.
        needs: links to the lessons that it builds on; none where it needs no other.
    """
    where = device(card.device, card.device_name, card.threads)
    level = said_of(notebook).get(LEVEL, "")
    about = f"{level.capitalize()}: about" if level else "About"
    about += (
        f" {count(reading_minutes(notebook), 'minute')} to read. Needs: "
        f"{', '.join(needs) or 'Python, and no other lesson'}. The program ran for "
        f"{timed(card.whole_seconds)} on {inert(where)}; "
        "[more about this run](#the-run-behind-this-page)."
    )
    links = [downloads(slug, card)]
    if distribution.guide:
        links.append(f"[how to run it](../{distribution.guide})")
    if distribution.colab:
        links.append(f"[open in Colab]({colab_link(distribution.colab, slug)})")
    if edit:
        links.append(f"[edit the script]({edit})")
    return fragment("facts", Markup(about), Markup(" · ".join(links)))


def reading_minutes(notebook: Any) -> int:
    """Minutes that a reader may need, at least 1: 200 words or 20 lines of code in a minute.

    What a page folds is left out: solutions, plumbing and hints.
    """
    minutes = 0.0
    for cell in notebook.cells:
        if tagged(cell, SOLUTION) or tagged(cell, SETUP):
            continue
        if cell.cell_type == "markdown":
            minutes += len(_FOLDED.sub("", cell.source).split()) / _WORDS_A_MINUTE
        else:
            lines = filter(str.strip, cell.source.splitlines())
            minutes += sum(1 for _ in lines) / _LINES_A_MINUTE
    return max(1, round(minutes))


def description(notebook: Any, longest: int = _LONGEST) -> str:
    """The first sentences of a lesson, without its title and without Markdown.

    Args:
        notebook: of the lesson.
        longest: characters that it may have.
    """
    source = notebook.cells[0].source if notebook.cells else ""
    paragraphs = [part for part in source.split("\n\n") if not part.lstrip().startswith("#")]
    text = plain(paragraphs[0] if paragraphs else "")
    text = text.replace('"', "")  # one would end the attribute that holds it
    if len(text) <= longest:
        return text
    cut = text[:longest]
    ends = [end.end() for end in _END_OF_SENTENCE.finditer(cut)]
    return cut[: ends[-1]] if ends else f"{cut[: cut.rfind(' ')]} …"


def title(notebook: Any) -> str:
    """The title of a lesson, without Markdown; empty where it has none."""
    source = notebook.cells[0].source if notebook.cells else ""
    return plain(source.partition("\n")[0].lstrip("# "))


def plain(markdown: str) -> str:
    """A sentence or two without Markdown, on one line."""
    return re.sub("[*`]", "", " ".join(_LINK.sub(r"\1", markdown).split()))


def colab_link(colab: str, slug: str) -> str:
    """Address that opens a lesson's notebook in Colab."""
    return f"{_COLAB}/{colab.strip('/')}/{slug}/{slug}.ipynb"
