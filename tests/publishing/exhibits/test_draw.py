"""The page where readers draw a digit: what the build makes of published networks."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from PIL import Image

from benchmarks.pens import networks_of
from mnist_lessons.errors import BuildFailure
from mnist_lessons.export import load
from mnist_lessons.publishing.exhibits import draw
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.runs.tiles import sprite
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
    convolves = changes.get("layers") is CONVOLUTIONAL
    noted = {
        "key": key,
        "title": f"Network {key}",
        "name": "convolutional network" if convolves else "simple network",
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


def sources_of(runs, root=DOCS):
    return Sources(root, {run.card.lesson: run for run in runs})


def files_of(runs, root=DOCS):
    return draw.files(sources_of(runs, root))


def block_of(runs):
    """A page with all networks of the runs."""
    keys = [f"{run.card.lesson}/{noted.key}" for run in runs for noted in run.card.networks]
    return draw.block(sources_of(runs), *keys)


def described(files):
    return json.loads(files["draw/networks.json"])["networks"]


def soup_of(runs):
    return BeautifulSoup(block_of(runs), "html.parser")


def test_before_anything_is_published_a_sentence_says_so(run_of):
    for runs in ([], [run_of()]):
        assert files_of(runs) == {}
        assert "No lesson has published" in soup_of(runs).get_text()
        assert not soup_of(runs)("script")


def test_a_run_from_before_there_were_networks_is_no_obstacle(tmp_path):
    card = whole({"lesson": "old"})
    del card["networks"]
    (tmp_path / "run.json").write_text(json.dumps(card))
    assert files_of([StoredRun(tmp_path)]) == {}


def test_the_files_hold_weights_and_digits_of_each_network(run_of):
    runs = [
        run_of(network("dnn"), mistakes=2),
        run_of(network("cnn", layers=CONVOLUTIONAL), lesson="two", mistakes=50),
    ]
    files = files_of(runs)
    assert [one["key"] for one in described(files)] == ["one/dnn", "two/cnn"]
    assert [one["name"] for one in described(files)] == [
        "simple network",
        "convolutional network",
    ]
    assert [len(one["digits"]) for one in described(files)] == [2, 40], "at most forty of each"
    assert set(described(files)[0]["digits"]) == {5}
    for run, one in zip(runs, described(files), strict=True):
        packed = files[f"draw/{one['key']}.weights.bin"]
        assert len(packed) == one["size"]
        weights = run.folder / f"{one['key'].partition('/')[2]}.weights"
        assert gzip.decompress(packed) == weights.read_bytes()
        digits = gzip.decompress(files[f"draw/{one['key']}.errors.bin"])
        tiles = np.frombuffer(digits, np.uint8).reshape(-1, 784)
        assert [tile[0] for tile in tiles] == list(range(1, len(one["digits"]) + 1))
        assert (tiles == tiles[:, :1]).all()


def test_the_benchmark_reads_the_networks_that_the_page_shows(run_of, tmp_path):
    """`python -m benchmarks pens` knows the page by its files and by `data-draw` alone."""
    runs = [run_of(network("dnn")), run_of(network("cnn", layers=LINEAR), lesson="two")]
    for name, content in files_of(runs).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "draw" / "index.html").write_text(block_of(runs[1:]), encoding="utf-8")
    [found] = networks_of(tmp_path)
    one = described(files_of(runs))[1]
    assert found.name == one["name"]
    assert (found.temperature, found.sure, found.gain, found.offset) == (1, 0, 1 / 255, 0)
    weights = (runs[1].folder / "cnn.weights").read_bytes()
    assert torch.equal(found.model[1].weight, load(one, weights)[1].weight)


def test_confidence_is_that_of_the_name_and_else_changes_nothing(run_of, tmp_path):
    runs = [run_of(network("dnn")), run_of(network("cnn", layers=CONVOLUTIONAL), lesson="two")]
    record = tmp_path / "mnist_lessons" / "studies" / "confidence.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"simple network": {"temperature": 1.7, "sure": 0.6}}))
    told = [
        [(one["temperature"], one["sure"]) for one in described(files_of(runs, root))]
        for root in (tmp_path, tmp_path / "elsewhere")
    ]
    assert told == [[(1.7, 0.6), (1, 0)], [(1, 0), (1, 0)]]


def test_training_images_come_by_digit_in_few_greys(run_of):
    run = run_of(network("dnn"))
    assert not any("training" in name for name in files_of([run]))
    tiles = [bytes([level]) * 784 for level in range(1, 251)]
    row = [*tiles[:149], bytes(784)]  # one image fewer than there could be
    picture = sprite([*row, *row[::-1] * 9], 150)
    (run.folder / "training.digits.png").write_bytes(picture)
    files = files_of([run])
    for digit in range(10):
        kept = gzip.decompress(files[f"draw/training-{digit}.bin"])
        assert len(kept) == 149 * 784
        assert set(kept) <= set(range(0, 256, 17))
    assert np.frombuffer(kept, np.uint8).reshape(-1, 784)[0, 0] == 153, "149 is next to it"


def test_the_same_runs_make_the_same_bytes(run_of):
    runs = [run_of(network("dnn"))]
    assert files_of(runs) == files_of(runs)
    assert block_of(runs) == block_of(runs)


def test_a_page_shows_the_networks_that_it_names_in_its_order(run_of):
    runs = [run_of(network("a"), network("b")), run_of(network("c"), lesson="two")]
    html = draw.block(sources_of(runs), "two/c", "one/a")
    soup = BeautifulSoup(html, "html.parser")
    assert soup.find(attrs={"data-draw": True})["data-draw"] == "two/c one/a"
    answers = soup(attrs={"data-answer": True})
    assert [one["data-answer"] for one in answers] == ["two/c", "one/a"]
    assert [one["value"] for one in soup("option")] == ["two/c", "one/a"]


def test_a_network_that_cannot_be_shown_is_told(run_of):
    sources = Sources(DOCS, {"one": run_of(network("a")), "two": None})
    assert draw.problem(sources, "one/a", "two/any") == ""
    assert draw.problem(sources, "one/a", "one/b") == (
        "one publishes no network one/b; it publishes one/a"
    )
    assert draw.problem(sources, "three/a") == "no lesson three; there are one, two"


def test_the_table_says_size_and_accuracy_before_and_after(run_of):
    run = run_of(network("dnn", storage="float16"))
    table = soup_of([run]).find(class_="draw-sizes")
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]
    packed = len(gzip.compress((run.folder / "dnn.weights").read_bytes(), 9, mtime=0))
    assert rows == [
        ["", "simple network"],
        ["in its lesson", "Network dnn"],
        ["a weight is stored in", "half precision"],
        ["bytes, compressed", f"{packed:,}"],
        ["validation accuracy before", "97.68%"],
        ["validation accuracy as stored", "97.69%"],
        ["validation images", "10,000"],
    ]
    assert table.a["href"] == "../tutorials/one/"


def test_each_network_has_its_doubts_and_its_button(run_of):
    runs = [run_of(network("dnn")), run_of(network("cnn", layers=CONVOLUTIONAL), lesson="two")]
    soup = soup_of(runs)
    for key in ("one/dnn", "two/cnn"):
        assert len(soup(attrs={"data-doubt": key})) == 10
        assert len(soup("button", attrs={"data-next": key})) == 1
    assert soup.find(id="draw-help")


def test_a_network_without_mistakes_has_no_button(run_of):
    files = files_of([run_of(network("dnn"), mistakes=0)])
    assert gzip.decompress(files["draw/one/dnn.errors.bin"]) == b""
    assert "draw/one/dnn.svg" not in files
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
    drawn = BeautifulSoup(files_of(runs)[f"draw/{picture['src']}"], "html.parser")
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
        files_of([run])


def test_the_whole_demo_is_small(run_of):
    """With random weights, which are harder to compress than any that have been learned."""
    noise = np.random.default_rng(0)
    sizes = {"dnn": 91_080, "cnn": 22_470, "compact": 74_000}
    runs = [
        run_of(network(key, layers=CONVOLUTIONAL, bytes=size), lesson=key, mistakes=40)
        for key, size in sizes.items()
    ]
    for run, (key, size) in zip(runs, sizes.items(), strict=True):
        weights = np.clip(noise.normal(0, 30, size), -127, 127).astype(np.int8)
        (run.folder / f"{key}.weights").write_bytes(weights.tobytes())
    scripts = [path.read_bytes() for path in (DOCS / "javascripts" / "draw").glob("*.js")]
    assert len(scripts) > 5
    styles = [(DOCS / "stylesheets" / f"{name}.css").read_bytes() for name in ("pad", "draw")]
    files = {name: content for name, content in files_of(runs).items() if "errors" not in name}
    parts = [*files.values(), block_of(runs).encode(), *scripts, *styles]
    whole = sum(len(gzip.compress(part, 9)) for part in parts)
    assert whole <= 220_000
    later = [len(files[f"draw/{key}/{key}.weights.bin"]) for key in ("dnn", "compact")]
    assert whole - sum(later) <= 150_000, "the lightest network answers first"
    assert sum(len(gzip.compress(script, 9)) for script in scripts) <= 22_000
