"""Images moved, turned, resized and slanted: a known change for all, or a random one for each."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional as F

from mnist_lessons._checks import check_number

__all__ = ["Augmentation", "RandomAffine", "RandomChange", "affine", "uniform"]

_GREATEST = {
    "shift": 14, "degrees": 180, "scale": 0.9, "shear": 45, "aspect": 2, "bend": 5, "thinner": 1,
    "thicker": 1, "chance": 1, "longest": 28, "radius": 14,
}  # fmt: skip


def affine(
    images: Tensor,
    *,
    across: float | Tensor = 0.0,
    down: float | Tensor = 0.0,
    degrees: float | Tensor = 0.0,
    scale: float | Tensor = 1.0,
    shear: float | Tensor = 0.0,
) -> Tensor:
    """Slant, resize, turn and then move images, with bilinear interpolation.

    What comes in from outside repeats the border, which is black in MNIST. Each argument is one
    number for all images, or a tensor (N,) with one for each.

    Args:
        images: float32 (N, C, H, W).
        across: shift to the right, in pixels.
        down: shift downwards, in pixels.
        degrees: rotation, anticlockwise.
        scale: size against the original, above 0; 2 is twice as large.
        shear: slant of upright strokes to the right, in degrees, between -90 and 90.

    Returns:
        float32 (N, C, H, W), on the same device; the images themselves are left alone.

    Raises:
        ValueError: a scale is not above 0.
    """
    number, _, height, width = images.shape
    to_right, to_bottom, turn, size, slant = (
        torch.as_tensor(value, dtype=images.dtype, device=images.device).expand(number)
        for value in (across, down, degrees, scale, shear)
    )
    if not bool((size > 0).all()):
        raise ValueError(f"scale must be above 0, not {scale}")
    angle = turn * (math.pi / 180)
    cosine, sine = angle.cos() / size, angle.sin() / size
    slope = (slant * (math.pi / 180)).tan()
    # From a place in the result back to one in the original: where grid_sample must look.
    left = torch.stack((cosine + slope * sine, slope * cosine - sine), dim=1)
    right = torch.stack((sine, cosine), dim=1)
    inverse = torch.stack((left, right), dim=1)  # (N, 2, 2), in pixels
    aspect = images.new_tensor([[1, height / width], [width / height, 1]])
    moved = torch.stack((2 * to_right / width, 2 * to_bottom / height), dim=1)[:, :, None]
    linear = inverse * aspect
    matrices = torch.cat((linear, -linear @ moved), dim=2)  # (N, 2, 3), -1 to 1 across an image
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


class Augmentation(ABC):
    """A change of images that is drawn anew each time; equal ones do, and print, the same."""

    @abstractmethod
    def __call__(self, images: Tensor) -> Tensor:
        """Change images, float32 (N, C, H, W), each in its own way."""


@dataclass(frozen=True)
class RandomChange(Augmentation):
    """An augmentation whose fields are amounts: each from 0 to the greatest that makes sense.

    Raises:
        ValueError: a field is outside its range.
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            check_number(field.name, getattr(self, field.name), 0, _GREATEST[field.name])


def uniform(*shape: int, like: Tensor) -> Tensor:
    """Random numbers between -1 and 1, on the device of `like`.

    They are drawn on the CPU: a GPU then sees the same changes.
    """
    return (2 * torch.rand(*shape) - 1).to(like.device)


@dataclass(frozen=True, kw_only=True)
class RandomAffine(RandomChange):
    """A small change of each image, drawn anew each time, from PyTorch's random numbers.

    Every amount is drawn uniformly between its negative and itself, for each image by itself;
    torchvision's `RandomAffine` draws once for a whole batch.

    Attributes:
        shift: greatest shift along each axis, 0 to 14 pixels.
        degrees: greatest rotation, 0 to 180.
        scale: greatest relative change of size, 0 to 0.9.
        shear: greatest slant, 0 to 45 degrees.

    Raises:
        ValueError: a field is outside its range.
    """

    shift: float = 0.0
    degrees: float = 0.0
    scale: float = 0.0
    shear: float = 0.0

    def __call__(self, images: Tensor) -> Tensor:
        """Change images, float32 (N, C, H, W), each in its own way."""
        drawn = uniform(5, len(images), like=images)
        return affine(
            images,
            across=self.shift * drawn[0],
            down=self.shift * drawn[1],
            degrees=self.degrees * drawn[2],
            scale=1 + self.scale * drawn[3],
            shear=self.shear * drawn[4],
        )
