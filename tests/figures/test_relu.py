"""ReLU is drawn with the units of one image on it, each where it belongs."""

import pytest
import torch

from mnist_lessons import plots
from mnist_lessons.figures.look import PRINT

VALUES = torch.tensor([-2.0, 0.5, 3.25, 0.0, -0.125])


def test_each_unit_lies_on_the_bend_and_the_text_counts_them():
    figure = plots.relu(VALUES, title="Two of five stay")
    plot = figure.draw(PRINT).axes[0]
    dots = [line for line in plot.lines if line.get_linestyle() == "None"]
    assert [line.get_marker() for line in dots] == ["s", "o"]
    drawn = {pair for line in dots for pair in zip(*line.get_data(), strict=True)}
    outputs = VALUES.relu().tolist()
    assert drawn == set(zip(VALUES.tolist(), outputs, strict=True))
    assert figure.alt.endswith(
        "Of 5 units, with inputs from \N{MINUS SIGN}2.00 to +3.25, 3 become 0 and 2 stay as they "
        "are."
    )
    assert figure.table == [
        ["unit", "input", "output"],
        *([unit, value, max(value, 0)] for unit, value in enumerate(VALUES.tolist())),
    ]


def test_units_that_are_all_cut_or_all_0_can_be_drawn():
    for values in (torch.zeros(3), -VALUES.abs(), VALUES.half()):
        assert plots.relu(values, title="Units").png()
    for values in (torch.zeros(0), torch.zeros(2, 2)):
        with pytest.raises(ValueError, match="the units of one image"):
            plots.relu(values, title="Units")
