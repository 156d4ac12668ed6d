import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons._checks import check_normalised, check_number


@given(st.floats(0.5, 9))
def test_a_number_in_its_range_is_accepted(value):
    check_number("size", value, 0.5, 9)


@pytest.mark.parametrize("value", [0.4, 9.1, math.nan, math.inf, True, "1", None, 10**400])
def test_anything_else_is_refused_with_its_name_and_the_range(value):
    with pytest.raises(ValueError, match=r"^size must be a number from 0\.5 to 9, not "):
        check_number("size", value, 0.5, 9)


@pytest.mark.parametrize("value", [1.0, 1.5, False])
def test_a_whole_number_is_no_float_and_no_truth_value(value):
    with pytest.raises(ValueError, match=r"^size must be a whole number from 0 to 1,000, not "):
        check_number("size", value, 0, 1_000, whole=True)


def test_the_low_end_itself_can_be_refused():
    check_number("rate", 1e-300, 0, 1, above=True)
    with pytest.raises(ValueError, match=r"^rate must be a number above 0 to 1, not 0$"):
        check_number("rate", 0, 0, 1, above=True)


@pytest.mark.parametrize("kind", [torch.uint8, torch.int64, torch.bool])
def test_whole_numbers_are_no_normalised_images(kind):
    name = str(kind).removeprefix("torch.")
    with pytest.raises(
        ValueError, match=rf"normalise these first, which are {name} \(3, 28, 28\)$"
    ):
        check_normalised(torch.zeros(3, 28, 28, dtype=kind))


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_any_kind_of_real_numbers_is_left_to_the_network(kind):
    check_normalised(torch.zeros(3, 1, 28, 28, dtype=kind))
