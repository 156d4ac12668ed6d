"""Numbers in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons._words import (
    a,
    count,
    device,
    duration,
    percent,
    scientific,
    signed,
    timed,
    times,
)

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


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (59.4, "0:59"),
        (59.6, "1:00"),
        (75, "1:15"),
        (3599.6, "1:00:00"),
        (3723, "1:02:03"),
    ],
)
def test_a_duration_reads_like_a_clock(seconds, text):
    assert duration(seconds) == text
    assert timed(seconds).split(" ") == [text, f"({'hours:' * (len(text) > 5)}minutes:seconds)"]


def test_counts_and_devices():
    assert [count(number, "epoch") for number in (0, 1, 2_000)] == [
        "0 epochs",
        "1 epoch",
        "2,000 epochs",
    ]
    assert device("cpu", "a chip", 1) == "a processor with 1 thread"
    assert device("cpu", "a chip", 2) == "a processor with 2 threads"
    assert device("cuda:1", "a card", 2) == "a card"


@pytest.mark.parametrize(
    ("value", "told"),
    [(1e-4, "10⁻⁴"), (2e-4, "2·10⁻⁴"), (-2.5e6, "-2.5·10⁶"), (9.9999e11, "10¹²"), (1, "10⁰")],
)
def test_a_number_as_a_power_of_ten(value, told):
    assert scientific(value) == told.replace("·", "\N{MULTIPLICATION SIGN}")


@pytest.mark.parametrize(
    ("value", "places", "told"),
    [
        (0.25, 2, "+0.25"),
        (-1234.5, 1, "\N{MINUS SIGN}1,234.5"),
        (-0.004, 2, "0"),
        (0.004, 3, "+0.004"),
        (10.0, 2, "+10.00"),
        (0.0, 2, "0"),
    ],
)
def test_a_number_has_its_sign_unless_it_is_rounded_to_0(value, places, told):
    assert signed(value, places) == told
