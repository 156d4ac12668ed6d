"""Each learning rate has its steps on the same curve, and the text says where they lead."""

import pytest
from matplotlib.patches import FancyArrowPatch

from mnist_lessons import plots
from mnist_lessons.figures.look import VARIANTS

X = plots.Axis("one weight")
CURVE = [(place / 10, 0.1 + place**2 / 500) for place in range(-30, 31)]
PATHS = {
    "0.1": [(-2.5, 1.35), (-2.4, 1.25)],
    "30": [(-2.5, 1.35), (2.9, 1.78), (-3.4, 2.4)],
}


@pytest.mark.parametrize("ending", VARIANTS)
def test_each_panel_has_the_curve_and_its_path(ending):
    figure = plots.descent(CURVE, PATHS, title="Steps", x=X)
    panels = [axes for axes in figure.draw(VARIANTS[ending]).axes if axes.axison]
    assert len({axes.get_xlim() for axes in panels}) == len({a.get_ylim() for a in panels}) == 1
    for axes, path in zip(panels, PATHS.values(), strict=True):
        curve, steps, start = axes.lines
        assert list(zip(*curve.get_data(), strict=True)) == CURVE
        assert list(zip(*steps.get_data(), strict=True)) == path[1:]
        assert start.get_marker() != steps.get_marker()
        assert list(zip(*start.get_data(), strict=True)) == path[:1]
    arrows = [sum(isinstance(p, FancyArrowPatch) for p in axes.patches) for axes in panels]
    assert arrows == [0, 2], "short steps have no arrow, which would hide behind its points"


def test_the_text_tells_start_and_end_and_what_leaves_the_curve():
    figure = plots.descent(CURVE, PATHS, title="Steps", x=X)
    assert figure.alt == (
        "Steps. cross-entropy (nats per image) against one weight: a curve that is lowest, 0.1, "
        "at 0. 0.1 (1 step): from -2.5 to -2.4, and the loss from 1.35 to 1.25. 30 (2 steps): "
        "from -2.5 to -3.4, and the loss from 1.35 to 2.4; 1 point of the path outside the "
        "curve."
    )
    assert figure.table[0] == ["line", "step", "one weight", "cross-entropy (nats per image)"]
    assert [row[2:] for row in figure.table if row[0] == "30"] == [[*pair] for pair in PATHS["30"]]


@pytest.mark.parametrize(
    ("curve", "paths"),
    [
        (CURVE[:1], PATHS),
        (CURVE, {}),
        (CURVE, {"1": CURVE[:1]}),
        (CURVE, dict.fromkeys("abcd", CURVE)),
    ],
)
def test_what_cannot_be_drawn_is_refused(curve, paths):
    with pytest.raises(ValueError, match="one to three paths with a step"):
        plots.descent(curve, paths, title="Steps", x=X)


@pytest.mark.parametrize("loss", [float("inf"), float("nan")])
def test_a_loss_that_overflows_is_refused(loss):
    with pytest.raises(ValueError, match="end a path before its loss overflows"):
        plots.descent(CURVE, {"1": [(0, 1), (1, loss)]}, title="Steps", x=X)
