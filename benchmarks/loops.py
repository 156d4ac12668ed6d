"""The seeds' loops beside ours.

Each contestant runs in a fresh process, seed and ours by turns, so that a neighbour on the
machine slows both. This process never imports torch: a child's peak starts at its parent's.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rows import Part, Row
from mnist_lessons._fetch import verified_files
from mnist_lessons.settings import Settings

__all__ = ["compare"]

_EPOCHS = {"cnn": 1, "dnn": 5}
_NAMES = {"cnn": "CNN epoch", "dnn": "DNN training + evaluation epoch"}
_TARGETS = {("cnn", 1): 1.8, ("cnn", 2): 2.5, ("dnn", 1): 1.6, ("dnn", 2): 1.7}
_MULTIPLES = {("dnn", 1): 1.5}  # of the kernels' own time, at most
_MIB = 1 << 20


def compare(rounds: int, threads: Sequence[int]) -> Part:
    """Run every contestant.

    Args:
        rounds: pairs for each network and number of threads.
        threads: the numbers of threads.

    Raises:
        LessonError: a setting is wrong, or its data.
    """
    with _seed_folder() as (folder, is_sample):
        runner = _Runner(folder, is_sample)
        if is_sample:
            runner("sample")
        bare = runner("torch")
        runs = _compete(runner, rounds, threads)
    rows = [row for count in threads for row in _rows(runs, count, bare["peak"])]
    figures = {"sample": is_sample, "bare": bare, "runs": runs}
    return Part(_heading(rounds, is_sample, bare), rows, figures)


class _Runner:
    """Start contestants and say which one is running."""

    def __init__(self, folder: Path, is_sample: bool) -> None:
        self.folder = folder
        self.settings = {"MNIST_LESSONS_OFFLINE": "1"}
        if not is_sample:
            self.settings["MNIST_LESSONS_DATA"] = str(folder)

    def __call__(self, what: str, *options: str, threads: int = 1) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.worker", what, *options]
        command += ["--threads", str(threads), "--folder", str(self.folder)]
        environment = {**os.environ, "MNIST_LESSONS_DATA": "", **self.settings}
        environment |= {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        root = Path(__file__).parents[1]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"benchmarks: {what} {' '.join(options)} failed:\n{done.stderr}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


@contextlib.contextmanager
def _seed_folder() -> Iterator[tuple[Path, bool]]:
    """The folder that the seeds read, and whether the sample has yet to be written there."""
    with (
        verified_files(Settings.from_environment()) as found,
        tempfile.TemporaryDirectory(prefix="mnist-lessons-") as temporary,
    ):
        yield found.root or Path(temporary), found.root is None


def _compete(runner: _Runner, rounds: int, threads: Sequence[int]) -> list[dict[str, Any]]:
    runs = []
    for count in threads:
        for net, epochs in _EPOCHS.items():
            for number in range(1, rounds + 1):
                for side in ("seed", "our"):
                    label = f"{net.upper()}, threads {count}, round {number} of {rounds}, {side}"
                    print(f"{label} ...", end=" ", flush=True)
                    result = runner(side, net, "--epochs", str(epochs), threads=count)
                    speed = median(
                        (epoch["trained"] + epoch["measured"]) / epoch["seconds"]
                        for epoch in result["epochs"]
                    )
                    seconds = median(epoch["seconds"] for epoch in result["epochs"])
                    run = {"net": net, "threads": count, "round": number, "side": side}
                    runs.append({**run, **result, "seconds": seconds, "speed": speed})
                    print(f"{speed:,.0f} images/s", flush=True)
    return runs


def _rows(runs: list[dict[str, Any]], threads: int, bare: int) -> Iterator[Row]:
    for net, name in _NAMES.items():
        chosen = [run for run in runs if run["net"] == net and run["threads"] == threads]
        seeds = [run for run in chosen if run["side"] == "seed"]
        ours = [run for run in chosen if run["side"] == "our"]
        pairs = list(zip(seeds, ours, strict=True))
        speeds = [median(run["speed"] for run in side) for side in (seeds, ours)]
        note = "images/s: seed {:,.0f}, ours {:,.0f}".format(*speeds)
        faster = [seed["seconds"] / our["seconds"] for seed, our in pairs]
        yield Row(f"{name}, times faster", threads, faster, _TARGETS.get((net, threads)), note=note)
        multiples = [our["seconds"] / our["kernels"] for our in ours]
        most = _MULTIPLES.get((net, threads))
        yield Row(f"{name}, ours / kernels' time", threads, multiples, most, at_most=True)
        if net == "dnn":
            for what, base in (("whole process", 0), ("above `import torch`", bare)):
                shares = [(our["peak"] - base) / (seed["peak"] - base) for seed, our in pairs]
                sizes = [median(run["peak"] - base for run in side) for side in (seeds, ours)]
                note = "MiB: seed {:,.0f}, ours {:,.0f}".format(*(size / _MIB for size in sizes))
                yield Row(f"DNN peak memory, {what}", threads, shares, 0.5, True, note)


def _heading(rounds: int, is_sample: bool, bare: dict[str, Any]) -> list[str]:
    data = "SAMPLE of MNIST (4,500 + 500 images): no measure of the targets"
    return [
        f"Data: {data if is_sample else 'MNIST, 60,000 + 10,000 images'}. "
        f"torch {bare['torch']}; `import torch` alone peaks at {bare['peak'] / _MIB:,.0f} MiB.",
        f"Loops, all figures ratios; paired rounds: {rounds}; memory: ours / seed.",
        "Kernels' time: the CNN's layers forward and backward on one batch, the DNN's matrix",
        "products alone; no optimiser, no shuffling, no data movement.",
    ]
