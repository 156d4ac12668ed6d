"""The benchmark compares equal arithmetic, and runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

ROOT = Path(__file__).parents[1]


@pytest.fixture
def loops(monkeypatch):
    """The two modules of loops; `benchmarks` is no part of the package."""
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import our_loops, seed_loops

    return seed_loops, our_loops


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def with_weights_of(source: torch.nn.Module, target: torch.nn.Module) -> torch.nn.Module:
    pairs = zip(target.parameters(), source.parameters(), strict=True)
    for mine, theirs in pairs:
        mine.data.copy_(theirs.data)
    return target


def assert_same_gradients(one: torch.nn.Module, other: torch.nn.Module) -> None:
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-6)


def test_cnn_has_the_loss_and_gradients_of_the_seed(loops, sample):
    from mnist_lessons.data import normalise
    from mnist_lessons.models import ImprovedCNN

    batch = normalise(sample, mean=0.1307, std=0.3081).train[:64]
    seed = loops[0].CNN().eval()  # dropout draws at random
    ours = with_weights_of(seed, ImprovedCNN()).eval()
    theirs = F.nll_loss(seed(batch.images), batch.labels)
    mine = F.cross_entropy(ours(batch.images), batch.labels)
    torch.testing.assert_close(mine, theirs)
    theirs.backward()
    mine.backward()
    assert_same_gradients(ours, seed)


def test_dnn_has_the_loss_and_gradients_of_the_seed(loops, sample):
    from mnist_lessons.data import normalise

    rows = slice(0, 512)
    wide = sample.train.images.to(torch.float64)
    images = (wide / wide.max())[rows].float()
    batch = normalise(sample, scale=float(sample.train.images.max())).train[rows]
    seed = loops[0].DNN()
    ours = with_weights_of(seed, loops[1].dnn_model())
    theirs = F.cross_entropy(seed(images), batch.labels)
    mine = F.cross_entropy(ours(batch.images), batch.labels)
    torch.testing.assert_close(mine, theirs)
    theirs.backward()
    mine.backward()
    assert_same_gradients(ours, seed)


def test_runs_on_the_sample_and_prints_ratios(tmp_path):
    report = tmp_path / "bench.json"
    done = bench("--rounds", "1", "--threads", "1", "--json", str(report))
    assert done.returncode == 0, done.stderr
    assert "SAMPLE" in done.stdout
    assert "CNN, threads 1, round 1 of 1, seed" in done.stdout
    assert "CNN epoch, times faster" in done.stdout
    assert "DNN peak memory, whole process" in done.stdout
    rows = json.loads(report.read_text(encoding="utf-8"))["rows"]
    assert len(rows) == 6
    assert all(ratio > 0 for row in rows for ratio in row["ratios"])
    assert {row["verdict"] for row in rows} <= {"reached", "missed", ""}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rounds", "0"], "'0' is not a whole number from 1 to 1000"),
        (["--threads", "two"], "'two' is not a whole number"),
        (["--json", "no/such/file.json"], "there is no folder"),
    ],
)
def test_bad_arguments_end_with_status_2(options, message):
    done = bench(*options)
    assert done.returncode == 2
    assert message in done.stderr
