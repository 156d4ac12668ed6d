"""Digits change as another hand would change them: in thickness, ends, hooks, and shape."""

import pytest
import torch

from mnist_lessons.handwriting import EarlyEnds, Hooks, InTurn, RandomThickness, RandomWarp

ALL = InTurn(
    (
        EarlyEnds(chance=0.5, radius=4),
        Hooks(chance=0.5, longest=9),
        RandomWarp(bend=0.5, degrees=10, shear=15, aspect=0.2, scale=0.1, shift=1),
        RandomThickness(thinner=0.5, thicker=1),
    )
)


@pytest.fixture(scope="module")
def digits(sample):
    return sample.validation.images[:60, None].float() / 255  # (60, 1, 28, 28)


def ink_of(images):
    return images.sum(dim=(1, 2, 3))


@pytest.mark.parametrize("change", [*ALL.changes, ALL], ids=lambda change: type(change).__name__)
def test_a_change_is_each_images_own_and_repeats_with_its_random_numbers(digits, change):
    before = digits.clone()
    same = digits[:1].expand(60, -1, -1, -1)
    torch.manual_seed(1)
    changed = change(same)
    assert (changed.shape, changed.dtype) == (digits.shape, digits.dtype)
    assert len(changed.flatten(1).unique(dim=0)) > 15
    torch.manual_seed(1)
    assert torch.equal(change(same), changed)
    assert torch.equal(digits, before)
    assert changed.isfinite().all()


@pytest.mark.parametrize("change", [*ALL.changes, ALL], ids=lambda change: type(change).__name__)
def test_pixels_may_be_normalised_before_or_after(digits, change):
    torch.manual_seed(1)
    after = (change(digits) - 0.1307) / 0.3081
    torch.manual_seed(1)
    torch.testing.assert_close(change((digits - 0.1307) / 0.3081), after, rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    "change",
    [RandomThickness(), Hooks(longest=9), Hooks(chance=1), EarlyEnds(radius=4)],
    ids=repr,
)
def test_without_an_amount_nothing_changes(digits, change):
    torch.testing.assert_close(change(digits), digits, rtol=0, atol=1e-6)


def test_lines_become_thicker_or_thinner(digits):
    assert (ink_of(RandomThickness(thicker=1)(digits)) >= ink_of(digits)).all()
    assert (ink_of(RandomThickness(thinner=1)(digits)) <= ink_of(digits)).all()


def test_hooks_only_add_ink_that_touches_the_digit(digits):
    hooked = Hooks(chance=1, longest=9)(digits)
    added = hooked - digits
    assert added.min() >= 0
    assert (ink_of(added) > 0).float().mean() > 0.9
    near = torch.nn.functional.max_pool2d(digits, 5, stride=1, padding=2) > 0.3
    for one, close in zip(added, near, strict=True):
        assert not one.any() or one[close].sum() > 0


def test_ends_are_lost_and_nothing_is_added(digits):
    shorter = EarlyEnds(chance=1, radius=4)(digits)
    assert (shorter <= digits + 1e-6).all()
    assert (ink_of(shorter) < ink_of(digits)).float().mean() > 0.9


def test_a_warped_digit_is_framed_as_mnist_frames_it(digits):
    warped = RandomWarp(bend=0.5, degrees=10, shear=15, aspect=0.2)(digits)
    place = torch.arange(28) + 0.5
    for axis in (2, 3):
        centre = (warped.sum(dim=(1, 5 - axis)) * place).sum(dim=1) / ink_of(warped)
        assert ((centre - 14.5).abs() < 1).all()
    longest = [(image[0] > 0.15).nonzero().aminmax(dim=0) for image in warped]
    sides = torch.tensor([(high - low + 1).max() for low, high in longest])
    assert ((sides - 20).abs() <= 2).all()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda: RandomThickness(thicker=1.5), "thicker must be a number from 0 to 1"),
        (lambda: Hooks(chance=-0.1), "chance must be a number from 0 to 1"),
        (lambda: EarlyEnds(radius=15), "radius must be a number from 0 to 14"),
        (lambda: RandomWarp(shear=50), "shear must be a number from 0 to 45"),
    ],
)
def test_an_amount_out_of_range_is_refused(change, name):
    with pytest.raises(ValueError, match=name):
        change()
