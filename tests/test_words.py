"""Numbers in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons._words import a, percent, times

SHARES = st.floats(0, 1)


@given(SHARES, st.integers(0, 3))
def test_a_percentage_is_true_and_never_says_all_or_nothing(share, places):
    told = percent(share, places)
    number = float(told.strip("<>% "))
    assert 0 < number < 100
    if told.startswith("> "):
        assert 100 * share > number
    elif told.startswith("< "):
        assert 100 * share < number
    else:
        assert number == pytest.approx(100 * share, abs=0.5001 / 10**places)


@given(SHARES)
def test_thousandths_are_told_like_what_they_were_rounded_from(share):
    assert percent(round(share * 1_000) / 1_000) == percent(share)


def test_percentages_as_they_are_read():
    told = [percent(share) for share in (0, 0.0004, 0.5, 0.997537, 0.9996, 1)]
    assert told == ["< 0.1%", "< 0.1%", "50.0%", "99.8%", "> 99.9%", "> 99.9%"]
    assert [percent(0.996, 0), percent(0.123, 0), percent(0.002, 0)] == ["> 99%", "12%", "< 1%"]


def test_articles_and_times():
    assert [a(digit) for digit in (1, 8)] == ["a 1", "an 8"]
    assert [times(count) for count in (1, 15)] == ["once", "15 times"]
