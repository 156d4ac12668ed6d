"""Photos of digits on paper, made by program: no camera has seen any of them.

What a photo of a sheet has is drawn: a pen's strokes, uneven light, the edge of a shadow, the
grain of the paper, a sheet that is seen at an angle, and the noise of a camera.
"""

import math
import random

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torchvision.transforms import functional as TF

from mnist_lessons.framing import SIDE
from mnist_lessons.penmanship import written

__all__ = ["drawn_photo"]

_FINER = 2  # the pen is drawn on so many times as many pixels


def drawn_photo(digit: int, seed: int, *, side: int = 400, pen: float | None = None) -> Tensor:
    """A digit that a program has written, on a sheet of paper that it has drawn.

    Args:
        digit: 0 to 9.
        seed: of all random numbers.
        side: rows and columns of the photo, at least 28.
        pen: width of the line, as a part of the side; drawn by lot where None.

    Returns:
        Grey levels, uint8 (side, side), on the CPU.
    """
    hand = random.Random(seed)
    strokes = written(digit, hand)
    width = pen or hand.uniform(0.015, 0.035)
    ink = _tilted(_drawn(strokes, side, width, hand), hand)  # 0 to 1
    noise = torch.Generator().manual_seed(seed)
    grain: Tensor = TF.resize(torch.randn(1, side // 8, side // 8, generator=noise), [side] * 2)
    paper = _light(side, hand) * (1 + 0.01 * grain[0])
    seen = paper * (1 - hand.uniform(0.6, 0.8) * ink)
    seen += 0.02 * torch.randn(side, side, generator=noise)
    return (255 * seen.clamp(0, 1)).byte()


def _drawn(
    strokes: list[list[tuple[float, float]]], side: int, width: float, hand: random.Random
) -> Tensor:
    """Ink (side, side), 0 to 1: round lines, somewhere near the middle."""
    whole = _FINER * side
    scale = whole * hand.uniform(0.45, 0.7) / SIDE
    x0, y0 = (whole * hand.uniform(0.42, 0.58) - scale * SIDE / 2 for _ in range(2))
    radius = whole * width / 2
    sheet = Image.new("L", (whole, whole))
    draw = ImageDraw.Draw(sheet)
    for stroke in strokes:
        points = [(x0 + scale * x, y0 + scale * y) for x, y in stroke]
        draw.line(points, fill=255, width=max(1, round(2 * radius)), joint="curve")
        for x, y in points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    small = sheet.resize((side, side), Image.Resampling.BOX)
    return torch.from_numpy(np.array(small, dtype=np.float32) / 255)


def _tilted(ink: Tensor, hand: random.Random) -> Tensor:
    """As seen by a camera that is not straight above: each corner is somewhere else."""
    side = len(ink)
    corners = [[0, 0], [side, 0], [side, side], [0, side]]
    moved = [[round(at + side * hand.uniform(-0.08, 0.08)) for at in xy] for xy in corners]
    tilted: Tensor = TF.perspective(ink[None], corners, moved, fill=[0.0])[0]
    return tilted


def _light(side: int, hand: random.Random) -> Tensor:
    """Grey levels of white paper (side, side): brighter on one side, and partly in a shadow."""
    places = torch.linspace(-1, 1, side)

    def along(angle: float) -> Tensor:
        return places * math.cos(angle) + places[:, None] * math.sin(angle)

    lamp = 0.72 + 0.18 * along(hand.uniform(0, 2 * math.pi))
    edge = along(hand.uniform(0, 2 * math.pi)) - hand.uniform(-0.3, 0.3)
    return lamp * (1 - 0.45 * torch.sigmoid(25 * edge))
