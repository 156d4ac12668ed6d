"""Digits are drawn by program, each in its own way, and a network reads most of them."""

import torch

from mnist_lessons.penmanship import drawn_digits
from mnist_lessons.studies import recorded_network


def test_digits_are_framed_bytes_with_labels():
    drawn = drawn_digits(60, seed=1)
    assert (drawn.images.shape, drawn.images.dtype) == ((60, 28, 28), torch.uint8)
    assert (drawn.labels.shape, drawn.labels.dtype) == ((60,), torch.int64)
    assert set(drawn.labels.tolist()) == set(range(10))
    for image in drawn.images:
        low, high = (image > 0).nonzero().aminmax(dim=0)
        assert (high - low + 1).max() == 20
    assert 0.08 < drawn.images.float().mean() / 255 < 0.18, "as thick as MNIST's lines"


def test_a_seed_gives_the_same_digits_and_another_gives_others():
    one, same, other = (drawn_digits(10, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.images, same.images)
    assert not torch.equal(one.images, other.images)
    assert len(drawn_digits(50, seed=3).images.flatten(1).unique(dim=0)) == 50


def test_drawn_digits_are_legible():
    drawn = drawn_digits(400, seed=4)
    with torch.inference_mode():
        logits = recorded_network("best-cnn").model((drawn.images[:, None] / 255 - 0.1307) / 0.3081)
    right = logits.argmax(dim=1) == drawn.labels
    for digit in range(10):
        assert right[drawn.labels == digit].float().mean() > 0.9, digit
