"""The recipes of the study: each changes one thing of another."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import nn

from mnist_lessons.augmentation import RandomAffine
from mnist_lessons.data import Splits, normalise
from mnist_lessons.handwriting import RandomWarp
from mnist_lessons.models import CompactCNN, ImprovedCNN, SimpleDNN
from mnist_lessons.training import TrainConfig
from mnist_lessons.views import SeveralViews

__all__ = ["LONG_TRAININGS", "NETWORKS", "RECIPES", "LongTraining", "Recipe"]

_SLIGHTLY = RandomAffine(shift=1.5, degrees=8, scale=0.1, shear=8)
_STRONGLY = RandomAffine(shift=2, degrees=15, scale=0.15, shear=15)
_VIEW_SHIFT = 0.75  # pixels: the best of 0.25 to 1.5 on the validation images, of two seeds
_FEW = 1_000  # training images to measure: records hold validation images only

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "SimpleDNN": SimpleDNN,
    "ImprovedCNN": ImprovedCNN,
    "ImprovedCNN without dropout": partial(ImprovedCNN, dropout=0.0),
    "CompactCNN without batch normalisation": partial(CompactCNN, batch_norm=False),
    "CompactCNN": CompactCNN,
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A network and how it is trained, as one change of another recipe.

    Attributes:
        name: short and unique.
        change: what differs from the recipe before, in words.
        after: name of the recipe before; None for the first of a ladder.
        network: a key of `NETWORKS`.
        config: how to train; its seed is replaced.
        standardised: whether pixels have mean 0 and standard deviation 1, or lie between 0 and 1.
        view_shift: pixels by which an image is moved for four more views of the trained network
            (`SeveralViews`); 0: it is seen once.
        tested: whether the test images are scored, once for each seed: only for what was chosen.
    """

    name: str
    change: str
    after: str | None = None
    network: str
    config: TrainConfig
    standardised: bool = True
    view_shift: float = 0.0
    tested: bool = False

    def then(self, name: str, change: str, **changes: Any) -> "Recipe":
        """This recipe with one change; what is no field of a recipe is one of `config`."""
        names = ("network", "standardised", "view_shift")
        own = {name: changes.pop(name) for name in names if name in changes}
        config = replace(self.config, **changes)
        return replace(
            self, name=name, change=change, after=self.name, config=config, tested=False, **own
        )

    def chosen(self) -> "Recipe":
        """The same recipe, to be scored on the test images."""
        return replace(self, tested=True)

    @property
    def key(self) -> str:
        """Hash of what decides the result besides the seed."""
        with torch.device("meta"):  # no weights, and nobody's random numbers
            layers = str(self.model())
        # Left out where it is 0: recipes keep the key that their records have.
        views = (self.view_shift,) if self.view_shift else ()
        decisive = (layers, replace(self.config, seed=0), self.standardised, *views)
        return hashlib.sha256(repr(decisive).encode()).hexdigest()[:16]

    def config_for(self, seed: int) -> TrainConfig:
        """How to train with one seed."""
        return replace(self.config, seed=seed)

    def model(self) -> nn.Module:
        """A fresh network, from PyTorch's random numbers."""
        return NETWORKS[self.network]()

    def asked(self, model: nn.Module) -> nn.Module:
        """The trained network in the way it is asked: once, or with several views."""
        return SeveralViews(model, self.view_shift) if self.view_shift else model

    def prepare(self, splits: Splits) -> Splits:
        """The images as this recipe wants them."""
        return (
            normalise(splits, mean=0.1307, std=0.3081) if self.standardised else normalise(splits)
        )


def _dnn() -> list[Recipe]:
    lesson = Recipe(
        name="dnn",
        change="its lesson's recipe",
        network="SimpleDNN",
        standardised=False,
        config=TrainConfig(epochs=128, batch_size=512, learning_rate=1e-3),
    ).chosen()
    standard = lesson.then("dnn-standardised", "pixels with mean 0 and spread 1", standardised=True)
    cycle = standard.then(
        "dnn-schedule", "one-cycle, four times the rate, 40 epochs, batches of 256",
        schedule="one-cycle", learning_rate=4e-3, batch_size=256, epochs=40,
    )  # fmt: skip
    moved = cycle.then("dnn-augmented", "augmentation", augment=_SLIGHTLY)
    averaged = moved.then("dnn-averaged", "averaged weights", averaging=0.999)
    decayed = moved.then(
        "dnn-decayed", "weight decay, without averaging", optimiser="adamw", weight_decay=0.05
    ).chosen()
    return [lesson, standard, cycle, moved, averaged, decayed]


def _cnn_short() -> list[Recipe]:
    lesson = Recipe(
        name="cnn",
        change="its lesson's recipe",
        network="ImprovedCNN",
        config=TrainConfig(epochs=3, batch_size=64, learning_rate=1e-2, optimiser="adagrad"),
    ).chosen()
    adam = lesson.then(
        "cnn-adam", "Adam, with its usual rate", optimiser="adam", learning_rate=1e-3
    )
    bare = adam.then("cnn-bare", "no dropout", network="ImprovedCNN without dropout")
    cycle = bare.then(
        "cnn-schedule", "one-cycle, five times the rate",
        schedule="one-cycle", learning_rate=5e-3,
    )  # fmt: skip
    averaged = cycle.then("cnn-averaged", "averaged weights", averaging=0.99)
    moved = cycle.then(
        "cnn-augmented", "augmentation, a little",
        augment=RandomAffine(shift=1, degrees=5, scale=0.05),
    ).chosen()  # fmt: skip
    return [lesson, adam, bare, cycle, averaged, moved]


def _cnn_long() -> list[Recipe]:
    certain = Recipe(
        name="cnn-20-certain",
        change="20 epochs, batches of 128",
        network="ImprovedCNN without dropout",
        config=TrainConfig(
            epochs=20, batch_size=128, learning_rate=5e-3, optimiser="adam", schedule="one-cycle",
            measured_images=_FEW,
        ),
    )  # fmt: skip
    smoothed = certain.then("cnn-20", "smoothed labels", label_smoothing=0.1)
    moved = smoothed.then("cnn-20-augmented", "augmentation, a lot", augment=_STRONGLY)
    long = moved.then("cnn-90", "90 epochs", epochs=90)
    views = long.then("cnn-90-views", "five views", view_shift=_VIEW_SHIFT).chosen()
    return [certain, smoothed, moved, long, views]


def _compact() -> list[Recipe]:
    plain = Recipe(
        name="compact-plain",
        change="six small convolutions, 4 epochs",
        network="CompactCNN without batch normalisation",
        config=TrainConfig(
            epochs=4, batch_size=128, learning_rate=3e-3, optimiser="adam", schedule="one-cycle",
            label_smoothing=0.1, augment=_STRONGLY, measured_images=_FEW,
        ),
    )  # fmt: skip
    normalised = plain.then(
        "compact-normalised",
        "batch normalisation, three times the rate",
        network="CompactCNN",
        learning_rate=1e-2,
    )
    long = normalised.then("compact", "24 epochs", epochs=24)
    views = long.then("compact-views", "five views", view_shift=_VIEW_SHIFT).chosen()
    return [plain, normalised, long, views]


_LADDERS = {
    "dnn": _dnn,
    "cnn-short": _cnn_short,
    "cnn-long": _cnn_long,
    "compact": _compact,
}

RECIPES: dict[str, tuple[Recipe, ...]] = {name: tuple(make()) for name, make in _LADDERS.items()}
"""The recipes of each ladder, by its name; each but the first changes an earlier one."""


@dataclass(frozen=True, kw_only=True)
class LongTraining:
    """How a network is trained whose weights are recorded, in two stages.

    Attributes:
        name: short and unique.
        network: a key of `NETWORKS`.
        first: how it is trained on MNIST.
        drawn: digits drawn by program that are among the training images of the second stage.
        second: how it is then trained on with them.
        kept: share of the weights of the first stage in the result, 0 to 1; the rest is of the
            second. Such an average forgets less of what was learned first (M. Wortsman et al.,
            "Robust fine-tuning of zero-shot models", 2022).
    """

    name: str
    network: str
    first: TrainConfig
    drawn: int
    second: TrainConfig
    kept: float = 0.0

    @property
    def key(self) -> str:
        """Hash of what decides the result."""
        decisive = (self.network, self.first, self.drawn, self.second, self.kept)
        return hashlib.sha256(repr(decisive).encode()).hexdigest()[:16]

    def model(self) -> nn.Module:
        """A fresh network, from PyTorch's random numbers."""
        return NETWORKS[self.network]()


_BENDING = RandomWarp(bend=0.5, degrees=10, shear=15, aspect=0.2, scale=0.1, shift=1)


def _best_cnn() -> LongTraining:
    first = TrainConfig(
        epochs=40, batch_size=128, learning_rate=1e-2, schedule="one-cycle", augment=_STRONGLY,
        seed=1, measured_images=500,
    )  # fmt: skip
    second = replace(
        first, epochs=10, learning_rate=3e-3, schedule="cosine", seed=5, measured_images=100
    )
    return LongTraining(
        name="best-cnn", network="CompactCNN", first=first, drawn=40_000, second=second, kept=0.1
    )


def _best_dnn() -> LongTraining:
    first = TrainConfig(
        epochs=93, batch_size=256, learning_rate=4e-3, schedule="one-cycle", augment=_BENDING,
        seed=1, measured_images=500,
    )  # fmt: skip
    second = replace(
        first, epochs=20, batch_size=128, learning_rate=2e-3, schedule="cosine", seed=5,
        measured_images=100,
    )  # fmt: skip
    return LongTraining(
        name="best-dnn", network="SimpleDNN", first=first, drawn=24_000, second=second
    )


LONG_TRAININGS = {training.name: training for training in (_best_cnn(), _best_dnn())}
"""By name, how the networks were trained whose weights are recorded."""
