"""Photos that a program draws have what a photo of a sheet has, and can be read."""

import pytest
import torch

from mnist_lessons.photos import drawn_photo


def test_a_photo_is_grey_levels_and_its_seed_repeats_it():
    one, same, other = (drawn_photo(3, seed, side=120) for seed in (1, 1, 2))
    assert (one.shape, one.dtype) == ((120, 120), torch.uint8)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("digit", range(10))
def test_light_is_uneven_and_ink_is_dark(digit):
    photo = drawn_photo(digit, seed=digit, side=480) / 255
    strips = [photo[:, :60], photo[:, -60:], photo[:60], photo[-60:]]
    light = torch.stack([strip.mean() for strip in strips])
    assert light.max() > 1.15 * light.min()
    middle = photo[100:380, 100:380]
    assert middle.min() < 0.7 * middle.median()


def test_a_thin_pen_leaves_less_ink():
    thin, thick = (drawn_photo(0, 4, pen=pen).float().mean() for pen in (0.007, 0.04))
    assert thin > thick + 1
