"""A stored network answers in JavaScript as it does in PyTorch."""

import pytest
import torch
from torch import nn

from mnist_lessons import export
from mnist_lessons.data import normalise
from mnist_lessons.models import CompactCNN, ImprovedCNN, SimpleDNN
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings

ANSWERS = """
import { logits, softmax, unpack } from "./draw/inference.js";
export default ([networks, weights, images]) => {
  unpack(networks, Uint8Array.from(weights).buffer);
  const answers = networks.map((one) => images.map((pixels) => Array.from(logits(one, pixels))));
  return [answers, answers.map((all) => all.map(softmax))];
};
"""

# With the layers that no network of the lessons has.
OTHER = nn.Sequential(
    nn.BatchNorm2d(1),
    nn.Conv2d(1, 5, 3, padding=3, bias=False),
    nn.MaxPool2d(2),
    nn.BatchNorm2d(5, affine=False),
    nn.ReLU(),
    nn.BatchNorm2d(5),
    nn.Conv2d(5, 3, 5, padding="same"),
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Linear(192, 10),
)


def with_statistics(model):
    """As if trained: each channel has its own, and some are turned over."""
    with torch.no_grad():
        for norm in model.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.running_mean.uniform_(-0.3, 0.3)
                norm.running_var.uniform_(0.2, 2)
                if norm.affine:
                    norm.weight.uniform_(-0.5, 2)
                    norm.bias.uniform_(-0.3, 0.3)
    return model


@pytest.mark.parametrize("storage", ["int8", "float16", "float32"])
def test_networks_answer_as_in_pytorch_however_they_are_stored(
    storage, in_node, sample, tmp_path, monkeypatch
):
    monkeypatch.setattr(export, "TOLERANCE", 1.0)
    monkeypatch.setattr(export, "_TYPES", {storage: export._TYPES[storage], "float32": "<f4"})
    torch.manual_seed(1)
    run = Run("lesson", seed=1, settings=Settings(runs=tmp_path))
    splits = normalise(run.loaded(sample))
    simple = SimpleDNN((9,))
    with torch.no_grad():
        simple.layers[1].weight[0, :4] = torch.tensor([6e-8, -3e-5, 0.0, 1.5])  # subnormal halves
    run.publish("simple", simple, splits, title="Simple")
    for name, model in {"improved": ImprovedCNN(), "compact": CompactCNN(), "other": OTHER}.items():
        run.publish(name, with_statistics(model), splits, title=name)
    noted = run._card["networks"]
    kinds = {layer["kind"] for one in noted for layer in one["layers"]}
    assert len(kinds) == 8
    assert {one["storage"] for one in noted} == {storage}
    weights = [(run.folder / f"{one['key']}.weights").read_bytes() for one in noted]
    raw = sample.test.images[:20]
    answers, doubts = in_node(ANSWERS, [noted, list(b"".join(weights)), raw.flatten(1).tolist()])
    for one, stored, ours, shares in zip(noted, weights, answers, doubts, strict=True):
        with torch.no_grad():
            theirs = export.load(one, stored)(raw[:, None] * one["gain"] + one["offset"])
        assert (torch.tensor(ours) - theirs).abs().max() < 1e-3
        assert torch.allclose(torch.tensor(shares), theirs.softmax(dim=1), atol=1e-4)
