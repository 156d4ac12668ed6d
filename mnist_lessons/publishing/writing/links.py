"""The lines of the links that MkDocs warns of: it names the page alone."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from mkdocs.structure import pages

from mnist_lessons.publishing.writing.addresses import addresses

__all__ = ["Text", "lines_of_links"]

# Of a page or a part of it: its Markdown, and what tells the line of its file from its own.
Text = tuple[str, Callable[[int], int]]

_WARNING = re.compile(
    r"Doc file '(?P<uri>[^']*)' contains (?P<what>an? [a-z ]*link '(?P<address>.*?)', .*)",
    re.DOTALL,
)


@contextmanager
def lines_of_links(texts: Callable[[str], tuple[str, Iterable[Text]]]) -> Iterator[None]:
    """Within this, a warning of a link says where the link stands.

    Args:
        texts: from the URI of a page, the name of its file, and what it is made of.
    """

    def with_lines(record: logging.LogRecord) -> bool:
        if found := _WARNING.fullmatch(record.getMessage()):
            name, parts = texts(found["uri"])
            if lines := _lines(parts, found["address"]):
                where = f"line{'s' * (len(lines) > 1)} {' and '.join(map(str, lines))}"
                record.msg, record.args = f"{name}, {where}: it contains {found['what']}", None
        return True

    log = logging.getLogger(pages.__name__)
    log.addFilter(with_lines)
    try:
        yield
    finally:
        log.removeFilter(with_lines)


def _lines(texts: Iterable[Text], address: str) -> list[int]:
    """The lines of an address, or, where only Python-Markdown knows it for one, of its letters."""
    exactly, nearly = set(), set()
    for text, line in texts:
        exactly |= {line(number) for number, written in addresses(text) if written == address}
        lines = enumerate(text.splitlines(), start=1)
        nearly |= {line(number) for number, written in lines if address in written}
    return sorted(exactly or nearly)
