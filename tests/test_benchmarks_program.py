"""What is measured of the program that readers download."""

import pytest
import torch

from benchmarks.program import drawings, program, ways
from mnist_lessons.pens import PenDigit

ONE = PenDigit(1, 1, [[[50, 10], [52, 40], [50, 90]]])


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_drawing_fills_a_share_of_the_pad(share):
    [drawing] = drawings([ONE], share)
    rows = (drawing[0] > 0.5).any(dim=1).sum().item()
    assert abs(rows / len(drawing[0]) - share) < 0.1


def test_framed_a_digit_is_the_same_wherever_it_stands():
    """As a whole it is not."""
    [drawing] = drawings([ONE], 0.5)
    moved = drawing.roll((20, -30), dims=(1, 2))
    prepared = {name: (way(drawing), way(moved)) for name, way in ways(program()).items()}
    assert {image.shape for pair in prepared.values() for image in pair} == {(1, 1, 28, 28)}
    torch.testing.assert_close(*prepared["framed"], atol=0.3, rtol=0)
    assert (prepared["as a whole"][0] - prepared["as a whole"][1]).abs().max() > 0.5
