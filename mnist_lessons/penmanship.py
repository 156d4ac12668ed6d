"""Digits drawn by program, in the ways in which MNIST's writers seldom wrote them.

MNIST's writers were Americans. Elsewhere a 1 begins with an upstroke, a 7 has a bar across, a 9
ends in a hook. The shapes are this project's own: no pen digit of any data set went into them.
"""

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch

from mnist_lessons.data import Split
from mnist_lessons.framing import SIDE, pixels_of

__all__ = ["drawn_digits", "written"]

_Point = tuple[float, float]
_Strokes = list[list[_Point]]
_Style = Callable[[random.Random], _Strokes]
_STEPS = 4  # points of a curve between two that it goes through
# How often each digit comes, by how many ways of writing it MNIST lacks.
_WEIGHTS = (0.6, 1.5, 0.6, 0.6, 1, 0.6, 0.6, 1, 0.6, 1)


def drawn_digits(count: int, seed: int) -> Split:
    """Draw digits with a pen, each in its own way, framed as a reader's drawings are.

    Args:
        count: how many.
        seed: of all random numbers.

    Returns:
        uint8 images (count, 28, 28) and int64 labels (count,), on the CPU.
    """
    hand = random.Random(seed)
    labels = hand.choices(range(10), _WEIGHTS, k=count)
    images = np.stack([pixels_of(written(label, hand)) for label in labels])
    return Split(torch.from_numpy(np.rint(images).astype(np.uint8)), torch.tensor(labels))


def written(digit: int, hand: random.Random) -> list[list[tuple[float, float]]]:
    """The strokes of a digit, with the slant, proportions and tremor of a hand.

    Args:
        digit: 0 to 9.
        hand: whose random numbers decide.

    Returns:
        Points (x, y) in pixels of the drawing area of `framing`, y downwards.
    """
    strokes = _SHAPES[digit](hand)
    slant, turn = hand.gauss(0.1, 0.2), hand.gauss(0, 0.1)
    width = hand.uniform(0.45, 1.0)
    cosine, sine = math.cos(turn), math.sin(turn)
    bent = _bending(hand)

    def place(point: _Point) -> _Point:
        x, y = bent(point[0] - 0.5, point[1] - 0.5)
        x = width * x - slant * y
        x, y = cosine * x - sine * y, sine * x + cosine * y
        tremor = hand.gauss(0, 0.006), hand.gauss(0, 0.006)
        return SIDE * (0.5 + 0.7 * (x + tremor[0])), SIDE * (0.5 + 0.7 * (y + tremor[1]))

    return [[place(point) for point in _with_ends(stroke, hand)] for stroke in strokes]


def _bending(hand: random.Random) -> Callable[[float, float], _Point]:
    """Moves neighbouring points alike: three waves of random direction, length and height."""
    waves = [
        (hand.uniform(0, 2 * math.pi), hand.uniform(2, 6), hand.uniform(0, 2 * math.pi),
         hand.gauss(0, 0.03), hand.gauss(0, 0.03))
        for _ in range(3)
    ]  # fmt: skip

    def bent(x: float, y: float) -> _Point:
        moved = [0.0, 0.0]
        for angle, pace, phase, across, down in waves:
            height = math.sin(phase + pace * (math.cos(angle) * x + math.sin(angle) * y))
            moved[0] += across * height
            moved[1] += down * height
        return x + moved[0], y + moved[1]

    return bent


def _with_ends(stroke: list[_Point], hand: random.Random) -> list[_Point]:
    """Now and then with a small hook where the pen comes down or leaves, or a little shorter."""
    if hand.random() < 0.1:
        stroke = [_beside(stroke[0], hand), *stroke]
    if hand.random() < 0.15:
        stroke = [*stroke, _beside(stroke[-1], hand)]
    elif hand.random() < 0.15:
        stroke = stroke[: max(2, round(len(stroke) * hand.uniform(0.85, 1)))]
    return stroke


def _beside(point: _Point, hand: random.Random) -> _Point:
    angle, far = hand.uniform(0, 2 * math.pi), hand.uniform(0.02, 0.15)
    return point[0] + far * math.cos(angle), point[1] + far * math.sin(angle)


def _curve(*points: _Point) -> list[_Point]:
    """A Catmull-Rom curve through the points."""
    whole = [points[0], *points, points[-1]]
    drawn = []
    for a, b, c, d in zip(whole, whole[1:], whole[2:], whole[3:], strict=False):
        for step in range(_STEPS):
            t = step / _STEPS
            x, y = (_between(*four, t) for four in zip(a, b, c, d, strict=True))
            drawn.append((x, y))
    return [*drawn, points[-1]]


def _between(a: float, b: float, c: float, d: float, t: float) -> float:
    whole = (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return whole / 2


def _line(*points: _Point) -> list[_Point]:
    """Straight from point to point, with corners."""
    return [
        (x0 + (x1 - x0) * step / _STEPS, y0 + (y1 - y0) * step / _STEPS)
        for (x0, y0), (x1, y1) in pairwise(points)
        for step in range(_STEPS + 1)
    ]


def _shaken(hand: random.Random, points: Sequence[_Point], by: float = 0.04) -> list[_Point]:
    return [(x + hand.gauss(0, by), y + hand.gauss(0, by)) for x, y in points]


def _any(*styles: _Style) -> _Style:
    return lambda hand: hand.choice(styles)(hand)


def _plain(*strokes: Sequence[_Point], by: float = 0.05) -> _Style:
    """Curves through points, each moved a little."""
    return lambda hand: [_curve(*_shaken(hand, stroke, by)) for stroke in strokes]


def _cornered(*strokes: Sequence[_Point]) -> _Style:
    """Straight lines between points, each moved a little."""
    return lambda hand: [_line(*_shaken(hand, stroke, 0.05)) for stroke in strokes]


def _zero(hand: random.Random) -> _Strokes:
    """Round, and a little further: it may begin inside or outside of itself."""
    begin, turns = hand.uniform(-0.9, 0.9), hand.uniform(0.92, 1.25)
    drift = hand.gauss(0, 0.22)  # of the radius, from begin to end
    points = []
    for step in range(13):
        angle = begin - turns * 2 * math.pi * step / 12
        radius = 0.5 * (1 + drift * (0.5 - step / 12))
        points.append((0.5 + 0.8 * radius * math.sin(angle), 0.5 - radius * math.cos(angle)))
    points = _shaken(hand, points, 0.02)
    if hand.random() < 0.1:  # the pen comes from the right
        points.insert(0, (points[0][0] + hand.uniform(0, 0.3), points[0][1] + hand.gauss(0, 0.1)))
    if hand.random() < 0.1:  # the pen leaves upwards
        points.append((points[-1][0] + hand.uniform(-0.1, 0.3), points[-1][1] - 0.2))
    return [_curve(*points)]


def _one(hand: random.Random) -> _Strokes:
    top, foot = 0.55 + hand.gauss(0, 0.03), 0.5 + hand.gauss(0, 0.05)
    stem = _line((top, 0), (foot, 1))
    if hand.random() < 0.2:
        stem = _curve((top, 0), (0.5 + hand.gauss(0, 0.06), 0.5), (foot, 1))
    if hand.random() < 0.8:  # an upstroke
        reach = hand.choice((hand.uniform(0.03, 0.35), hand.uniform(0.03, 0.9)))
        depth = hand.uniform(max(0.06, 0.4 * reach), 0.75)  # a bar would make it a 7
        middle = (top - reach / 2 + hand.gauss(0, 0.06), depth / 2 + hand.gauss(0, 0.06))
        if hand.random() < 0.3:  # arched
            middle = (top - hand.uniform(0.4, 0.7) * reach, hand.uniform(0.1, 0.3) * depth)
        stem = _curve((top - reach, depth), middle, (top, 0)) + stem
    strokes = [stem]
    below = hand.random()
    if below < 0.3:  # a line below
        half, tilt = hand.uniform(0.12, 0.5), hand.gauss(0, 0.03)
        strokes.append(_line((foot - half, 1 + tilt), (foot + half, 1 - tilt)))
    elif below < 0.4:  # a hook to the left
        stem.append((foot - hand.uniform(0.05, 0.3), 1 - hand.uniform(-0.02, 0.1)))
    return strokes


def _four(hand: random.Random) -> _Strokes:
    right = hand.uniform(0.6, 1.0)
    stem = hand.uniform(0.7, 1.0) * right
    top, corner, bar = hand.uniform(0.1, stem), hand.uniform(0.0, 0.2), hand.uniform(0.4, 0.85)
    begin = hand.uniform(-0.05, bar - 0.05)
    arm = _line((top, hand.uniform(0, 0.15)), (corner, bar), (right, bar + hand.gauss(0, 0.05)))
    if hand.random() < 0.5:  # rounded
        arm = _curve((top, 0), (corner, 0.7 * bar), (corner + 0.08, bar), (right, bar - 0.03))
    return [arm, _line((stem + hand.gauss(0, 0.05), begin), (stem + hand.gauss(0, 0.05), 1))]


def _seven(hand: random.Random) -> _Strokes:
    rise, foot = hand.gauss(0, 0.06), hand.uniform(0.1, 0.7)
    knee = (hand.uniform(0.3, 0.85), 0.5 + hand.gauss(0, 0.08))
    left, low = 0.05 + hand.gauss(0, 0.04), hand.uniform(0.1, 0.4)
    if hand.random() < 0.5:
        top = _line((0.05, 0.05 + rise), (0.9, 0.04))
        if hand.random() < 0.4:  # a serif
            top = _line((left, low), (0.06, 0.05 + rise)) + top
        stem = top + _curve((0.9, 0.04), knee, (foot, 1))
    else:  # a wave that begins as a serif, and may turn into the stem
        wave = [(left, low), (0.15, 0.02 + rise), (0.5, hand.uniform(-0.07, 0.13)), (0.9, 0.04)]
        down = [(0.9, 0.04), (0.85, 0.2), knee, (foot, 1)]
        stem = _curve(*wave, *down[1:]) if hand.random() < 0.4 else _curve(*wave) + _curve(*down)
    strokes = [stem]
    if hand.random() < 0.75:  # a bar across
        half, height = hand.uniform(0.15, 0.5), hand.uniform(0.3, 0.8)
        middle, tilt = knee[0] + hand.gauss(-0.02, 0.1), hand.gauss(0, 0.1)
        strokes.append(_line((middle - half, height + tilt), (middle + half, height - tilt)))
    return strokes


def _nine(hand: random.Random) -> _Strokes:
    low = hand.uniform(0.15, 0.6)  # where the loop ends
    right = hand.uniform(0.65, 0.9)
    left = right - hand.uniform(0.2, 0.75)
    loop = [
        (right, 0.25 * low), (0.5 * (left + right), 0.0), (left, low / 2),
        (0.5 * (left + right), low), (right - 0.02, 0.45 * low),
    ]  # fmt: skip
    if hand.random() < 0.4:  # straight down
        tail = [(right - hand.uniform(0, 0.1), 0.6), (right - hand.uniform(0, 0.25), 1.0)]
    else:  # a hook to the left
        tail = [(right, 0.6), (hand.uniform(0.45, 0.75), 0.95), (hand.uniform(-0.3, 0.3), 0.95)]
        if hand.random() < 0.5:
            tail.append((tail[-1][0] - 0.08, hand.uniform(0.7, 0.88)))
    return [_curve(*_shaken(hand, loop, 0.03), *_shaken(hand, tail))]


_TWO = _any(
    _plain([(0.12, 0.25), (0.4, 0), (0.8, 0.2), (0.6, 0.6), (0.1, 1), (0.5, 0.95), (0.9, 1)]),
    _plain([(0.1, 0.3), (0.45, 0), (0.8, 0.25), (0.55, 0.65), (0.15, 0.95), (0.1, 0.8),
            (0.35, 0.85), (0.9, 1)]),  # with a loop
    _cornered([(0.1, 0.08), (0.85, 0.03), (0.1, 0.97), (0.9, 0.97)]),
    lambda hand: [
        _curve(*_shaken(hand, [(0.15, 0.25), (0.45, 0), (0.8, 0.25), (0.5, 0.65), (0.08, 1)]))
        + _line((0.08, 1), (hand.uniform(0.6, 1.1), 1 + hand.gauss(0, 0.06)))
    ],
)  # fmt: skip
_THREE = _any(
    _plain([(0.15, 0.1), (0.55, 0), (0.75, 0.25), (0.4, 0.46), (0.85, 0.7), (0.55, 1), (0.1, 0.9)]),
    _plain([(0.15, 0.2), (0.5, 0), (0.75, 0.2), (0.5, 0.45), (0.35, 0.48), (0.3, 0.42),
            (0.6, 0.5), (0.85, 0.75), (0.45, 1), (0.1, 0.85)], by=0.03),  # with a loop
    lambda hand: [
        _line(*_shaken(hand, [(0.1, 0.03), (0.8, 0.02), (0.4, 0.42)], 0.03))
        + _curve((0.4, 0.42), *_shaken(hand, [(0.8, 0.6), (0.75, 0.88), (0.4, 1), (0.05, 0.9)]))
    ],  # with a flat top
    _plain([(0.2, 0.1), (0.6, 0.02), (0.7, 0.25), (0.6, 0.42), (0.8, 0.7), (0.5, 1), (0, 0.9)]),
)  # fmt: skip
_FOUR = _any(
    _four,
    _four,
    # In one stroke, closed at the top.
    _cornered([(0.7, 1), (0.7, 0.0), (0.05, 0.65), (1, 0.65)]),
    _plain([(0.15, 0), (0.1, 0.4), (0.4, 0.55), (0.8, 0.5)], [(0.8, 0.1), (0.75, 0.5), (0.7, 1)]),
    _plain([(0.35, 0), (0.1, 0.4), (0.2, 0.62), (0.6, 0.5)],
           [(0.6, 0.25), (0.55, 0.6), (0.5, 1)]),
    # In one stroke, from the arm up into the stem.
    _plain([(0.2, 0.05), (0.1, 0.45), (0.4, 0.5), (0.75, 0.05), (0.7, 0.5), (0.65, 1)]),
)  # fmt: skip
_FIVE = _any(
    _plain([(0.25, 0.03), (0.22, 0.4), (0.6, 0.4), (0.8, 0.7), (0.55, 1), (0.15, 0.93)],
           [(0.25, 0.03), (0.5, 0.02), (0.85, 0)]),
    # In one stroke, from the right.
    lambda hand: [
        _line(*_shaken(hand, [(0.85, 0), (0.3, 0.03), (0.22, 0.42)], 0.03))
        + _curve(*_shaken(hand, [(0.22, 0.42), (0.6, 0.38), (0.82, 0.68), (0.5, 1), (0.1, 0.9)]))
    ],
    _plain([(0.9, 0.02), (0.4, 0.05), (0.25, 0.3), (0.65, 0.5), (0.75, 0.8), (0.4, 1), (0.1, 0.9)]),
    # The bar stands off.
    lambda hand: [
        _curve(*_shaken(hand, [(0.25, 0.1), (0.2, 0.42), (0.6, 0.42), (0.8, 0.7), (0.5, 1),
                               (0.1, 0.92)])),
        _line(*_shaken(hand, [(hand.uniform(0.15, 0.4), 0.02), (hand.uniform(0.7, 1.1), -0.03)])),
    ],
)  # fmt: skip
_SIX = _any(
    _plain([(0.65, 0), (0.3, 0.35), (0.18, 0.75), (0.5, 1), (0.8, 0.75), (0.5, 0.52), (0.2, 0.75)]),
    _plain([(0.8, 0.1), (0.55, 0), (0.2, 0.4), (0.2, 0.85), (0.55, 1), (0.8, 0.75), (0.5, 0.55),
            (0.25, 0.7)]),
    _plain([(0.3, 0), (0.2, 0.4), (0.2, 0.8), (0.5, 1), (0.8, 0.8), (0.55, 0.6), (0.22, 0.75)]),
    # With a small loop, or one that stays open.
    _plain([(0.6, 0), (0.25, 0.4), (0.25, 0.85), (0.55, 1), (0.7, 0.82), (0.45, 0.72),
            (0.3, 0.85)]),
    _plain([(0.6, 0), (0.2, 0.4), (0.2, 0.85), (0.6, 1), (0.85, 0.75), (0.6, 0.55), (0.4, 0.62)]),
)  # fmt: skip
_EIGHT = _any(
    _plain([(0.75, 0.15), (0.4, 0), (0.25, 0.22), (0.75, 0.7), (0.5, 1), (0.2, 0.8), (0.5, 0.48),
            (0.78, 0.2)]),
    _plain([(0.8, 0.05), (0.4, 0.02), (0.25, 0.25), (0.7, 0.65), (0.5, 1), (0.2, 0.8), (0.45, 0.5),
            (0.85, 0.1)]),
    # From the middle, and two rings.
    _plain([(0.5, 0.47), (0.22, 0.25), (0.5, 0), (0.78, 0.25), (0.45, 0.5), (0.18, 0.75), (0.5, 1),
            (0.82, 0.75), (0.5, 0.48)]),
    _plain([(0.5, 0), (0.25, 0.2), (0.5, 0.45), (0.75, 0.2), (0.48, 0)],
           [(0.5, 0.45), (0.2, 0.72), (0.5, 1), (0.8, 0.72), (0.48, 0.45)]),
    # Begun at the left.
    _plain([(0.25, 0.15), (0.55, 0), (0.75, 0.22), (0.25, 0.72), (0.5, 1), (0.8, 0.8), (0.5, 0.48),
            (0.22, 0.2)]),
    _plain([(0.7, 0.1), (0.4, 0), (0.3, 0.2), (0.7, 0.7), (0.5, 1), (0.25, 0.8), (0.55, 0.45),
            (0.6, 0.2)]),
)  # fmt: skip
_NINE = _any(
    _nine,
    _nine,
    _nine,
    # A ring, and a stem beside it.
    _plain([(0.75, 0.2), (0.45, 0), (0.2, 0.25), (0.45, 0.5), (0.75, 0.25)],
           [(0.78, 0.05), (0.75, 0.5), (0.7, 1)]),
    # A ring that stays open, and one begun at the left.
    _plain([(0.7, 0.1), (0.4, 0), (0.2, 0.3), (0.5, 0.5), (0.8, 0.2), (0.75, 0.6), (0.65, 1)]),
    _plain([(0.75, 0.4), (0.3, 0.5), (0.2, 0.2), (0.5, 0), (0.78, 0.25), (0.75, 0.6), (0.6, 1)]),
)  # fmt: skip

_SHAPES: list[_Style] = [_zero, _one, _TWO, _THREE, _FOUR, _FIVE, _SIX, _seven, _EIGHT, _NINE]
