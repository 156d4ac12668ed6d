"""A unit's products add up to what the layer returns, in the picture, its text and its table."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from mnist_lessons import plots
from mnist_lessons.figures.look import VARIANTS
from mnist_lessons.figures.signed import signed_pixels

LOOK = VARIANTS[".svg"]


def number(text):
    return float(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return nn.Linear(784, 6)


@pytest.mark.parametrize("unit", range(6))
@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28)])
def test_the_written_sum_is_the_output_of_the_layer(unit, shape, sample, layer):
    image = sample.train.images[3].reshape(shape) / 255
    figure = plots.linear_layer(image, layer, unit, title="One unit")
    expected = layer(image.flatten())[unit].item()
    texts = [text for text in figure.draw(LOOK).axes[0].texts if text.get_fontsize() == 18]
    positive, negative, bias, total = [number(one.get_text()) for one in texts[:4]]
    assert total == pytest.approx(expected, abs=0.006)
    assert positive + negative + bias == pytest.approx(total, abs=0.011)
    assert bias == pytest.approx(layer.bias[unit].item(), abs=0.006)
    assert number(re.search(r"the sum is (\S+)\.$", figure.alt)[1]) == total
    assert f"unit {unit}" in figure.alt
    products = [row[4] for row in figure.table[1:]]
    assert sum(products) + layer.bias[unit].item() == pytest.approx(expected, abs=1e-4)


def test_a_sum_of_own_weights_is_drawn_like_that_of_a_layer(sample, layer):
    image = sample.train.images[3] / 255
    unit, bias = layer.weight[2].detach(), layer.bias[2].item()
    expected = plots.linear_layer(image, layer, 2, title="One unit")
    figure = plots.weighted_sum(image.numpy(), unit.numpy(), bias, title="One unit")
    assert figure.table == expected.table
    assert figure.alt == expected.alt.replace("weights of unit 2", "weights")
    texts = [text.get_text() for text in figure.draw(LOOK).axes[0].texts]
    assert "the weights" in texts
    with pytest.raises(ValueError, match=r"an image \(784,\) by 784 weights"):
        plots.weighted_sum(image.flatten().numpy(), unit.numpy(), bias, title="One unit")
    with pytest.raises(ValueError, match=r"an image \(28, 28\) by 783 weights"):
        plots.weighted_sum(image.numpy(), unit[1:].numpy(), bias, title="One unit")


def test_a_layer_without_a_bias_adds_none(sample):
    layer = nn.Linear(784, 2, bias=False)
    figure = plots.linear_layer(sample.train.images[3] / 255, layer, 1, title="One unit")
    assert "with the bias, 0, the sum" in figure.alt


def test_an_own_alternative_text_is_kept_and_what_does_not_fit_is_refused(sample, layer):
    image = sample.train.images[3]
    own = "One unit looks for a stroke."
    assert plots.linear_layer(image, layer, 0, title="T", alt=own).alt == own
    with pytest.raises(ValueError, match=r"image \(27, 28\) by the weights .* with 784 inputs"):
        plots.linear_layer(image.squeeze()[:27], layer, 0, title="T")


@pytest.mark.parametrize("look", VARIANTS.values(), ids=VARIANTS)
def test_a_sign_is_told_by_more_than_its_colour(look):
    values = np.array([[1.0, -1.0, 0.5, -0.5, 0.0]])
    pixels = signed_pixels(values, 1.0, look, 8)
    squares = [pixels[:, 8 * place : 8 * place + 8, :3].reshape(-1, 3) for place in range(5)]
    plain = [len(np.unique(square, axis=0)) == 1 for square in squares]
    assert plain == [True, False, True, False, True]
    assert f"#{bytes(squares[4][0]).hex()}" == look.paper
    assert f"#{bytes(squares[0][0]).hex()}" == look.series[0]
    assert f"#{bytes(squares[1][0]).hex()}" == look.series[1]
