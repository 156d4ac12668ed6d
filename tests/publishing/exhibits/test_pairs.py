"""Pairs of networks are told apart by the images that one of them reads, and by no more."""

import json

import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binomtest

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.exhibits import pairs
from mnist_lessons.publishing.exhibits.pairs import Pair, Reader, mcnemar
from mnist_lessons.publishing.runs.tiles import SIDE, sprite

HOSTILE = '<script>alert(1)</script> "x" | <img src=x onerror=alert(1)>'
COUNT = 100

counts = st.integers(0, 2_000)
rows = st.frozensets(st.integers(0, COUNT - 1))


@pytest.fixture
def run_of(run_with):
    """Makes a stored run: networks by their title, each with the rows that it misread."""

    def make(networks, checksum="abc", count=COUNT):
        results = [{"key": f"key{i}", "title": title} for i, title in enumerate(networks)]
        data = {"checksum": checksum} if checksum else None
        run = run_with({"lesson": "simple_dnn", "data": data, "results": results})
        for result, misread in zip(results, networks.values(), strict=True):
            noted = {
                "count": count,
                "columns": 1,
                "confusion": [[0] * 10] * 10,
                "errors": [[row, 4, 9, [0] * 10] for row in misread],
            }
            (run.folder / f"{result['key']}.errors.json").write_text(json.dumps(noted))
            tiles = sprite([bytes(SIDE * SIDE)] * len(misread), 1)
            (run.folder / f"{result['key']}.errors.png").write_bytes(tiles)
        return run

    return make


def tables_of(runs):
    """The text of each table, row by row."""
    soup = BeautifulSoup(pairs.block(runs), "html.parser")
    return [
        [[cell.get_text() for cell in row(["th", "td"])] for row in table.tbody("tr")]
        for table in soup("table")
    ]


@given(counts, counts)
@example(0, 0)
@example(1, 0)
@example(8_000, 1_000)
def test_the_p_value_is_that_of_an_exact_binomial_test(only_first, only_second):
    throws = only_first + only_second
    expected = binomtest(only_first, throws).pvalue if throws else 1
    assert mcnemar(only_first, only_second) == pytest.approx(expected, rel=1e-9)


@given(counts, counts)
def test_the_p_value_does_not_depend_on_who_is_first(only_first, only_second):
    assert mcnemar(only_first, only_second) == mcnemar(only_second, only_first)


@given(rows, rows)
def test_a_pair_counts_the_images_that_exactly_one_reads(misread, also):
    pair = Pair(Reader("one", "abc", COUNT, misread), Reader("two", "abc", COUNT, also))
    images = range(COUNT)
    assert pair.only_first == sum(row not in misread and row in also for row in images)
    assert pair.only_second == sum(row in misread and row not in also for row in images)
    # What both misread drops out: the difference of the mistakes is that of the two counts.
    assert len(also) - len(misread) == pair.only_first - pair.only_second


def test_each_network_stands_beside_the_best_and_then_beside_all(run_of):
    first = run_of({"good": [0, 1], "best": [0]})
    tables = tables_of([first, run_of({"bad": range(1, 21)})])
    assert tables == [
        [
            ["good", "0", "1", "1.000", "yes"],
            ["bad", "1", "20", "< 0.001", "no"],
        ],
        [
            ["good,best", "0", "1", "1.000", "yes"],
            ["good,bad", "19", "1", "< 0.001", "no"],
            ["best,bad", "20", "1", "< 0.001", "no"],
        ],
    ]


def test_many_pairs_must_differ_more_to_be_no_luck(run_of):
    # 1 image against 8: a p-value of 0.039.
    two = {"best": [0], "other": range(1, 9)}
    [[row]] = tables_of([run_of(two)])
    assert row[-2:] == ["0.039", "no"]
    with_best, _ = tables_of([run_of(two | {"a third": [0]})])
    assert {tuple(row[-2:]) for row in with_best if row[0] == "other"} == {("0.039", "yes")}


def test_the_caption_says_of_which_images_the_test_speaks(run_of):
    soup = BeautifulSoup(
        pairs.block([run_of({"one": [], "two": [1]}, count=10_000)]), "html.parser"
    )
    told = soup.caption.get_text()
    assert "one" in told
    assert "10,000 images of this test, one training each" in told
    assert soup.div["aria-label"] == told
    assert not soup.details, "there is one pair alone"
    assert soup.p.get_text() == "Pairs: 1. No means: the p-value is below 0.05."


def test_networks_that_read_other_images_are_not_compared(run_of):
    one, two = run_of({"one": []}), run_of({"two": [1]})
    assert len(tables_of([one, two])) == 1
    assert "No two networks" in pairs.block([one, run_of({"two": [1]}, checksum="other")])
    assert "No two networks" in pairs.block([one, run_of({"two": [1]}, count=50)])
    assert "No two networks" in pairs.block([run_of({"one": [], "two": []}, checksum=None)])
    assert "No two networks" in pairs.block([])


def test_a_damaged_list_of_mistakes_stops_the_build(run_of):
    run = run_of({"one": [1], "two": [2]})
    (run.folder / "key1.errors.json").write_text("{}")
    with pytest.raises(BuildFailure, match="key1"):
        pairs.block([run])


def test_texts_of_a_run_have_no_effect(run_of):
    soup = BeautifulSoup(pairs.block([run_of({HOSTILE: [], "b": [1], "c": [2]})]), "html.parser")
    assert HOSTILE in soup.caption.get_text()
    assert not soup(["script", "img"])
    every = soup("table")[-1]
    assert [row.th.get_text() for row in every.tbody("tr")] == [
        f"{HOSTILE},b",
        f"{HOSTILE},c",
        "b,c",
    ]
