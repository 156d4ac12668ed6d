"""A drawing becomes ink, and ink an image, as in Python."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnist_lessons.framing import SIDE, frame, ink

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
