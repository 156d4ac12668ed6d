"""Recipes of the study on this device: as accurate as on the CPU, and repeatable to the bit?"""

import hashlib
import statistics
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from benchmarks.gpu.bench import Bench, recipe_called
from mnist_lessons.data import Splits
from mnist_lessons.evaluation import Score, evaluate
from mnist_lessons.studies import Recipe, Step, read_records
from mnist_lessons.training import fit

__all__ = ["measure"]

_SPREADS = 4.0  # standard deviations of the CPU's seeds: five seeds tell theirs but roughly


def measure(bench: Bench, name: str) -> dict[str, Any]:
    """Train a recipe with several seeds, compare with the CPU's records, and repeat the first.

    The test images are scored for recipes whose records have them, after each training.
    """
    recorded = recipe_called(name)
    recipe = bench.shortened(recorded)
    splits = recipe.prepare(bench.mnist).to(bench.device)
    first, *others = bench.sizes.seeds
    model, seconds = _train(recipe, splits, first)
    bits = _bits(model)
    trained = [(first, seconds, _scores(recipe, model, splits))]
    bench.say(f"seed {first}: {_told(trained[-1])}")
    repeatable = _repeatable(bench, recipe, splits, first, bits)
    for seed in others:
        model, seconds = _train(recipe, splits, seed)
        trained.append((seed, seconds, _scores(recipe, model, splits)))
        bench.say(f"seed {seed}: {_told(trained[-1])}")
    compared = {
        split: _compared(_recorded(recorded, split), [scores[split] for _, _, scores in trained])
        for split in trained[0][2]
    }
    missed = [
        f"{split} accuracy is outside of the limits"
        for split, one in compared.items()
        if not one["within"]
    ]
    if not repeatable["same_bits"]:
        missed.append("the same seed gives other bits")
    return {
        "recipe": name,
        "seeds": list(bench.sizes.seeds),
        "seconds": [round(seconds, 3) for _, seconds, _ in trained],
        **compared,
        **repeatable,
        "missed": missed,
    }


def _train(recipe: Recipe, splits: Splits, seed: int) -> tuple[nn.Module, float]:
    """A trained network, and the seconds of training."""
    torch.manual_seed(seed)
    model = recipe.model()
    records = fit(model, splits, recipe.config_for(seed))
    return model, sum(record.seconds for record in records)


def _scores(recipe: Recipe, model: nn.Module, splits: Splits) -> dict[str, Score]:
    parts = {"validation": splits.validation} | ({"test": splits.test} if recipe.tested else {})
    return {name: evaluate(model, part) for name, part in parts.items()}


def _told(trained: tuple[int, float, dict[str, Score]]) -> str:
    _, seconds, scores = trained
    shares = ", ".join(f"{name} {score.accuracy:.2%}" for name, score in scores.items())
    return f"{shares}, {seconds:.1f} s"


def _recorded(recipe: Recipe, split: str) -> tuple[float, float]:
    """Mean and standard deviation over the CPU's seeds."""
    # By name: the key is made of layers as PyTorch prints them, and others print them otherwise.
    step = Step(recipe, tuple(one for one in read_records() if one.recipe == recipe.name))
    return step.test if split == "test" else step.validation


def _compared(recorded: tuple[float, float], scores: list[Score]) -> dict[str, Any]:
    """The mean over the seeds here beside the CPU's, and whether it is within the limits."""
    mean, spread = recorded
    low, high = mean - _SPREADS * spread, mean + _SPREADS * spread
    here = statistics.fmean(score.accuracy for score in scores)
    return {
        "correct": [score.correct for score in scores],
        "count": scores[0].count,
        "mean": here,
        "cpu_mean": mean,
        "cpu_spread": spread,
        "limits": [low, high],
        "within": low <= here <= high,
    }


def _repeatable(
    bench: Bench, recipe: Recipe, splits: Splits, seed: int, bits: str
) -> dict[str, Any]:
    """Whether the same seed gives the same bits again, and what it takes.

    Where `fit` alone does not do it, PyTorch's deterministic algorithms are tried, and what
    they warn of is kept.
    """
    result: dict[str, Any] = {"bits": bits, "same_bits": True, "needed": "nothing besides fit"}
    again = _bits(_train(recipe, splits, seed)[0])
    bench.say(f"seed {seed} again: {'the same' if again == bits else 'other'} bits")
    if again == bits:
        return result
    with _deterministic() as told:
        one, other = (_bits(_train(recipe, splits, seed)[0]) for _ in range(2))
    reasons = sorted({str(warning.message).splitlines()[0] for warning in told})
    if one == other:
        needed = "torch.use_deterministic_algorithms"
    else:
        needed = "more than torch.use_deterministic_algorithms"
    bench.say(f"with deterministic algorithms: {'the same' if one == other else 'other'} bits")
    return {**result, "same_bits": False, "needed": needed, "warnings": reasons}


@contextmanager
def _deterministic() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True, action="always") as told:
        torch.use_deterministic_algorithms(True, warn_only=True)
        try:
            yield told
        finally:
            torch.use_deterministic_algorithms(False)


def _bits(model: nn.Module) -> str:
    """Hash of all weights and buffers."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
