"""How many trainings a second, when they are done as one batch of models?"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from benchmarks.gpu.bench import Bench, recipe_called
from benchmarks.gpu.races import RACES, timed
from benchmarks.gpu.together import Together, replayed
from mnist_lessons.data import Splits
from mnist_lessons.evaluation import evaluate
from mnist_lessons.studies import Recipe
from mnist_lessons.training import TrainConfig

__all__ = ["measure"]

_TRIED_STEPS = 20
_LONGEST = 30.0  # seconds that a whole training may take


def measure(bench: Bench, name: str) -> dict[str, Any]:
    """Train `dnn` or `cnn` one by one, then several at once: as many as make the most of a second.

    Each model has its seed: its weights, its order of the images. On CUDA the step is a graph.
    How many are best is told by a few steps of each number.
    """
    recipe = bench.shortened(recipe_called("dnn-schedule" if name == "dnn" else "cnn-schedule"))
    config = recipe.config if name == "dnn" else RACES[2].config(bench)
    task = _Task(bench, recipe, config, recipe.prepare(bench.mnist).to(bench.device))
    apart = task.one_by_one(bench.sizes.timed_seeds)
    rates = {models: task.rate(models) for models in bench.sizes.models}
    affordable = [models for models, rate in rates.items() if models / rate <= _LONGEST]
    best = max(affordable or [min(rates)], key=lambda models: rates[models])
    return {
        "network": name,
        "batch_size": config.batch_size,
        "epochs": config.epochs,
        "tried": {str(models): round(rate, 3) for models, rate in rates.items()},
        "apart": apart,
        "together": {"models": best, **task.together(best)},
    }


@dataclass(frozen=True)
class _Task:
    """What is to be trained."""

    bench: Bench
    recipe: Recipe
    config: TrainConfig
    splits: Splits

    def one_by_one(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Trainings one after the other, each with the whole device to itself."""
        training, step = self._prepared(1)
        seconds, models = [], []
        for seed in seeds:
            seconds.append(timed(self.bench, training, step, [seed]))
            models += training.trained()
        return self._told("one by one", models, sum(seconds))

    def rate(self, models: int) -> float:
        """Trainings a second with so many at once, from a few steps."""
        training, step = self._prepared(models)
        seeds = range(1, models + 1)
        steps = min(_TRIED_STEPS, training.steps)
        timed(self.bench, training, step, seeds, steps=min(3, steps))  # warms up, and shuffles
        training.start(seeds)
        seconds = self.bench.seconds(lambda: [step() for _ in range(steps)])
        rate = models * steps / (seconds * training.steps)
        self.bench.say(f"{models} at once: about {rate:.2f} trainings a second")
        return rate

    def together(self, models: int) -> dict[str, Any]:
        """So many whole trainings at once."""
        training, step = self._prepared(models)
        seconds = timed(self.bench, training, step, range(1, models + 1))
        return self._told(f"{models} in full", list(training.trained()), seconds)

    def _prepared(self, models: int) -> tuple[Together, Callable[[], None]]:
        training = Together(self.recipe.model, self.splits.train, self.config, models)
        if self.bench.device.type != "cuda":
            return training, training.step
        return training, replayed(training, range(1, models + 1))

    def _told(self, how: str, models: Sequence[nn.Module], seconds: float) -> dict[str, Any]:
        """Speed, and the accuracy on the validation images: mean and standard deviation."""
        shares = [evaluate(model, self.splits.validation).accuracy for model in models]
        rate = len(models) / seconds
        self.bench.say(f"{how}: {rate:.2f} trainings a second")
        return {
            "trainings": len(models),
            "seconds": seconds,
            "per_second": rate,
            "accuracy": statistics.fmean(shares),
            "spread": statistics.stdev(shares) if len(shares) > 1 else 0.0,
        }
