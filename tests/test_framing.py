"""A drawing is framed as MNIST's own images are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.framing import PEN, SIDE, fit_strokes, frame, ink, pixels_of

LINE = [[[40, 30], [45, 60], [50, 110]]]


def mass_centre(pixels):
    """Centre of mass (y, x), where a pixel's own centre lies half a pixel inside it."""
    middles = np.arange(len(pixels)) + 0.5
    return [(pixels.sum(axis=axis) * middles).sum() / pixels.sum() for axis in (1, 0)]


def box(pixels):
    rows, columns = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def test_images_of_mnist_come_out_as_they_went_in(sample):
    images = sample.train.images[:1_000].numpy()
    framed = np.stack([frame(image / 255) for image in images])
    assert framed.dtype == np.float32
    assert np.abs(framed - images).max() < 1e-3


def test_the_longer_side_gets_twenty_pixels_and_proportions_stay():
    drawing = np.zeros((SIDE, SIDE))
    drawing[20:120, 30:80] = 1
    framed = frame(drawing)
    assert box(framed) == (20, 10)
    assert framed.max() == 255
    assert framed.sum() == pytest.approx(255 * 20 * 10, rel=1e-6)


def test_edges_are_averages():
    drawing = np.zeros((SIDE, SIDE))
    drawing[20:120, 30:82] = 1  # 10.4 pixels wide in the result
    framed = frame(drawing)
    [row] = {tuple(row[row > 0]) for row in framed if row.any()}
    assert row == pytest.approx([255] * 10 + [0.4 * 255], abs=1e-3)


@given(x=st.integers(0, 60), y=st.integers(0, 40), grey=st.floats(0.2, 1))
def test_the_place_and_the_strength_of_a_drawing_change_nothing_but_its_grey(x, y, grey):
    moved = [[[px - 33 + x, py - 23 + y] for px, py in stroke] for stroke in LINE]
    whole = frame(ink(LINE))
    assert np.abs(frame(ink(moved) * grey) - grey * whole).max() < 1e-3


@given(st.lists(st.tuples(st.integers(0, SIDE), st.integers(0, SIDE)), min_size=1, max_size=6))
def test_any_drawing_fits_and_lies_in_the_middle_where_it_can(points):
    framed = frame(ink([points]))
    assert framed.shape == (28, 28)
    assert framed.min() >= 0
    assert framed.max() <= 255 + 1e-3
    assert max(box(framed)) == 20
    rows, columns = framed.any(axis=1), framed.any(axis=0)
    for centre, inked in zip(mass_centre(framed), (rows, columns), strict=True):
        touches = inked[0] or inked[-1]
        # Averaging over areas moves the centre of mass of a small image a little.
        assert 13.9 <= centre < 15.1 or touches


@given(size=st.floats(0.2, 3), x=st.integers(-50, 50), y=st.integers(-50, 50))
def test_fitted_strokes_are_the_same_at_any_size_and_place(size, x, y):
    other = [[[size * px + x, size * py + y] for px, py in stroke] for stroke in LINE]
    assert np.abs(pixels_of(other) - pixels_of(LINE)).max() < 1e-3


def test_fitted_strokes_fill_the_box_and_are_as_thick_as_the_pen():
    drawn = ink(fit_strokes([[[50, 60], [50, 80]]]))  # a short line, upright
    rows, columns = box(drawn)
    assert rows == SIDE * 20 / 28
    assert columns == pytest.approx(2 * PEN, abs=2)
    assert mass_centre(drawn) == pytest.approx([SIDE / 2, SIDE / 2], abs=0.5)


def test_a_fitted_touch_is_a_dot_in_the_middle():
    assert np.array_equal(ink(fit_strokes([[[20, 30], [20, 30]]])), ink([[[70, 70]]]))
    assert fit_strokes([]) == []


def test_without_centring_a_digit_stays_where_it_is_and_as_small():
    framed = frame(ink([[[20, 20]]]), centre=False)
    assert mass_centre(framed) == pytest.approx([20 / 5, 20 / 5], abs=0.01)
    assert max(box(framed)) <= 4
    image = np.zeros((28, 28))
    image[3, 4] = 0.5
    assert np.array_equal(frame(image, centre=False), image * 255)
    wide = frame(np.ones((28, 56)), centre=False)
    assert np.abs(wide - 255).max() < 1e-3


@pytest.mark.parametrize("centre", [True, False])
def test_nothing_drawn_is_black(centre):
    assert not frame(ink([]), centre=centre).any()


def test_a_touch_is_a_dot_as_wide_as_the_pen():
    drawn = ink([[[70, 70]]])
    assert (drawn.min(), drawn.max()) == (0, 1)
    assert drawn.sum() == pytest.approx(np.pi * PEN**2, rel=0.01)
    assert np.array_equal(drawn, drawn.T)


def test_a_line_is_smooth_and_ends_where_it_ended():
    corner = ink([[[30, 30], [110, 30], [110, 110]]])
    assert corner[30, 30] == corner[110, 110] == 1
    assert corner[30, 110] == 0, "a corner is rounded"
    assert (np.diff(np.flatnonzero(corner.any(axis=1))) == 1).all(), "without a gap"


def test_ink_beside_the_area_is_cut():
    assert not ink([[[-50, 70]]]).any()
    assert ink([[[0, 70]]])[70, 0] == 1
    assert ink([[[-300, 70], [500, 70], [500, 70]]])[70].all()
