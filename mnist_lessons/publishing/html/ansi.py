"""What a terminal shows, as HTML whose colours have enough contrast in both palettes."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from markupsafe import escape

from mnist_lessons.publishing.execution.styles import USUAL, Colour, Style
from mnist_lessons.publishing.execution.terminal import lines
from mnist_lessons.publishing.html.templates import fragment

__all__ = ["as_html"]

_ENOUGH = 4.6  # of contrast; WCAG 2.2, 1.4.3 asks for 4.5
_PAPER = {"light": (245, 245, 245), "dark": (46, 48, 62)}  # at their worst
_BASIC = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0)),
    *((0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0)),
    *((92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
_GREY = 8


def as_html(text: str) -> str:
    """What a terminal shows, as HTML: colours have enough contrast in both palettes.

    The style sheet knows the class `terminal` and its variables.
    """
    return "\n".join("".join(_span(*span) for span in line) for line in lines(text))


def _span(text: str, style: Style) -> str:
    if style == USUAL:
        return str(escape(text))
    rules = list(_colours(style))
    rules += ["font-weight:bold"] if style.bold else []
    rules += ["font-style:italic"] if style.italic else []
    lines = [name for name in ("underline", "strike") if getattr(style, name)]
    if lines:
        names = " ".join("line-through" if name == "strike" else name for name in lines)
        rules.append(f"text-decoration:{names}")
    return fragment("span", text, ";".join(rules))


def _colours(style: Style) -> Iterator[str]:
    text, paper = style.text, style.paper
    if style.reverse:
        text, paper = paper, _GREY if text is None else text
    if paper is not None:
        ground = _rgb(paper)
        ink = (0, 0, 0) if text is None else _rgb(text)
        yield f"--terminal-paper:{_hex(ground)}"
        yield f"--terminal-light:{_hex(_readable(ink, ground))}"
        yield f"--terminal-dark:{_hex(_readable(ink, ground))}"
    elif text is not None or style.dim:
        ink = (127, 127, 127) if text is None else _rgb(text)
        yield f"--terminal-light:{_hex(_readable(ink, _PAPER['light']))}"
        yield f"--terminal-dark:{_hex(_readable(ink, _PAPER['dark']))}"


def _rgb(colour: Colour) -> tuple[int, int, int]:
    if isinstance(colour, tuple):
        return colour
    if colour < 16:
        return _BASIC[colour]
    if colour >= 232:
        level = 8 + 10 * (colour - 232)
        return level, level, level
    red, rest = divmod(colour - 16, 36)
    green, blue = divmod(rest, 6)
    return _level(red), _level(green), _level(blue)


def _level(step: int) -> int:
    return 55 + 40 * step if step else 0


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


@lru_cache(maxsize=1024)
def _readable(ink: tuple[int, int, int], ground: tuple[int, int, int]) -> tuple[int, int, int]:
    """The colour nearest to `ink` that can be read on `ground`."""
    black, white = (0, 0, 0), (255, 255, 255)
    end = white if _contrast(white, ground) > _contrast(black, ground) else black
    for step in range(101):
        mixed = tuple(
            round(one + (other - one) * step / 100) for one, other in zip(ink, end, strict=True)
        )
        if _contrast(mixed, ground) >= _ENOUGH:
            return mixed[0], mixed[1], mixed[2]
    return end


def _contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Sequence[int]) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
