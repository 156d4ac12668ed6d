"""Dropout strikes out other units each time, and multiplies those that are left."""

import pytest
import torch
from torch import nn

from mnist_lessons import plots
from mnist_lessons.figures.look import VARIANTS

VALUES = torch.tensor([0.0, 1.5, 2.0, 0.0, 3.0, 0.5])


@pytest.mark.parametrize("ending", VARIANTS)
def test_bars_and_crosses_tell_what_is_left(ending):
    once, again = torch.tensor([0, 3, 0, 0, 6, 0]), torch.tensor([0, 0, 4.0, 0, 0, 1])
    figure = plots.dropout(VALUES, once, again, title="Some are struck out")
    rows = [axes for axes in figure.draw(VARIANTS[ending]).axes if axes.axison]
    assert len({axes.get_ylim() for axes in rows}) == 1
    for axes, values in zip(rows, (VALUES, once, again), strict=True):
        solid = [bar.get_height() for bar in axes.patches if bar.get_fill()]
        assert solid == values[[1, 2, 4, 5]].tolist()
        crosses = [line for line in axes.lines if line.get_marker() == "x"]
        struck = [place for line in crosses for place in line.get_xdata()]
        assert struck == [place for place, value in enumerate(solid) if value == 0]
    assert figure.alt == (
        "Some are struck out. 4 units of one image. In eval mode, each has its output. In train "
        "mode, 2 are struck out at random, the next time 2, and others; those that are left are "
        "multiplied by 2."
    )
    assert figure.table[1] == [1, 1.5, 3.0, 0.0]


@pytest.mark.parametrize("probability", [0.25, 0.5, 0.75])
def test_what_pytorch_drops_can_be_drawn_whatever_the_probability(probability):
    torch.manual_seed(0)
    layer, values = nn.Dropout(probability), torch.randn(50).relu()
    figure = plots.dropout(values, layer(values), layer(values), title="Some are struck out")
    assert f"multiplied by {1 / (1 - probability):.4g}." in figure.alt
    assert len(figure.table) == 1 + 24


def test_what_is_no_dropout_is_refused():
    with pytest.raises(ValueError, match="multiplies it by one factor"):
        plots.dropout(VALUES, VALUES * 2, VALUES * 3, title="T")
    with pytest.raises(ValueError, match="of which some are not 0"):
        plots.dropout(VALUES * 0, VALUES, VALUES, title="T")
    with pytest.raises(ValueError, match=r"the units of one image, \(units,\), not \(6,\), \(5,\)"):
        plots.dropout(VALUES, VALUES[:5], VALUES, title="T")
