"""A stored network answers in JavaScript as it does in PyTorch."""

import pytest
import torch

from mnist_lessons import export
from mnist_lessons.data import normalise
from mnist_lessons.models import ImprovedCNN, SimpleDNN
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
    run.publish("simple", simple, splits.test.images, title="Simple")
    run.publish("convolutional", ImprovedCNN(), splits.test.images, title="Convolutional")
    noted = run._card["networks"]
    assert {one["storage"] for one in noted} == {storage}
    weights = [(run.folder / f"{one['key']}.weights").read_bytes() for one in noted]
    raw = sample.test.images[:20]
    answers, doubts = in_node(ANSWERS, [noted, list(b"".join(weights)), raw.flatten(1).tolist()])
    for one, stored, ours, shares in zip(noted, weights, answers, doubts, strict=True):
        with torch.no_grad():
            theirs = export.load(one, stored)(raw[:, None] * one["gain"] + one["offset"])
        assert (torch.tensor(ours) - theirs).abs().max() < 1e-3
        assert torch.allclose(torch.tensor(shares), theirs.softmax(dim=1), atol=1e-4)
