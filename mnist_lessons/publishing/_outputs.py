"""Which outputs of a cell may be published: text and PNG figures, which are inert."""

from typing import Any

__all__ = ["published", "refused"]

_ALLOWED = {"text/plain", "image/png"}


def refused(cell: Any) -> str | None:
    """Why an output of a code cell cannot be published, or None."""
    for output in cell.outputs:
        if output.output_type == "error":
            return "its output is an error: catch the exception, and print what it says"
        if other := output.get("data", {}).keys() - _ALLOWED:
            return (
                f"its output has {', '.join(sorted(other))}, which could run scripts in a "
                "reader's browser: print text, or show a figure with run.show(...)"
            )
    return None


def published(cell: Any) -> list[Any]:
    """The outputs of a code cell that a page shows; each is a stream, or has text or a figure."""
    return [
        output
        for output in cell.outputs
        if output.output_type == "stream" or output.get("data", {}).keys() & _ALLOWED
    ]
