"""The page where readers draw a digit: what the build makes of published networks."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.exhibits import draw
from mnist_lessons.publishing.runs.store import StoredRun
from tests.publishing.cards import whole

DOCS = Path(__file__).parents[3] / "docs"
LINEAR = [
    {"kind": "flatten", "shape": [784]},
    {"kind": "linear", "weights": [10, 784], "shape": [10]},
]
CONVOLUTIONAL = [
    {"kind": "conv", "weights": [10, 1, 5, 5], "shape": [10, 24, 24]},
    {"kind": "pool", "shape": [10, 12, 12]},
    {"kind": "relu", "shape": [10, 12, 12]},
    {"kind": "conv", "weights": [20, 10, 5, 5], "shape": [20, 8, 8]},
    {"kind": "flatten", "shape": [1280]},
    {"kind": "linear", "weights": [10, 1280], "shape": [10]},
]
HOSTILE = '<script>alert(1)</script>" onclick="alert(1)'


def network(key="dnn", **changes):
    noted = {
        "key": key,
        "title": f"Network {key}",
        "gain": 1 / 255,
        "offset": 0.0,
        "storage": "int8",
        "layers": LINEAR,
        "accuracy": 0.9768,
        "stored_accuracy": 0.9769,
        "count": 10_000,
        "bytes": 7_920,
    }
    return noted | changes


@pytest.fixture
def run_of(run_with):
    """Makes a stored run that has published networks; each has `mistakes`."""

    def make(*networks, lesson="one", epochs=(1, 1, 1), mistakes=3):
        results = [
            {"key": noted["key"], "title": noted["title"], "epochs": count}
            for noted, count in zip(networks, epochs, strict=False)
        ]
        run = run_with({"lesson": lesson, "results": results, "networks": list(networks)})
        for noted in networks:
            content = noted["key"].encode() * 8_000
            (run.folder / f"{noted['key']}.weights").write_bytes(content[: noted["bytes"]])
            write_mistakes(run.folder, noted["key"], mistakes)
        return run

    return make


def write_mistakes(folder, key, count):
    """Mistake n is tile n, grey level n + 1 throughout: a 5 read as 3."""
    chances = [0, 5, 0, 900, 0, 95, 0, 0, 0, 0]
    confusion = [
        [count if (true, read) == (5, 3) else 10 for read in range(10)] for true in range(10)
    ]
    noted = {
        "count": 500,
        "confusion": confusion,
        "columns": 16,
        "errors": [[n, 5, 3, chances] for n in range(count)],
    }
    (folder / f"{key}.errors.json").write_text(json.dumps(noted))
    sheet = np.zeros((-(-max(count, 1) // 16) * 28, 16 * 28), dtype=np.uint8)
    for n in range(count):
        y, x = n // 16 * 28, n % 16 * 28
        sheet[y : y + 28, x : x + 28] = n + 1
    Image.fromarray(sheet).save(folder / f"{key}.errors.png")


def described(files):
    return json.loads(files["draw/networks.json"])["networks"]


def soup_of(runs):
    return BeautifulSoup(draw.block(runs), "html.parser")


def test_before_anything_is_published_a_sentence_says_so(run_of):
    for runs in ([], [run_of()]):
        assert draw.files(runs) == {}
        assert "No lesson has published" in soup_of(runs).get_text()
        assert not soup_of(runs)("script")


def test_a_run_from_before_there_were_networks_is_no_obstacle(tmp_path):
    card = whole({"lesson": "old"})
    del card["networks"]
    (tmp_path / "run.json").write_text(json.dumps(card))
    assert draw.files([StoredRun(tmp_path)]) == {}


def test_the_files_hold_weights_and_digits_in_the_order_of_the_networks(run_of):
    runs = [
        run_of(network("dnn"), mistakes=2),
        run_of(network("cnn", layers=CONVOLUTIONAL), lesson="two", mistakes=50),
    ]
    files = draw.files(runs)
    assert [one["key"] for one in described(files)] == ["dnn", "cnn"]
    assert [one["name"] for one in described(files)] == [
        "simple network",
        "convolutional network",
    ]
    weights = b"".join(
        (run.folder / f"{key}.weights").read_bytes()
        for run, key in zip(runs, ("dnn", "cnn"), strict=True)
    )
    assert gzip.decompress(files["draw/weights.bin"]) == weights
    digits = np.frombuffer(gzip.decompress(files["draw/digits.bin"]), np.uint8).reshape(-1, 784)
    assert [tile[0] for tile in digits] == [1, 2, *range(1, 41)], "at most forty of each"
    assert (digits == digits[:, :1]).all()
    assert [len(one["digits"]) for one in described(files)] == [2, 40]
    assert set(described(files)[0]["digits"]) == {5}


def test_the_same_runs_make_the_same_bytes(run_of):
    runs = [run_of(network("dnn"))]
    assert draw.files(runs) == draw.files(runs)
    assert draw.block(runs) == draw.block(runs)


def test_of_each_lesson_comes_the_network_with_the_most_epochs(run_of):
    run = run_of(network("a"), network("b"), network("c"), epochs=(3, 120, 5))
    assert [one["key"] for one in described(draw.files([run]))] == ["b"]


def test_networks_with_the_same_key_or_kind_are_told_apart(run_of):
    runs = [run_of(network("dnn", title=f"Network {n}"), lesson=f"l{n}") for n in range(2)]
    first, second = described(draw.files(runs))
    assert first["key"] != second["key"]
    assert [first["name"], second["name"]] == ["network Network 0", "network Network 1"]
    assert len(soup_of(runs)("strong", attrs={"data-answer": True})) == 2


def test_the_table_says_size_and_accuracy_before_and_after(run_of):
    run = run_of(network("dnn", storage="float16"))
    table = soup_of([run]).find(class_="draw-sizes")
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]
    packed = len(gzip.compress((run.folder / "dnn.weights").read_bytes(), 9, mtime=0))
    assert rows == [
        ["", "Network dnn"],
        ["a weight is stored in", "half precision"],
        ["bytes, compressed", f"{packed:,}"],
        ["test accuracy before", "97.68%"],
        ["test accuracy as stored", "97.69%"],
        ["test images", "10,000"],
    ]


def test_each_network_has_its_doubts_its_maps_and_its_button(run_of):
    runs = [run_of(network("dnn")), run_of(network("cnn", layers=CONVOLUTIONAL), lesson="two")]
    soup = soup_of(runs)
    for key in ("dnn", "cnn"):
        assert len(soup(attrs={"data-doubt": key})) == 10
        assert len(soup("button", attrs={"data-next": key})) == 1
    maps = soup(attrs={"data-maps": True})
    assert [(map_["data-maps"], map_["data-layer"]) for map_ in maps] == [
        ("cnn", "0"),
        ("cnn", "3"),
    ]
    assert [(map_["width"], map_["height"]) for map_ in maps] == [("249", "24"), ("89", "17")]
    assert all(map_["aria-label"] for map_ in maps)
    assert soup.find(id="draw-help")


def test_a_network_without_mistakes_has_no_button(run_of):
    files = draw.files([run_of(network("dnn"), mistakes=0)])
    assert gzip.decompress(files["draw/digits.bin"]) == b""
    assert "draw/example.svg" not in files
    soup = soup_of([run_of(network("dnn"), mistakes=0)])
    assert not soup("button", attrs={"data-next": True})
    assert not soup("img")
    assert "Drawing needs JavaScript" in soup.get_text()


def test_the_picture_for_those_without_javascript_says_what_it_shows(run_of):
    runs = [run_of(network("dnn"))]
    picture = soup_of(runs).find("img")
    assert picture["alt"] == (
        "A test digit, a 5. The simple network reads 3; its doubts: 90% for 3, 10% for 5."
    )
    drawn = BeautifulSoup(draw.files(runs)["draw/example.svg"], "html.parser")
    assert drawn.find("svg")["width"] == picture["width"]
    assert len(drawn("rect")) == 10


def test_a_title_has_no_effect(run_of):
    runs = [run_of(network("dnn", title=HOSTILE), lesson=f"l{n}") for n in range(2)]
    soup = soup_of(runs)
    assert not soup("script")
    assert not soup(attrs={"onclick": True})
    assert HOSTILE in soup.get_text()


@pytest.mark.parametrize("name", ["dnn.weights", "dnn.errors.json", "dnn.errors.png"])
def test_damaged_files_fail_the_build_and_name_the_lesson(name, run_of):
    run = run_of(network("dnn"))
    path = run.folder / name
    path.write_bytes(path.read_bytes()[:-100] if name == "dnn.weights" else b"{")
    with pytest.raises(BuildFailure, match=r"one: the (network|mistakes of) 'dnn' cannot be read"):
        draw.files([run])


def test_the_whole_demo_is_small(run_of):
    """With random weights, which are harder to compress than any that have been learned."""
    noise = np.random.default_rng(0)
    runs = [
        run_of(network("dnn", bytes=91_080), mistakes=40),
        run_of(network("cnn", layers=CONVOLUTIONAL, bytes=22_470), lesson="two", mistakes=40),
    ]
    for run, key, size in zip(runs, ("dnn", "cnn"), (91_080, 22_470), strict=True):
        weights = np.clip(noise.normal(0, 30, size), -127, 127).astype(np.int8)
        (run.folder / f"{key}.weights").write_bytes(weights.tobytes())
    scripts = [path.read_bytes() for path in (DOCS / "javascripts" / "draw").glob("*.js")]
    assert len(scripts) > 5
    style = (DOCS / "stylesheets" / "draw.css").read_bytes()
    parts = [*draw.files(runs).values(), draw.block(runs).encode(), *scripts, style]
    assert sum(len(gzip.compress(part, 9)) for part in parts) <= 150_000
    assert sum(len(gzip.compress(script, 9)) for script in scripts) <= 10_000
