"""A printed text reads as in a terminal, whatever it is made of."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.publishing.execution.terminal import as_html, as_text, shown

ESC = "\x1b"
BAR = "".join(f"\r{10 * n:3}%|{'█' * n}{' ' * (10 - n)}| {n}/10" for n in range(11))
NESTED = (  # as tqdm writes two bars, the inner one below
    "outer: 0%\n\rinner: 0%\x1b[A\n\rinner: 50%\x1b[A\n\rinner: 100%\x1b[A\router: 100%\n\r"
    "           \r\x1b[A\ndone\n"
)
SCREENS = {
    "plain": ("one\n\ntwo  \n", "one\n\ntwo  \n"),
    "line ends of Windows": ("one\r\ntwo\r\n", "one\ntwo\n"),
    "a carriage return": ("first\rla", "larst"),
    "several": ("10%\r20%\r100%\n", "100%\n"),
    "a bar": (BAR + "\n", "100%|██████████| 10/10\n"),
    "a bar that goes": ("\r 50%|#####     |\r                \r", ""),
    "a line after a bar that goes": ("\r 50%|####|\r           \rnext\n", "next\n"),
    "two bars": (NESTED, "outer: 100%\ndone\n"),
    "backspaces": ("abc\b\bX", "aXc"),
    "a spinner": ("|\b/\b-\b\\\bdone\n", "done\n"),
    "too many backspaces": ("a\b\b\b\bb", "b"),
    "erased to the end": (f"a long line\rshort{ESC}[K\n", "short\n"),
    "erased from the start": (f"abcdef\b\b{ESC}[1K", "     f"),
    "erased whole": (f"gone{ESC}[2K\rnew", "new"),
    "a tab": ("a\tb\n\tc", "a       b\n        c"),
    "up and down": (f"1\n2\n3{ESC}[2A\rA{ESC}[2B\rC", "A\n2\nC"),
    "previous and next line": (f"1\n2{ESC}[FA{ESC}[EB", "A\nB"),
    "a column": (f"abc{ESC}[2GX{ESC}[C{ESC}[DY", "aXY"),
    "a place": (f"a\nb{ESC}[1;3HX", "a X\nb"),
    "a new screen": (f"old\nold{ESC}[2J{ESC}[Hnew", "new\n"),
    "a screen that begins anew": (f"old\nold{ESC}cnew", "new"),
    "saved and restored": (f"ab{ESC}7cd{ESC}8X", "abXd"),
    "deleted and inserted": (f"abcdef\r{ESC}[2P{ESC}[1@X", "Xcdef"),
    "deleted lines": (f"1\n2\n3{ESC}[A{ESC}[M", "1\n3"),
    "a form feed": ("a\x0cb\x0bc", "a\n b\n  c"),
    "NUL, bell and DEL": ("a\x00b\x07c\x7fd\x05e", "abcde"),
    "C1": ("a\x80b\x99c", "abc"),
    "C1 as escape": ("\x9b31mred\x9b0m", "red"),
    "a title": (f"{ESC}]0;my title\x07text", "text"),
    "a link": (f"{ESC}]8;;https://example.org{ESC}\\here{ESC}]8;;{ESC}\\ it is", "here it is"),
    "a title without an end": (f"{ESC}]0;title\nnext", "0;title\nnext"),
    "a device control": (f"{ESC}Pq#0;2;0{ESC}\\text", "text"),
    "charsets and keypads": (f"{ESC}(B{ESC}=text{ESC}>", "text"),
    "a lone escape": (f"a{ESC}\nb{ESC}", "a\nb"),
    "half a sequence": (f"a{ESC}[31", "a"),
    "half a sequence before text": (f"a{ESC}[31é", "aé"),
    "private modes": (f"{ESC}[?25lhidden{ESC}[?25h", "hidden"),
    "half a pair": ("a\ud800b", "a\ufffdb"),
    "no character": ("a\uffffb\ufdd0", "a\ufffdb\ufffd"),
    "wide characters": ("中文\rab", "ab文"),
    "half of a wide one": ("中文\ra", "a 文"),
    "accents of their own": ("e\u0301a\bb", "e\u0301b"),
    "a family": ("\U0001f468\u200d\U0001f469 x", "\U0001f468\u200d\U0001f469 x"),
    "far away": (f"{ESC}[999999999Cx", " " * 1000 + "x"),
    "very far away": (f"{ESC}[{'9' * 5000}A{ESC}[{'9' * 5000}mx", "x"),
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_text_reads_as_in_a_terminal(name):
    printed, expected = SCREENS[name]
    assert as_text(printed) == expected
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown(printed)) == expected


COLOURS = {
    "31": "31",
    "1;91": "1;91",
    "01;34": "1;34",
    "38;5;9": "91",
    "38;5;208": "38;5;208",
    "38;2;1;2;3": "38;2;1;2;3",
    "38:2::1:2:3": "38;2;1;2;3",
    "38:5:208": "38;5;208",
    "3;4;9;7": "3;4;7;9",
    "30;103": "30;103",
    "48;2;9;9;9": "48;2;9;9;9",
}


@pytest.mark.parametrize("code", COLOURS)
def test_colours_are_kept(code):
    assert shown(f"a{ESC}[{code}mb\nc{ESC}[mD") == (
        f"a{ESC}[{COLOURS[code]}mb{ESC}[0m\n{ESC}[{COLOURS[code]}mc{ESC}[0mD"
    )
    page = as_html(f"a{ESC}[{code}mb{ESC}[0mc")
    assert re.fullmatch(r'a<span class="terminal" style="[-a-z0-9:;# ]+">b</span>c', page)


@pytest.mark.parametrize(
    "code",
    ["31;39", "1;22", "41;49", "4;24", "4;4:0", "7;27", "38;5;256", "38;2;1;2;999", "38", "12", ""],
)
def test_a_colour_that_ends_or_is_none_is_none(code):
    assert shown(f"{ESC}[{code}ma") == "a"
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


@given(
    st.lists(
        st.one_of(
            st.text(max_size=5),
            st.sampled_from("\r\n\b\t\x1b\x9b\x07\x0c<&\"'"),
            st.from_regex(r"\x1b\[[0-9;:?]{0,6}[@-~]", fullmatch=True),
            st.from_regex(r"\x1b\][0-9];[a-z]{0,3}(\x07|\x1b\\)?", fullmatch=True),
        ),
        max_size=30,
    ).map("".join)
)
def test_any_text_becomes_one_that_can_be_shown(printed):
    text = as_text(printed)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", text)
    assert as_text(shown(printed)) == text or "\n" in text
    assert shown(shown(printed)) == shown(printed), "once is enough"
    parser = _Text()
    parser.feed(as_html(printed))
    parser.close()
    assert parser.tags <= {("span", "class", "style")}
    assert parser.text == text
    text.encode()


@given(st.text(st.characters(exclude_categories=["C"]), max_size=200))
def test_a_text_without_controls_stays_as_it_is(printed):
    assert shown(printed) == printed


def test_ansi_of_a_long_log_keeps_all_lines():
    printed = "".join(f"{ESC}[32m{number}{ESC}[0m\t{number}\n" for number in range(20_000))
    assert as_text(printed).count("\n") == 20_000
