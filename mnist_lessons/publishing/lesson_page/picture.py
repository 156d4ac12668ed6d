"""The picture that stands for a page where a link to it is shared: a title above figures."""

import io
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_lessons._files import write_whole
from mnist_lessons.figures.look import VARIANTS

if TYPE_CHECKING:  # what was drawn before is only read
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

__all__ = ["HEIGHT", "WIDTH", "kept", "picture"]

WIDTH = 1200  # pixels: what those ask for that show links
HEIGHT = 630
_BAND, _BAND_COLOUR = 140, "#1d2b53"  # as the head of the site's pages
_TITLE, _TITLE_COLOUR = 60, "#ffffff"
_ASIDE, _ASIDE_COLOUR = 30, "#c9d2ee"
_MARGIN, _GAP = 48, 28
_COLOURS = 255  # more than can be told apart, and half the bytes


def picture(title: str, aside: str, figures: Sequence[bytes]) -> bytes:
    """A PNG file, the same for the same arguments.

    Args:
        title: in large letters, smaller ones if it is long.
        aside: beside it, in small letters; may be empty.
        figures: PNG files; several stand in a grid.
    """
    from PIL import Image, ImageDraw

    whole = Image.new("RGB", (WIDTH, HEIGHT), VARIANTS[".svg"].paper)
    draw = ImageDraw.Draw(whole)
    draw.rectangle((0, 0, WIDTH, _BAND - 1), fill=_BAND_COLOUR)
    middle, small = _BAND / 2, _font(_ASIDE)
    draw.text((WIDTH - _MARGIN, middle), aside, _ASIDE_COLOUR, small, anchor="rm")
    room = WIDTH - 3 * _MARGIN - draw.textlength(aside, small)
    large = _fitting(draw, title, room)
    draw.text((_MARGIN, middle), title, _TITLE_COLOUR, large, anchor="lm")
    columns = math.ceil(math.sqrt(len(figures)))
    rows = math.ceil(len(figures) / max(1, columns))
    for number, content in enumerate(figures):
        place = (number % columns, number // columns)
        _put(whole, content, place, (columns, rows))
    written = io.BytesIO()
    whole.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        written, "PNG"
    )
    return written.getvalue()


def kept(folder: Path, make: Callable[[], bytes], *made_of: bytes) -> bytes:
    """A picture as it was made last time, if it was made of the same; else made now, and kept.

    Args:
        folder: of this one picture; it may be missing, and may be removed.
        make: makes it.
        made_of: all that decides on it besides the code.
    """
    code = Path(__file__).read_bytes()
    parts = [sha256(part).digest() for part in (code, version("pillow").encode(), *made_of)]
    file = folder / f"{sha256(b''.join(parts)).hexdigest()}.png"
    with suppress(OSError):
        return file.read_bytes()
    content = make()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for other in folder.iterdir():
            other.unlink()
        write_whole(file, content)
    return content


def _put(whole: "Image", content: bytes, place: tuple[int, int], grid: tuple[int, int]) -> None:
    """Paste a figure into its field of the grid, as large as it can be, in the middle."""
    from PIL import Image

    room = WIDTH - 2 * _MARGIN, HEIGHT - _BAND - 2 * _GAP
    size = [(all_ - _GAP * (many - 1)) // many for all_, many in zip(room, grid, strict=True)]
    with Image.open(io.BytesIO(content)) as opened:
        figure = opened.convert("RGBA")
    scale = min(size[0] / figure.width, size[1] / figure.height)
    figure = figure.resize(
        (max(1, round(figure.width * scale)), max(1, round(figure.height * scale))),
        Image.Resampling.LANCZOS,
    )
    left = _MARGIN + place[0] * (size[0] + _GAP) + (size[0] - figure.width) // 2
    top = _BAND + _GAP + place[1] * (size[1] + _GAP) + (size[1] - figure.height) // 2
    whole.paste(figure, (left, top), figure)


def _fitting(draw: "ImageDraw", title: str, room: float) -> "FreeTypeFont":
    size = _TITLE
    while size > _ASIDE and draw.textlength(title, _font(size)) > room:
        size -= 2
    return _font(size)


def _font(size: int) -> "FreeTypeFont":
    from PIL import ImageFont

    return ImageFont.load_default(size)  # type: ignore[return-value]  # with a size, it is one
