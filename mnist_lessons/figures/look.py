"""How a figure is drawn: for a light or a dark page, wide or narrow, with or without its title."""

from dataclasses import dataclass, replace

from mnist_lessons.figures import palette

__all__ = ["PRINT", "VARIANTS", "Look", "contrast", "readable_on"]

_NARROW = 500  # CSS pixels


@dataclass(frozen=True)
class Look:
    """What a figure is drawn for. All lengths are CSS pixels, all colours `#rrggbb`.

    Attributes:
        paper: the page that the figure lies on; the figure itself has no background.
        ink: text.
        muted: text and lines of less weight.
        grid: lines that only guide the eye.
        fill: areas without a meaning of their own.
        series: for data, told apart by marker or hatching as well.
        heat: for few and for many.
        wrong: for errors, which have a cross and a frame as well.
        scheme: of the page: `light` or `dark`.
        width: greatest width of a figure, that of the text around it.
        media: the media query of the screens that take this one; of all others where empty.
        titled: whether the figure has its title in it; on the site the caption has it.
    """

    paper: str
    ink: str
    muted: str
    grid: str
    fill: str
    series: tuple[str, ...]
    heat: tuple[str, str]
    wrong: str
    scheme: str
    width: int = 688
    media: str = ""
    titled: bool = False

    @property
    def narrow(self) -> bool:
        """Whether the page is that of a phone."""
        return self.width < _NARROW


_LIGHT = Look(
    paper="#ffffff",
    ink="#212529",
    muted="#5a626b",
    grid="#dde1e6",
    fill="#e9ecf0",
    series=palette.LIGHT,
    heat=("#fdebd9", "#a33f00"),
    wrong="#b00020",
    scheme="light",
)
_DARK = Look(
    paper="#1e2129",
    ink="#d6dae2",
    muted="#a3abb8",
    grid="#3a404c",
    fill="#323845",
    series=palette.DARK,
    heat=("#40302a", "#ffb27a"),
    wrong="#ff9a9a",
    scheme="dark",
)
PRINT = replace(_LIGHT, titled=True)  # for a file, a notebook or a window of its own
# By what follows the figure's name in that of the file. An entry is all that a variant needs: a run
# saves it, any drawing of a run is looked at before it is published, and a page offers it. Of a
# scheme's variants a browser takes the first whose media query fits, or the one without a query.
VARIANTS = {
    ".svg": _LIGHT,
    ".dark.svg": _DARK,
    # On a narrower screen, the text of a wide figure would be too small.
    ".narrow.svg": replace(_LIGHT, width=360, media="(max-width: 37.5em)"),
    ".narrow.dark.svg": replace(_DARK, width=360, media="(max-width: 37.5em)"),
}


def contrast(first: str, second: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, 1 to 21."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def readable_on(background: str) -> str:
    """Black or white, whichever is read better: at least 4.5 to 1 on any colour."""
    return max("#000000", "#ffffff", key=lambda colour: contrast(colour, background))


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
