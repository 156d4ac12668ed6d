"""Values have their places, and the numbers beside an axis are round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.publishing.html.scales import Scale, percentages, short


@given(st.floats(1e-9, 1e6), st.floats(1.001, 1e6), st.booleans())
def test_the_ends_have_their_places_and_ticks_lie_between(low, ratio, logarithmic):
    scale = Scale(low, low * ratio, 224, 30, logarithmic)
    assert scale.place(low) == 224
    assert scale.place(low * ratio) == pytest.approx(30)
    places = [scale.place(tick) for tick in scale.ticks()]
    assert places == sorted(places, reverse=True)
    assert all(30 - 1e-3 <= place <= 224 + 1e-3 for place in places)
    assert len(places) <= 7


def test_ticks_are_round():
    assert Scale(0.3, 30, 0, 1, True).ticks() == pytest.approx([0.5, 1, 2, 5, 10, 20])
    assert Scale(0.91, 0.99, 0, 1, False).ticks() == pytest.approx([0.92, 0.94, 0.96, 0.98])


def test_percentages_have_as_many_decimals_as_the_most_exact_needs():
    assert percentages([0.9, 0.95, 1]) == ["90", "95", "100"]
    assert percentages([0.985, 0.99]) == ["98.5", "99.0"]


def test_short_numbers():
    assert [short(value) for value in (0, 0.001, 2.5, 99_999)] == ["0", "0.001", "2.5", "99999"]
    assert short(0.0001) == "10⁻⁴"
