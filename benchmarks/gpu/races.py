"""How soon the CNN reads 99% of the validation images, trained in several ways."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import nn

from benchmarks.gpu.bench import Bench, recipe_called
from benchmarks.gpu.together import Together, replayed
from mnist_lessons.evaluation import evaluate
from mnist_lessons.training import TrainConfig, fit

__all__ = ["GOAL", "RACES", "Race", "network", "race", "timed"]

GOAL = 0.99
"""Share of the validation images, as the mean over the seeds, that counts as reached."""

_STUDY = recipe_called("cnn-schedule")


@dataclass(frozen=True)
class Race:
    """A way through the images: one cycle of the learning rate, as short as still reaches 99%."""

    batch_size: int
    epochs: int
    learning_rate: float

    def config(self, bench: Bench) -> TrainConfig:
        """The study's recipe `cnn-schedule` with these three."""
        return bench.shortened(
            replace(_STUDY, config=replace(_STUDY.config, **asdict(self)))
        ).config  # fmt: skip


RACES = (
    Race(64, 3, 5e-3),  # the study's own
    Race(128, 2, 1e-2),
    Race(256, 3, 1e-2),
    Race(512, 3, 2e-2),
    Race(512, 4, 1.5e-2),
    Race(1024, 5, 2e-2),
)
"""As few steps as seem to be enough: chosen on the CPU, on the validation images of two seeds, the
last between what its neighbours gave. The check tells which of them reach the goal."""

_COMPILED = (Race(512, 4, 1.5e-2),)  # each batch size is compiled anew, for half a minute


def network() -> nn.Module:
    """The network of the races: that of `improved_cnn` without dropout."""
    return _STUDY.model()


def race(bench: Bench, way: str) -> dict[str, Any]:
    """Time a way of training: `fit`, `loop`, `graph`, `compile` or `compile-graph`.

    What is timed is training alone, from fresh weights on the device to the last step, the
    order of the images included. Not timed: a first training or capture (`warm_up`), loading,
    measuring.

    Raises:
        Skipped: only CUDA can do it.
    """
    if way != "fit" and way != "loop":
        bench.need_cuda()
    tried = []
    for one in (_COMPILED if way.startswith("compile") else RACES)[: bench.sizes.races]:
        config = one.config(bench)
        warm_up, run = _prepared(bench, way, config)
        runs = [run(seed) for seed in bench.sizes.timed_seeds]
        tried.append(_outcome(bench, config, warm_up, runs))
        bench.say(_told(tried[-1]))
    reached = [one for one in tried if one["reached"]]
    best = min(reached, key=lambda one: one["mean_seconds"], default=None)
    return {"way": way, "goal": GOAL, "tried": tried, "best": best}


_Run = Callable[[int], tuple[float, nn.Module]]


def _prepared(bench: Bench, way: str, config: TrainConfig) -> tuple[float, _Run]:
    """Seconds of warming up; and what trains with a seed, and returns seconds and network."""
    if way == "fit":
        return bench.seconds(lambda: _fitted(bench, replace(config, epochs=1), 0)), (
            lambda seed: _fitted(bench, config, seed)
        )
    training = Together(network, bench.standardised.train, config)
    step = training.step

    def warm_up() -> None:
        nonlocal step
        if way.startswith("compile"):
            training.loss = torch.compile(training.loss, dynamic=False)
        if way.endswith("graph"):
            step = replayed(training, [0])
        else:
            timed(bench, training, training.step, [0], steps=3)

    seconds = bench.seconds(warm_up)
    return seconds, lambda seed: (
        timed(bench, training, step, [seed]), next(training.trained())
    )  # fmt: skip


def _fitted(bench: Bench, config: TrainConfig, seed: int) -> tuple[float, nn.Module]:
    torch.manual_seed(seed)
    model = network()
    records = fit(model, bench.standardised, replace(config, seed=seed))
    return sum(record.seconds for record in records), model


def timed(
    bench: Bench,
    training: Together,
    step: Callable[[], None],
    seeds: Sequence[int],
    steps: int | None = None,
) -> float:
    """Seconds of a training from fresh weights, or of its first steps."""
    training.start(seeds)

    def work() -> None:
        training.shuffle(seeds)
        for _ in range(min(steps or training.steps, training.steps)):
            step()

    return bench.seconds(work)


def _outcome(
    bench: Bench, config: TrainConfig, warm_up: float, runs: Sequence[tuple[float, nn.Module]]
) -> dict[str, Any]:
    validation = bench.standardised.validation
    seconds = [seconds for seconds, _ in runs]
    correct = [evaluate(model, validation).correct for _, model in runs]
    accuracy = statistics.fmean(correct) / len(validation)
    return {
        "batch_size": config.batch_size,
        "epochs": config.epochs,
        "learning_rate": config.learning_rate,
        "warm_up": round(warm_up, 3),
        "seconds": [round(value, 4) for value in seconds],
        "mean_seconds": statistics.fmean(seconds),
        "correct": correct,
        "count": len(validation),
        "accuracy": accuracy,
        "reached": accuracy >= GOAL,
    }


def _told(tried: dict[str, Any]) -> str:
    return (
        f"batches of {tried['batch_size']}, {tried['epochs']} epochs: "
        f"{tried['accuracy']:.2%} in {tried['mean_seconds']:.3f} s"
        f"{'' if tried['reached'] else ', not reached'} (warm-up {tried['warm_up']:.1f} s)"
    )
