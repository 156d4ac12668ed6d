"""From a drawing to the 28 by 28 pixels that a network reads, framed as MNIST's images are.

`docs/javascripts/draw/ink.js` and `framing.js` do the same arithmetic in a reader's browser.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["PEN", "SIDE", "fit_strokes", "frame", "ink", "pixels_of"]

SIDE = 140  # rows and columns of the drawing area
PEN = 6.0  # radius of the pen, in pixels of the drawing area

_SIZE = 28
_BOX = 20
_MIDDLE = 14.0
_STEPS = 4
_ROUNDING = 1e-9

_Point = tuple[float, float]
_Strokes = Sequence[Sequence[Sequence[float]]]


def pixels_of(strokes: _Strokes) -> NDArray[np.float32]:
    """The image that a network reads of strokes: fitted, drawn and framed.

    Args:
        strokes: each a list of points (x, y) in pixels of the drawing area, at least one.

    Returns:
        Grey levels, float32 (28, 28), 0 to 255, not rounded.
    """
    return frame(ink(fit_strokes(strokes)))


def fit_strokes(strokes: _Strokes) -> list[list[_Point]]:
    """Bring strokes to the size of MNIST's digits, in the middle of the drawing area.

    The pen stays as thick as it is: what is drawn of the result has the box and the lines of
    MNIST's digits, however large or small the strokes were. Framing its pixels, a small drawing
    would become a blob.

    Args:
        strokes: each a list of points (x, y) in pixels of the drawing area, at least one.

    Returns:
        The same strokes, moved and scaled: with the pen around them, the longer side of their box
        has 20 of 28 parts of the area. What is smaller than the pen stays a dot.
    """
    points = [point for stroke in strokes for point in stroke]
    if not points:
        return []
    (left, right), (top, bottom) = ((min(axis), max(axis)) for axis in zip(*points, strict=True))
    # Half a pixel is the edge of a line: the box ends where a pixel does, whatever is rounded.
    scale = (SIDE * _BOX / _SIZE - 2 * (PEN + 0.5)) / max(right - left, bottom - top, PEN)
    x0, y0 = (left + right) / 2, (top + bottom) / 2
    return [
        [((x - x0) * scale + SIDE / 2, (y - y0) * scale + SIDE / 2) for x, y in stroke]
        for stroke in strokes
    ]


def ink(strokes: _Strokes) -> NDArray[np.float64]:
    """Draw strokes with a round pen.

    Each stroke becomes a smooth line: quadratic curves from the middle of one pair of points
    to the middle of the next, in four straight pieces each. A pixel's ink falls from 1 to 0
    over one pixel at the edge of the pen.

    Args:
        strokes: each a list of points (x, y) in pixels of the drawing area, at least one.

    Returns:
        Ink, float64 (140, 140), 0 to 1.
    """
    area = np.zeros((SIDE, SIDE))
    for stroke in strokes:
        for begin, end in pairwise(_smoothed([(x, y) for x, y in stroke])):
            _mark(area, begin, end)
    return area


def frame(drawing: NDArray[np.floating], *, centre: bool = True) -> NDArray[np.float32]:
    """Reduce a drawing to 28 by 28 pixels, averaging over areas.

    Centred as in MNIST: the box around all ink is scaled until its longer side has 20 pixels,
    its proportions kept. It is then moved by whole pixels, so that the centre of mass of its
    ink lies in the middle of the image or less than one pixel right of it and below. The box
    never leaves the image. 9,997 of MNIST's 10,000 test images come out as they went in; the
    others have a blank row or column in their box.

    Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".

    Args:
        drawing: ink (H, W), 0 to 1, such as `ink` returns.
        centre: False reduces the whole drawing to 28 by 28, and moves nothing.

    Returns:
        Grey levels, float32 (28, 28), 0 to 255, not rounded.
    """
    source = np.asarray(drawing, dtype=np.float64)
    if not source.any():
        return np.zeros((_SIZE, _SIZE), dtype=np.float32)
    if not centre:
        rows, columns = (_averages(length, length / _SIZE, _SIZE) for length in source.shape)
        return (rows @ source @ columns.T * 255).astype(np.float32)
    source = _cropped(source)
    longest = max(source.shape)
    step = longest / _BOX
    height, width = (math.ceil(_BOX * length / longest) for length in source.shape)
    small = _averages(source.shape[0], step, height) @ source
    small = small @ _averages(source.shape[1], step, width).T  # (height, width)
    top = _place(source.sum(axis=1), step, height)
    left = _place(source.sum(axis=0), step, width)
    framed = np.zeros((_SIZE, _SIZE), dtype=np.float32)
    framed[top : top + height, left : left + width] = small * 255
    return framed


def _smoothed(points: Sequence[_Point]) -> Iterator[_Point]:
    yield points[0]
    yield _between(points[0], points[1]) if len(points) > 1 else points[0]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        begin, end = _between(before, here), _between(here, after)
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            yield tuple(
                (1 - t) * (1 - t) * a + 2 * t * (1 - t) * b + t * t * c
                for a, b, c in zip(begin, here, end, strict=True)
            )  # type: ignore[misc]  # two numbers go in
    yield points[-1]


def _between(one: _Point, other: _Point) -> _Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _mark(area: NDArray[np.float64], begin: _Point, end: _Point) -> None:
    """Draw a straight piece with round ends."""
    (x0, y0), (x1, y1) = begin, end
    left, right = _reach(x0, x1)
    top, bottom = _reach(y0, y1)
    across = np.arange(left, right) + 0.5 - x0  # (w,)
    down = (np.arange(top, bottom) + 0.5 - y0)[:, None]  # (h, 1)
    dx, dy = x1 - x0, y1 - y0
    squared = dx * dx + dy * dy
    along = np.clip((across * dx + down * dy) / squared, 0, 1) if squared else np.zeros(1)
    ex, ey = across - along * dx, down - along * dy
    covered = np.clip(PEN + 0.5 - np.sqrt(ex * ex + ey * ey), 0, 1)
    part = area[top:bottom, left:right]
    np.maximum(part, covered, out=part)


def _reach(one: float, other: float) -> tuple[int, int]:
    first = max(0, math.floor(min(one, other) - PEN - 1))
    return first, max(first, min(SIDE, math.ceil(max(one, other) + PEN + 1)))


def _cropped(source: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = (np.flatnonzero(source.any(axis=axis)) for axis in (1, 0))
    return source[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _averages(length: int, step: float, count: int) -> NDArray[np.float64]:
    """Matrix (count, length): the share that each source pixel has in each result."""
    source = np.arange(length)
    begin = (np.arange(count) * step)[:, None]
    end = (np.arange(1, count + 1) * step)[:, None]
    shared = np.minimum(source + 1, end) - np.maximum(source, begin)
    averages: NDArray[np.float64] = np.maximum(0, shared) / step
    return averages


def _place(sums: NDArray[np.float64], step: float, size: int) -> int:
    """Where the box begins, so that the centre of mass comes to the middle."""
    centre = float((sums * (np.arange(len(sums)) + 0.5)).sum() / sums.sum()) / step
    # An exact tie must not depend on the order of a sum.
    return min(max(math.ceil(_MIDDLE - centre - _ROUNDING), 0), _SIZE - size)
