"""A window times the kernel gives the number that the layer has at that place."""

import re

import pytest
import torch
from torch import nn

from mnist_lessons import plots
from mnist_lessons.figures.look import VARIANTS


def number(text):
    return float(text.replace("\N{MINUS SIGN}", "-"))


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return nn.Conv2d(1, 3, 5)


@pytest.mark.parametrize("ending", VARIANTS)
@pytest.mark.parametrize("at", [(0, 0), (23, 23), (10, 7), None])
def test_window_kernel_and_sum_are_those_of_the_place(at, ending, sample, layer):
    image = sample.train.images[3] / 255
    expected = layer(image[None, None])[0, 2].detach()
    row, column = at or divmod(int(expected.argmax()), 24)
    figure = plots.convolution(image, layer, 2, title="It slides", at=at)
    drawn = figure.draw(VARIANTS[ending])
    texts = drawn.axes[0].texts
    cells = [
        number(text.get_text())
        for text in texts
        if text.get_text() and text.get_color() in ("#000000", "#ffffff")
    ]
    window = image.squeeze()[row : row + 5, column : column + 5].flatten().tolist()
    kernel = layer.weight[2].flatten().tolist()
    assert cells[:25] == pytest.approx(window, abs=0.006)
    written = [
        number(one.get_text())
        for one in texts
        if one.get_fontsize() == 18 and one.get_text() != "="
    ]
    assert cells[25:] == pytest.approx(kernel, abs=0.006)
    assert written[3] == pytest.approx(expected[row, column].item(), abs=0.006)
    assert sum(written[:3]) == pytest.approx(written[3], abs=0.011)
    assert f"At row {row}, column {column}: the window times the kernel." in figure.alt
    told = number(re.search(r"the sum is (\S+)\.$", figure.alt)[1])
    assert told == written[3]
    assert torch.tensor([line[2] for line in figure.table[1:]]) == pytest.approx(
        expected.flatten(), abs=1e-5
    )


@pytest.mark.parametrize(
    ("layer", "at", "told"),
    [
        (nn.Conv2d(2, 3, 5), None, "one input channel and a square kernel"),
        (nn.Conv2d(1, 3, 5, padding=2), None, "without padding, stride or dilation"),
        (nn.Conv2d(1, 3, 5, stride=2), None, "without padding, stride or dilation"),
        (nn.Conv2d(1, 3, (3, 5)), None, "square kernel"),
        (nn.Conv2d(1, 3, 5), (24, 0), "no row 24 with a column 0"),
        (nn.Conv2d(1, 3, 5), (0, -1), "no row 0 with a column -1"),
    ],
)
def test_another_layer_and_a_place_outside_the_map_are_refused(layer, at, told, sample):
    with pytest.raises(ValueError, match=told):
        plots.convolution(sample.train.images[3], layer, 0, title="T", at=at)


def test_a_kernel_of_another_size_without_a_bias_can_be_drawn(sample):
    layer = nn.Conv2d(1, 1, 3, bias=False)
    figure = plots.convolution(sample.train.images[3] / 255, layer, 0, title="T")
    assert "A window of 3 by 3 pixels" in figure.alt
    assert "26 by 26 places" in figure.alt
    assert figure.png()
