"""What the palette says of a line, as Matplotlib is told it."""

from typing import Any

from mnist_lessons.figures import palette
from mnist_lessons.figures.look import Look

__all__ = ["reference_style", "series_style"]


def series_style(number: int, look: Look, part: str = "validation") -> dict[str, Any]:
    """The line of a series, from 0; that of its training is thinner, and its markers are hollow."""
    colour, marker = palette.kind(number)
    is_training = part == "train"
    width = 1.5 if is_training else 2
    return {
        "color": look.series[colour],
        "linestyle": _dashed(palette.TRAINING if is_training else palette.VALIDATION, width),
        "linewidth": width,
        "marker": palette.MARKERS[marker].name,
        "markerfacecolor": look.paper if is_training else look.series[colour],
    }


def reference_style(look: Look) -> dict[str, Any]:
    """A line that only guides the eye."""
    return {"color": look.muted, "linestyle": _dashed(palette.REFERENCE, 1.5), "linewidth": 1.5}


def _dashed(dashes: palette.Dashes, width: float) -> Any:
    """Matplotlib counts dashes in widths of their line."""
    return (0, tuple(length / width for length in dashes)) if dashes else "-"
