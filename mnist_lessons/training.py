"""Train a model: a checked configuration in, one immutable record per epoch out."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mnist_lessons._checkpoints import Checkpoint
from mnist_lessons._checks import check_normalised, check_number
from mnist_lessons.augmentation import Augmentation
from mnist_lessons.data import Split, Splits
from mnist_lessons.devices import synchronise
from mnist_lessons.errors import NonFiniteLoss
from mnist_lessons.evaluation import evaluate

__all__ = ["OPTIMISERS", "SCHEDULES", "EpochRecord", "TrainConfig", "fit"]

OPTIMISERS: dict[str, Callable[..., optim.Optimizer]] = {
    "adagrad": optim.Adagrad,
    "adam": partial(optim.Adam, fused=True),  # one pass over the weights, not a dozen
    "adamw": partial(optim.AdamW, fused=True),
    "sgd": optim.SGD,
}
"""By name, what makes an optimiser of parameters, `lr` and `weight_decay`."""


_Weights = tuple[Tensor, ...] | list[Tensor]


def _one_cycle(progress: float) -> float:
    rise = 0.25
    if progress < rise:
        return 0.04 + 0.96 * progress / rise
    return _cosine((progress - rise) / (1 - rise))


def _cosine(progress: float) -> float:
    return (1 + math.cos(math.pi * progress)) / 2


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}
"""By name, the share of the learning rate for the part of the training that is done, 0 to 1."""

_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (0, 100_000),
    "batch_size": (1, 1_000_000),
    "learning_rate": (0, 1_000),
    "weight_decay": (0, 1_000),
    "label_smoothing": (0, 0.9),
    "averaging": (0, 0.999_999),
    "seed": (0, 2**31 - 1),
    "measured_images": (1, 1_000_000),
}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How to train.

    Attributes:
        epochs: passes over the training split, 0 to 100,000.
        batch_size: images per step, 1 to 1,000,000; the last batch may be smaller.
        learning_rate: above 0, up to 1,000; the greatest one, where a schedule changes it.
        optimiser: `adagrad`, `adam`, `adamw` or `sgd`, with PyTorch's other defaults.
        schedule: of the learning rate from step to step: `constant`; `cosine`, which falls to 0;
            `one-cycle`, which rises during the first quarter of all steps and then falls to 0
            (after L. N. Smith and N. Topin, "Super-convergence", 2017, arXiv:1708.07120, where
            both ways are straight and the momentum changes, too; here the rate falls as a cosine).
        weight_decay: pull of all weights towards 0, 0 to 1,000, as the optimiser defines it.
        label_smoothing: share of the probability that the loss asks for all digits alike, 0 to
            0.9; the measured losses are without it.
        averaging: 0, or the decay of an exponential moving average of all weights, step by step,
            up to 0.999999; after n steps (n + 1) / (n + 10) at most. It is the average that is
            measured, and that the model holds at the end (a variant of the plain mean of all steps
            of B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by
            averaging", 1992, in which old steps are forgotten).
        augment: changes the images of each batch before the model sees them; None: as they are.
        seed: of the order of the images and of dropout, 0 to 2**31 - 1.
        measured_images: training images, from the first on, that are measured after each epoch,
            always the same, 1 to 1,000,000; all of them where the split has fewer.

    Raises:
        ValueError: a field is outside its range; the message names both.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    optimiser: str = "adam"
    schedule: str = "constant"
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    averaging: float = 0.0
    augment: Augmentation | None = None
    seed: int = 0
    measured_images: int = 10_000

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name in _RANGES:
                check_number(
                    field.name, getattr(self, field.name), *_RANGES[field.name],
                    whole=field.type is int,
                    above=field.name == "learning_rate",  # a rate of 0 would train nothing
                )  # fmt: skip
        for name, known in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES)):
            if (value := getattr(self, name)) not in known:
                names = ", ".join(sorted(known))
                raise ValueError(f"{name} must be one of {names}, not {value!r}")
        if not isinstance(self.augment, Augmentation | None):
            raise ValueError(f"augment must be an Augmentation or None, not {self.augment!r}")


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """What an epoch left behind, measured in eval mode after its last step.

    Attributes:
        epoch: 0 for the untrained model, then 1, 2, ...
        train_loss: mean cross-entropy per image, in nats.
        train_correct: correct images among `train_count`.
        train_count: training images measured (`TrainConfig.measured_images`).
        validation_loss: mean cross-entropy per image, in nats.
        validation_correct: correct images among `validation_count`.
        validation_count: validation images measured, all of them.
        images: images trained on in this epoch; 0 for epoch 0.
        seconds: time spent training in this epoch, measuring excluded.
        learning_rate: learning rate of the last step of the epoch; for epoch 0, which has none,
            that of the configuration.
    """

    epoch: int
    train_loss: float
    train_correct: int
    train_count: int
    validation_loss: float
    validation_correct: int
    validation_count: int
    images: int
    seconds: float
    learning_rate: float

    @property
    def train_accuracy(self) -> float:
        """Share of correct images among the measured training images, 0 to 1."""
        return self.train_correct / self.train_count

    @property
    def validation_accuracy(self) -> float:
        """Share of correct validation images, 0 to 1."""
        return self.validation_correct / self.validation_count

    @property
    def images_per_second(self) -> float:
        """Speed of training; 0 for epoch 0."""
        return self.images / self.seconds if self.images else 0.0

    def as_row(self) -> dict[str, Any]:
        """All fields, then the two accuracies and the speed, ready for CSV and JSON."""
        return {
            **asdict(self),
            "train_accuracy": self.train_accuracy,
            "validation_accuracy": self.validation_accuracy,
            "images_per_second": round(self.images_per_second, 1),
        }


def fit(
    model: nn.Module,
    splits: Splits,
    config: TrainConfig,
    checkpoints: Path | None = None,
    *,
    after_epoch: Callable[[EpochRecord], None] | None = None,
) -> tuple[EpochRecord, ...]:
    """Train a model, and measure it after each epoch.

    The model is moved to the device of the splits. In each epoch every training image is
    seen exactly once. An epoch draws its random numbers from `(config.seed, epoch)` alone:
    what the caller drew before cannot change the training, and the caller's own random state
    is left as it was (on the CPU, and on the CUDA device in use). The same seed, number of
    threads and device give the same bits.

    With a folder for checkpoints, the training is stored there every few seconds and at its
    end. When the very same training is asked for again (same weights, images, configuration,
    code, PyTorch and machine), it goes on where it was, and ends with the same bits as if it
    had never been stopped. A model whose code or state is not fully known, such as a class
    made in a function, is trained again.

    Args:
        model: returns logits (N, 10); trained in place.
        splits: normalised images; the test split is never touched.
        config: how to train.
        checkpoints: folder for stored trainings, made when needed; None: nothing is stored.
            Where it cannot be written, one line on stderr says so, and training goes on.
        after_epoch: called with each record as it comes, the stored ones of a training that
            goes on first, while the model is as it was stored. It may measure the model, and
            must not change its weights. An error that it raises ends the training.

    Returns:
        `config.epochs + 1` records, the first of the untrained model.

    Raises:
        ValueError: the images are not normalised.
        NonFiniteLoss: a batch has a NaN or infinite loss; the step is not taken.
    """
    for split in (splits.train, splits.validation):
        check_normalised(split.images)
    model.to(splits.train.images.device)
    optimiser = OPTIMISERS[config.optimiser](
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    average = _average(model, config)
    train, validation = splits.train, splits.validation
    tensors = (train.images, train.labels, validation.images, validation.labels)
    checkpoint = Checkpoint(checkpoints, model, optimiser, tensors, config, average)
    log = checkpoint.restore()
    if average and len(log) > config.epochs:
        model.load_state_dict(average.module.state_dict())
    records = [EpochRecord(**row) for row in log]
    if after_epoch:
        for record in records:
            after_epoch(record)
    for epoch in range(len(log), config.epochs + 1):
        images, seconds = 0, 0.0
        if epoch:
            start = time.perf_counter()
            images = _train_epoch(model, train, optimiser, average, config, epoch)
            seconds = time.perf_counter() - start
        record = _measure(
            average.module if average else model, splits, config,
            epoch=epoch, images=images, seconds=seconds,
            learning_rate=optimiser.param_groups[0]["lr"],
        )  # fmt: skip
        records.append(record)
        log.append(asdict(record))
        checkpoint.save(log, last=epoch == config.epochs)
        if average and epoch == config.epochs:
            model.load_state_dict(average.module.state_dict())
        if after_epoch:
            after_epoch(record)
    return tuple(records)


def _average(model: nn.Module, config: TrainConfig) -> AveragedModel | None:
    if not config.averaging:
        return None

    def update(averages: _Weights, current: _Weights, steps: Tensor | int) -> None:
        # Smaller at first: else the weights of the first steps would linger.
        decay = min(config.averaging, (1 + int(steps)) / (10 + int(steps)))
        get_ema_multi_avg_fn(decay)(averages, current, steps)

    return AveragedModel(model, multi_avg_fn=update, use_buffers=True)


def _train_epoch(
    model: nn.Module,
    split: Split,
    optimiser: optim.Optimizer,
    average: AveragedModel | None,
    config: TrainConfig,
    epoch: int,
) -> int:
    """Take one step per batch; return the number of images seen."""
    device = split.images.device
    seen = 0
    model.train()
    with _own_random_state(device, config.seed, epoch), _repeatable_kernels():
        batches = torch.randperm(len(split)).to(device).split(config.batch_size)
        for step, rows in enumerate(batches, start=1):
            _set_rate(optimiser, config, epoch - 1 + (step - 1) / len(batches))
            images = split.images.index_select(0, rows)
            logits = model(config.augment(images) if config.augment else images)
            labels = split.labels.index_select(0, rows)
            loss = F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
            if not loss.isfinite():
                raise NonFiniteLoss(
                    f"the loss is {loss.item()} in epoch {epoch}, step {step} "
                    f"(learning rate {config.learning_rate}): training stopped before that step; "
                    "a smaller learning rate usually helps"
                )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if average:
                average.update_parameters(model)
            seen += len(rows)
    synchronise(device)
    return seen


def _set_rate(optimiser: optim.Optimizer, config: TrainConfig, epochs_done: float) -> None:
    share = SCHEDULES[config.schedule](epochs_done / config.epochs)
    for group in optimiser.param_groups:
        group["lr"] = config.learning_rate * share


def _repeatable_kernels() -> AbstractContextManager[None]:
    # cuDNN's fastest kernels add in any order: the same seed would not give the same bits.
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True)


@contextmanager
def _own_random_state(device: torch.device, seed: int, epoch: int) -> Iterator[None]:
    """Seed the order and the dropout of one epoch; give the caller's state back afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed * 1_000_003 + epoch)  # neighbouring seeds share no stream
        yield


def _measure(
    model: nn.Module,
    splits: Splits,
    config: TrainConfig,
    *,
    epoch: int,
    images: int,
    seconds: float,
    learning_rate: float,
) -> EpochRecord:
    train = evaluate(model, splits.train[: config.measured_images])
    validation = evaluate(model, splits.validation)
    return EpochRecord(
        epoch=epoch,
        train_loss=train.loss,
        train_correct=train.correct,
        train_count=train.count,
        validation_loss=validation.loss,
        validation_correct=validation.correct,
        validation_count=validation.count,
        images=images,
        seconds=seconds,
        learning_rate=learning_rate,
    )
