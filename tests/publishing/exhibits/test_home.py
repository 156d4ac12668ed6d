"""The home page's mistake and pad: what the build makes of published networks."""

import io
import json
from base64 import b64decode

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from mnist_lessons.publishing.exhibits import draw, home
from mnist_lessons.publishing.exhibits.markers import problems
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.runs.tiles import sprite


@pytest.fixture
def sources_of(run_with, tmp_path):
    """Makes a lesson whose network makes the mistakes (row, true, read, thousandths)."""

    def make(mistakes=((7, 5, 3, 996),)):
        run = run_with({"results": [{"key": "net"}], "networks": [{"key": "net", "bytes": 4}]})
        (run.folder / "net.weights").write_bytes(b"abcd")
        errors = [
            [row, true, read, [sure if digit == read else 0 for digit in range(10)]]
            for row, true, read, sure in mistakes
        ]
        noted = {"count": 9_000, "confusion": [[1] * 10] * 10, "columns": 16, "errors": errors}
        (run.folder / "net.errors.json").write_text(json.dumps(noted))
        tiles = [bytes([row]) * 784 for row, *_ in mistakes]
        (run.folder / "net.errors.png").write_bytes(sprite(tiles, 16))
        return Sources(tmp_path, {"one": run, "later": None})

    return make


def soup_of(sources, row="0", errs="one/net", reads="one/net"):
    return BeautifulSoup(home.block(sources, errs, row, reads), "html.parser")


SURE = ((7, 5, 3, 1_000), (9, 8, 1, 1_000), (4, 2, 0, 990))


@pytest.mark.parametrize(
    ("row", "shown", "read", "true"),
    [("9", 9, "1", "An 8."), ("4", 7, "3", "A 5."), ("6", 7, "3", "A 5.")],
    ids=["it is sure of it", "it is surer of another", "it reads it"],
)
def test_the_mistake_is_the_wanted_one_if_none_is_surer(sources_of, row, shown, read, true):
    mistake = soup_of(sources_of(SURE), row).find(class_="home-mistake")
    content = b64decode(mistake.img["src"].removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(content)) as picture:
        assert np.unique(np.asarray(picture)).tolist() == [shown]
    assert [strong.get_text() for strong in mistake("strong")] == [read, "more than 99.9%"]
    said = mistake.details.get_text()
    assert true in said
    assert "3 mistakes of the convolutional network among 9,000 test images" in said


def test_what_was_meant_is_told_to_nobody_who_does_not_ask(sources_of):
    mistake = soup_of(sources_of()).find(class_="home-mistake")
    mistake.details.extract()
    assert "5" not in f"{mistake.get_text()} {mistake.img['alt']}"
    assert "99.6% sure" in mistake.get_text()


def test_who_has_no_javascript_sees_what_the_network_makes_of_a_digit(sources_of):
    sources = sources_of(SURE)
    instead = soup_of(sources).find(class_="home-without")
    assert instead.img["alt"].startswith("A test digit, a 2.")
    assert instead.img["src"] in draw.files(sources)
    assert instead.a["href"] == "errors/"


def test_the_pad_has_the_network_that_is_named(sources_of):
    assert soup_of(sources_of()).find(attrs={"data-home": True})["data-home"] == "one/net"


def test_without_its_run_there_is_no_pad_and_without_mistakes_none_is_shown(sources_of):
    soup = soup_of(sources_of(), reads="later/net")
    assert soup.figure
    assert not soup("canvas")
    assert not soup_of(sources_of(), errs="later/net").figure
    perfect = soup_of(sources_of(mistakes=()))
    assert not perfect(["figure", "img"])
    assert perfect.canvas


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("one/net x one/net", "x is no row of the test images"),
        ("one/net 3 one/other", "one publishes no network one/other; it publishes one/net"),
        ("two/net 3 one/net", "no lesson two; there are one, later"),
    ],
)
def test_what_cannot_be_shown_is_told(sources_of, arguments, said):
    [(_, reason)] = problems(f"<!-- lessons: home {arguments} -->", sources_of())
    assert reason.endswith(said)
    assert not problems("<!-- lessons: home later/any 3 one/net -->", sources_of())
