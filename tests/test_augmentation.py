"""Images are moved, turned, resized and slanted as the words say, each in its own way."""

import math
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.augmentation import RandomAffine, affine

AMOUNTS = {"across": 2.5, "down": -1.5, "degrees": 20.0, "scale": 0.8, "shear": 12.0}


@pytest.fixture(scope="module")
def digits(sample):
    return sample.validation.images[:40, None].float() / 255  # (40, 1, 28, 28)


def bar(*, rows, columns, size=29):
    """A white rectangle on a black image, (1, 1, size, size)."""
    image = torch.zeros(1, 1, size, size)
    image[..., slice(*rows), slice(*columns)] = 1
    return image


def centre_of(image):
    """Mean place (row, column) of the ink, from the middle of the image, in pixels."""
    ink = image.reshape(image.shape[-2:]).double()
    places = [torch.arange(length) - (length - 1) / 2 for length in ink.shape]
    return [
        ((ink.sum(dim=1 - axis) * place).sum() / ink.sum()).item()
        for axis, place in enumerate(places)
    ]


def spots(*places, number=2_000):
    """Small white squares around places (row, column) from the middle, (number, 1, 57, 57)."""
    image = torch.zeros(1, 1, 57, 57)
    for row, column in places:
        image[..., 27 + row : 30 + row, 27 + column : 30 + column] = 1
    return image.expand(number, -1, -1, -1)


def test_no_change_is_the_same_image(digits):
    before = digits.clone()
    same = affine(digits)
    torch.testing.assert_close(same, digits, rtol=0, atol=1e-4)
    assert same.data_ptr() != digits.data_ptr()
    assert torch.equal(digits, before)


@pytest.mark.parametrize("name", AMOUNTS)
def test_a_change_keeps_shape_and_type_and_the_images_themselves(digits, name):
    before = digits.clone()
    changed = affine(digits, **{name: AMOUNTS[name]})
    assert (changed.shape, changed.dtype) == (digits.shape, digits.dtype)
    assert torch.equal(digits, before)
    assert (changed - digits).abs().mean() > 0.01


@given(across=st.integers(-6, 6), down=st.integers(-6, 6))
def test_a_shift_by_whole_pixels_moves_them_to_the_right_and_downwards(across, down):
    images = torch.zeros(2, 3, 24, 30)
    images[..., 6:-6, 6:-6] = torch.rand(2, 3, 12, 18, generator=torch.Generator().manual_seed(1))
    moved = images.roll((down, across), dims=(2, 3))
    torch.testing.assert_close(affine(images, across=across, down=down), moved, rtol=0, atol=1e-4)


def test_half_a_pixel_is_the_mean_of_two(digits):
    moved = affine(digits, across=0.5)
    mean = (digits[..., 1:] + digits[..., :-1]) / 2
    torch.testing.assert_close(moved[..., 1:], mean, rtol=0, atol=1e-4)


def test_what_comes_in_repeats_the_border():
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    moved = affine(images, across=5)
    torch.testing.assert_close(
        moved[..., :5], images[..., :1].expand(-1, -1, -1, 5), rtol=0, atol=1e-4
    )


@pytest.mark.parametrize(("degrees", "quarters"), [(90, 1), (180, 2), (-90, 3)])
def test_a_quarter_of_a_turn_is_anticlockwise(digits, degrees, quarters):
    turned = torch.rot90(digits, quarters, dims=(2, 3))
    torch.testing.assert_close(affine(digits, degrees=degrees), turned, rtol=0, atol=1e-4)


def test_a_turn_of_an_oblong_image_keeps_angles_and_lengths():
    image = torch.zeros(1, 1, 29, 41)
    image[..., 14, 10:31] = 1  # a line across, 21 pixels long
    turned = affine(image, degrees=90)
    expected = torch.zeros(1, 1, 29, 41)
    expected[..., 4:25, 20] = 1
    torch.testing.assert_close(turned, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.25, 2.0])
def test_the_size_changes_about_the_centre(scale):
    spot = affine(spots((-8, 6), number=1), scale=scale)
    assert centre_of(spot) == pytest.approx([-8 * scale, 6 * scale], abs=0.1)
    centred = bar(rows=(17, 40), columns=(20, 37), size=57)
    resized = affine(centred, scale=scale)
    assert centre_of(resized) == pytest.approx([0, 0], abs=1e-3)
    assert resized.sum().item() == pytest.approx(centred.sum().item() * scale**2, rel=0.1)


@pytest.mark.parametrize("shear", [-30.0, 10.0, 45.0])
def test_upright_strokes_slant_to_the_right_by_the_stated_angle(shear):
    slanted = affine(bar(rows=(0, 29), columns=(13, 16)), shear=shear)[0, 0]
    across = [centre_of(slanted[row : row + 1])[1] for row in range(6, 23)]
    to_the_right = across[0] - across[-1]  # of the upper end against the lower, 16 pixels below
    assert math.degrees(math.atan2(to_the_right, 16)) == pytest.approx(shear, abs=0.5)
    level = affine(bar(rows=(13, 16), columns=(5, 24)), shear=shear)
    assert centre_of(level)[0] == pytest.approx(0, abs=1e-3)
    assert (level[0, 0].sum(dim=1) > 1e-3).sum() == 3  # a level stroke stays level


@pytest.mark.parametrize("place", [(-10, 0), (0, 10), (8, -8)])
def test_the_slant_comes_first_and_the_shift_last(place):
    row, column = place
    column = (column - row * math.tan(math.radians(AMOUNTS["shear"]))) * AMOUNTS["scale"]
    row = row * AMOUNTS["scale"]
    turn = math.radians(AMOUNTS["degrees"])
    across = column * math.cos(turn) + row * math.sin(turn) + AMOUNTS["across"]
    down = row * math.cos(turn) - column * math.sin(turn) + AMOUNTS["down"]
    assert centre_of(affine(spots(place, number=1), **AMOUNTS)) == pytest.approx(
        [down, across], abs=0.15
    )


def test_a_number_for_each_image_is_the_same_as_one_by_one(digits):
    generator = torch.Generator().manual_seed(1)
    each = {name: amount * torch.rand(40, generator=generator) for name, amount in AMOUNTS.items()}
    each["scale"] += 0.5
    together = affine(digits, **each)
    alone = [
        affine(digits[row : row + 1], **{name: values[row].item() for name, values in each.items()})
        for row in range(len(digits))
    ]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("field", "high"), [("shift", 14), ("degrees", 180), ("scale", 0.9), ("shear", 45)]
)
def test_a_range_is_refused_by_its_name(field, high):
    RandomAffine(**{field: high})
    RandomAffine(**{field: 0})
    for outside in (-0.1, high * 1.01, math.nan, math.inf):
        message = rf"^{field} must be a number from 0 to {high}, not {re.escape(repr(outside))}$"
        with pytest.raises(ValueError, match=message):
            RandomAffine(**{field: outside})
    for no_number in ("1", None, True):
        with pytest.raises(ValueError, match=f"^{field} must be a number"):
            RandomAffine(**{field: no_number})


def augmented(augment, images, seed=1):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return augment(images)


def test_no_limits_change_nothing(digits):
    torch.testing.assert_close(augmented(RandomAffine(), digits), digits, rtol=0, atol=1e-4)


def test_each_image_is_changed_in_its_own_way_and_a_seed_repeats_it(digits):
    augment = RandomAffine(shift=3, degrees=15, scale=0.1, shear=10)
    before = digits.clone()
    same = digits[:1].expand(50, -1, -1, -1)
    changed = augmented(augment, same)
    assert (changed.shape, changed.dtype) == (same.shape, same.dtype)
    assert len({image.numpy().tobytes() for image in changed}) == 50
    assert torch.equal(augmented(augment, same), changed)
    assert not torch.equal(augmented(augment, same, seed=2), changed)
    assert torch.equal(digits, before)


def spread(values, limit):
    """Whether values lie within a limit, and reach to both of its ends."""
    values = torch.tensor(values)
    assert values.abs().max() <= limit * 1.01
    assert values.max() > 0.95 * limit
    assert values.min() < -0.95 * limit
    assert values.mean().abs() < 0.1 * limit
    return True


def test_shifts_stay_within_their_limit_and_are_independent():
    moved = [centre_of(image) for image in augmented(RandomAffine(shift=4), spots((0, 0)))]
    down, across = zip(*moved, strict=True)
    assert spread(down, 4)
    assert spread(across, 4)
    assert abs(torch.corrcoef(torch.tensor(moved).T)[0, 1]) < 0.1


def test_turns_stay_within_their_limit():
    turned = augmented(RandomAffine(degrees=30), spots((0, 12)))
    places = [centre_of(image) for image in turned]
    assert spread([math.degrees(math.atan2(-row, column)) for row, column in places], 30)


def test_sizes_stay_within_their_limit():
    resized = augmented(RandomAffine(scale=0.5), spots((0, 12)))
    assert spread([centre_of(image)[1] / 12 - 1 for image in resized], 0.5)


def test_slants_stay_within_their_limit():
    slanted = augmented(RandomAffine(shear=20), spots((-12, 0)))
    places = [centre_of(image) for image in slanted]
    assert spread([math.degrees(math.atan2(column, -row)) for row, column in places], 20)


@pytest.mark.parametrize("scale", [0, -1, float("nan"), torch.tensor([1.0, 0.0])])
def test_a_size_that_is_none_is_refused(scale):
    with pytest.raises(ValueError, match="scale must be above 0, not"):
        affine(torch.zeros(2, 1, 28, 28), scale=scale)
