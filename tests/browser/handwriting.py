"""Writes `strokes.json`: fifty digits as a hand might draw them, five of each.

python tests/browser/handwriting.py
"""

import json
import math
import random
from pathlib import Path

# x to the right, y down, both 0 to 1; curves go through the points.
DIGITS = {
    0: [[(0.5, 0), (0.15, 0.2), (0.1, 0.6), (0.4, 1), (0.8, 0.8), (0.9, 0.35), (0.5, 0)]],
    1: [[(0.35, 0.2), (0.55, 0), (0.54, 0.5), (0.52, 1)]],
    2: [[(0.15, 0.25), (0.4, 0), (0.8, 0.15), (0.7, 0.5), (0.15, 1), (0.5, 0.97), (0.9, 0.98)]],
    3: [
        [
            (0.2, 0.1),
            (0.55, 0),
            (0.75, 0.25),
            (0.4, 0.46),
            (0.8, 0.65),
            (0.6, 0.97),
            (0.15, 0.9),
        ]
    ],
    4: [[(0.35, 0), (0.15, 0.6), (0.5, 0.62), (0.9, 0.58)], [(0.7, 0.2), (0.68, 0.6), (0.66, 1)]],
    5: [[(0.75, 0), (0.5, 0.01), (0.25, 0.03), (0.22, 0.4), (0.6, 0.4), (0.78, 0.7), (0.2, 0.98)]],
    6: [[(0.65, 0), (0.25, 0.4), (0.2, 0.8), (0.5, 1), (0.75, 0.75), (0.5, 0.52), (0.22, 0.75)]],
    7: [[(0.1, 0.05), (0.5, 0.04), (0.85, 0.03), (0.65, 0.4), (0.45, 0.75), (0.38, 1)]],
    8: [
        [
            (0.7, 0.15),
            (0.4, 0),
            (0.25, 0.22),
            (0.7, 0.65),
            (0.55, 0.98),
            (0.25, 0.8),
            (0.5, 0.48),
            (0.75, 0.2),
        ]
    ],
    9: [[(0.75, 0.2), (0.45, 0.02), (0.25, 0.3), (0.55, 0.5), (0.76, 0.22), (0.7, 0.6), (0.6, 1)]],
}
COPIES = 5
AREA = 140


def smooth(points, steps=8):
    """A Catmull-Rom curve through the points."""
    whole = [points[0], *points, points[-1]]
    for a, b, c, d in zip(whole, whole[1:], whole[2:], whole[3:], strict=False):
        for step in range(steps):
            t = step / steps
            yield tuple(
                0.5
                * (
                    2 * q
                    + (r - p) * t
                    + (2 * p - 5 * q + 4 * r - s) * t**2
                    + (3 * q - p - 3 * r + s) * t**3
                )
                for p, q, r, s in zip(a, b, c, d, strict=True)
            )
    yield points[-1]


def written(strokes, hand):
    """One digit with the slant, size, place and tremor of a hand, in whole tenths of a pixel."""
    slant, turn = hand.uniform(-0.25, 0.25), hand.uniform(-0.15, 0.15)
    height = hand.uniform(35, 115)
    width = height * hand.uniform(0.55, 0.8)
    left, top = (hand.uniform(8, AREA - 8 - size) for size in (width, height))

    def place(x, y):
        x += slant * (0.5 - y) - 0.5
        y -= 0.5
        x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        x = left + (x + 0.5) * width + hand.gauss(0, 0.5)
        y = top + (y + 0.5) * height + hand.gauss(0, 0.5)
        return [round(x, 1), round(y, 1)]

    return [[place(*point) for point in smooth(stroke)] for stroke in strokes]


def main():
    """Write the file beside this one."""
    hand = random.Random(4)
    drawings = [
        {"digit": digit, "strokes": written(strokes, hand)}
        for digit, strokes in DIGITS.items()
        for _ in range(COPIES)
    ]
    text = json.dumps(drawings, separators=(",", ":")).replace('{"digit', '\n{"digit')
    (Path(__file__).parent / "strokes.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
