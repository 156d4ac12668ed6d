"""A drawing becomes ink, and ink an image, as in Python."""

import json
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from mnist_lessons.framing import SIDE, fit_strokes, frame, ink, pixels_of
from mnist_lessons.pens import load_pens
from mnist_lessons.settings import Settings

DRAWINGS = [
    drawing["strokes"]
    for drawing in json.loads((Path(__file__).parents[1] / "browser" / "strokes.json").read_text())
] + [
    [],
    [[[70, 70]]],
    [[[70, 70], [70, 70]]],
    [[[-50, 70]], [[-300, 70], [500, 70], [500, 71]]],
    [[[30, 30], [110, 30], [110, 110]], [[20, 20]]],
]


def test_strokes_leave_the_ink_that_they_leave_in_python(in_node):
    ours = in_node(
        """import { inkOf, SIDE } from "./draw/ink.js";
        export default (drawings) => [SIDE, drawings.map((one) => Array.from(inkOf(one)))];""",
        DRAWINGS,
    )
    assert ours[0] == SIDE
    theirs = np.stack([ink(strokes) for strokes in DRAWINGS])
    assert np.abs(np.array(ours[1]).reshape(theirs.shape) - theirs).max() < 1e-9


@pytest.mark.parametrize("centre", [True, False])
def test_ink_is_framed_as_in_python(centre, in_node):
    inks = [ink(strokes) for strokes in DRAWINGS]
    ours = in_node(
        """import { frame } from "./draw/framing.js";
        export default ([inks, width, centre]) =>
            inks.map((one) => Array.from(frame(one, width, centre)));""",
        [[one.ravel().tolist() for one in inks], SIDE, centre],
    )
    theirs = np.stack([frame(one, centre=centre) for one in inks])
    assert np.abs(np.array(ours).reshape(theirs.shape) - theirs).max() / 255 < 1e-6


POINTS = st.tuples(st.floats(-20, SIDE + 20), st.floats(-20, SIDE + 20))
STROKES = st.lists(st.lists(POINTS, min_size=1, max_size=9), max_size=4)
SEEN = """
import { fitStrokes } from "./draw/fitting.js";
import { ALL, seen } from "./draw/seeing.js";
export default (drawings) => [
  drawings.map((strokes) => fitStrokes(strokes).flat(2)),
  drawings.map((strokes) => Array.from(seen(strokes, ALL).pixels)),
];
"""


def assert_seen_as_in_python(drawings, in_node):
    places, images = in_node(SEEN, drawings)
    theirs = [
        np.ravel([point for stroke in fit_strokes(one) for point in stroke]) for one in drawings
    ]
    for ours, strokes in zip(places, theirs, strict=True):
        assert np.abs(np.array(ours) - strokes).max(initial=0) < 1e-9
    framed = np.stack([pixels_of(strokes) for strokes in drawings])
    assert np.abs(np.array(images).reshape(framed.shape) - framed).max() / 255 < 1e-6


def test_strokes_are_fitted_and_seen_as_in_python(in_node):
    assert_seen_as_in_python(DRAWINGS, in_node)


# One process looks at all drawings of an example: they are few, and many in each.
@hypothesis.settings(max_examples=max(2, hypothesis.settings.default.max_examples // 10))
@hypothesis.given(st.lists(STROKES, min_size=10, max_size=20))
def test_any_strokes_are_seen_as_in_python(in_node, drawings):
    assert_seen_as_in_python(drawings, in_node)


@pytest.mark.slow
def test_the_strokes_of_people_are_seen_as_in_python(in_node, mnist_folder):
    pens = load_pens(Settings(data=mnist_folder, offline=True))
    if pens is None:
        pytest.skip("the pen digits are not on this machine")
    of_pad = SIDE / 500
    drawings = [
        [[[x * of_pad, y * of_pad] for x, y in stroke] for stroke in one.strokes]
        for one in pens.choosing[::7][:1_000]
    ]
    assert len(drawings) == 1_000
    assert_seen_as_in_python(drawings, in_node)
