"""Durations, and the lines that tell how far a lesson is."""

import io
import re

import pytest
from rich.console import Console

from mnist_lessons.publishing.execution import progress as progress_view
from mnist_lessons.publishing.execution.job import Progress
from mnist_lessons.publishing.execution.progress import ProgressView


def shown(*steps, last_seconds=None, **console):
    stream = io.StringIO()
    with ProgressView(last_seconds, Console(file=stream, highlight=False, **console)) as view:
        for step in steps:
            view.update(step)
    return stream.getvalue()


def test_without_a_terminal_each_step_is_one_plain_line():
    line = "epoch [bold]5[/bold]/128  " + "a long line " * 20
    text = shown(Progress("one", 1, 12), Progress("one", 1, 12, line), Progress("two", 3, 4))
    first, second, third = text.splitlines()
    assert re.fullmatch(r"one +cell  1/12 +0:0\d +", first)
    assert second.endswith(line), "no markup, no cut"
    assert re.fullmatch(r"two +cell  3/4 +0:0\d +", third)
    assert "\x1b" not in text


def test_in_a_terminal_each_lesson_has_one_row_that_keeps_its_last_line():
    text = shown(
        Progress("one", 1, 9, "the last line"),
        Progress("one", 2, 9),
        Progress("two", 1, 9, "x" * 200),
        force_terminal=True,
        width=60,
        height=10,
    )
    plain = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]|\r", "", text)
    last = [line for line in plain.splitlines() if line.strip()][-2:]
    assert last[0].startswith("one")
    assert "cell  2/9" in last[0]
    assert last[0].rstrip().endswith("the last line")
    assert last[1].startswith("two")
    assert len(last[1].rstrip()) <= 60


LAST = {"one": [10.2, 50.3, 3600.0], "two": [1.0], "three": []}


@pytest.mark.parametrize(
    ("step", "left"),
    [
        (Progress("one", 1, 3), ", about 1:01:00 left"),
        (Progress("one", 2, 3), ", about 1:00:50 left"),
        (Progress("one", 3, 3), ", about 1:00:00 left"),
        (Progress("two", 1, 3), ""),
        (Progress("three", 1, 3), ""),
        (Progress("new", 1, 3), ""),
    ],
)
def test_the_time_left_is_that_of_last_time_where_that_had_the_same_cells(step, left):
    line = shown(step, last_seconds=LAST).rstrip()
    assert line.endswith(f"0:00{left}")


def test_the_time_left_is_never_below_zero():
    steps = [Progress("one", 1, 1, str(number)) for number in range(2)]
    assert ", about 0:00 left  1" in shown(*steps, last_seconds={"one": [0.0]})


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [0.0]
    monkeypatch.setattr(progress_view.time, "monotonic", lambda: now[0])
    return now


def left(clock, steps, last_seconds=None):
    """What is said to be left after the last of some steps: seconds, cell, line."""
    stream = io.StringIO()
    with ProgressView(last_seconds, Console(file=stream, highlight=False, width=200)) as view:
        for clock[0], cell, line in steps:
            view.update(Progress("one", cell, 3, line))
    said = stream.getvalue().splitlines()[-1]
    found = re.search(", (about .* left( in this cell)?)", said)
    return found[1] if found else ""


EPOCH = "epoch {:3}/128  train loss 0.1"
TOLD = {
    "nothing is known": ([(0, 1, ""), (60, 1, "a line")], None, ""),
    "one line": ([(0, 2, ""), (50, 2, EPOCH.format(5))], None, "about 20:30 left in this cell"),
    "the first measurement, before any epoch": ([(0, 2, ""), (9, 2, EPOCH.format(0))], None, ""),
    "two lines": (
        [(0, 2, ""), (9, 2, EPOCH.format(0)), (59, 2, EPOCH.format(5))],
        *(None, "about 20:30 left in this cell"),
    ),
    "more cells after it": (
        [(0, 2, ""), (50, 2, EPOCH.format(5))],
        *([1.0, 2.0, 60.0], "about 21:30 left"),
    ),
    "from a checkpoint, then anew": (
        [(0, 2, ""), *((1, 2, EPOCH.format(n)) for n in (5, 60)), (51, 2, EPOCH.format(65))],
        *(None, "about 10:30 left in this cell"),
    ),
    "another training in the same cell": (
        [(0, 2, ""), (50, 2, EPOCH.format(128)), (60, 2, "epoch 1/4"), (62, 2, "epoch 2/4")],
        *(None, "about 0:04 left in this cell"),
    ),
    "over": ([(0, 2, ""), (50, 2, EPOCH.format(128))], None, ""),
    "about as long as last time": (
        [(0, 2, ""), (30, 2, "x")],
        [1.0, 40.0, 60.0],
        "about 1:10 left",
    ),
    "much longer than last time": ([(0, 2, ""), (600, 2, "x")], [1.0, 13.0, 0.0], ""),
}


@pytest.mark.parametrize("name", TOLD)
def test_the_running_cell_tells_how_much_is_left(clock, name):
    steps, last, expected = TOLD[name]
    assert left(clock, steps, {"one": last} if last else None) == expected
