"""Our loops, by the public functions a lesson uses, set to the seeds' arithmetic.

`cnn_kernels` and `dnn_kernels` time the part of an epoch that no loop can avoid.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from time import perf_counter

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks import Epoch
from mnist_lessons.data import Split, Splits, load_mnist, normalise
from mnist_lessons.models import ImprovedCNN, SimpleDNN
from mnist_lessons.training import TrainConfig, fit

__all__ = ["cnn_epochs", "cnn_kernels", "dnn_epochs", "dnn_kernels", "dnn_model"]

_KERNEL_SECONDS = 0.5


def cnn_epochs(epochs: int) -> list[Epoch]:
    """Train our CNN as the blog does; the few images measured between epochs are not timed."""
    splits = normalise(_as_the_seeds_split(), mean=0.1307, std=0.3081)
    splits = replace(splits, validation=splits.test[:64])
    config = TrainConfig(
        epochs=epochs, batch_size=64, learning_rate=0.01, optimiser="adagrad", measured_images=64
    )
    _untrained, *records = fit(ImprovedCNN(), splits, config)
    return [Epoch(record.seconds, record.images) for record in records]


def dnn_epochs(epochs: int) -> list[Epoch]:
    """Train and measure our DNN as FIDLE does, as many images after each epoch."""
    splits = _as_the_seeds_split()
    splits = normalise(splits, scale=float(splits.train.images.max()))
    config = TrainConfig(
        epochs=epochs, batch_size=512, learning_rate=1e-3, measured_images=len(splits.test)
    )
    ends: list[float] = []  # the first is that of the untrained model
    records = fit(dnn_model(), splits, config, after_epoch=lambda _: ends.append(perf_counter()))
    return [
        Epoch(end - start, record.images, record.train_count + record.validation_count)
        for (start, end), record in zip(pairwise(ends), records[1:], strict=True)
    ]


def dnn_model() -> nn.Module:
    """Our DNN with FIDLE's softmax over the batch, so that neither side computes less."""
    return nn.Sequential(SimpleDNN(), nn.Softmax(dim=0))


def cnn_kernels(epoch: Epoch) -> float:
    """Seconds of the layers' forward and backward alone, for as many images as `epoch`.

    One batch stays in memory: no optimiser, no shuffling, no data movement.
    """
    model = ImprovedCNN().train()
    images, labels = torch.rand(64, 1, 28, 28), torch.randint(10, (64,))

    def step() -> None:
        model.zero_grad()
        F.cross_entropy(model(images), labels).backward()

    return _seconds(step) * epoch.trained / 64


def dnn_kernels(epoch: Epoch) -> float:
    """Seconds of the matrix products alone, for as many images as `epoch`."""
    trained = _seconds(_products(512, train=True)) / 512 * epoch.trained
    return trained + _seconds(_products(500, train=False)) / 500 * epoch.measured


def _products(images: int, *, train: bool) -> Callable[[], None]:
    """The matrix products of one batch of the DNN."""
    weights = [torch.rand(100, 784), torch.rand(100, 100), torch.rand(10, 100)]
    layers = [(torch.rand(images, w.shape[1]), w, torch.rand(images, len(w))) for w in weights]

    def step() -> None:
        for number, (inputs, weight, gradient) in enumerate(layers):
            torch.mm(inputs, weight.T)
            if train:
                torch.mm(gradient.T, inputs)
            if train and number:  # nobody asks for the gradient of the pixels
                torch.mm(gradient, weight)

    return step


def _as_the_seeds_split() -> Splits:
    """All training images in one split, and the test images where the seeds measure."""
    splits = load_mnist()
    parts = splits.train, splits.validation
    images = torch.cat([part.images for part in parts])
    labels = torch.cat([part.labels for part in parts])
    return replace(splits, train=Split(images, labels), validation=splits.test)


def _seconds(step: Callable[[], None]) -> float:
    """Mean time of a step, after a few that do not count."""
    for _ in range(5):
        step()
    steps, start = 0, perf_counter()
    while (seconds := perf_counter() - start) < _KERNEL_SECONDS:
        step()
        steps += 1
    return seconds / steps
