"""A map lies over its image: the colours are its numbers, the line is the outline of the digit."""

import numpy as np
import pytest
import torch
from matplotlib.contour import ContourSet

from mnist_lessons import plots
from mnist_lessons.figures.look import VARIANTS

DIGIT = torch.zeros(28, 28)
DIGIT[8:20, 12:16] = 1
MAPS = torch.zeros(3, 28, 28)
MAPS[0, 10, 5] = 0.8
MAPS[1, 9:12, 13:15] = 0.4
DIGITS = DIGIT.expand(3, 28, 28)
NAMES = ["a 1, DNN", "a 1, CNN", "a 7, DNN"]


def drawn(look, **options):
    return plots.map_grid(
        MAPS, DIGITS, NAMES, title="It looks beside", unit="probability lost", **options
    ).draw(look)


def test_it_tells_how_much_lies_on_the_ink_and_beside_it():
    figure = plots.map_grid(MAPS, DIGITS[:, None], NAMES, title="It looks beside", unit="loss")
    assert figure.alt == (
        "It looks beside. 3 maps of loss: "
        "a 1, DNN: 0.8 at most, on average 0 where there is ink and 0.0011 where there is none; "
        "a 1, CNN: 0.4 at most, on average 0.05 where there is ink and 0 where there is none; "
        "a 7, DNN: 0 at most, on average 0 where there is ink and 0 where there is none."
    )
    assert figure.table[0][:3] == ["map", "row", "column 0"]
    numbers = [row[2:] for row in figure.table[1:]]
    assert np.allclose(np.array(numbers).reshape(3, 28, 28), MAPS.numpy())
    assert [row[:2] for row in figure.table[28:30]] == [["a 1, DNN", 27], ["a 1, CNN", 0]]


@pytest.mark.parametrize("look", VARIANTS.values(), ids=VARIANTS)
def test_the_strongest_colour_is_the_greatest_number_of_all(look):
    bitmaps = [picture.get_array() for picture in drawn(look).axes[0].images]
    assert len(bitmaps) == 4  # the last one is the scale
    pale, strong = (tuple(bytes.fromhex(colour[1:])) for colour in look.heat)
    first, second, third, scale = ([tuple(row) for row in one[..., :3].reshape(-1, 3)]
                                   for one in bitmaps)  # fmt: skip
    assert first[10 * 28 + 5] == strong
    assert set(third) == {pale}
    assert second[9 * 28 + 13] not in (pale, strong)
    assert (scale[0], scale[-1]) == (pale, strong)


@pytest.mark.parametrize("look", VARIANTS.values(), ids=VARIANTS)
def test_the_outline_is_that_of_the_digit_in_its_place(look):
    [axes] = drawn(look).axes
    outlines = [one for one in axes.collections if isinstance(one, ContourSet)]
    assert len(outlines) == 2 * len(NAMES)  # each has an edge of the colour of the paper
    for picture, outline in zip(axes.images, outlines[1::2], strict=False):
        left, right, bottom, top = picture.get_extent()
        side = (right - left) / 28
        points = np.concatenate([path.vertices for path in outline.get_paths()])
        columns, rows = ((points - [left, top]) / side).T
        assert (columns.min(), columns.max()) == pytest.approx((12, 16))
        assert (rows.min(), rows.max()) == pytest.approx((8, 20))
        assert bottom > top


def test_a_phone_has_two_maps_in_a_row():
    lefts = [
        {picture.get_extent()[0] for picture in drawn(VARIANTS[ending], columns=3).axes[0].images}
        for ending in (".svg", ".narrow.svg")
    ]
    assert [len(places) for places in lefts] == [3, 2]


def test_what_cannot_be_drawn_is_refused():
    for maps, images, names in (
        (MAPS, DIGITS, NAMES[:2]),
        (MAPS, DIGITS[:2], NAMES),
        (MAPS[:0], DIGITS[:0], []),
    ):
        with pytest.raises(ValueError, match="cannot draw maps"):
            plots.map_grid(maps, images, names, title="T", unit="loss")
    for wrong in ({"maps": MAPS - 1}, {"columns": 0}):
        given = {"maps": MAPS, "images": DIGITS, "captions": NAMES, **wrong}
        with pytest.raises(ValueError, match="numbers from 0 on, and a grid one column"):
            plots.map_grid(**given, title="T", unit="loss")


def test_an_empty_image_has_no_outline():
    figure = plots.map_grid(MAPS[:1], DIGITS[:1] * 0, ["empty"], title="Nothing", unit="loss")
    assert not figure.draw(VARIANTS[".svg"]).axes[0].collections
