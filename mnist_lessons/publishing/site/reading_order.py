"""The order in which the navigation has its pages, and the parts that it groups them in."""

from collections.abc import Iterator
from typing import Any

__all__ = ["parts"]


def parts(nav: Any) -> dict[str, str]:
    """The part that each page stands in, by its source, in reading order; empty outside of all.

    Args:
        nav: as `mkdocs.yml` has it, which MkDocs has checked; None where it has none.
    """
    return dict(_parts(nav or [], ""))


def _parts(items: list[Any], part: str) -> Iterator[tuple[str, str]]:
    for item in items:
        for title, content in item.items() if isinstance(item, dict) else [("", item)]:
            if isinstance(content, list):
                yield from _parts(content, title)
            else:
                yield content, part
