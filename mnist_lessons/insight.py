"""What a trained model looks at, found by changing what it sees."""

import torch
from torch import Tensor, nn

from mnist_lessons._checks import check_number
from mnist_lessons.data import Split
from mnist_lessons.evaluation import predict

__all__ = ["occlusion_map"]


def occlusion_map(
    model: nn.Module, image: Tensor, digit: int, *, side: int = 7, grey: float = 0.5
) -> Tensor:
    """Cover a square around each pixel in turn, and note how probable the digit still is.

    Where the probability falls, the model needs what was covered. At the edge, only the part of
    the square inside the image is covered. The model is measured in eval mode.

    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", 2013,
    arXiv:1311.2901.

    Args:
        model: returns logits (N, 10).
        image: normalised, float32 (1, H, W).
        digit: whose probability is asked for, 0 to 9.
        side: of the square in pixels, odd, at least 1.
        grey: what the covered pixels become, in the units of the image.

    Returns:
        Probabilities, float32 (H, W), on the CPU: that of a row and column is with the square
        around this pixel.

    Raises:
        ValueError: the side is not odd and positive, or the digit is none.
    """
    if side < 1 or side % 2 == 0:
        raise ValueError(f"side must be an odd number from 1 on, not {side!r}")
    check_number("digit", digit, 0, 9, whole=True)
    height, width = image.shape[-2:]
    rows, columns = (_near(length, side // 2, image.device) for length in (height, width))
    square = rows[:, None, :, None] & columns[None, :, None, :]  # (H, W, H, W)
    covered = image.reshape(height, width).masked_fill(square, grey).reshape(-1, 1, height, width)
    labels = torch.full((len(covered),), digit, device=image.device)
    return predict(model, Split(covered, labels)).probabilities[:, digit].reshape(height, width)


def _near(length: int, reach: int, device: torch.device) -> Tensor:
    """Which places (second axis) lie within reach of each place (first axis)."""
    places = torch.arange(length, device=device)
    return (places[:, None] - places).abs() <= reach
