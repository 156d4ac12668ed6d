"""The runs are told apart by what differs between them."""

import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from mnist_lessons.publishing.exhibits import run_cards
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.runs.package import Package

HOSTILE = '<script>alert(1)</script> "x" | <img src=x onerror=alert(1)>'


@pytest.fixture
def shown(run_with, tmp_path):
    """Makes the exhibit of runs whose cards have these changes, each of a lesson by its slug."""

    def make(package=None, **lessons):
        runs = {slug: run_with({"lesson": slug, **card}) for slug, card in lessons.items()}
        notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# The *first*")])
        sources = Sources(
            tmp_path, runs, notebooks={"one": notebook}, distribution=Distribution(package)
        )
        return BeautifulSoup(run_cards.block(sources), "html.parser")

    return make


def rows_of(soup):
    return [[cell.get_text() for cell in row(["th", "td"])] for row in soup("tr")]


def test_what_all_runs_share_is_said_once(shown):
    package = Package({"a.whl": b"", "a.tar.gz": b"", "constraints.txt": b""})
    soup = shown(
        package, one={"reused_seconds": 30.0, "log": [{}]}, two={"seed": 2, "commit": "f" * 40}
    )
    told = soup.p.get_text()
    assert told.startswith("The same in all runs: profile full; device cpu (a processor), threads")
    assert "versions python 3.11.7, torch 2.15.0" in told
    assert "seed" not in told
    assert soup.p.a["href"] == "../downloads/a.whl"
    head, first, second = rows_of(soup)
    assert head == ["lesson", "started (UTC)", "minutes", "seed", "commit", "files"]
    files = "notebook · script · log · run card"
    without_log = "notebook · script · run card"
    assert first == ["The first", "2026-11-01", "1.8", "1", "0123456789ab", files]
    assert second == ["two", "2026-11-01", "1.2", "2", "ffffffffffff", without_log]
    assert [link["href"] for link in soup.tbody.tr("a")] == [
        "../tutorials/one/",
        "../tutorials/one/one.ipynb",
        "../tutorials/one/one.py",
        "../tutorials/one/log.csv",
        "../tutorials/one/run.json",
    ]


def test_a_run_that_has_no_data_differs_from_the_others(shown):
    head, first, second = rows_of(shown(one={}, two={"data": None}))
    place = head.index("data")
    assert first[place].startswith("MNIST from a test")
    assert second[place] == "none"
    assert second[head.index("checksum of the data")] == ""


def test_without_a_run_the_page_says_so(shown):
    assert shown().p.get_text() == "No lesson has run yet."


def test_texts_of_a_run_have_no_effect(shown):
    soup = shown(one={"device_name": HOSTILE}, two={"device_name": HOSTILE, "commit": HOSTILE})
    assert HOSTILE in soup.p.get_text()
    assert not soup(["script", "img"])
