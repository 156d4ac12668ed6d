"""The luck of the test images."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons._luck import standard_error


@given(st.sets(st.integers(0, 99)))
def test_of_one_training_it_is_that_of_a_share(errors):
    share = len(errors) / 100
    assert standard_error([sorted(errors)], 100) == pytest.approx(
        math.sqrt(share * (1 - share) / 99)
    )


@given(st.sets(st.integers(0, 99)), st.integers(1, 5))
def test_the_same_mistakes_once_more_are_no_more_luck(errors, times):
    assert standard_error([list(errors)] * times, 100) == pytest.approx(
        standard_error([list(errors)], 100)
    )


def test_mistakes_on_other_images_even_out():
    same, other = standard_error([[1, 2], [1, 2]], 50), standard_error([[1, 2], [3, 4]], 50)
    assert other < same
