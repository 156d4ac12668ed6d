"""The seeds' own loops: their behaviour, in our words.

The CNN is that of the blog post "MNIST (amélioré)"; the DNN is that of the notebook PMNIST1
by Laurent Risser (CNRS/IMT), FIDLE, with the `update` of the history that the notebook
imports from FIDLE. What is slow, wasteful or wrong in them stays so.

Repairs, without which they do not run or do other work than ours:

- the files are given, not downloaded;
- the blog trains on the 60,000 training images (it loads the 10,000 test images);
- `loss.item()` for `loss.data[0]`, which is an error today.

Left out: `Variable`, which does nothing any more, FIDLE's start-up, and all drawing.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import transforms
from torchvision.datasets import MNIST

from benchmarks import Epoch

__all__ = ["CNN", "DNN", "cnn_epochs", "dnn_epochs"]


class CNN(nn.Module):
    """The blog's network: two convolutions, two linear layers, log-probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=5)
        self.drop = nn.Dropout2d()
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, 1, 28, 28) to log-probabilities (N, 10)."""
        maps = F.relu(F.max_pool2d(self.conv1(images), 2))
        maps = F.relu(F.max_pool2d(self.drop(self.conv2(maps)), 2))
        hidden = F.relu(self.fc1(maps.view(maps.size(0), -1)))
        hidden = F.dropout(hidden, training=self.training)
        return F.log_softmax(self.fc2(hidden), dim=1)


class DNN(nn.Module):
    """FIDLE's network, with its softmax over the images of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(784, 100)
        self.hidden2 = nn.Linear(100, 100)
        self.hidden3 = nn.Linear(100, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, 28, 28) to numbers (N, 10) whose columns sum to 1."""
        hidden = F.relu(self.hidden1(images.view(-1, 784)))
        hidden = F.relu(self.hidden2(hidden))
        return F.softmax(self.hidden3(hidden), dim=0)


def cnn_epochs(folder: Path, epochs: int) -> Iterator[Epoch]:
    """Train the blog's network: batches of 64, Adagrad, each image read through PIL."""
    steps = [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    images = MNIST(folder, train=True, transform=transforms.Compose(steps))
    loader = torch.utils.data.DataLoader(images, batch_size=64, shuffle=True)
    model = CNN()
    model.train()
    measure = nn.NLLLoss()
    optimiser = torch.optim.Adagrad(model.parameters())
    for _ in range(epochs):
        start = time.perf_counter()
        losses = []
        for data, targets in loader:
            optimiser.zero_grad()
            output = model(data)
            loss = measure(output, targets)
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        _accuracy(output, targets)  # of the last batch alone, as published
        yield Epoch(time.perf_counter() - start, len(images))


def dnn_epochs(folder: Path, epochs: int) -> Iterator[Epoch]:
    """Train FIDLE's network: float64 images, batches of 512, Adam, history after each epoch."""
    training, test = MNIST(folder, train=True), MNIST(folder, train=False)
    x_train, x_test = training.data.type(torch.float64), test.data.type(torch.float64)
    y_train, y_test = training.targets, test.targets
    greatest = x_train.max()
    x_train = x_train / greatest
    x_test = x_test / greatest

    model = DNN()
    measure = nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    model.train()
    _update_history(model, x_train, y_train, x_test, y_test)
    n = len(x_train)
    for _ in range(epochs):
        begin = time.perf_counter()
        order = np.arange(n)
        np.random.shuffle(order)
        start = 0
        while start + 512 < n:  # the last batch is dropped, as published
            rows = order[start : start + 512]
            batch, targets = x_train[rows].float(), y_train[rows]
            optimiser.zero_grad()
            loss = measure(model(batch), targets)
            loss.backward()
            optimiser.step()
            start += 512
        measured = _update_history(model, x_train, y_train, x_test, y_test)
        yield Epoch(time.perf_counter() - begin, start, measured)


def _update_history(
    model: nn.Module, x_train: Tensor, y_train: Tensor, x_test: Tensor, y_test: Tensor
) -> int:
    """Measure as many random training images as there are test images, then all of those."""
    order = np.arange(len(x_train))
    np.random.shuffle(order)
    rows = order[: len(x_test)]
    for images, digits in ((x_train[rows], y_train[rows]), (x_test[:], y_test[:])):
        output = model(images.float())  # with gradients, as published
        nn.CrossEntropyLoss()(output, digits).item()
        _accuracy(output, digits)
    return len(rows) + len(x_test)


def _accuracy(output: Tensor, digits: Tensor) -> float:
    return float((output.argmax(dim=1) == digits).float().mean())
