"""A lesson in small: one of its figures, cut out and without its texts, for a list of lessons."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from defusedxml.ElementTree import fromstring

from mnist_lessons.figures.look import VARIANTS
from mnist_lessons.publishing.lesson_page.figures import figure_files
from mnist_lessons.publishing.runs.shown import Figure
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.writing.lessons import THUMBNAIL, said_of

__all__ = ["Thumbnail", "chosen_figure", "cut_out", "thumbnails"]

_SVG = "http://www.w3.org/2000/svg"
_MARGIN = 6  # CSS pixels: room for half a marker on an edge
# As `figures` writes them: the background of axes, and where a bitmap lies.
_N = r"(-?[\d.]+)"
_BACKGROUND = re.compile(rf"M {_N} {_N}\s+L {_N} \2\s+L \3 {_N}\s+L \1 \4\s+L \1 \2\s+z\s*")
_STYLE_OF_TEXTS = re.compile(r"text\{[^}]*\}")
_PLACE = re.compile(rf"matrix\({_N} 0 0 {_N} {_N} {_N}\)")

_Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Thumbnail:
    """A drawing in small.

    Attributes:
        file: its name, beside the lesson's page.
        scheme: of the pages that it is for, `light` or `dark`.
        title: of the figure.
        content: an SVG file.
    """

    file: str
    scheme: str
    title: str
    content: bytes


def thumbnails(run: StoredRun, notebook: Any) -> list[Thumbnail]:
    """One for each scheme; none where a lesson has no figure, or the run left no drawings of it.

    Args:
        run: of the lesson.
        notebook: of the lesson; its first cell may name the figure.

    Raises:
        BuildFailure: a drawing could do more than be seen.
    """
    figure = chosen_figure(run, notebook)
    if figure is None:
        return []
    name = figure.name
    files = figure_files(run, name, run.content(f"{name}.png") or b"")
    return [
        Thumbnail(
            f"{name}.thumbnail.{look.scheme}.svg",
            look.scheme,
            figure.title,
            cut_out(files[f"{name}{ending}"]),
        )
        for ending, look in VARIANTS.items()
        if look.narrow and files
    ]


def chosen_figure(run: StoredRun, notebook: Any) -> Figure | None:
    """The figure that stands for a lesson: the one that it names, or its first."""
    name = said_of(notebook).get(THUMBNAIL)
    figures = run.card.figures
    return next((figure for figure in figures if name in (None, figure.name)), None)


@lru_cache(maxsize=64)  # a build asks for the file, for its page, and for the list
def cut_out(drawing: bytes) -> bytes:
    """The axes and bitmaps of a drawing, an SVG file that may be published, without any text."""
    root = fromstring(drawing, forbid_dtd=True)
    _remove_texts(root)
    for style in root.iter(f"{{{_SVG}}}style"):
        style.text = _STYLE_OF_TEXTS.sub("", style.text or "")
    if boxes := list(_boxes(root)):
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        left, top = min(lefts) - _MARGIN, min(tops) - _MARGIN
        width, height = max(rights) + _MARGIN - left, max(bottoms) + _MARGIN - top
        root.set("viewBox", f"{left:g} {top:g} {width:g} {height:g}")
        root.set("width", f"{width:g}")
        root.set("height", f"{height:g}")
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return ElementTree.tostring(root)


def _remove_texts(element: ElementTree.Element) -> None:
    """And the groups and spaces that are left empty, for a list loads many drawings."""
    for child in list(element):
        _remove_texts(child)
        child.tail = None
        is_empty_group = child.tag == f"{{{_SVG}}}g" and not len(child)
        if is_empty_group or child.tag == f"{{{_SVG}}}text":
            element.remove(child)
    if len(element):
        element.text = None


def _boxes(root: ElementTree.Element) -> Iterator[_Box]:
    paths = [path.get("d", "") for path in root.iter(f"{{{_SVG}}}path") if _is_empty(path)]
    backgrounds = filter(None, map(_BACKGROUND.fullmatch, paths))
    for found in list(backgrounds)[1:]:  # the first is that of the whole figure
        left, bottom, right, top = map(float, found.groups())
        yield left, top, right, bottom
    for image in root.iter(f"{{{_SVG}}}image"):
        if place := _PLACE.fullmatch(image.get("transform", "")):
            across, down, left, top = map(float, place.groups())
            width, height = (float(image.get(side, "0")) for side in ("width", "height"))
            yield left, top, left + across * width, top + down * height


def _is_empty(path: ElementTree.Element) -> bool:
    return path.get("style") == "fill: none"
