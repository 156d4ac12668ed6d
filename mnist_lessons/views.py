"""One answer from several views of an image."""

import torch
from torch import Tensor, nn

from mnist_lessons._checks import check_number
from mnist_lessons.augmentation import affine

__all__ = ["SeveralViews"]


class SeveralViews(nn.Module):
    """A model that is asked five times about each image: test-time augmentation.

    It sees the image as it is, and moved towards each corner. Its answer is the mean of the five
    rows of logits, and costs five times as much. It has no parameters besides the model's.

    A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep convolutional
    neural networks", 2012: there, the mean of the probabilities of ten views.

    Args:
        model: returns logits (N, 10).
        shift: how far, along each axis, in pixels: above 0, up to 14.

    Raises:
        ValueError: the shift is outside its range.
    """

    def __init__(self, model: nn.Module, shift: float) -> None:
        super().__init__()
        check_number("shift", shift, 0, 14, above=True)
        self.model = model
        self.shift = shift

    def forward(self, images: Tensor) -> Tensor:
        """Map images, float32 (N, 1, 28, 28), to logits, float32 (N, 10)."""
        steps = (-self.shift, self.shift)
        moved = [affine(images, across=across, down=down) for across in steps for down in steps]
        return torch.stack([self.model(view) for view in (images, *moved)]).mean(dim=0)
