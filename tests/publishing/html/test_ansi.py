"""What a terminal shows can be read on a page, in both palettes."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given

from mnist_lessons.publishing.execution.terminal import as_text
from mnist_lessons.publishing.html.ansi import as_html
from tests.publishing.execution.test_terminal import COLOURS, ESC, NO_COLOURS, PRINTED


@pytest.mark.parametrize("code", COLOURS)
def test_a_colour_is_a_style(code):
    page = as_html(f"a{ESC}[{code}mb{ESC}[0mc")
    assert re.fullmatch(r'a<span class="terminal" style="[-a-z0-9:;# ]+">b</span>c', page)


@pytest.mark.parametrize("code", NO_COLOURS)
def test_a_colour_that_ends_or_is_none_is_none(code):
    assert as_html(f"{ESC}[{code}ma") == "a"


def luminance(colour):
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("style", [f"38;5;{n}" for n in range(256)] + ["2", "2;33"])
def test_every_colour_can_be_read_in_both_palettes(style):
    page = as_html(f"{ESC}[{style}mtext")
    assert contrast(re.search("terminal-light:(#.{6})", page)[1], "#ffffff") >= 4.5
    assert contrast(re.search("terminal-dark:(#.{6})", page)[1], "#1e2129") >= 4.5


@pytest.mark.parametrize("text", range(0, 16, 3))
@pytest.mark.parametrize("more", ["", ";7"])
def test_every_pair_of_colours_can_be_read(text, more):
    for paper in range(256):
        page = as_html(f"{ESC}[38;5;{text};48;5;{paper}{more}mtext")
        ground = re.search("terminal-paper:(#.{6})", page)[1]
        for palette in ("light", "dark"):
            assert contrast(re.search(f"{palette}:(#.{{6}})", page)[1], ground) >= 4.5


class _Text(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text, self.tags = "", set()

    def handle_starttag(self, tag, attrs):
        self.tags.add((tag, *(name for name, _ in attrs)))

    def handle_data(self, data):
        self.text += data


@given(PRINTED)
def test_any_text_becomes_html_with_the_same_text(printed):
    parser = _Text()
    parser.feed(as_html(printed))
    parser.close()
    assert parser.tags <= {("span", "class", "style")}
    assert parser.text == as_text(printed)
