"""Two sites are the same where their parsed pages are."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.same_pages import differences

ROOT = Path(__file__).parents[1]
PAGE = '<!doctype html><p class="a  b" id="c">One <b>two</b>\n three</p>'


@pytest.fixture
def sites(tmp_path):
    """Makes two sites of one page each."""

    def make(first, second):
        folders = []
        for name, page in (("first", first), ("second", second)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "index.html").write_text(page)
            folders.append(tmp_path / name)
        return folders

    return make


@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        '<!DOCTYPE html>\n<p id="c" class="a b">\n  One <b> two </b> three\n</p>\n',
        PAGE.replace("One", "<!-- a comment -->One"),
        PAGE.replace("One", '<code class="of-commit">0123</code>One'),
    ],
)
def test_white_space_comments_and_the_order_of_attributes_do_not_count(sites, page):
    assert [*differences(*sites(PAGE, page))] == []


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        (PAGE.replace("two", "2"), ["-two", "+2"]),
        (PAGE.replace(' id="c"', ""), ['-<p class="a b" id="c">', '+<p class="a b">']),
        (PAGE.replace("<b>two</b>", "two"), ["-One", "-<b>", "-two", "-three", "+One two three"]),
    ],
)
def test_text_tags_and_attributes_count(sites, page, lines):
    assert [*differences(*sites(PAGE, page))] == [("index.html", line) for line in lines]


def test_the_command_tells_each_kind_once_and_fails(sites):
    first, second = sites(f"{PAGE}<p>1.5 s</p><p>2 s</p>", f"{PAGE}<i>3 s</i>")
    (second / "new.html").write_text(PAGE)

    def run(*arguments):
        command = [sys.executable, "-m", "benchmarks.same_pages", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    told = run(first, second)
    assert told.returncode == 1
    assert "    2 x  index.html: -<p>" in told.stdout
    assert "new.html: +<p" in told.stdout
    assert run(first, first).stdout == "the pages are the same\n"
    assert run(first).returncode == 2
