"""The page of errors has every mistake of every network, and shows nothing else."""

import gzip
import io
import json
import random

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from mnist_lessons.publishing.exhibits.mistakes import block, files
from mnist_lessons.publishing.runs.tiles import SIDE, place, sprite

HOSTILE = '<script>alert(1)</script> "x" \' &amp; <!-- -->'
COLUMNS = 3


def tile(seed):
    """The 784 bytes of an image that is told from others."""
    return random.Random(seed).randbytes(SIDE * SIDE)


def mistake(row, true, read, confidence):
    """A row of a list of mistakes whose other doubts are on the true digit."""
    chances = [0] * 10
    chances[true], chances[read] = 1000 - confidence, confidence
    return [row, true, read, chances]


MISTAKES = [mistake(5, 4, 9, 1000), mistake(2, 1, 7, 992), mistake(9, 4, 9, 515)]


def write_mistakes(folder, key, mistakes, **changes):
    confusion = [[10 if true == read else 0 for read in range(10)] for true in range(10)]
    for _, true, read, _ in mistakes:
        confusion[true][read] += 1
    content = {
        "key": key,
        "count": 100 + len(mistakes),
        "confusion": confusion,
        "columns": COLUMNS,
        "errors": mistakes,
    }
    (folder / f"{key}.errors.json").write_text(json.dumps(content | changes))
    (folder / f"{key}.errors.png").write_bytes(sprite([tile(row) for row, *_ in mistakes], COLUMNS))


@pytest.fixture
def run_of(run_with):
    """Makes a stored run with these networks: their mistakes, by key."""

    def make(networks, lesson="simple_dnn", **changes):
        results = [{"key": key, "title": f"Network {key}"} | changes for key in networks]
        run = run_with({"lesson": lesson, "results": results})
        for key, mistakes in networks.items():
            if mistakes is not None:
                write_mistakes(run.folder, key, mistakes)
        return run

    return make


def soup_of(runs):
    return BeautifulSoup(block(runs), "html.parser")


def shown(svg, files):
    """The pixels that a tile of the page is a view of."""
    x, y, width, height = map(int, svg["viewbox"].split())
    with Image.open(io.BytesIO(files["errors/digits.png"])) as picture:
        return picture.crop((x, y, x + width, y + height)).tobytes()


def test_each_network_lists_all_its_mistakes_with_their_images(run_of):
    runs = [run_of({"one": MISTAKES, "two": MISTAKES[:1]}), run_of({"three": []})]
    one, two, three = soup_of(runs).select("section.errors-network")
    assert [section.h2.get_text() for section in (one, two, three)] == [
        "Network one",
        "Network two",
        "Network three",
    ]
    assert "3 mistakes among 103 test images" in one.p.get_text()
    assert [item.get_text() for item in one("li")] == [
        "4 read as 9, > 99.9%",
        "1 read as 7, 99.2%",
        "4 read as 9, 51.5%",
    ]
    assert (len(two("li")), len(three("li"))) == (1, 0)
    images = [shown(item.svg, files(runs)) for item in one("li")]
    assert images == [tile(5), tile(2), tile(9)]


def test_the_matrix_counts_each_pair(run_of):
    [section] = soup_of([run_of({"one": MISTAKES})]).select("section")
    assert section.caption
    *_, last = section.thead("tr")
    assert [head.get_text() for head in last("th")] == list("0123456789")
    for true, row in enumerate(section.tbody("tr")):
        assert row.th.get_text() == str(true)
        assert row.th["scope"] == "row"
        expected = [10 if read == true else 0 for read in range(10)]
        if true == 4:
            expected[9] = 2
        if true == 1:
            expected[7] = 1
        assert [int(cell.get_text()) for cell in row("td")] == expected
    assert [cell["data-pair"] for cell in section.tbody.select("[data-pair]")] == ["17", "49"]


def test_networks_share_one_picture_with_each_image_once(run_of):
    runs = [run_of({"one": MISTAKES, "two": MISTAKES[1:]}), run_of({"one": MISTAKES}, "another")]
    beside = files(runs)
    assert set(beside) == {"errors/digits.png", "errors/errors.json"}
    with Image.open(io.BytesIO(beside["errors/digits.png"])) as picture:
        assert picture.mode == "L"
        corners = [place(number, picture.width // SIDE) for number in range(4)]
        tiles = [picture.crop((x, y, x + SIDE, y + SIDE)).tobytes() for x, y in corners]
    assert tiles == [tile(5), tile(2), tile(9), bytes(SIDE * SIDE)]
    names = [section["data-network"] for section in soup_of(runs).select("section")]
    assert len(set(names)) == 3


def test_the_data_beside_the_page_has_the_doubts(run_of):
    runs = [run_of({"one": MISTAKES})]
    data = json.loads(files(runs)["errors/errors.json"])
    [section] = soup_of(runs).select("section")
    noted = data["networks"][section["data-network"]]
    for number, (item, mistake) in enumerate(zip(section("li"), MISTAKES, strict=True)):
        assert noted[number] == [number, *mistake]
        x, y = place(noted[number][0], data["columns"])
        assert item.svg["viewbox"] == f"{x} {y} 28 28"


@pytest.mark.parametrize("runs", [[], [{}], [{"one": None}]])
def test_without_mistakes_the_page_says_so(runs, run_of):
    made = [run_of(networks) for networks in runs]
    assert files(made) == {}
    assert "No lesson has recorded" in block(made)


def test_a_title_and_a_lesson_have_no_effect(run_of):
    soup = soup_of([run_of({"one": MISTAKES}, '"><img src=x>/../', title=HOSTILE)])
    assert soup.h2.get_text() == HOSTILE
    assert not soup("script")
    assert not soup("img")
    assert soup.select_one("p a")["href"].startswith("../tutorials/%22%3E%3Cimg")


def test_five_hundred_mistakes_stay_light(run_of, sample):
    strokes = [image.numpy().tobytes() for image in sample.test.images]
    mistakes = [mistake(row, row % 10, (row + row % 9 + 1) % 10, 999) for row in range(500)]
    run = run_of({"one": mistakes})
    (run.folder / "one.errors.png").write_bytes(sprite(strokes, COLUMNS))
    parts = [block([run]).encode(), *files([run]).values()]
    assert len(gzip.compress(parts[0], 9)) < 20_000
    assert sum(len(gzip.compress(part, 9)) for part in parts) < 130_000
