"""What the outputs of a run may hold: text and pictures that are inert in a reader's browser."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from mnist_lessons.publishing.writing.lessons import SHORTEST_ALT

__all__ = ["alt_text", "noted", "pictures", "problem_of_cell", "problem_of_drawing", "published"]

_ALLOWED = {"text/plain", "image/png"}
_PNG = b"\x89PNG\r\n\x1a\n"


def published(cell: Any) -> list[Any]:
    """The outputs of a code cell that a page shows; each is a stream, or has text or a picture."""
    return [
        output
        for output in cell.outputs
        if output.output_type == "stream" or output.get("data", {}).keys() & _ALLOWED
    ]


def pictures(cell: Any) -> list[Any]:
    """The outputs of a code cell that are pictures, in order."""
    return [output for output in cell.outputs if "image/png" in output.get("data", {})]


def alt_text(picture: Any) -> str:
    """What a picture shows, in words; an empty string where nobody said it."""
    return str(picture["metadata"].get("image/png", {}).get("alt", ""))


def noted(output: Mapping[str, Any], kind: str) -> object:
    """What a run has noted of a text that it displayed, as the name of a `table`; else None."""
    about = output.get("metadata", {}).get("text/plain")
    is_noted = isinstance(about, Mapping) and "text/plain" in output.get("data", {})
    return about.get(kind) if is_noted else None


def problem_of_cell(cell: Any) -> str | None:
    """Why the outputs of a code cell cannot be published, or None."""
    for output in cell.outputs:
        if output.output_type == "error":
            return "its output is an error: catch the exception, and print what it says"
        data = output.get("data", {})
        if output.output_type != "stream" and not data:
            return "one of its outputs is empty: nothing of it can be shown"
        if other := data.keys() - _ALLOWED:
            return (
                f"its output has {', '.join(sorted(other))}, which could run scripts in a "
                "reader's browser: print text, or show a figure with run.show(...)"
            )
        if "image/png" in data and not _is_png(data["image/png"]):
            return "its output has a picture that is no PNG"
    if any(len(alt_text(picture)) < SHORTEST_ALT for picture in pictures(cell)):
        return "a figure has no text for those who cannot see it: use run.show(...)"
    return None


def problem_of_drawing(file: str, content: bytes) -> str | None:
    """Why a drawing cannot be published, or None: it must be inert in a reader's browser."""
    from mnist_lessons.publishing.runs.inert_svg import NotInert, size_of

    try:
        size_of(content)
    except NotInert as error:
        return f"the figure {file} could do more in a reader's browser than be seen: {error}"
    return None


def _is_png(encoded: object) -> bool:
    try:
        return b64decode(str(encoded)).startswith(_PNG)
    except ValueError:
        return False
