"""The home page's mistake and pad: what the build makes of published networks."""

import gzip
import io
import json
from base64 import b64decode

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from mnist_lessons.publishing.exhibits import home
from mnist_lessons.publishing.exhibits.markers import problems
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.runs.tiles import sprite

CONV = [{"kind": "conv", "weights": [2, 1, 5, 5], "shape": [2, 24, 24]}]
LINEAR = [{"kind": "linear", "weights": [10, 784], "shape": [10]}]


@pytest.fixture
def run_of(run_with):
    """Makes a run with a network, and its mistakes: row, true digit, digit read, how sure."""

    def make(key="net", mistakes=((7, 5, 3, 996),), **network):
        network = {"key": key, "bytes": 4, **network}
        run = run_with({"results": [{"key": key}], "networks": [network]})
        (run.folder / f"{key}.weights").write_bytes(b"abcd" * (network["bytes"] // 4))
        errors = [
            [row, true, read, [sure if digit == read else 0 for digit in range(10)]]
            for row, true, read, sure in mistakes
        ]
        noted = {"count": 9_000, "confusion": [[1] * 10] * 10, "columns": 16, "errors": errors}
        (run.folder / f"{key}.errors.json").write_text(json.dumps(noted))
        tiles = [bytes([row]) * 784 for row, *_ in mistakes]
        (run.folder / f"{key}.errors.png").write_bytes(sprite(tiles, 16))
        return run

    return make


def soup_of(runs, row="0"):
    return BeautifulSoup(home.block(runs, row), "html.parser")


SURE = ((7, 5, 3, 1_000), (9, 8, 1, 1_000), (4, 2, 0, 990))


@pytest.mark.parametrize(
    ("row", "shown", "read", "true"),
    [("9", 9, "1", "An 8."), ("4", 7, "3", "A 5."), ("6", 7, "3", "A 5.")],
    ids=["it is sure of it", "it is surer of another", "it reads it"],
)
def test_the_mistake_is_the_wanted_one_if_none_is_surer(run_of, row, shown, read, true):
    mistake = soup_of([run_of(mistakes=SURE)], row).find(class_="home-mistake")
    content = b64decode(mistake.img["src"].removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(content)) as picture:
        assert np.unique(np.asarray(picture)).tolist() == [shown]
    assert [strong.get_text() for strong in mistake("strong")] == [read, "more than 99.9%"]
    said = mistake.details.get_text()
    assert true in said
    assert "3 mistakes among 9,000 test images" in said


def test_what_was_meant_is_told_to_nobody_who_does_not_ask(run_of):
    mistake = soup_of([run_of()]).find(class_="home-mistake")
    mistake.details.extract()
    assert "5" not in f"{mistake.get_text()} {mistake.img['alt']}"
    assert "99.6% sure" in mistake.get_text()


def test_the_pad_has_the_first_small_network_with_a_convolution(run_of):
    runs = [
        run_of("dense", layers=LINEAR),
        run_of("large", layers=CONV, bytes=60_004),
        run_of("small", layers=CONV, bytes=8, gain=0.5),
        run_of("later", layers=CONV, gain=0.25),
    ]
    files = home.files(runs)
    assert json.loads(files["home/network.json"])["gain"] == 0.5
    assert gzip.decompress(files["home/weights.bin"]) == b"abcdabcd"
    assert json.loads(home.files(runs[:2])["home/network.json"])["layers"] == LINEAR
    assert home.files(runs) == files, "the same bytes each time"


def test_who_has_no_javascript_sees_what_it_made_of_a_digit(run_of):
    runs = [run_of(mistakes=SURE)]
    instead = soup_of(runs).find(class_="home-without")
    assert instead.img["alt"].startswith("A test digit, a 2. The network reads 0")
    assert instead.img["src"] in home.files(runs)
    assert instead.a["href"] == "errors/"


def test_without_a_network_there_is_no_pad_and_without_mistakes_none_is_shown(run_with, run_of):
    assert home.files([]) == home.files([run_with({})]) == {}
    assert not soup_of([run_with({})])(["figure", "canvas"])
    perfect = run_of(mistakes=())
    assert "home/example.svg" not in home.files([perfect])
    assert not soup_of([perfect])(["figure", "img"])
    assert soup_of([perfect]).find(attrs={"data-home": True})


def test_the_row_is_a_number(tmp_path):
    [(_, reason)] = problems("<!-- lessons: home x -->", Sources(tmp_path, {}))
    assert reason.endswith("x is no row of the test images")
    assert not problems("<!-- lessons: home 3 -->", Sources(tmp_path, {}))
