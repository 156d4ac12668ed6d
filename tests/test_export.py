"""A stored network is the network that was trained, in fewer bytes."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from mnist_lessons import export
from mnist_lessons.data import Split, normalise
from mnist_lessons.evaluation import evaluate, predict
from mnist_lessons.export import TOLERANCE, gain_and_offset, load, store
from mnist_lessons.models import CompactCNN, ImprovedCNN, SimpleDNN
from mnist_lessons.publishing.runs.tiles import tiles_of
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings
from mnist_lessons.training import TrainConfig, fit

BYTES = {"int8": 1, "float16": 2, "float32": 4}


@pytest.fixture(scope="module")
def splits(sample):
    return normalise(sample, mean=0.1307, std=0.3081)


@pytest.fixture(scope="module", params=[SimpleDNN, ImprovedCNN, CompactCNN])
def trained(request, splits):
    torch.manual_seed(0)
    model = request.param()
    few = splits.head(640)
    fit(model, few, TrainConfig(epochs=2, batch_size=64, learning_rate=1e-3))
    return model


@pytest.fixture
def run(tmp_path, sample):
    run = Run("lesson", seed=0, settings=Settings(runs=tmp_path))
    run.loaded(sample)
    return run


def card(run):
    return json.loads((run.folder / "run.json").read_text(encoding="utf-8"))


def test_a_stored_network_reads_as_well(trained, splits):
    stored = store(trained, splits.test)
    again = load(stored.as_dict(), stored.content)
    assert stored.accuracy == evaluate(trained, splits.test).accuracy
    assert stored.stored_accuracy == evaluate(again, splits.test).accuracy
    assert abs(stored.stored_accuracy - stored.accuracy) <= TOLERANCE + 1e-9
    assert stored.count == 500


@pytest.mark.parametrize("storage", BYTES)
def test_each_storage_keeps_the_logits_as_well_as_it_can(storage, trained, splits, monkeypatch):
    monkeypatch.setattr(export, "_TYPES", {storage: export._TYPES[storage], "float32": "<f4"})
    monkeypatch.setattr(export, "TOLERANCE", 1.0)
    stored = store(trained, splits.test)
    assert stored.storage == storage
    again = load(stored.as_dict(), stored.content)
    ours, theirs = (predict(model, splits.test).logits for model in (again, trained))
    allowed = {"int8": 0.5, "float16": 0.02, "float32": 1e-4}[stored.storage]
    assert (ours - theirs).abs().max() < allowed


def test_the_size_is_that_of_the_weights(trained, splits):
    stored = store(trained, splits.test)
    layers = [layer for layer in trained.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    weights = sum(layer.weight.numel() for layer in layers)
    rows = sum(len(layer.weight) for layer in layers)
    scales = rows if stored.storage == "int8" else 0
    assert len(stored.content) == weights * BYTES[stored.storage] + 4 * (rows + scales)
    assert stored.as_dict()["bytes"] == len(stored.content)
    assert f"{len(stored.content):,} bytes" in str(stored)


def test_the_smallest_storage_that_keeps_the_accuracy_is_taken(trained, splits, monkeypatch):
    tried = []
    real = evaluate

    def scored(model, split):
        tried.append(real(model, split))
        # 8 bits lose one image too many here; half precision loses none.
        return replace(tried[0], correct=tried[0].correct - (len(tried) == 2))

    monkeypatch.setattr(export, "evaluate", scored)
    stored = store(trained, splits.test)
    assert stored.storage == "float16"
    assert len(tried) == 3


def test_shapes_are_told_for_each_layer(splits):
    layers = store(ImprovedCNN(), splits.test[:50]).layers
    assert [layer["kind"] for layer in layers] == (
        ["conv", "pool", "relu", "conv", "pool", "relu", "flatten", "linear", "relu", "linear"]
    )
    assert layers[0] == {"kind": "conv", "weights": [10, 1, 5, 5], "shape": [10, 24, 24]}
    assert layers[-1] == {"kind": "linear", "weights": [10, 50], "shape": [10]}


def normed(channels, *, scales=(0.5, 1.5)):
    """Batch normalisation as after a training: each channel has its own numbers."""
    norm = nn.BatchNorm2d(channels)
    with torch.no_grad():
        norm.weight.uniform_(*scales)
        norm.bias.uniform_(-1, 1)
        norm.running_mean.uniform_(-0.5, 0.5)
        norm.running_var.uniform_(0.2, 2)
    return norm


def falling(channels):
    """One channel is turned over."""
    norm = normed(channels)
    with torch.no_grad():
        norm.weight[-1].neg_()
    return norm


CONVOLUTION = nn.Conv2d(1, 6, 5, padding=1)
END = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 10))
END_KINDS = ["global_average_pool", "flatten", "linear"]


@pytest.mark.parametrize(
    ("modules", "kinds"),
    [
        ([CONVOLUTION, normed(6)], ["conv"]),
        ([CONVOLUTION, falling(6)], ["conv"]),
        ([CONVOLUTION, nn.BatchNorm2d(6, affine=False), normed(6)], ["conv"]),
        ([nn.Conv2d(1, 6, 3, padding="same", bias=False), normed(6)], ["conv"]),
        ([CONVOLUTION, nn.Dropout2d(), nn.MaxPool2d(2), normed(6)], ["conv", "pool"]),
        ([CONVOLUTION, nn.MaxPool2d(2), falling(6)], ["conv", "pool", "scale_shift"]),
        ([CONVOLUTION, nn.AvgPool2d((2, 2)), normed(6)], ["conv", "average_pool"]),
        ([CONVOLUTION, nn.ReLU(), normed(6)], ["conv", "relu", "scale_shift"]),
        # Zeros around what is shifted are not the shifted zeros.
        ([normed(1), CONVOLUTION], ["scale_shift", "conv"]),
    ],
)
@pytest.mark.parametrize("storage", BYTES)
def test_batch_normalisation_is_part_of_a_convolution_where_that_is_exact(
    modules, kinds, storage, splits, monkeypatch
):
    monkeypatch.setattr(export, "_TYPES", {storage: export._TYPES[storage], "float32": "<f4"})
    monkeypatch.setattr(export, "TOLERANCE", 1.0)
    model = nn.Sequential(*modules, *END)
    digits = splits.test[:50]
    stored = store(model, digits)
    assert [layer["kind"] for layer in stored.layers] == kinds + END_KINDS
    again = load(stored.as_dict(), stored.content)
    ours, theirs = (predict(network, digits).logits for network in (again, model))
    allowed = {"int8": 0.05, "float16": 2e-3, "float32": 1e-5}[stored.storage]
    assert (ours - theirs).abs().max() < allowed * theirs.abs().max()


def test_padding_is_told(splits):
    stored = store(nn.Sequential(CONVOLUTION, *END), splits.test[:50])
    told = {"kind": "conv", "weights": [6, 1, 5, 5], "padding": 1, "shape": [6, 26, 26]}
    assert stored.layers[0] == told


class Doubled(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    def forward(self, images):
        return self.layers(images) * 2


class Unordered(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(20, 10)
        self.first = nn.Sequential(nn.Flatten(), nn.Linear(784, 20))

    def forward(self, images):
        return self.last(self.first(images))


FLAT = (nn.Flatten(), nn.Linear(784, 10))


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Linear(784, 10)), "BatchNorm1d"),
        (nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), *FLAT), "reflect"),
        (nn.Sequential(nn.Conv2d(1, 1, 2, padding="same"), *FLAT), "padding=same"),
        (nn.Sequential(nn.Conv2d(1, 1, (3, 3), padding=(1, 2)), *FLAT), r"padding=\(1, 2\)"),
        (nn.Sequential(nn.Conv2d(1, 1, (3, 1), padding=1), *FLAT), r"kernel_size=\(3, 1\)"),
        (nn.Sequential(nn.BatchNorm2d(1, track_running_stats=False), *FLAT), "running statistics"),
        (nn.Sequential(nn.AvgPool2d(2, padding=1), *FLAT), "AvgPool2d"),
        (nn.Sequential(nn.AdaptiveAvgPool2d(2), *FLAT), "AdaptiveAvgPool2d"),
        (nn.Sequential(nn.Conv2d(1, 4, 28, stride=2), nn.Flatten(), nn.Linear(4, 10)), "stride"),
        (nn.Sequential(nn.MaxPool2d(3), nn.Flatten(), nn.Linear(81, 10)), "kernel_size=3"),
        (nn.Sequential(nn.Softmax(dim=1), *FLAT), "Softmax"),
        (Doubled(), "forward"),
        (Unordered(), "cannot follow"),
    ],
)
def test_what_cannot_be_stored_is_told(model, told, splits):
    with pytest.raises(ValueError, match=told):
        store(model, splits.test[:50])


def test_bytes_that_do_not_fit_are_refused(trained, splits):
    stored = store(trained, splits.test)
    for damaged in (stored.content[:-1], stored.content + b"\0", b""):
        with pytest.raises(ValueError, match="bytes"):
            load(stored.as_dict(), damaged)


def test_storing_leaves_the_model_and_the_random_numbers_as_they_were(splits):
    model = ImprovedCNN().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    store(model, splits.test[:50])
    assert torch.equal(torch.rand(3), expected)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    "options", [{}, {"scale": 17.0}, {"mean": 0.1307, "std": 0.3081}, {"mean": -3, "std": 9}]
)
def test_gain_and_offset_are_found(options, sample):
    images = normalise(sample, **options).test.images
    gain, offset = gain_and_offset(sample.test.images, images)
    again = sample.test.images.double().unsqueeze(1) * gain + offset
    assert (again - images).abs().max() < 1e-5


def test_images_that_were_made_in_another_way_are_refused(sample, splits):
    raw, images = sample.test.images, splits.test.images
    squared = images * images
    one_wrong = images.clone()
    one_wrong[7, 0, 3, 3] += 0.01
    not_finite = images.clone()
    not_finite[0, 0, 5, 5] = torch.nan
    for other in (squared, one_wrong, not_finite, images.flip(0), torch.zeros_like(images)):
        with pytest.raises(ValueError, match="gain"):
            gain_and_offset(raw, other)
    for other in (images[:-1], images.squeeze(1)):
        with pytest.raises(ValueError, match="shape"):
            gain_and_offset(raw, other)


def test_publishing_leaves_the_weights_and_says_what_they_are(run, splits, trained):
    run.result("net", "The net", predict(trained, splits.test), trained, ())
    stored = run.publish("net", trained, splits)
    run.publish("net", trained, splits)
    [noted] = card(run)["networks"]
    assert (noted["key"], noted["title"]) == ("net", "The net")
    assert (noted["accuracy"], noted["stored_accuracy"]) == (
        stored.accuracy,
        stored.stored_accuracy,
    )
    assert noted["accuracy"] == evaluate(trained, splits.validation).accuracy
    assert noted["count"] == len(splits.validation)
    content = (run.folder / "net.weights").read_bytes()
    assert noted["bytes"] == len(content)
    pixels = splits.test.images
    raw = (pixels * 0.3081 + 0.1307).mul(255).round()
    assert (raw * noted["gain"] + noted["offset"] - pixels).abs().max() < 1e-5
    assert (load(noted, content)(pixels) - load(noted, stored.content)(pixels)).abs().max() == 0


def test_publishing_keeps_the_first_training_images_of_each_digit(run, sample, splits, trained):
    run.publish("net", trained, splits, title="The net")
    tiles = tiles_of(run.folder / "training.digits.png", 150, 1_500)
    labels = sample.train.labels
    for digit in range(10):
        images = sample.train.images[labels == digit][:150].flatten(1)
        assert len(images) == 150
        kept = tiles[150 * digit : 150 * (digit + 1)]
        assert kept == [bytes(image.tolist()) for image in images]


def test_no_test_image_chooses_how_a_network_is_stored(run, splits, trained):
    stored = run.publish("net", trained, replace(splits, test=None), title="The net")
    assert stored == store(trained, splits.validation)


def test_what_cannot_be_published_is_told(run, sample, splits, tmp_path):
    model = SimpleDNN()
    with pytest.raises(ValueError, match="title"):
        run.publish("net", model, splits)
    with pytest.raises(ValueError, match="key"):
        run.publish("../net", model, splits, title="A net")
    fewer = replace(splits, validation=splits.validation[:9])
    with pytest.raises(ValueError, match="shape"):
        run.publish("net", model, fewer, title="A net")
    with pytest.raises(ValueError, match="normalise these first"):
        run.publish("net", model, sample, title="A net")
    empty = Run("other", seed=0, settings=Settings(runs=tmp_path))
    with pytest.raises(ValueError, match=r"run\.loaded"):
        empty.publish("net", model, splits, title="A net")
    assert card(run)["networks"] == []
    assert not list(run.folder.glob("*.weights"))


def test_a_new_run_leaves_no_weights_of_the_old_one(run, splits, tmp_path):
    run.publish("net", SimpleDNN(), splits, title="A net")
    Run("lesson", seed=0, settings=Settings(runs=tmp_path))
    assert not list(run.folder.glob("*.weights"))


def test_a_row_without_weights_can_be_stored(splits):
    model = SimpleDNN()
    with torch.no_grad():
        model.layers[1].weight[3] = 0
    stored = store(model, Split(splits.test.images, splits.test.labels))
    assert not load(stored.as_dict(), stored.content)[1].weight[3].any()
