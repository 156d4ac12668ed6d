"""Digits changed as if another hand had written them: thicker or thinner, bent, with a hook more.

Each change is drawn anew for each image, from PyTorch's random numbers, on the CPU: a GPU then sees
the same changes. The images are float32 (N, 1, H, W), in any unit, with ink that is brighter than
the background.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from mnist_lessons.augmentation import Augmentation, RandomChange, uniform

__all__ = ["EarlyEnds", "Hooks", "InTurn", "RandomThickness", "RandomWarp"]

_BOX = 20  # pixels of the longer side of a framed digit
_INK = 0.3  # from which share of the greatest ink on a pixel belongs to the digit
_PIECES = 5  # straight pieces of a hook
_KNOTS = 5  # along each side, where the bending is drawn
_RADIUS = 1.2  # half the width of a hook, in pixels: the mean of MNIST's lines


@dataclass(frozen=True, kw_only=True)
class RandomThickness(RandomChange):
    """Lines become thinner or thicker.

    Attributes:
        thinner: greatest loss at each edge of a line, 0 to 1 pixels.
        thicker: greatest gain at each edge of a line, 0 to 1 pixels.

    Raises:
        ValueError: a field is outside its range.
    """

    thinner: float = 0.0
    thicker: float = 0.0

    def __call__(self, images: Tensor) -> Tensor:
        amount = torch.rand(len(images)).to(images.device)
        amount = (amount * (self.thicker + self.thinner) - self.thinner)[:, None, None, None]
        wide = _spread(images)
        thin = -_spread(-images)
        return torch.where(
            amount > 0, images + amount * (wide - images), images - amount * (thin - images)
        )


def _spread(images: Tensor) -> Tensor:
    """Each pixel becomes the brightest of itself and its four neighbours."""
    return torch.maximum(
        F.max_pool2d(images, (3, 1), stride=1, padding=(1, 0)),
        F.max_pool2d(images, (1, 3), stride=1, padding=(0, 1)),
    )


@dataclass(frozen=True, kw_only=True)
class Hooks(RandomChange):
    """Some digits get one more line, straight or curved: a hook, a foot, a bar across.

    It begins at the end of the ink in a random direction, or crosses the ink there.

    Attributes:
        chance: that a digit gets one, 0 to 1.
        longest: greatest length, 0 to 28 pixels.

    Raises:
        ValueError: a field is outside its range.
    """

    chance: float = 0.0
    longest: float = 0.0

    def __call__(self, images: Tensor) -> Tensor:
        number = len(images)
        low, high = images.amin((1, 2, 3)), images.amax((1, 2, 3))
        start = _extreme(images, low, high)  # (N, 2): x, y
        draws = torch.rand(5, number).to(images.device)
        length = draws[0] * self.longest
        length = torch.where(draws[4] < self.chance, length, torch.zeros_like(length))
        angle = 2 * math.pi * draws[1]
        bend = 3 * (2 * draws[2] - 1) ** 3  # radians from begin to end: mostly a few
        across = (draws[3] < 0.5).to(images.dtype) * length / 2
        heading = torch.stack((angle.cos(), angle.sin()), 1)
        place = start - across[:, None] * heading
        points = [place]
        for piece in range(_PIECES):
            turn = angle + bend * (piece + 0.5) / _PIECES
            step = length[:, None] / _PIECES * torch.stack((turn.cos(), turn.sin()), 1)
            points.append(points[-1] + step)
        away = _distance(images, torch.stack(points, 1))
        ink = (_RADIUS + 0.5 - away).clamp(0, 1)[:, None]
        ink = ink * (length > 0)[:, None, None, None]
        drawn = low[:, None, None, None] + ink * (high - low)[:, None, None, None]
        return torch.maximum(images, drawn)


@dataclass(frozen=True, kw_only=True)
class EarlyEnds(RandomChange):
    """Some digits lose the end of their ink in a random direction: a stroke that ends early.

    Attributes:
        chance: that a digit loses one, 0 to 1.
        radius: greatest radius of what is lost, 0 to 14 pixels.

    Raises:
        ValueError: a field is outside its range.
    """

    chance: float = 0.0
    radius: float = 0.0

    def __call__(self, images: Tensor) -> Tensor:
        low, high = images.amin((1, 2, 3)), images.amax((1, 2, 3))
        end = _extreme(images, low, high)
        draws = torch.rand(2, len(images)).to(images.device)
        radius = torch.where(draws[0] < self.chance, draws[1] * self.radius, -1.0)
        away = _distance(images, end[:, None].expand(-1, 2, -1))
        kept = (away - radius[:, None, None]).clamp(0, 1)[:, None]
        background = low[:, None, None, None]
        return background + kept * (images - background)


def _extreme(images: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """The middle (N, 2) of the pixel of each digit that lies farthest in a random direction."""
    number, _, height, width = images.shape
    inked = images[:, 0] > (low + _INK * (high - low))[:, None, None]
    angle = 2 * math.pi * torch.rand(number).to(images.device)
    x = torch.arange(width, device=images.device) + 0.5
    y = torch.arange(height, device=images.device)[:, None] + 0.5
    reach = angle.cos()[:, None, None] * x + angle.sin()[:, None, None] * y
    farthest = reach.masked_fill(~inked, -math.inf).flatten(1).argmax(1)
    return torch.stack((farthest % width, farthest // width), 1) + 0.5


def _distance(images: Tensor, points: Tensor) -> Tensor:
    """How far (N, H, W) each pixel's middle is from the line through points (N, P, 2)."""
    height, width = images.shape[-2:]
    x = (torch.arange(width, device=images.device) + 0.5).expand(height, width)
    y = (torch.arange(height, device=images.device) + 0.5)[:, None].expand(height, width)
    pixels = torch.stack((x, y), -1)[None, None]  # (1, 1, H, W, 2)
    begin = points[:, :-1, None, None]
    along = points[:, 1:, None, None] - begin  # (N, P - 1, 1, 1, 2)
    away = pixels - begin
    share = (away * along).sum(-1) / (along * along).sum(-1).clamp(min=1e-6)
    away = away - share.clamp(0, 1)[..., None] * along
    return away.square().sum(-1).amin(1).sqrt()


@dataclass(frozen=True, kw_only=True)
class RandomWarp(RandomChange):
    """Digits are bent, turned, slanted and stretched, and then framed as MNIST's digits are.

    The bending moves each place by some random pixels, and neighbouring places alike: P. Y. Simard,
    D. Steinkraus and J. C. Platt, "Best practices for convolutional neural networks applied to
    visual document analysis", 2003. All of it is one resampling, which blurs but once.

    Attributes:
        bend: standard deviation of the bending, 0 to 5 pixels.
        degrees: greatest rotation, 0 to 180.
        shear: greatest slant, 0 to 45 degrees.
        aspect: greatest relative change of width against height, 0 to 2.
        scale: greatest relative change of the framed size, 0 to 0.9.
        shift: greatest shift of the framed digit along each axis, 0 to 14 pixels.

    Raises:
        ValueError: a field is outside its range.
    """

    bend: float = 0.0
    degrees: float = 0.0
    shear: float = 0.0
    aspect: float = 0.0
    scale: float = 0.0
    shift: float = 0.0

    def __call__(self, images: Tensor) -> Tensor:
        background = images.amin((1, 2, 3), keepdim=True)
        ink = images - background
        drawn = uniform(6, len(images), like=images)
        places = self._bent(images, self._turned(images, drawn))  # (N, H, W, 2)
        framed = _frame(
            F.grid_sample(ink, places, align_corners=False),
            1 + self.scale * drawn[3],
            self.shift * drawn[4:],
        )
        places = F.grid_sample(
            places.permute(0, 3, 1, 2), framed, padding_mode="border", align_corners=False
        )
        return background + F.grid_sample(ink, places.permute(0, 2, 3, 1), align_corners=False)

    def _turned(self, images: Tensor, drawn: Tensor) -> Tensor:
        """Where each place of the turned, slanted and stretched images was before."""
        angle = self.degrees * math.pi / 180 * drawn[0]
        slope = (self.shear * math.pi / 180 * drawn[1]).tan()
        stretch = (1 + self.aspect) ** (drawn[2] / 2)
        cosine, sine, zeros = angle.cos(), angle.sin(), torch.zeros_like(angle)
        x = torch.stack(
            ((cosine + slope * sine) / stretch, (slope * cosine - sine) * stretch, zeros), 1
        )
        y = torch.stack((sine / stretch, cosine * stretch, zeros), 1)
        return F.affine_grid(torch.stack((x, y), 1), list(images.shape), align_corners=False)

    def _bent(self, images: Tensor, places: Tensor) -> Tensor:
        number, _, height, width = images.shape
        knots = torch.randn(number, 2, _KNOTS, _KNOTS).to(images.device)
        fine = F.interpolate(knots, (height, width), mode="bicubic", align_corners=True)
        size = fine.new_tensor([2 / width, 2 / height]) * self.bend
        return places + fine.permute(0, 2, 3, 1) * size


def _frame(ink: Tensor, size: Tensor, shift: Tensor) -> Tensor:
    """Where each place (N, H, W, 2) of framed digits lies in the ink (N, 1, H, W) as it is."""
    height, width = ink.shape[-2:]
    ink = ink[:, 0]
    inked = ink > _INK / 2 * ink.amax((1, 2), keepdim=True)
    left, right = _ends(inked.any(1))
    top, bottom = _ends(inked.any(2))
    scale = torch.maximum(right - left, bottom - top).clamp(min=4) / (_BOX * size)
    mass = ink.sum((1, 2)).clamp(min=1e-6)
    x = (ink.sum(1) * (torch.arange(width, device=ink.device) + 0.5)).sum(1) / mass
    y = (ink.sum(2) * (torch.arange(height, device=ink.device) + 0.5)).sum(1) / mass
    # MNIST moves by whole pixels: the centre of mass lies half a pixel off the middle on average.
    x, y = x - scale * (0.5 + shift[0]), y - scale * (0.5 + shift[1])
    zeros = torch.zeros_like(scale)
    rows = (
        torch.stack((scale, zeros, 2 * x / width - 1), 1),
        torch.stack((zeros, scale, 2 * y / height - 1), 1),
    )
    return F.affine_grid(torch.stack(rows, 1), [len(ink), 1, height, width], align_corners=False)


def _ends(inked: Tensor) -> tuple[Tensor, Tensor]:
    """Where the inked pixels of each row (N, L) begin and end."""
    length = inked.shape[1]
    begin = inked.int().argmax(1)
    end = length - inked.flip(1).int().argmax(1)
    return begin.float(), end.float()


@dataclass(frozen=True)
class InTurn(Augmentation):
    """Several changes, one after the other."""

    changes: tuple[Augmentation, ...]

    def __call__(self, images: Tensor) -> Tensor:
        for change in self.changes:
            images = change(images)
        return images
