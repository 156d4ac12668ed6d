"""A printed text reads as in a terminal, whatever it is made of."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.publishing.execution.terminal import as_text, shown

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


NO_COLOURS = ["31;39", "1;22", "41;49", "4;24", "4;4:0", "7;27"]
NO_COLOURS += ["38;5;256", "38;2;1;2;999", "38", "12", ""]


@pytest.mark.parametrize("code", NO_COLOURS)
def test_a_colour_that_ends_or_is_none_is_none(code):
    assert shown(f"{ESC}[{code}ma") == "a"


PRINTED = st.lists(
    st.one_of(
        st.text(max_size=5),
        st.sampled_from("\r\n\b\t\x1b\x9b\x07\x0c<&\"'"),
        st.from_regex(r"\x1b\[[0-9;:?]{0,6}[@-~]", fullmatch=True),
        st.from_regex(r"\x1b\][0-9];[a-z]{0,3}(\x07|\x1b\\)?", fullmatch=True),
    ),
    max_size=30,
).map("".join)


@given(PRINTED)
def test_any_text_becomes_one_that_can_be_shown(printed):
    text = as_text(printed)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", text)
    assert as_text(shown(printed)) == text or "\n" in text
    assert shown(shown(printed)) == shown(printed), "once is enough"
    text.encode()


@given(st.text(st.characters(exclude_categories=["C"]), max_size=200))
def test_a_text_without_controls_stays_as_it_is(printed):
    assert shown(printed) == printed


def test_ansi_of_a_long_log_keeps_all_lines():
    printed = "".join(f"{ESC}[32m{number}{ESC}[0m\t{number}\n" for number in range(20_000))
    assert as_text(printed).count("\n") == 20_000
