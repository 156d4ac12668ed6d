"""One unit of a linear layer: an image times its weights, added up, and the bias."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from mnist_lessons._words import signed
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.look import Look
from mnist_lessons.figures.panels import Panels

__all__ = ["WeightedSum", "draw_sum", "linear_layer", "weighted_sum"]

_HEAD = 22  # above a panel: its name
_GAP = 40  # between two panels: a sign


@dataclass(frozen=True)
class WeightedSum:
    """Products that are added up, and a bias.

    Attributes:
        products: inputs times weights, (H, W).
        bias: what is added to their sum.
    """

    products: NDArray[np.float64]
    bias: float

    @property
    def positive(self) -> float:
        """The sum of the positive products."""
        return float(self.products[self.products > 0].sum())

    @property
    def negative(self) -> float:
        """The sum of the negative products."""
        return float(self.products[self.products < 0].sum())

    @property
    def value(self) -> float:
        """All products and the bias, added up."""
        return self.positive + self.negative + self.bias

    def written(self) -> list[str]:
        """The three parts and the value, with as many places as let a reader add them up."""
        parts = (self.positive, self.negative, self.bias, self.value)
        for places in (2, 3, 4):
            rounded = [round(part, places) for part in parts]
            if round(sum(rounded[:3]), places) == rounded[3]:
                return [signed(part, places) for part in parts]
        return [signed(part) for part in parts]

    def told(self) -> str:
        """The sum in words."""
        positive, negative, bias, value = self.written()
        return (
            f"The positive products add up to {positive}, the negative ones to {negative}; "
            f"with the bias, {bias}, the sum is {value}."
        )


def linear_layer(
    image: Tensor, layer: nn.Linear, unit: int, *, title: str, alt: str | None = None
) -> LessonFigure:
    """What one unit of a linear layer computes: an image times its weights, added up, and a bias.

    Args:
        image: (28, 28) or (1, 28, 28), as the layer reads it, any real dtype and device.
        layer: with an input for each pixel.
        unit: of the layer, from 0.
        title: what the figure shows.
        alt: what it shows, for those who cannot see it; None: the sum, told from the numbers.

    Raises:
        ValueError: the layer has another number of inputs than the image has pixels.
    """
    pixels = image.detach().cpu().double().squeeze().numpy()
    if pixels.ndim != 2 or pixels.size != layer.in_features:
        raise ValueError(
            f"cannot multiply an image {tuple(image.shape)} by the weights of a layer "
            f"with {layer.in_features} inputs"
        )
    weights = layer.weight[unit].detach().cpu().double().reshape(pixels.shape).numpy()
    bias = 0.0 if layer.bias is None else float(layer.bias[unit].detach())
    return _figure(pixels, weights, bias, f"weights of unit {unit}", title, alt)


def weighted_sum(
    image: ArrayLike, weights: ArrayLike, bias: float, *, title: str, alt: str | None = None
) -> LessonFigure:
    """What `linear_layer` shows, of one unit whose weights are written in no layer.

    Args:
        image: (H, W), as the unit reads it.
        weights: as many, one for each pixel.
        bias: what is added to the sum of the products.
        title: what the figure shows.
        alt: what it shows, for those who cannot see it; None: the sum, told from the numbers.

    Raises:
        ValueError: the image has no two dimensions, or another size than the weights.
    """
    pixels, factors = np.asarray(image, dtype=float), np.asarray(weights, dtype=float)
    if pixels.ndim != 2 or pixels.size != factors.size:
        raise ValueError(f"cannot multiply an image {pixels.shape} by {factors.size} weights")
    return _figure(pixels, factors.reshape(pixels.shape), float(bias), "the weights", title, alt)


def _figure(
    pixels: NDArray[np.float64],
    weights: NDArray[np.float64],
    bias: float,
    name: str,
    title: str,
    alt: str | None,
) -> LessonFigure:
    total = WeightedSum(pixels * weights, bias)
    told = alt or (
        f"{title}. An image of {pixels.shape[0]} by {pixels.shape[1]} pixels times the "
        f"{name.removeprefix('the ')}, pixel by pixel. {total.told()}"
    )
    header = ["row", "column", "pixel", "weight", "product"]
    rows = [
        [row, column, float(pixel), float(weights[row, column]), float(total.products[row, column])]
        for (row, column), pixel in np.ndenumerate(pixels)
    ]
    draw = partial(_draw, pixels, weights, total, name, title)
    return LessonFigure(draw, title, told, [header, *rows])


def _draw(
    pixels: NDArray[np.float64],
    weights: NDArray[np.float64],
    total: WeightedSum,
    name: str,
    title: str,
    look: Look,
) -> Figure:
    across = 2 if look.narrow else 3
    side = ((look.width + _GAP) // across - _GAP) // pixels.shape[1]
    width, height = side * pixels.shape[1], side * pixels.shape[0]
    step = width + _GAP
    left, below = (look.width - step * across + _GAP) / 2, _HEAD + height
    if look.narrow:  # the products stand below the weights, and the legend on their left
        result, legend = (left + step, below + 14 + _HEAD), (left + 12, below + 24 + height / 2)
    else:
        result, legend = (left + 2 * step, _HEAD), (left + 1.5 * step + width / 2 - 58, below + 14)
    bottom = result[1] + height + (0 if look.narrow else 50) + 18
    panels = Panels(look, bottom + 52, title)
    greatest = float(max(np.abs(weights).max(), np.abs(total.products).max()))
    panels.image(pixels, (left, _HEAD), side, "the image")
    panels.map(weights, greatest, (left + step, _HEAD), side, name)
    panels.map(total.products, greatest, result, side, "the products")
    panels.sign(left + step - _GAP / 2, _HEAD + height / 2, "\N{MULTIPLICATION SIGN}")
    panels.sign(result[0] - _GAP / 2, result[1] + height / 2, "=")
    panels.legend(greatest, legend)
    draw_sum(panels, total, bottom, look)
    return panels.figure


def draw_sum(
    panels: Panels,
    total: WeightedSum,
    top: float,
    look: Look,
    result: tuple[str, ...] = ("the unit's sum",),
) -> None:
    """The sum as one line of numbers, each above what it is, across the sheet; 52 high."""
    names = (("positive", "products"), ("negative", "products"), ("bias",), result)
    step = look.width / 4
    for place, (number, name) in enumerate(zip(total.written(), names, strict=True)):
        x = step * (place + 0.5)
        weight = "bold" if place == 3 else "normal"
        panels.text(x, top + 16, number, fontsize=18, fontweight=weight)
        for line, text in enumerate(name if look.narrow else [" ".join(name)]):
            panels.text(x, top + 34 + 15 * line, text)
    panels.text(3 * step, top + 16, "=", fontsize=18)
