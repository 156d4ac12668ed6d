"""Compare the pages of two sites as parsed trees: `python -m benchmarks.same_pages SITE OTHER`.

White space and comments do not count. Of runs of the same lessons, a change of the code behind
the pages should make no difference but the one that was meant.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from bs4 import BeautifulSoup, Comment, NavigableString, Tag

__all__ = ["differences", "main"]

_LONGEST = 200  # characters
# What differs from page to page in what is otherwise one difference.
_BY_PAGE = re.compile(r"sha256-[\w+/=]+|(?:\.\./)+|\d+(?:\.\d+)?")


def main() -> None:
    """Print each kind of difference once, with the number of times and the first page."""
    if len(sys.argv) != 3 or not all(Path(name).is_dir() for name in sys.argv[1:]):
        print("usage: python -m benchmarks.same_pages SITE OTHER, two built sites", file=sys.stderr)
        raise SystemExit(2)
    found = [*differences(Path(sys.argv[1]), Path(sys.argv[2]))]
    times = Counter(_kind(line) for _, line in found)
    first = {_kind(line): (page, line) for page, line in reversed(found)}
    for kind, count in times.most_common():
        page, line = first[kind]
        print(f"{count:5} x  {page}: {line[:_LONGEST]}")
    if found:
        raise SystemExit(1)
    print("the pages are the same")


def differences(site: Path, other: Path) -> Iterator[tuple[str, str]]:
    """Each line in which two sites differ, with its page: `-` before it, `+` after it."""
    pages = {path.relative_to(root) for root in (site, other) for path in root.rglob("*.html")}
    for page in sorted(pages):
        before, after = (_lines(root / page) for root in (site, other))
        for line in unified_diff(before, after, lineterm="", n=0):
            if not line.startswith(("---", "+++", "@@")):
                yield page.as_posix(), line


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    return [*_told(BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser"))]


def _told(tag: Tag) -> Iterator[str]:
    for child in tag.children:
        if isinstance(child, Tag) and "of-commit" in child.get_attribute_list("class"):
            continue  # the code itself is another
        if isinstance(child, Tag):
            named = (f' {name}="{_text(value)}"' for name, value in sorted(child.attrs.items()))
            yield f"<{child.name}{''.join(named)}>"
            yield from _told(child)
        elif isinstance(child, NavigableString) and not isinstance(child, Comment):
            yield from filter(None, [_text(child)])


def _text(value: object) -> str:
    return " ".join(str(" ".join(value) if isinstance(value, list) else value).split())


def _kind(line: str) -> str:
    return _BY_PAGE.sub("", line)


if __name__ == "__main__":
    main()
