"""What pictures of layers and steps say can be read: nothing is cut off, covered or too small."""

from itertools import chain, combinations

import pytest
import torch
from matplotlib import colors
from matplotlib.text import Text
from torch import nn

from mnist_lessons import plots
from mnist_lessons.figures.look import PRINT, VARIANTS, contrast
from mnist_lessons.publishing.runs.admission import problem_of_drawing

X = plots.Axis("bias of the digit 3")
CURVE = [(place / 10, 0.1 + place**2 / 500) for place in range(-30, 31)]
PATHS = {
    "too small: 1": [(-2.5, 1.35), (-2.4, 1.25), (-2.3, 1.16)],
    "right: 10": [(-2.5, 1.35), (-1.5, 0.55), (-0.6, 0.17)],
    "too large: 300": [(-2.5, 1.35), (2.9, 1.78), (-3.4, 2.4), (9, 16.3)],
}


@pytest.fixture(scope="module")
def pictures(sample):
    """One of each kind, of real images and a fresh layer."""
    torch.manual_seed(0)
    image = sample.train.images[3]
    layer = nn.Linear(784, 12)
    sums = layer(image.flatten() / 255).detach()
    logits = torch.linspace(-14, 7, 10)
    convolution = nn.Conv2d(1, 2, 5)
    channel = convolution(image[None, None] / 255)[0, 1].detach()
    units, draws = torch.rand(50), torch.rand(2, 50) < 0.5
    once, again = 2 * units * draws
    return {
        "convolution": plots.convolution(image / 255, convolution, 1, title="It slides"),
        "corner": plots.convolution(image, convolution, 0, title="Bytes", at=(23, 23)),
        "pooling": plots.max_pooling(channel, title="It halves"),
        "pooling, end": plots.max_pooling(100 * channel[:9, :9], title="Small", at=(2, 2)),
        "dropout": plots.dropout(units, once, again, title="Some are struck out"),
        "few": plots.dropout(units[:3] - 1, units[:3] * 0, units[:3] * 0, title="None is left"),
        "linear": plots.linear_layer(image / 255, layer, 3, title="One unit"),
        "large": plots.linear_layer(image, layer, 3, title="Bytes are large"),
        "relu": plots.relu(sums, title="Some are cut"),
        "softmax": plots.softmax_bars(logits, 9, title="Sure and right"),
        "softmax, middle": plots.softmax_bars(logits.roll(5), 0, title="Sure and wrong"),
        "softmax, negative": plots.softmax_bars(logits - 40, 0, title="All below 0"),
        "maps": plots.map_grid(
            torch.rand(8, 28, 28),
            sample.train.images[:8],
            [f"a {digit}, CNN, {digit} epochs" for digit in range(8)],
            title="Eight maps",
            unit="probability lost to a square around this place",
        ),
        "descent": plots.descent(CURVE, PATHS, title="Three learning rates", x=X),
    }


NAMES = ["linear", "large", "relu", "softmax", "softmax, middle", "softmax, negative", "descent",
         "convolution", "corner", "pooling", "pooling, end", "dropout", "few", "maps"]  # fmt: skip


def outside(axis):
    """The labels of an axis that are not drawn, since their ticks lie outside the view."""
    low, high = sorted(axis.get_view_interval())
    if not axis.axes.axison:
        return axis.get_ticklabels()
    return [tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]


@pytest.mark.parametrize("ending", VARIANTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_text_stands_inside_and_apart_in_large_enough_letters(name, ending, pictures):
    look = VARIANTS[ending]
    drawn = pictures[name].draw(look)
    drawn.draw_without_rendering()
    rulers = [axis for axes in drawn.axes for axis in (axes.xaxis, axes.yaxis)]
    beyond = set(chain.from_iterable(map(outside, rulers)))
    boxes = {
        text: text.get_window_extent()
        for text in set(drawn.findobj(Text)) - beyond
        if text.get_text() and text.get_visible()
    }
    assert len(boxes) > 5
    assert min(text.get_fontsize() for text in boxes) >= 11
    for text, box in boxes.items():
        assert box.x0 >= drawn.bbox.x0 - 1, text
        assert box.x1 <= drawn.bbox.x1 + 1, text
        assert box.y0 >= drawn.bbox.y0 - 1, text
        assert box.y1 <= drawn.bbox.y1 + 1, text
        colour = colors.to_hex(text.get_color())
        on_a_cell = colour in ("#000000", "#ffffff")  # whichever is read better there
        assert on_a_cell or contrast(colour, look.paper) >= 4.5
    for (one, box), (other, second) in combinations(boxes.items(), 2):
        assert not box.padded(-0.5).overlaps(second), (one, other)


@pytest.mark.parametrize(
    "name", ["linear", "relu", "softmax", "descent", "convolution", "pooling", "dropout", "maps"]
)
def test_a_picture_is_the_same_file_each_time_and_may_be_published(name, pictures):
    figure = pictures[name]
    assert figure.alt.startswith(f"{figure.title}. ")
    assert figure.draw(PRINT).texts[0].get_text() == figure.title
    for ending in (".svg", ".narrow.dark.svg"):
        drawing = figure.svg(VARIANTS[ending])
        assert problem_of_drawing(f"x{ending}", drawing) is None
    assert drawing == figure.svg(VARIANTS[ending])
