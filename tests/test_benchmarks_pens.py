"""The table that judges the page to draw on, and what is chosen by it."""

import gzip
import hashlib
import json
import signal
import sys
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from benchmarks import confidence
from benchmarks.__main__ import main
from benchmarks.confidence import choose, surer, temperature_for, threshold_for
from benchmarks.pens import measure, networks_of, pixels, placed
from mnist_lessons._datasets import PENS, DataFile
from mnist_lessons.calibration import with_temperature
from mnist_lessons.data import Split, normalise
from mnist_lessons.evaluation import Predictions
from mnist_lessons.export import store
from mnist_lessons.framing import SIDE
from mnist_lessons.models import SimpleDNN
from mnist_lessons.pens import PenDigit
from mnist_lessons.training import TrainConfig, fit

STROKES = Path(__file__).parent / "browser" / "strokes.json"
MEAN, STD = 0.13, 0.31


@st.composite
def any_predictions(draw):
    """Logits that say something of the labels, more or less."""
    count, seed = draw(st.integers(1, 400)), draw(st.integers(0, 10_000))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (count,), generator=generator)
    logits = torch.randn(count, 10, generator=generator)
    logits[torch.arange(count), labels] += draw(st.floats(0, 4))
    return Predictions(logits * draw(st.floats(0.1, 20)), labels)


# What is chosen


def is_too_sure(predictions, temperature):
    mistakes, right = surer(with_temperature(predictions, temperature))
    return mistakes > 0.08 or right >= 0.88


@given(any_predictions())
def test_the_temperature_leaves_enough_right_answers_sure_and_few_mistakes(predictions):
    temperature = temperature_for(predictions)
    if not len(predictions.errors):
        assert temperature == 1
        return
    assert not is_too_sure(predictions, temperature)
    assert temperature <= 0.002 or is_too_sure(predictions, temperature - 0.0015)


@given(any_predictions(), st.floats(0.5, 4))
def test_a_network_that_is_surer_of_the_same_gets_a_higher_temperature(predictions, factor):
    louder = Predictions(predictions.logits * factor, predictions.labels)
    if len(predictions.errors):
        expected = factor * temperature_for(predictions)
        assert temperature_for(louder) == pytest.approx(expected, abs=0.002 * (1 + factor))


@given(any_predictions(), st.floats(0, 0.99))
def test_the_threshold_is_the_greatest_that_leaves_few_unsure(predictions, most):
    threshold = threshold_for(predictions, most)
    confidences = predictions.confidence.double()
    assert (confidences < threshold).double().mean() <= most
    assert (confidences < threshold + 0.0001).double().mean() > most
    assert 0 <= threshold <= 1


def test_what_is_sure_is_counted_among_mistakes_and_right_answers_apart():
    confidences = torch.tensor([0.95, 0.5, 0.91, 0.89, 0.99])
    others = ((1 - confidences) / 9)[:, None].expand(-1, 9)
    logits = torch.cat([confidences[:, None], others], dim=1).log()
    assert surer(Predictions(logits, torch.tensor([0, 0, 1, 1, 0]))) == pytest.approx(
        (1 / 2, 2 / 3)
    )
    assert surer(Predictions(logits[:1], torch.tensor([0]))) == (0, 1)


# The drawings


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=5),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([0.3, 0.75, 0.9]),
)
def test_a_digit_fills_its_share_of_the_pad_in_the_middle(strokes, share):
    before, after = (np.array([*chain(*one)]) for one in (strokes, placed(strokes, share)))
    longest = max(np.ptp(before, axis=0))
    if longest:
        assert max(np.ptp(after, axis=0)) == pytest.approx(share * SIDE)
        assert np.ptp(after, axis=0) == pytest.approx(
            np.ptp(before, axis=0) * share * SIDE / longest
        )
    assert (after.min(axis=0) + after.max(axis=0)) / 2 == pytest.approx([SIDE / 2] * 2)


@pytest.fixture(scope="module")
def digits():
    """Drawn by hand for the tests of the page; turned, so that not all are easy to read.

    The first forty stand for those of the choosing writers, the rest for the test writers'.
    """
    drawn = json.loads(STROKES.read_text("utf-8"))
    drawn.sort(key=lambda one: hashlib.sha256(json.dumps(one).encode()).digest())
    return [
        PenDigit(
            one["digit"],
            writer=1,
            strokes=[[[x - y / 2, x / 2 + y] for x, y in stroke] for stroke in one["strokes"]],
        )
        for one in drawn
    ]


def test_the_size_of_a_drawing_hardly_changes_its_pixels(digits):
    small, large = (pixels(digits[:10], share) for share in (0.3, 0.9))
    assert small.images.shape == (10, 1, 28, 28)
    assert small.labels.tolist() == [digit.digit for digit in digits[:10]]
    assert (small.images - large.images).abs().max() < 1


# The table


@pytest.fixture(scope="module")
def networks(sample):
    """Two that have learned a little, a convolutional one and a DNN."""
    splits = normalise(sample, mean=MEAN, std=STD)
    torch.manual_seed(0)
    convolutional = nn.Sequential(
        nn.Conv2d(1, 4, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(576, 10)
    )
    models = {"small CNN": convolutional, "DNN": SimpleDNN()}
    for model in models.values():
        fit(model, splits, TrainConfig(epochs=1, batch_size=64, learning_rate=2e-3))
    return {name: store(model, splits.validation) for name, model in models.items()}


@pytest.fixture
def site(tmp_path, networks):
    """Of a site, the page to draw on, which shows two of three networks."""
    described = [
        {
            "key": f"lesson/{name.replace(' ', '_')}",
            "name": name,
            **{key: value for key, value in vars(one).items() if key != "content"},
            "gain": 1 / 255 / STD,
            "offset": -MEAN / STD,
            "temperature": 0.5,
            "sure": 0.6,
        }
        for name, one in networks.items()
    ]
    folder = tmp_path / "site" / "draw"
    (folder / "lesson").mkdir(parents=True)
    for one in described:
        content = gzip.compress(networks[one["name"]].content)
        (folder / f"{one['key']}.weights.bin").write_bytes(content)
    other = {**described[0], "key": "lesson/other"}
    (folder / "networks.json").write_text(json.dumps({"networks": [other, *described]}))
    keys = " ".join(one["key"] for one in reversed(described))
    (folder / "index.html").write_text(f'<section class="draw" data-draw="{keys}"></section>')
    return tmp_path / "site"


@pytest.fixture
def pens(monkeypatch, tmp_path, small_mnist, digits):
    """The drawn digits stand for all pen digits."""
    folder = small_mnist.write(tmp_path / "data") / "pens"
    folder.mkdir()
    files = []
    for name, some in (("choose.jsonl", digits[:40]), ("test.jsonl", digits[40:])):
        content = "".join(json.dumps(vars(digit)) + "\n" for digit in some).encode()
        (folder / name).write_bytes(content)
        files.append(DataFile(name, len(content), hashlib.sha256(content).hexdigest()))
    monkeypatch.setitem(vars(PENS), "files", tuple(files))
    monkeypatch.setenv("MNIST_LESSONS_DATA", str(folder.parent))


@pytest.fixture
def place(monkeypatch, tmp_path):
    """Where what is chosen is written."""
    path = tmp_path / "confidence.json"
    monkeypatch.setattr(confidence, "PLACE", path)
    return path


@pytest.fixture
def bench(monkeypatch, capsys):
    """Runs the command in this process: its exit status, and what it wrote."""

    def run(*options):
        monkeypatch.setattr(sys, "argv", ["python -m benchmarks", "pens", *options])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        try:
            main()
        except SystemExit as ended:
            return ended.code, *capsys.readouterr()
        return 0, *capsys.readouterr()

    return run


@pytest.mark.usefixtures("pens")
@pytest.mark.parametrize("test", [False, True])
def test_the_table_says_how_the_networks_of_the_page_read(test, site, digits):
    some = digits[40:] if test else digits[:40]
    images = pixels(some, 0.75)
    part = measure(site, test=test)
    assert part.figures["digits"] == len(some)
    assert [row.network for row in part.rows] == ["DNN", "small CNN"], "as the page shows them"
    for row, network in zip(part.rows, networks_of(site), strict=True):
        seen = Split((images.images / 255 - MEAN) / STD, images.labels)
        told = (network.model(seen.images) / 0.5).softmax(dim=1).max(dim=1)
        right = (told.indices == seen.labels).numpy()
        sure = told.values.detach().numpy()
        assert len(row.accuracies) == 3
        assert row.accuracies[0] == pytest.approx(right.mean())
        assert 0.3 < right.mean() < 1
        assert row.sure_right == pytest.approx((sure > 0.9)[right].mean())
        assert row.sure_mistakes == pytest.approx((sure > 0.9)[~right].mean())
        assert row.unsure == pytest.approx((sure < 0.6).mean())
        assert row.wrong == pytest.approx(1 - right[sure >= 0.6].mean())
        assert "right at least 85%" in row.missed
        assert any(" at 75%" in what for what in row.missed) == (
            right.mean() == max(each.accuracies[0] for each in part.rows) or row.network == "DNN"
        )


@pytest.mark.usefixtures("pens")
def test_the_command_prints_it_and_writes_it_down(site, place, bench, tmp_path):
    file = tmp_path / "all.json"
    status, out, error = bench("--site", str(site), "--json", str(file))
    assert (status, error) == (0, "")
    assert "40 digits by the 1 choosing writers" in out
    assert "10.24432/C5MG6K, CC BY 4.0" in out
    written = json.loads(file.read_text())
    assert written["pens"]["digits"] == 40
    assert [row["network"] for row in written["rows"]] == ["DNN", "small CNN"]
    assert f"{written['rows'][0]['accuracies'][0]:.2%}" in out
    assert not place.exists(), "nobody asked to choose"


@pytest.mark.usefixtures("pens")
def test_the_page_gets_what_the_choosing_writers_choose(site, place, bench, digits):
    status, out, _ = bench("--site", str(site), "--choose")
    assert status == 0
    assert str(place) in out
    images = pixels(digits[:40], 0.75)
    expected = {network.name: choose(network.read(images)) for network in networks_of(site)}
    assert json.loads(place.read_text()) == expected
    assert len({one["temperature"] for one in expected.values()}) == 2
    assert all(f" {one['temperature']:g} " in out for one in expected.values())


def test_nothing_is_chosen_by_the_test_writers(site, bench):
    status, _, error = bench("--site", str(site), "--choose", "--test")
    assert status == 2
    assert "not allowed with argument" in error
    with pytest.raises(ValueError, match="nothing is chosen"):
        measure(site, test=True, choose=True)


def test_without_a_page_or_without_digits_it_says_so_in_a_line(site, bench, tmp_path):
    status, _, error = bench("--site", str(tmp_path / "nowhere"))
    assert (status, error.count("\n")) == (2, 1)
    assert f"there is no page to draw on in {tmp_path / 'nowhere'}" in error
    status, _, error = bench("--site", str(site))
    assert (status, error.count("\n")) == (1, 1)
    assert "this machine has no pen digits" in error
    (site / "draw" / "index.html").write_text("<p>Nothing to draw on.</p>")
    status, _, error = bench("--site", str(site))
    assert (status, error.count("\n")) == (2, 1)
    assert "has no networks" in error
