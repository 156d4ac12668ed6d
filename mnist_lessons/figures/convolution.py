"""One place of a convolution: a window of the image times the kernel makes one number of a map."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from mnist_lessons.figures.canvas import grey, tiled
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.linear import WeightedSum, draw_sum
from mnist_lessons.figures.look import Look
from mnist_lessons.figures.panels import Corner, Panels
from mnist_lessons.figures.signed import signed_pixels

__all__ = ["convolution"]

_HEAD = 22  # above a panel: its name
_WINDOW = 170  # side of the window and of the kernel


@dataclass(frozen=True)
class _Place:
    """What a channel of a convolution computes, and the place that is looked at."""

    pixels: NDArray[np.float64]  # (H, W)
    kernel: NDArray[np.float64]  # (K, K)
    bias: float
    result: NDArray[np.float64]  # (H - K + 1, W - K + 1)
    row: int
    column: int
    channel: int

    @property
    def window(self) -> NDArray[np.float64]:
        size = len(self.kernel)
        return self.pixels[self.row : self.row + size, self.column : self.column + size]

    @property
    def total(self) -> WeightedSum:
        return WeightedSum(self.window * self.kernel, self.bias)


def convolution(
    image: Tensor,
    layer: nn.Conv2d,
    channel: int,
    *,
    title: str,
    at: tuple[int, int] | None = None,
    alt: str | None = None,
) -> LessonFigure:
    """How a convolution makes one number: a window of the image times the kernel, and a bias.

    The window slides over the image; each of its places gives one number of the feature map.

    Args:
        image: (28, 28) or (1, 28, 28), as the layer reads it, any real dtype and device.
        layer: of one input channel and a square kernel, without padding, stride or dilation.
        channel: of the output, from 0.
        title: what the figure shows.
        at: row and column of the number in the feature map, from 0; None: the greatest one.
        alt: what it shows, for those who cannot see it; None: the sum, told from the numbers.

    Raises:
        ValueError: the layer is another one, or the map has no such place.
    """
    plain = (layer.in_channels, layer.stride, layer.dilation) == (1, (1, 1), (1, 1))
    if not plain or layer.padding != (0, 0) or len(set(layer.kernel_size)) > 1:
        raise ValueError(
            "a convolution is drawn for one input channel and a square kernel, without padding, "
            f"stride or dilation, not for {layer}"
        )
    place = _computed(image.detach().cpu().double().squeeze(), layer, channel, at)
    size, rows = len(place.kernel), place.result.shape
    told = alt or (
        f"{title}. A window of {size} by {size} pixels slides over an image of "
        f"{place.pixels.shape[0]} by {place.pixels.shape[1]}; each of its {rows[0]} by {rows[1]} "
        f"places gives one number of the feature map of channel {channel}. At row {place.row}, "
        f"column {place.column}: the window times the kernel. {place.total.told()}"
    )
    table = [[row, column, float(value)] for (row, column), value in np.ndenumerate(place.result)]
    draw = partial(_draw, place, title)
    return LessonFigure(draw, title, told, [["row", "column", "feature map"], *table])


def _computed(image: Tensor, layer: nn.Conv2d, channel: int, at: tuple[int, int] | None) -> _Place:
    kernel = layer.weight[channel : channel + 1].detach().cpu().double()
    bias = 0.0 if layer.bias is None else float(layer.bias[channel].detach())
    result = (F.conv2d(image[None, None], kernel)[0, 0] + bias).numpy()
    row, column = at or divmod(int(result.argmax()), result.shape[1])
    if not (0 <= row < result.shape[0] and 0 <= column < result.shape[1]):
        raise ValueError(f"the feature map {result.shape} has no row {row} with a column {column}")
    return _Place(image.numpy(), kernel[0, 0].numpy(), bias, result, row, column, channel)


def _draw(place: _Place, title: str, look: Look) -> Figure:
    gap = 20 if look.narrow else 29
    small = 6 if look.narrow else 5  # side of a pixel of the image and of the map
    above = 2 * _HEAD + small * 28 + 36 if look.narrow else _HEAD  # of the window
    panels = Panels(look, above + _WINDOW + 18 + 52, title)
    window: Corner = (0 if look.narrow else small * place.pixels.shape[1] + gap, above)
    kernel: Corner = (window[0] + _WINDOW + gap, above)
    result: Corner = (kernel[0] + (0 if look.narrow else _WINDOW + gap), _HEAD)
    _overview(panels, place, small, result)
    side = _WINDOW / len(place.kernel)
    grey_levels = tiled(grey(place.pixels[None]), 1, 0, 0)[
        place.row : place.row + len(place.kernel), place.column : place.column + len(place.kernel)
    ]
    panels.cells(grey_levels, place.window, window, side, "the window")
    strongest = float(np.abs(place.kernel).max())
    weights = signed_pixels(place.kernel, strongest, look, 1)
    panels.cells(weights, place.kernel, kernel, side, f"kernel of channel {place.channel}")
    middle = above + _WINDOW / 2
    panels.sign(kernel[0] - gap / 2, middle, "\N{MULTIPLICATION SIGN}")
    for x in [result[0]] if look.narrow else [window[0], result[0]]:
        panels.sign(x - gap / 2, _HEAD + _WINDOW / 2, "\N{RIGHTWARDS ARROW}")
    draw_sum(panels, place.total, above + _WINDOW + 18, look, ("sum, framed", "in the map"))
    return panels.figure


def _overview(panels: Panels, place: _Place, side: int, result: Corner) -> None:
    """The image with the window, and the feature map with what it gives."""
    length = side * len(place.kernel)
    panels.image(place.pixels, (0, _HEAD), side, "the image")
    panels.ring((side * place.column, _HEAD + side * place.row), length, length)
    greatest = float(np.abs(place.result).max())
    panels.map(place.result, greatest, result, side, "the feature map")
    left, top = result[0] + side * place.column, _HEAD + side * place.row
    panels.ring((left - 2, top - 2), side + 4, side + 4)
    panels.legend(greatest, (result[0], _HEAD + side * len(place.result) + 12))
