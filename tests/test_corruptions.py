"""Each corruption does what it says, to real digits, and nothing else."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.corruptions import add_noise, blur, invert, occlude, resize, rotate, shift


def drawn(seed=1):
    return torch.Generator().manual_seed(seed)


def noisy(images, deviation):
    return add_noise(images, deviation, drawn())


def covered(images, side):
    return occlude(images, side, drawn())


UNCHANGED = {shift: 0, rotate: 0, resize: 1, noisy: 0, blur: 0, covered: 0}
CHANGED = {shift: 3, rotate: 25.0, resize: 0.7, noisy: 0.4, blur: 1.5, covered: 9}
RANGES = {
    shift: ("pixels", -1, 29),
    rotate: ("degrees", -361, 361),
    resize: ("scale", 0, 11),
    noisy: ("deviation", -0.1, 11),
    blur: ("radius", -0.1, 9.1),
    covered: ("side", -1, 29),
}


def named(changes):
    return pytest.mark.parametrize(
        ("change", "amount"), changes.items(), ids=[change.__name__ for change in changes]
    )


@pytest.fixture(scope="module")
def digits(sample):
    return sample.validation.images[:60, None].float() / 255  # (60, 1, 28, 28)


@named(UNCHANGED)
def test_no_amount_changes_nothing(digits, change, amount):
    same = change(digits, amount)
    assert torch.equal(same, digits)
    assert same.data_ptr() != digits.data_ptr()


@named(CHANGED)
def test_a_change_keeps_shape_type_range_and_the_images_themselves(digits, change, amount):
    before = digits.clone()
    changed = change(digits, amount)
    assert torch.equal(digits, before)
    assert (changed.shape, changed.dtype) == (digits.shape, digits.dtype)
    assert (changed != digits).flatten(1).any(dim=1).all()  # each image is changed
    assert 0 <= changed.min() <= changed.max() <= 1
    assert torch.equal(change(digits, amount), changed)


@named(RANGES)
def test_an_amount_outside_its_range_is_refused_by_its_name(digits, change, amount):
    name, *outside = amount
    for value in (*outside, math.nan, "3", True):
        with pytest.raises(ValueError, match=rf"^{name} must be a (whole )?number from .* to "):
            change(digits, value)


@pytest.mark.parametrize("change", [shift, covered])
def test_pixels_are_counted_in_whole_numbers(digits, change):
    with pytest.raises(ValueError, match=r"must be a whole number from 0 to 28, not 2\.5"):
        change(digits, 2.5)


@named(CHANGED | {lambda images, _: invert(images): None})
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda images: images.double(), "images must be float32"),
        (lambda images: images[:, 0], "images must be float32"),
        (lambda images: images.expand(-1, 3, -1, -1), "images must be float32"),
        (lambda images: images * 255, "pixels must be from 0 to 1, not from 0 to 255"),
        (lambda images: images - 0.5, "pixels must be from 0 to 1, not from -0.5 to 0.5"),
        (lambda images: images[:0], "there must be at least one image"),
    ],
    ids=["float64", "no channel", "three channels", "bytes", "centred", "none"],
)
def test_other_images_are_refused(digits, change, amount, spoil, message):
    with pytest.raises(ValueError, match=message):
        change(spoil(digits), amount)


def test_a_blur_needs_room(digits):
    small = digits[:, :, :20, :20]
    assert blur(small, 6).shape == small.shape
    with pytest.raises(ValueError, match="a radius of 9 needs images of more than 27 pixels"):
        blur(small, 9)


@given(pixels=st.integers(1, 28))
def test_a_shift_moves_the_pixels_and_lets_black_in(pixels):
    images = torch.rand(4, 1, 28, 28, generator=drawn())
    kept = 28 - pixels
    right, down, left, up = shift(images, pixels)[:, 0]
    assert torch.equal(right[:, pixels:], images[0, 0, :, :kept])
    assert torch.equal(down[pixels:], images[1, 0, :kept])
    assert torch.equal(left[:, :kept], images[2, 0, :, pixels:])
    assert torch.equal(up[:kept], images[3, 0, pixels:])
    let_in = (right[:, :pixels], down[:pixels], left[:, kept:], up[kept:])
    assert all(not part.any() for part in let_in)


def test_a_quarter_of_the_images_is_shifted_each_way(digits):
    alone = torch.cat([shift(four, 3) for four in digits.split(4)])
    assert torch.equal(shift(digits, 3), alone)


@pytest.mark.parametrize(("degrees", "quarters"), [(90, 1), (180, 2), (-90, -1), (270, 3)])
def test_a_quarter_of_a_turn_is_that_of_the_pixels(digits, degrees, quarters):
    turned = torch.rot90(digits, quarters, dims=(2, 3))
    torch.testing.assert_close(rotate(digits, degrees), turned, rtol=0, atol=1e-4)


def test_a_turn_and_back_is_nearly_the_same_image(digits):
    smooth = blur(digits, 1.0)
    turned = rotate(smooth, 20)
    change = (turned - smooth).abs().mean()
    assert (rotate(turned, -20) - smooth).abs().mean() < change / 4


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.25, 1.5])
def test_the_ink_grows_with_the_square_of_the_size(scale):
    images = torch.zeros(1, 1, 28, 28)
    images[..., 8:20, 10:18] = 1
    larger = resize(images, scale)
    assert larger.sum().item() == pytest.approx(images.sum().item() * scale**2, rel=0.03)
    torch.testing.assert_close(larger, larger.flip(2, 3), rtol=0, atol=1e-4)  # about the centre


def test_noise_has_the_stated_deviation_and_no_preferred_sign():
    images = torch.full((200, 1, 28, 28), 0.5)
    noise = add_noise(images, 0.1, drawn()) - images
    assert noise.std().item() == pytest.approx(0.1, rel=0.01)
    assert noise.mean().item() == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("change", "amount"), [(add_noise, 0.3), (occlude, 8)])
def test_a_generator_gives_its_numbers_once_and_a_seed_gives_them_again(digits, change, amount):
    state = torch.get_rng_state()
    generator = drawn()
    first, second = (change(digits, amount, generator) for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(change(digits, amount, drawn()), first)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("radius", [0.5, 1.0, 2.0])
def test_a_blurred_point_becomes_a_normal_distribution(radius):
    point = torch.zeros(1, 1, 29, 29)
    point[..., 14, 14] = 1
    places = torch.arange(29) - 14.0
    weights = torch.exp(-(places**2) / (2 * radius**2))
    expected = torch.outer(weights, weights) / weights.sum() ** 2
    torch.testing.assert_close(blur(point, radius)[0, 0], expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("radius", [0.1, 1.0, 9.0])
def test_blur_leaves_an_even_grey_alone(radius):
    grey = torch.full((2, 1, 28, 28), 0.3)
    torch.testing.assert_close(blur(grey, radius), grey)


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_a_square_of_one_grey_is_covered_and_the_rest_is_left(digits, grey):
    marked = occlude(torch.full_like(digits, 0.25), 7, drawn(), grey=grey)[:, 0] != 0.25
    changed = occlude(digits, 7, drawn(), grey=grey)[:, 0]
    assert torch.equal(changed[marked].unique(), torch.tensor([grey]))
    assert torch.equal(changed[~marked], digits[:, 0][~marked])
    for square in marked:
        rows, columns = (square.any(dim=axis).nonzero().flatten() for axis in (1, 0))
        assert square.sum() == 49
        assert len(rows) == len(columns) == 7
        assert rows[-1] - rows[0] == columns[-1] - columns[0] == 6


def test_squares_lie_anywhere_up_to_the_edges():
    covered = occlude(torch.zeros(3_000, 1, 28, 28), 20, drawn(), grey=1)
    tops = covered[:, 0].any(dim=2).int().argmax(dim=1)
    lefts = covered[:, 0].any(dim=1).int().argmax(dim=1)
    assert set(tops.tolist()) == set(lefts.tolist()) == set(range(9))
    assert torch.equal(occlude(covered, 28, drawn(), grey=0), torch.zeros_like(covered))


def test_a_grey_is_from_black_to_white(digits):
    with pytest.raises(ValueError, match="grey must be a number from 0 to 1, not 2"):
        occlude(digits, 3, drawn(), grey=2)


def test_inversion_twice_is_the_image_and_once_is_its_negative(digits):
    before = digits.clone()
    torch.testing.assert_close(invert(invert(digits)), digits)
    torch.testing.assert_close(invert(digits) + digits, torch.ones_like(digits))
    assert torch.equal(digits, before)
