"""The pages of the site, and how a test that is dear goes through them.

Each page is opened once; what depends on a page and a width or palette together is asked of one
page of each kind.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]

LESSONS = [f"tutorials/{path.stem}/" for path in sorted((_ROOT / "tutorials").glob("*.py"))]
_DOCS = [f"{path.stem}/" for path in sorted((_ROOT / "docs").glob("*.md")) if path.stem != "index"]
PAGES = ["", "404.html", *LESSONS, *_DOCS]
# It has all that a lesson can have.
LESSON = "tutorials/improved_cnn/"
# One page of each kind; of the lessons, also the longest.
KINDS = [
    "",
    "404.html",
    LESSON,
    "tutorials/spot_the_bug/",
    "draw/",
    "errors/",
    "reference/",
    "results/",
]


def crossed(
    pages: Sequence[str], values: Sequence[Any], samples: Sequence[str]
) -> list[tuple[str, Any]]:
    """Each page with the first value, and the samples with each other value."""
    others = [(page, value) for page in samples for value in values[1:]]
    return [*((page, values[0]) for page in pages), *others]
