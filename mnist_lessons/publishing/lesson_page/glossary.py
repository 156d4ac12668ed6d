"""Links from a lesson's prose to the glossary: one a term, where the lesson first uses it."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from mnist_lessons.publishing.html.templates import fragment

__all__ = ["linked", "words"]

_ENTRY = re.compile(
    r'^## (?P<title>.+?) \{ #(?P<place>\S+)(?: data-words="(?P<words>[^"]+)")? \}$', re.MULTILINE
)
# What no link is put into, and no word counted in; what the site says of a run is no prose.
_LEFT_ALONE = r"""
    <!--.*?-->
    | <h2\ id="the-run-behind-this-page".*
    | <(?P<tag>a|button|code|details|figure|h[1-6]|math|pre|script|style|svg|th)\b.*?</(?P=tag)>
    | <p\ class="admonition-title">.*?</p>
    | <strong>(?P<bold>[^<]*)</strong>
    | <(?:"[^"]*"|'[^']*'|[^"'>])*>
    | &\#?\w+;
"""


def words(glossary: str) -> dict[str, str]:
    """Each word that leads to the glossary, in the singular and the plural, with its place there.

    Args:
        glossary: the Markdown of its page. The heading of an entry is its word, or two, `Expected
            calibration error (ECE)`; or its attribute `data-words` names them, between commas.
    """
    return {
        form: entry["place"]
        for entry in _ENTRY.finditer(glossary)
        for word in re.split(r"[,()]", entry["words"] or entry["title"])
        for form in _forms(word.strip())
    }


def linked(html: str, glossary: Path, address: str) -> str:
    """The prose of a page with a link at the first use of each word of the glossary.

    A term that comes first as bold text by itself is explained there, and gets no link. Headings,
    code, formulas, links and what is folded stay as they are.

    Args:
        html: of the page, as Markdown makes it.
        glossary: its page in Markdown; where there is none, there are no links.
        address: of the glossary, as seen from the page.
    """
    if not glossary.is_file():
        return html
    places, pattern = _searched(glossary.read_text(encoding="utf-8", errors="replace"))
    used = {""}

    def link(found: re.Match[str]) -> str:
        word = found["word"]
        place = places.get(_same(word or (found["bold"] or "").rstrip(".:")), "")
        is_first = place not in used
        used.add(place)
        return (
            fragment("word", Markup(word), f"{address}#{place}") if word and is_first else found[0]
        )

    return pattern.sub(link, html)


def _forms(word: str) -> Iterator[str]:
    """A word and its regular plural."""
    if not word:
        return
    yield word
    if re.search(r"(s|x|ch|sh)$", word):
        yield f"{word}es"
    elif re.search(r"[^aeiou]y$", word):
        yield f"{word[:-1]}ies"
    else:
        yield f"{word}s"


def _same(word: str) -> str:
    """A word wherever it stands in a sentence and its lines."""
    return " ".join(word.split()).casefold()


def _pattern(word: str) -> str:
    """What finds a word, also at the beginning of a sentence, and across the end of a line."""
    rest = map(re.escape, word[1:].split(" "))
    return f"[{word[0].upper()}{word[0].lower()}]" + r"\s+".join(rest)


@lru_cache(maxsize=1)
def _searched(glossary: str) -> tuple[dict[str, str], re.Pattern[str]]:
    """The words of a glossary with their places, and what finds them in HTML, the longest first."""
    places = words(glossary)
    longest_first = "|".join(map(_pattern, sorted(places, key=len, reverse=True)))
    return {_same(word): place for word, place in places.items()}, re.compile(
        rf"{_LEFT_ALONE} | (?<![\w-])(?P<word>{longest_first})(?![\w-])", re.DOTALL | re.VERBOSE
    )
