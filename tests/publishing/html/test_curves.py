"""Curves are drawn where their values say, and show nothing else."""

import math
from itertools import accumulate
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.publishing.html.curves import Curve, Quantity, chart, legend, reduced

LOSS = Quantity("loss (nats)", logarithmic=True)
ACCURACY = Quantity("accuracy (%)", percent=True)


def drawing(curves, axis=ACCURACY, label="A label"):
    return ElementTree.fromstring(chart(curves, axis, label))


def places(group):
    """The points of a line, as (x, y) in the drawing."""
    start, _, steps = group.find("path").get("d").removeprefix("M").partition("l")
    numbers = [float(number) for number in (*start.split(), *steps.split())]
    return list(zip(accumulate(numbers[::2]), accumulate(numbers[1::2]), strict=True))


def lines(svg):
    return [group for group in svg.findall("g") if group.get("class").startswith("curve ")]


def texts(svg):
    return [text.text for text in svg.iter("text")]


def test_a_chart_has_named_axes_ticks_and_a_line_for_each_curve():
    curves = [
        Curve("one", [(0, 0.1), (1, 0.9), (10, 0.95), (100, 0.98)]),
        Curve("two", [(0, 0.1), (1, 0.92), (3, 0.93)]),
    ]
    svg = drawing(curves)
    assert (svg.get("role"), svg.get("aria-label")) == ("img", "A label")
    assert {"epoch (logarithmic)", "accuracy (%)", "1", "10", "100", "92", "98"} <= set(texts(svg))
    first, second = map(places, lines(svg))
    assert (len(first), len(second)) == (3, 2), "epoch 0 has no place on a logarithmic axis"
    assert first[0][0] == second[0][0]
    assert first[1][0] - first[0][0] == pytest.approx(first[2][0] - first[1][0], abs=0.2)
    assert first[0][1] > second[0][1] > first[1][1] > first[2][1], "higher is further up"


def outlines(group):
    """The markers of a line, each by its corners around the first."""
    found = []
    for marker in group[1:]:
        corners = [[float(x) for x in pair.split(",")] for pair in marker.get("points", "").split()]
        found.append(
            tuple((round(x - corners[0][0]), round(y - corners[0][1])) for x, y in corners)
        )
    return found


def test_lines_are_told_apart_by_more_than_colour():
    points = [(1, 0.5), (10, 0.6), (100, 0.7)]
    curves = [Curve(str(number), points, number) for number in range(12)]
    groups = lines(drawing(curves))
    markers = [set(outlines(group)) for group in groups]
    assert [len(one) for one in markers] == [1] * 12
    assert len(set.union(*markers)) == 6
    looks = {(group.get("class"), *one) for group, one in zip(groups, markers, strict=True)}
    assert len(looks) == 12
    assert all(len(outlines(group)) == 3 for group in groups), "not at the end alone"


def test_a_training_is_dashed_in_the_colour_of_its_network_and_nothing_else_is():
    points = [(1, 0.5), (100, 0.6)]
    both = [Curve("training", points, is_training=True), Curve("validation", points)]
    training, validation = lines(drawing(both))
    assert training.get("class").split() == [*validation.get("class").split(), "curve-training"]
    assert training.find("path").get("stroke-dasharray") == "6 2.5"
    assert "stroke-dasharray" not in validation.find("path").attrib
    assert len(outlines(validation)) == 1, "alone, a network is not told by markers"


def test_a_legend_names_every_line():
    items = ElementTree.fromstring(legend([Curve("one", []), Curve("<two>", [], 1)])).findall("li")
    assert ["".join(item.itertext()).strip() for item in items] == ["one", "<two>"]
    classes = [item.find("svg/g").get("class") for item in items]
    assert classes == ["curve curve-0", "curve curve-1"]


def test_what_cannot_be_drawn_is_left_out():
    values = [(1, 0.5), (2, None), (3, math.nan), (4, math.inf), (5, 0.0), (6, -1.0), (7, 0.25)]
    [line] = lines(drawing([Curve("one", values)], LOSS))
    assert len(places(line)) == 2
    assert chart([Curve("one", [(0, 2.3), (1, None)])], LOSS, "nothing") == ""
    assert chart([], LOSS, "nothing") == ""


@pytest.mark.parametrize("axis", [LOSS, ACCURACY])
def test_one_point_is_a_marker(axis):
    [line] = lines(drawing([Curve("one", [(0, 0.1), (1, 0.5)])], axis))
    assert len(places(line)) == 1


def test_small_numbers_fit_beside_the_axis():
    svg = drawing([Curve("one", [(1, 0.3), (100, 4e-6)])], LOSS)
    assert {"0.1", "0.01", "0.001", "10⁻⁴", "10⁻⁵"} <= set(texts(svg))
    assert max(len(text) for text in texts(svg) if text[0].isdigit()) <= 5


def test_a_label_has_no_effect():
    hostile = '"><script>alert(1)</script> & <b>'
    svg = drawing([Curve(hostile, [(1, 0.5), (2, 0.6)])], Quantity(hostile), hostile)
    assert svg.get("aria-label") == hostile
    assert not list(svg.iter("script"))


values = st.floats(1e-12, 1e6)
curve = st.lists(st.tuples(st.integers(0, 100_000), values), max_size=30).map(
    lambda points: Curve("x", sorted(points))
)


@given(st.lists(curve, max_size=5), st.booleans(), st.booleans())
def test_every_line_stays_inside_the_drawing(curves, logarithmic, percent):
    if percent:  # values are shares
        curves = [
            Curve("x", [(epoch, min(value, 1.0)) for epoch, value in curve.points])
            for curve in curves
        ]
    text = chart(curves, Quantity("x", logarithmic, percent), "y")
    if not text:
        assert all(epoch < 1 for curve in curves for epoch, _ in curve.points)
        return
    svg = ElementTree.fromstring(text)
    width, height = map(float, svg.get("viewBox").split()[2:])
    for line in lines(svg):
        assert all(0 <= x <= width and 0 <= y <= height for x, y in places(line))


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300)), max_size=400))
def test_reduced_points_are_few_and_keep_the_extremes(points):
    points = sorted(points, key=lambda point: point[0])
    kept = reduced(points)
    assert len(kept) <= 4 * 135
    assert all(point in points for point in kept)
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)
    if points:
        assert (kept[0], kept[-1]) == (points[0], points[-1])
        heights, all_heights = ({y for _, y in some} for some in (kept, points))
        assert (min(heights), max(heights)) == (min(all_heights), max(all_heights))
