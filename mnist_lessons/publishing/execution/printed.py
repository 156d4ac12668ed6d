"""What a cell has printed: how much, the last line of it, and how a page has it."""

from nbformat import NotebookNode

from mnist_lessons.publishing.execution.places import Places
from mnist_lessons.publishing.execution.terminal import as_text, shown

__all__ = ["Printed", "show_as_a_terminal"]

_MOST_LINES = 5_000
_MOST_BYTES = 20_000_000
_LONGEST_LINE = 2_000


class Printed:
    """What one cell after the other prints.

    Attributes:
        too_much: what is too much of it; empty where nothing is.
    """

    def __init__(self) -> None:
        self.too_much = ""
        self.begin()

    def begin(self) -> None:
        """Begin anew, with another cell."""
        self._bytes = self._lines = 0
        self._unfinished, self._told = b"", ""

    def received(self, content: bytes) -> str:
        """Count what was printed; the last line that is whole, or a bar, if it is another."""
        self._lines += content.count(b"\n")
        self.count(len(content))
        whole, _, rest = (self._unfinished + content)[-_LONGEST_LINE:].rpartition(b"\n")
        self._unfinished = rest
        told = rest if b"\r" in rest else whole
        lines = as_text(told.decode(errors="ignore")).strip().splitlines()
        if not lines or lines[-1] == self._told or self.too_much:
            return ""
        self._told = lines[-1]
        return self._told

    def count(self, more: int) -> None:
        """Count bytes of whatever else is displayed."""
        self._bytes += more
        if self._lines > _MOST_LINES:
            self.too_much = f"it printed more than {_MOST_LINES:,} lines"
        elif self._bytes > _MOST_BYTES:
            self.too_much = f"its output has more than {_MOST_BYTES:,} bytes"


def show_as_a_terminal(cell: NotebookNode, places: Places) -> None:
    """Make the texts of a cell what a terminal shows, without folders of this machine."""
    for output in cell.outputs:
        if output.output_type == "stream":
            output["text"] = places.neutral(shown(output["text"]))
        elif isinstance(text := output.get("data", {}).get("text/plain"), str):
            output["data"]["text/plain"] = places.neutral(shown(text))
        elif output.output_type == "error":
            output["evalue"] = places.neutral(as_text(output["evalue"]))
            output["traceback"] = [places.neutral(shown(line)) for line in output["traceback"]]
