"""Of each square of 2 by 2, the greatest number is marked and kept."""

import pytest
import torch
from matplotlib.patches import Rectangle
from torch.nn import functional as F

from mnist_lessons import plots
from mnist_lessons.figures.look import VARIANTS

torch.manual_seed(0)
CHANNEL = torch.randn(24, 24)


@pytest.mark.parametrize("at", [(0, 0), (10, 10), (3, 8), None])
def test_the_squares_are_told_with_their_greatest(at):
    pooled = F.max_pool2d(CHANNEL[None], 2)[0]
    figure = plots.max_pooling(CHANNEL, title="It halves", at=at)
    row, column = at or (min(int(pooled.argmax()) // 12, 10), min(int(pooled.argmax()) % 12, 10))
    assert "24 by 24 becomes one of 12 by 12" in figure.alt
    told = []
    for down in (row, row + 1):
        for across in (column, column + 1):
            square = CHANNEL[2 * down : 2 * down + 2, 2 * across : 2 * across + 2].flatten()
            numbers = ", ".join(f"{one:.2f}" for one in square)
            told.append(f"{numbers} give {pooled[down, across]:.2f}")
    assert figure.alt.endswith(f"Four squares enlarged: {'; '.join(told)}.")
    assert [line[2] for line in figure.table[1:]] == pooled.flatten().tolist()


@pytest.mark.parametrize("look", VARIANTS.values(), ids=VARIANTS)
def test_a_frame_marks_the_greatest_number_of_each_square(look):
    values = torch.zeros(4, 4)
    values[0, 1] = values[1, 2] = values[2, 0] = values[3, 3] = 1.0
    drawn = plots.max_pooling(values, title="Four ones", at=(0, 0)).draw(look)
    frames = [patch for patch in drawn.axes[0].patches if patch.get_edgecolor()[3]]
    marked = {
        (text.get_text(), tuple(frame.get_xy()))
        for frame in frames
        if isinstance(frame, Rectangle) and frame.get_width() == 36
        for text in drawn.axes[0].texts
        if frame.get_x() < text.get_position()[0] < frame.get_x() + frame.get_width()
        and frame.get_y() < text.get_position()[1] < frame.get_y() + frame.get_height()
    }
    assert len(marked) == 4
    assert {text for text, _ in marked} == {"1"}


def test_a_map_that_cannot_be_drawn_and_a_place_outside_are_refused():
    for shape in ((3, 8), (29, 4), (1, 24, 24)):
        with pytest.raises(ValueError, match="one feature map of 4 to 28 by 4 to 28"):
            plots.max_pooling(torch.zeros(shape), title="T")
    with pytest.raises(ValueError, match=r"no two rows and columns from \(11, 0\) on"):
        plots.max_pooling(CHANNEL, title="T", at=(11, 0))
