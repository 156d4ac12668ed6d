"""How many trainings a second, when they are done as one batch of models?"""

import statistics
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.gpu.bench import Bench, recipe_called
from benchmarks.gpu.races import RACES, timed
from benchmarks.gpu.together import Together, replayed
from mnist_lessons.data import Splits
from mnist_lessons.evaluation import evaluate

__all__ = ["measure"]

_TRIED_STEPS = 20
_LONGEST = 30.0  # seconds that a whole training may take


def measure(bench: Bench, name: str) -> dict[str, Any]:
    """Train more and more models at once for a few steps, then the fastest number in full.

    Each model has its seed: its weights, its order of the images. On CUDA the step is a graph.
    The seeds of the other parts are trained one by one, too, to compare accuracy and speed.
    """
    recipe = bench.shortened(recipe_called("dnn-schedule" if name == "dnn" else "cnn-schedule"))
    config = recipe.config if name == "dnn" else RACES[2].config(bench)
    splits = recipe.prepare(bench.mnist).to(bench.device)

    def prepared(models: int) -> tuple[Together, Callable[[], None], list[int]]:
        training = Together(recipe.model, splits.train, config, models)
        seeds = list(range(1, models + 1))
        on_cuda = bench.device.type == "cuda"
        return training, replayed(training, seeds) if on_cuda else training.step, seeds

    training, step, _ = prepared(1)
    alone = []
    for seed in bench.sizes.timed_seeds:
        seconds = timed(bench, training, step, [seed])
        alone.append((seconds, next(training.trained())))
    apart = {
        "seconds": statistics.fmean(seconds for seconds, _ in alone),
        **_accuracy([model for _, model in alone], splits),
    }
    bench.say(f"one by one: {1 / apart['seconds']:.2f} trainings a second")

    rates: dict[int, float] = {}
    for models in bench.sizes.models:
        training, step, seeds = prepared(models)
        tried = min(_TRIED_STEPS, training.steps)
        seconds = _few_steps(bench, training, step, seeds, tried) * training.steps / tried
        bench.say(f"{models} at once: about {models / seconds:.2f} trainings a second")
        rates[models] = models / seconds
        del training, step
        if bench.device.type == "cuda":
            torch.cuda.empty_cache()
    affordable = [one for one in rates if one / rates[one] <= _LONGEST]
    models = max(affordable or [min(rates)], key=lambda one: rates[one])
    training, step, seeds = prepared(models)
    seconds = timed(bench, training, step, seeds)
    together = {
        "models": models,
        "seconds": seconds,
        "per_second": models / seconds,
        **_accuracy(list(training.trained()), splits),
    }
    bench.say(f"{models} in full: {models / seconds:.2f} trainings a second")
    return {
        "network": name,
        "batch_size": config.batch_size,
        "epochs": config.epochs,
        "tried": {str(models): round(rate, 3) for models, rate in rates.items()},
        "apart": {**apart, "per_second": 1 / apart["seconds"]},
        "together": together,
    }


def _few_steps(
    bench: Bench, training: Together, step: Callable[[], None], seeds: list[int], steps: int
) -> float:
    timed(bench, training, step, seeds, steps=min(3, steps))  # to warm up, and to shuffle

    def work() -> None:
        for _ in range(steps):
            step()

    training.start(seeds)
    return bench.seconds(work)


def _accuracy(models: list[nn.Module], splits: Splits) -> dict[str, Any]:
    """Of the validation images: mean and standard deviation over the models."""
    shares = [evaluate(model, splits.validation).accuracy for model in models]
    spread = statistics.stdev(shares) if len(shares) > 1 else 0.0
    return {"trainings": len(shares), "accuracy": statistics.fmean(shares), "spread": spread}
