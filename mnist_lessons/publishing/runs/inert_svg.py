"""Which SVG files may be published: those that draw, and can neither run nor load anything.

Such a file is shown as an image, where a browser runs no scripts. But a reader can open it by
its address, too.
"""

import re
from functools import lru_cache
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

__all__ = ["NotInert", "size_of"]

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_ELEMENTS = re.compile(
    "svg|g|defs|style|path|use|text|tspan|image|rect|circle|line|polyline|polygon|clipPath|"
    "pattern|title|desc"
)
_ATTRIBUTES = re.compile(
    "id|class|style|type|x|y|[xy][12]|c[xy]|r[xy]?|d|points|width|height|viewBox|version|"
    "clip-(path|rule)|clipPathUnits|patternUnits|preserveAspectRatio|opacity|"
    "(fill|stroke)(-[a-z]+)?|(text|font)-[a-z]+|{http://www.w3.org/XML/1998/namespace}space"
)
_HERE = re.compile(r"url\(#[\w-]+\)")
_MOVES = re.compile(r"(\s*(matrix|translate|scale|rotate|skewX|skewY)\([-+\d.e, ]*\))*\s*")
_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]*")
_NUMBER = re.compile(r"\d{1,4}(\.\d+)?")


class NotInert(Exception):
    """Why an SVG file may not be published."""


@lru_cache(maxsize=512)
def size_of(content: bytes) -> tuple[int, int]:
    """Width and height in CSS pixels of an SVG file that may be published.

    Raises:
        NotInert: it may not.
    """
    if not content.startswith(b"<svg ") or b"<?" in content or b"<!" in content:
        raise NotInert("it is more than one <svg> element")
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise NotInert(f"it is not an SVG file: {error}") from None
    for element in root.iter():
        _check(element)
    sides = [root.get("width", ""), root.get("height", "")]
    if not all(_NUMBER.fullmatch(side) and float(side) >= 1 for side in sides):
        raise NotInert("it does not say how many pixels wide and high it is")
    return round(float(sides[0])), round(float(sides[1]))


def _check(element: Element) -> None:
    name = element.tag.removeprefix(_SVG)
    if not _ELEMENTS.fullmatch(name) or name == element.tag:
        raise NotInert(f"it has the element {name}")
    for attribute, value in element.attrib.items():
        if not _is_inert(name, attribute, value):
            raise NotInert(f"{name} has {attribute.rpartition('}')[2]}={value[:60]!r}")
    if name == "style" and (len(element) or not _only_looks(element.text or "")):
        raise NotInert("its style could load something")


def _is_inert(element: str, attribute: str, value: str) -> bool:
    if attribute in ("href", _LINK):
        allowed = _PICTURE if element == "image" else re.compile(r"#[\w-]+")
        return bool(allowed.fullmatch(value))
    if attribute in ("transform", "patternTransform"):
        return bool(_MOVES.fullmatch(value))
    return bool(_ATTRIBUTES.fullmatch(attribute)) and _only_looks(value)


def _only_looks(style: str) -> bool:
    """Whether a style loads nothing: its only function is a reference into the same file."""
    return not set(_HERE.sub("", style)) & set("(@\\")
