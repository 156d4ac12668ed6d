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

__all__ = ["drawn_digits"]

_Point = tuple[float, float]
_Strokes = list[list[_Point]]
_STEPS = 6  # points of a curve between two that it goes through
_OTHERS = 0.5  # how often a digit without a style of its own comes, against one that has


def drawn_digits(count: int, seed: int) -> Split:
    """Draw digits with a pen, each in its own way, framed as a reader's drawings are.

    Args:
        count: how many.
        seed: of all random numbers.

    Returns:
        uint8 images (count, 28, 28) and int64 labels (count,), on the CPU.
    """
    hand = random.Random(seed)
    weights = [1.0 if digit in (1, 4, 7, 9) else _OTHERS for digit in range(10)]
    labels = hand.choices(range(10), weights, k=count)
    images = np.stack([pixels_of(_written(_SHAPES[label](hand), hand)) for label in labels])
    return Split(torch.from_numpy(np.rint(images).astype(np.uint8)), torch.tensor(labels))


def _written(strokes: _Strokes, hand: random.Random) -> _Strokes:
    """With the slant, proportions and tremor of a hand, from a unit box to the drawing area."""
    slant, turn = hand.gauss(0.1, 0.15), hand.gauss(0, 0.08)
    width = hand.uniform(0.5, 0.95)
    cosine, sine = math.cos(turn), math.sin(turn)

    def place(point: _Point) -> _Point:
        x, y = point[0] - 0.5, point[1] - 0.5
        x = width * x - slant * y
        x, y = cosine * x - sine * y, sine * x + cosine * y
        tremor = hand.gauss(0, 0.006), hand.gauss(0, 0.006)
        return SIDE * (0.5 + 0.7 * (x + tremor[0])), SIDE * (0.5 + 0.7 * (y + tremor[1]))

    return [[place(point) for point in stroke] for stroke in strokes]


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


def _zero(hand: random.Random) -> _Strokes:
    """Round, and a little further: it may begin inside or outside of itself."""
    begin, turns = hand.uniform(-0.9, 0.5), hand.uniform(0.95, 1.2)
    drift = hand.gauss(0, 0.12)  # of the radius, from begin to end
    points = []
    for step in range(13):
        angle = begin - turns * 2 * math.pi * step / 12
        radius = 0.5 * (1 + drift * (0.5 - step / 12))
        points.append((0.5 + 0.8 * radius * math.sin(angle), 0.5 - radius * math.cos(angle)))
    return [_curve(*_shaken(hand, points, 0.02))]


def _one(hand: random.Random) -> _Strokes:
    top, foot = 0.55 + hand.gauss(0, 0.03), 0.5 + hand.gauss(0, 0.05)
    stem = _line((top, 0), (foot, 1))
    if hand.random() < 0.8:  # an upstroke
        reach = hand.uniform(0.03, 0.9)
        depth = hand.uniform(max(0.06, 0.4 * reach), 0.75)  # a bar would make it a 7
        middle = (top - reach / 2 + hand.gauss(0, 0.06), depth / 2 + hand.gauss(0, 0.06))
        stem = _curve((top - reach, depth), middle, (top, 0)) + stem
    strokes = [stem]
    if hand.random() < 0.3:
        half, tilt = hand.uniform(0.12, 0.45), hand.gauss(0, 0.03)
        strokes.append(_line((foot - half, 1 + tilt), (foot + half, 1 - tilt)))
    return strokes


def _four(hand: random.Random) -> _Strokes:
    top, corner, bar = hand.uniform(0.1, 0.6), hand.uniform(0.0, 0.2), hand.uniform(0.4, 0.85)
    right = hand.uniform(0.55, 1.0)
    stem = hand.uniform(0.6, 1.0) * right
    begin = hand.uniform(-0.05, bar - 0.05)
    arm = _line((top, hand.uniform(0, 0.15)), (corner, bar), (right, bar + hand.gauss(0, 0.05)))
    if hand.random() < 0.5:  # rounded
        arm = _curve((top, 0), (corner, 0.7 * bar), (corner + 0.08, bar), (right, bar - 0.03))
    return [arm, _line((stem + hand.gauss(0, 0.05), begin), (stem + hand.gauss(0, 0.05), 1))]


def _seven(hand: random.Random) -> _Strokes:
    rise, foot = hand.gauss(0, 0.06), hand.uniform(0.1, 0.6)
    knee = (hand.uniform(0.3, 0.75), 0.5 + hand.gauss(0, 0.06))
    bar = _line((0.05, 0.05 + rise), (0.9, 0.04))
    if hand.random() < 0.5:  # a serif, or a wave
        low = hand.uniform(0.1, 0.4)
        bar = _line((0.05 + hand.gauss(0, 0.04), low), (0.06, 0.05 + rise)) + bar
    strokes = [bar + _curve((0.9, 0.04), knee, (foot, 1))]
    if hand.random() < 0.75:
        half, height = hand.uniform(0.15, 0.45), hand.uniform(0.35, 0.7)
        middle, tilt = knee[0] + hand.gauss(-0.05, 0.08), hand.gauss(0, 0.08)
        strokes.append(_line((middle - half, height + tilt), (middle + half, height - tilt)))
    return strokes


def _nine(hand: random.Random) -> _Strokes:
    low = hand.uniform(0.22, 0.6)  # where the loop ends
    right, left = hand.uniform(0.65, 0.9), hand.uniform(0.1, 0.45)
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


def _plain(*strokes: Sequence[_Point]) -> Callable[[random.Random], _Strokes]:
    return lambda hand: [_curve(*_shaken(hand, stroke, 0.05)) for stroke in strokes]


_SHAPES: list[Callable[[random.Random], _Strokes]] = [
    _zero,
    _one,
    _plain([(0.12, 0.25), (0.4, 0), (0.8, 0.2), (0.6, 0.6), (0.1, 1), (0.5, 0.95), (0.9, 1)]),
    _plain([(0.15, 0.1), (0.55, 0), (0.75, 0.25), (0.4, 0.46), (0.85, 0.7), (0.55, 1), (0.1, 0.9)]),
    _four,
    _plain([(0.25, 0.03), (0.22, 0.4), (0.6, 0.4), (0.8, 0.7), (0.55, 1), (0.15, 0.93)],
           [(0.25, 0.03), (0.5, 0.02), (0.85, 0)]),
    _plain([(0.65, 0), (0.3, 0.35), (0.18, 0.75), (0.5, 1), (0.8, 0.75), (0.5, 0.52), (0.2, 0.75)]),
    _seven,
    _plain([(0.75, 0.15), (0.4, 0), (0.25, 0.22), (0.75, 0.7), (0.5, 1), (0.2, 0.8), (0.5, 0.48),
            (0.78, 0.2)]),
    _nine,
]  # fmt: skip
