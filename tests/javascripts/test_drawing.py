"""What lies on the pad, and what can be undone."""

import numpy as np

from mnist_lessons.framing import pixels_of

PLAY = """
import { Drawing } from "./draw/drawing.js";
export default (steps) => {
  const drawing = new Drawing();
  const painted = [];
  const paint = (from, to) => painted.push([from, to]);
  const seen = steps.map(([name, ...values]) => {
    if (name === "add") drawing.add(...values, paint);
    else if (name === "end") drawing.end(paint);
    else drawing[name](...values);
    return Array.from(drawing.seen({ fitted: true, thick: true, centred: !drawing.tile }).pixels);
  });
  return { seen, painted, isEmpty: drawing.isEmpty, note: drawing.note };
};
"""
LINE = [["begin"], ["add", [40, 30]], ["add", [45, 60]], ["add", [50, 110]], ["end"]]
TILE = [0] * 784
TILE[28 * 26 + 3] = 200


def images(played):
    return np.array(played["seen"]).reshape(-1, 28, 28)


def test_a_line_is_seen_as_it_grows_and_ends_as_in_python(in_node):
    played = in_node(PLAY, LINE)
    drawn = pixels_of([[[40, 30], [45, 60], [50, 110]]])
    assert np.abs(images(played)[-1] - drawn).max() < 1e-3
    assert images(played)[2].any()
    assert played["painted"][:2] == [[[40, 30], [40, 30]], [[40, 30], [42.5, 45]]]
    assert played["painted"][-1][1] == [50, 110]


def test_each_step_can_be_undone_and_a_row_of_test_digits_is_one(in_node):
    steps = [*LINE, ["show", TILE, "one"], ["show", TILE, "two"], ["undo"], ["clear"], ["clear"],
             ["undo"], ["undo"], ["undo"]]  # fmt: skip
    played = in_node(PLAY, steps)
    line, one, two, undone, cleared, still, again, empty, more = images(played)[4:]
    assert (one == two).all()
    assert (one == np.reshape(TILE, (28, 28))).all()
    assert (undone == line).all()
    assert not cleared.any()
    assert not still.any()
    assert (again == line).all()
    assert not empty.any()
    assert not more.any()
    assert played["isEmpty"]


def test_a_test_digit_moves_and_loses_no_ink(in_node):
    steps = [["show", TILE, "note"], ["move", 1, 1], *[["move", 0, 1]] * 5]
    played = in_node(PLAY, steps)
    assert np.argwhere(images(played)[-1]).tolist() == [[27, 4]]
    assert played["note"] == "note"


def test_a_drawing_takes_the_place_of_a_test_digit(in_node):
    played = in_node(PLAY, [["show", TILE, "note"], *LINE])
    assert np.abs(images(played)[-1] - images(in_node(PLAY, LINE))[-1]).max() == 0
    assert played["note"] == ""


def test_an_example_gives_way_and_takes_nothing_that_was_drawn(in_node):
    example = ["lend", [[[20, 20], [120, 120]]]]
    begun, *_ = images(in_node(PLAY, [example]))
    assert begun.any()
    own = images(in_node(PLAY, LINE))[-1]
    assert (images(in_node(PLAY, [example, *LINE]))[-1] == own).all()
    for steps in ([example, ["clear"]], [example, ["undo"]], [example, *LINE, ["undo"]]):
        assert in_node(PLAY, steps)["isEmpty"]
    for steps in (
        [example, ["undo"]],
        [example, example, ["undo"]],
        [["clear"], example, ["undo"]],
    ):
        assert (images(in_node(PLAY, [*LINE, *steps]))[-1] == own).all()
