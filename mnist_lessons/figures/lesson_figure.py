"""A figure with its title, its alternative text, its data and the files that hold it."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mnist_lessons._files import csv_content
from mnist_lessons.figures.look import PRINT, VARIANTS, Look
from mnist_lessons.figures.svg import svg
from mnist_lessons.training import EpochRecord

__all__ = ["LessonFigure"]

_DPI = 144  # two pixels for each CSS pixel
_Table = Sequence[Sequence[object]]


@dataclass(frozen=True)
class LessonFigure:
    """A figure that can be drawn for any page, with its title and its alternative text.

    Attributes:
        draw: draws it for a `Look`: its colours, narrow or wide, with or without the title.
        title: what the figure shows, its caption on the site.
        alt: what the figure shows for those who cannot see it, in at least 20 characters.
        table: the data of the figure, a row of names first; None where it has none.
        histories: the trainings whose curves it has.

    Raises:
        ValueError: the alternative text is too short to replace the figure.
    """

    draw: Callable[[Look], Figure]
    title: str
    alt: str
    table: _Table | None = None
    histories: Sequence[Sequence[EpochRecord]] = ()

    def __post_init__(self) -> None:
        if len(self.alt) < 20:
            raise ValueError(
                f"the alternative text is too short: say in at least 20 characters what the "
                f"figure shows, unlike {self.alt!r}"
            )

    def on_screen(self) -> Figure:
        """The figure with its title on white, for a window or a file of its own."""
        figure = self.draw(PRINT)
        figure.set_facecolor(PRINT.paper)
        return figure

    def png(self) -> bytes:
        """The figure with its title as the content of a PNG file."""
        buffer = io.BytesIO()
        about = {"Description": self.alt}
        self.on_screen().savefig(buffer, format="png", dpi=_DPI, metadata=about)
        return buffer.getvalue()

    def svg(self, look: Look) -> bytes:
        """The figure as the content of an SVG file, always the same bytes."""
        return svg(self.draw(look))

    def csv(self) -> bytes | None:
        """The data of the figure as the content of a CSV file, or None."""
        return None if self.table is None else csv_content(self.table)

    def files(self, name: str) -> dict[str, bytes]:
        """The files of the figure by their names, the PNG file first."""
        drawn = {f"{name}{ending}": self.svg(look) for ending, look in VARIANTS.items()}
        data = self.csv()
        return {f"{name}.png": self.png()} | drawn | ({f"{name}.csv": data} if data else {})

    def save(self, path: Path) -> None:
        """Write the figure as a PNG file."""
        path.write_bytes(self.png())

    def bundle(self, png: bytes) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """What a notebook displays, and what it notes of that, for a PNG that was drawn."""
        picture = base64.b64encode(png).decode("ascii")
        noted = {"alt": self.alt, "title": self.title}
        return {"image/png": picture, "text/plain": self.alt}, {"image/png": noted}

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        return self.bundle(self.png())
