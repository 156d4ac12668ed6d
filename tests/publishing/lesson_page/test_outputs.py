"""What a cell printed can be read to its end: folded if it is long, scrolled by keyboard."""

import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from mnist_lessons.publishing.lesson_page import cells as lesson_cells


def output_of(text):
    """The page's HTML for a cell that printed a text."""
    outputs = [v4.new_output("stream", name="stdout", text=text)]
    notebook = v4.new_notebook(cells=[v4.new_code_cell("f()", outputs=outputs)])
    [cell] = lesson_cells.rendered(lesson_cells.prepared(notebook))
    return BeautifulSoup(cell, "html.parser").select_one(".jp-OutputArea-output")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["short"] * 24, None),
        (["short"] * 25, "Output: 25 lines, 1 kB"),
        (["x" * 99] * 131, "Output: 131 lines, 14 kB"),
        (["é" * 999] * 1234, "Output: 1,234 lines, 2,467 kB"),
    ],
)
def test_a_long_output_is_folded_and_says_how_long_it_is(lines, told):
    block = output_of("\n".join(lines) + "\n")
    assert [summary.get_text() for summary in block("summary")] == ([told] if told else [])
    assert not any(details.has_attr("open") for details in block("details"))
    assert block.pre.get_text().splitlines() == lines
    assert bool(block.pre.find_parent("details", class_="aside")) == bool(told)


@pytest.mark.parametrize(
    ("text", "scrolls"),
    [
        ("7\n", False),
        ("x" * 32, False),
        ("a\n" + "x" * 33 + "\nb\n", True),
        ("x" * 33 + "\n" * 30, True),
    ],
)
def test_an_output_that_may_scroll_is_reached_by_keyboard_and_has_a_name(text, scrolls):
    block = output_of(text)
    assert not block.has_attr("tabindex")
    expected = {"tabindex": "0", "role": "group", "aria-label": "Output"} if scrolls else {}
    assert block.pre.attrs == expected


@pytest.mark.parametrize("kind", ["stream", "display_data", "execute_result"])
def test_colours_of_a_terminal_are_on_the_page_and_nothing_else_of_it(kind):
    text = "\x1b[1;31m<red>\x1b[0m and\x07 \x1b]8;;https://example.org\x07linked\x1b]8;;\x07 \x00\r"
    content = (
        {"name": "stdout", "text": text} if kind == "stream" else {"data": {"text/plain": text}}
    )
    outputs = [v4.new_output(kind, **content)]
    notebook = v4.new_notebook(cells=[v4.new_code_cell("f()", outputs=outputs)])
    [cell] = lesson_cells.rendered(lesson_cells.prepared(notebook))
    block = BeautifulSoup(cell, "html.parser").select_one(".jp-OutputArea-output")
    assert block.pre.get_text() == "<red> and linked "
    [coloured] = block.select("span")
    assert coloured["class"] == ["terminal"]
    assert "font-weight:bold" in coloured["style"]
    assert coloured.get_text() == "<red>"
    assert not block.select("a")
