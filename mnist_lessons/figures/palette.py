"""How data look, in drawn figures as in the curves of pages: colours, markers and dashes.

Colour and marker tell whose line it is, its dashes what was measured. `charts` and `drawing` give
this to Matplotlib, `publishing.html.curves` to SVG; nothing is imported here that draws. The
stylesheet `tables.css` has the colours, too, for the palette that a reader chooses.
"""

from dataclasses import dataclass

__all__ = [
    "DARK",
    "LIGHT",
    "MARKERS",
    "REFERENCE",
    "TRAINING",
    "VALIDATION",
    "Dashes",
    "Marker",
    "kind",
]

# Of series, on light and on dark paper.
LIGHT = ("#1f5aa6", "#b34700", "#1b7837", "#6a3d9a", "#00707a", "#a8326e")
DARK = ("#82b4f2", "#ffa45c", "#74d092", "#cba8f2", "#5fd0da", "#f29ac6")

Dashes = tuple[float, ...]  # CSS pixels drawn and left out in turn; none for a solid line
VALIDATION: Dashes = ()  # and whatever else a chart is about
TRAINING: Dashes = (6.0, 2.5)
REFERENCE: Dashes = (1.5, 3.0)


@dataclass(frozen=True)
class Marker:
    """The shape of the marked points of a series.

    Attributes:
        name: Matplotlib's.
        corners: in CSS pixels from its middle, y downwards; none of a disc.
    """

    name: str
    corners: tuple[tuple[float, float], ...] = ()


MARKERS = (
    Marker("o"),
    Marker("s", ((-4, -4), (4, -4), (4, 4), (-4, 4))),
    Marker("^", ((0, -5), (5, 4), (-5, 4))),
    Marker("D", ((0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0))),
    Marker("v", ((-5, -4), (5, -4), (0, 5))),
    Marker("p", ((0, -5), (5, -1), (3, 5), (-3, 5), (-5, -1))),
)


def kind(series: int) -> tuple[int, int]:
    """Numbers of the colour and of the marker of a series: no two of the first 36 have the same."""
    colour, marker = len(LIGHT), len(MARKERS)
    return series % colour, (series + series // colour) % marker
