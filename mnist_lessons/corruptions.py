"""Images made harder to read by a known amount: what a network meets outside its data.

All functions take float32 images (N, 1, H, W), at least one, whose pixels go from 0, black, to 1,
white: changes come before any other normalisation. They return new images of the same shape, with
pixels from 0 to 1; the images themselves are left alone. An amount that asks for no change returns
an equal copy.

D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to common corruptions and
perturbations", 2019, arXiv:1903.12261.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from mnist_lessons._checks import check_number
from mnist_lessons.augmentation import affine

__all__ = ["add_noise", "blur", "invert", "occlude", "resize", "rotate", "shift"]


def shift(images: Tensor, pixels: int) -> Tensor:
    """Move images by whole pixels: the first to the right, then down, left, up, and so on in turn.

    A quarter of the images goes each way, so that no direction counts more than another. Black
    comes in, and what leaves the image is lost.

    Args:
        images: float32 (N, 1, H, W), 0 to 1.
        pixels: how far, from 0 to the smaller of H and W.

    Raises:
        ValueError: the images or the amount are not as described.
    """
    check_number("pixels", pixels, 0, min(_checked(images).shape[2:]), whole=True)
    moved = torch.empty_like(images)
    for turn, (x, y) in enumerate(((pixels, 0), (0, pixels), (-pixels, 0), (0, -pixels))):
        moved[turn::4] = F.pad(images[turn::4], (x, -x, y, -y))
    return moved


def rotate(images: Tensor, degrees: float) -> Tensor:
    """Turn images about their centre, with bilinear interpolation.

    Args:
        images: float32 (N, 1, H, W), 0 to 1.
        degrees: anticlockwise, -360 to 360.

    Raises:
        ValueError: the images or the amount are not as described.
    """
    check_number("degrees", degrees, -360, 360)
    _checked(images)
    return affine(images, degrees=degrees).clamp_(0, 1) if degrees else images.clone()


def resize(images: Tensor, scale: float) -> Tensor:
    """Shrink or enlarge what is in the images about their centre, with bilinear interpolation.

    Args:
        images: float32 (N, 1, H, W), 0 to 1.
        scale: size against the original, 0.1 to 10; 2 is twice as large.

    Raises:
        ValueError: the images or the amount are not as described.
    """
    check_number("scale", scale, 0.1, 10)
    _checked(images)
    return affine(images, scale=scale).clamp_(0, 1) if scale != 1 else images.clone()


def add_noise(images: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Add normally distributed noise to each pixel by itself; cut off below 0 and above 1.

    Args:
        images: float32 (N, 1, H, W), 0 to 1.
        deviation: standard deviation of the noise, 0 to 10; 1 is the step from black to white.
        generator: of random numbers, on the CPU: any device then sees the same noise.

    Raises:
        ValueError: the images or the amount are not as described.
    """
    check_number("deviation", deviation, 0, 10)
    noise = torch.randn(_checked(images).shape, generator=generator).to(images.device)
    return (images + deviation * noise).clamp_(0, 1)


def blur(images: Tensor, radius: float) -> Tensor:
    """Average each pixel with its neighbours, weighted by a normal distribution.

    Beyond its edge an image is taken to go on as in a mirror.

    Args:
        images: float32 (N, 1, H, W), 0 to 1, H and W more than 3 times the radius.
        radius: standard deviation of the weights in pixels, 0 to 9.

    Raises:
        ValueError: the images or the amount are not as described.
    """
    check_number("radius", radius, 0, 9)
    _checked(images)
    if not radius:
        return images.clone()
    reach = math.ceil(3 * radius)  # what lies further away has next to no weight
    if min(images.shape[2:]) <= reach:
        raise ValueError(f"a radius of {radius:g} needs images of more than {reach} pixels a side")
    # Here: torchvision takes seconds to import, and nothing else needs it.
    from torchvision.transforms.v2.functional import gaussian_blur

    blurred: Tensor = gaussian_blur(images, [2 * reach + 1] * 2, [radius] * 2)
    return blurred.clamp_(0, 1)


def occlude(images: Tensor, side: int, generator: torch.Generator, *, grey: float = 0.5) -> Tensor:
    """Cover a square of each image, at a random place wholly inside it.

    Args:
        images: float32 (N, 1, H, W), 0 to 1.
        side: of the square in whole pixels, from 0 to the smaller of H and W.
        generator: of random numbers, on the CPU: any device then sees the same places.
        grey: value of the covered pixels, 0 to 1.

    Raises:
        ValueError: the images or an amount are not as described.
    """
    height, width = _checked(images).shape[2:]
    check_number("side", side, 0, min(height, width), whole=True)
    check_number("grey", grey, 0, 1)

    def covered(length: int) -> Tensor:  # (N, length)
        begin = torch.randint(length - side + 1, (len(images), 1), generator=generator)
        place = torch.arange(length)
        return (begin <= place) & (place < begin + side)

    square = covered(height)[:, None, :, None] & covered(width)[:, None, None, :]
    return images.masked_fill(square.to(images.device), grey)


def invert(images: Tensor) -> Tensor:
    """Make black white and white black.

    Args:
        images: float32 (N, 1, H, W), 0 to 1.

    Raises:
        ValueError: the images are not as described.
    """
    return 1 - _checked(images)


def _checked(images: Tensor) -> Tensor:
    if images.dtype != torch.float32 or images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(
            f"images must be float32 (N, 1, H, W), not {images.dtype} {tuple(images.shape)}"
        )
    if images.numel() == 0:
        raise ValueError("there must be at least one image")
    if not (images.min() >= 0 and images.max() <= 1):
        low, high = images.min().item(), images.max().item()
        raise ValueError(f"pixels must be from 0 to 1, not from {low:g} to {high:g}")
    return images
