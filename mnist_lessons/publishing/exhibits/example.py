"""A test digit and what a network makes of it, for readers without JavaScript."""

from dataclasses import dataclass

from mnist_lessons._words import a, percent
from mnist_lessons.figures import palette
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.networks import Mistake
from mnist_lessons.publishing.runs.tiles import SIDE

__all__ = ["Example"]


@dataclass(frozen=True)
class Example:
    """A picture and its text.

    Attributes:
        mistake: what it shows.
        network: that made the mistake, as it is called after "the".
    """

    mistake: Mistake
    network: str

    @property
    def text(self) -> str:
        """What it shows, in words."""
        shares = sorted(enumerate(self.mistake.chances), key=lambda share: -share[1])
        told = ", ".join(
            f"{percent(chance / 1_000, places=0)} for {digit}"
            for digit, chance in shares
            if chance >= 10
        )
        true, read = a(self.mistake.true), self.mistake.read
        return f"A test digit, {true}. The {self.network} reads {read}; its doubts: {told}."

    @property
    def drawing(self) -> bytes:
        """The pixels beside a bar for each digit, an SVG file of 560 by 280."""
        squares = [
            (number % SIDE * 5, number // SIDE * 5, f"#{grey:02x}{grey:02x}{grey:02x}")
            for number, grey in enumerate(self.mistake.pixels)
            if grey
        ]
        chances = self.mistake.chances
        colour = palette.LIGHT[0]
        return render("example.svg", squares=squares, colour=colour, chances=chances).encode()
