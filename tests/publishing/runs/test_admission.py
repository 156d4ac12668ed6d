"""Only outputs that are inert, and that everyone can read, are published."""

from base64 import b64encode

import pytest
from nbformat import v4

from mnist_lessons.publishing.runs.admission import problem_of_cell, problem_of_drawing

PNG = b64encode(b"\x89PNG\r\n\x1a\n").decode()


def cell_with(*outputs):
    return v4.new_code_cell("f()", outputs=list(outputs))


def picture(alt):
    metadata = {"image/png": {"alt": alt}}
    return v4.new_output("display_data", {"image/png": PNG}, metadata=metadata)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "one of its outputs is empty: nothing of it can be shown"),
        ({"image/png": "no picture"}, "its output has a picture that is no PNG"),
        ({"image/png": "R0lGODlh"}, "its output has a picture that is no PNG"),
        ({"text/plain": "a", "text/html": "<b>"}, "its output has text/html, which could run"),
    ],
)
def test_what_a_page_could_not_show_is_refused(data, reason):
    output = v4.new_output("display_data", data=data)
    assert problem_of_cell(cell_with(output)).startswith(reason)


def test_a_picture_needs_words_that_can_stand_for_it():
    assert "no text for those who cannot see it" in problem_of_cell(cell_with(picture("a digit")))
    assert problem_of_cell(cell_with(picture("a seven with a bar across its stem"))) is None


def test_text_is_published():
    outputs = [
        v4.new_output("stream", name="stdout", text="a"),
        v4.new_output("stream", name="stderr", text="b"),
        v4.new_output("execute_result", {"text/plain": "1"}),
    ]
    assert problem_of_cell(cell_with(*outputs)) is None
    assert problem_of_cell(cell_with()) is None


def test_a_drawing_that_could_run_something_is_told_with_its_name():
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2">%s</svg>'
    assert problem_of_drawing("a.svg", drawing % b"<g/>") is None
    told = problem_of_drawing("a.svg", drawing % b"<script/>")
    assert told.startswith("the figure a.svg could do more")
