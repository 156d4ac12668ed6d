"""What all parts share: the images, the device, how much is to be done, and what is told of it."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch

from benchmarks.gpu.parts import Skipped
from mnist_lessons.data import Splits
from mnist_lessons.devices import synchronise
from mnist_lessons.studies import RECIPES, Recipe

__all__ = ["FULL", "REHEARSAL", "Bench", "Sizes", "recipe_called"]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much each part does.

    Attributes:
        images: training images, from the first on; None for all.
        measured: validation and test images, from the first on; None for all.
        epochs: the most for each training; None for as many as the recipe says.
        seeds: trainings of each recipe that is compared with the CPU's.
        timed_seeds: trainings for each time to 99%.
        races: how many of the ways through the images are timed; None for all.
        profiled_steps: steps that the profiler watches.
        models: how many trainings at once are tried.
        batch: greatest batch; None for those of the recipes.
    """

    images: int | None = None
    measured: int | None = None
    epochs: int | None = None
    seeds: tuple[int, ...] = (1, 2, 3)
    timed_seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    races: int | None = None
    profiled_steps: int = 100
    models: tuple[int, ...] = (8, 32, 128)
    batch: int | None = None


FULL = Sizes()
REHEARSAL = Sizes(
    images=192,
    measured=64,
    epochs=1,
    seeds=(1, 2),
    timed_seeds=(1, 2),
    races=1,
    profiled_steps=2,
    models=(2, 3),
    batch=64,
)


@dataclass(frozen=True)
class Bench:
    """What a part needs to measure something.

    Attributes:
        mnist: raw images, on the CPU; as many as the sizes say.
        device: where it is measured.
        sizes: how much of it.
    """

    mnist: Splits
    device: torch.device
    sizes: Sizes

    @classmethod
    def of(cls, mnist: Splits, device: torch.device, sizes: Sizes) -> "Bench":
        """With as many of the images as the sizes say."""
        few = mnist.head(sizes.images) if sizes.images else mnist
        few = replace(
            few, validation=few.validation[: sizes.measured], test=few.test[: sizes.measured]
        )
        return cls(few, device, sizes)

    @cached_property
    def standardised(self) -> Splits:
        """The images as the CNN's recipes want them, on the device."""
        return recipe_called("cnn").prepare(self.mnist).to(self.device)

    def shortened(self, recipe: Recipe) -> Recipe:
        """The recipe with no more epochs, and no larger batches, than the sizes say."""
        config = recipe.config
        epochs = min(config.epochs, self.sizes.epochs or config.epochs)
        batch = min(config.batch_size, self.sizes.batch or config.batch_size)
        return replace(recipe, config=replace(config, epochs=epochs, batch_size=batch))

    def seconds(self, work: Callable[[], Any]) -> float:
        """How long some work takes, on the host and on the device."""
        synchronise(self.device)
        start = time.perf_counter()
        work()
        synchronise(self.device)
        return time.perf_counter() - start

    def need_cuda(self) -> None:
        """End a part that only CUDA can do.

        Raises:
            Skipped: this is another device.
        """
        if self.device.type != "cuda":
            raise Skipped(f"needs CUDA, and this is {self.device.type}")

    @staticmethod
    def say(text: str) -> None:
        """Tell on stderr what has been done."""
        print(f"    {text}", file=sys.stderr, flush=True)


def recipe_called(name: str) -> Recipe:
    """A recipe of the recorded study."""
    return next(one for recipes in RECIPES.values() for one in recipes if one.name == name)
