"""Measure a model on a whole split, without touching its weights or its mode."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from mnist_lessons._checks import check_normalised
from mnist_lessons.data import Split

__all__ = [
    "Predictions",
    "Score",
    "confusion_counts",
    "evaluate",
    "predict",
    "top_confusions",
    "wilson_interval",
]

# Small batches stay in a processor's cache; a GPU wants one large batch.
_BATCH_SIZE = {"cpu": 500}
_GPU_BATCH_SIZE = 10_000


@dataclass(frozen=True)
class Score:
    """Loss and accuracy over a whole split.

    Attributes:
        loss: mean cross-entropy per image, in nats; a uniform guess has ln 10 = 2.3026.
        correct: number of images whose greatest logit is the true digit's.
        count: number of images.
    """

    loss: float
    correct: int
    count: int

    @property
    def accuracy(self) -> float:
        """Share of correct images, 0 to 1."""
        return self.correct / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """95% Wilson interval of the accuracy."""
        return wilson_interval(self.correct, self.count)

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.correct:,} of {self.count:,} correct: {self.accuracy:.2%} "
            f"(95% interval {low:.2%} to {high:.2%}), loss {self.loss:.4f}"
        )


@dataclass(frozen=True)
class Predictions:
    """What a model says of each image of a split, on the CPU.

    Attributes:
        logits: float32 (N, 10).
        labels: true digits, int64 (N,); -1 where no digit is right, as for a picture of a shoe:
            whatever is read there is an error.
    """

    logits: Tensor
    labels: Tensor

    @classmethod
    def from_probabilities(cls, probabilities: ArrayLike, labels: ArrayLike) -> "Predictions":
        """Of a model that returns probabilities, such as one of scikit-learn.

        The logits are their logarithms. A probability below 2**-23, the precision of float32,
        counts as that: a model that is sure of a wrong digit would have an endless loss, and has
        one of 15.9 nats, as by `sklearn.metrics.log_loss` for float32.

        Args:
            probabilities: one row for each image, one column for each digit, (N, 10): 0 or more,
                each row with the sum 1 (within 0.001).
            labels: true digits, whole numbers (N,).

        Raises:
            ValueError: a shape is another one, or a row is no probabilities.
        """
        chances = torch.as_tensor(probabilities, dtype=torch.float64).detach().cpu()
        digits = torch.as_tensor(labels).cpu()
        if chances.ndim != 2 or chances.shape[1] != 10 or digits.shape != chances.shape[:1]:
            raise ValueError(
                "probabilities have the shape (N, 10), with a column for each digit, and labels "
                f"(N,), not {tuple(chances.shape)} and {tuple(digits.shape)}"
            )
        wrong = ~((chances >= 0).all(dim=1) & ((chances.sum(dim=1) - 1).abs() <= 1e-3))
        if wrong.any():
            row = int(wrong.nonzero()[0])
            raise ValueError(
                "each row has ten probabilities, 0 or more, whose sum is 1: not so row "
                f"{row}, {chances[row].tolist()}"
            )
        logits = chances.clamp(min=torch.finfo(torch.float32).eps).log()
        return cls(logits.float(), digits.long())

    @property
    def score(self) -> Score:
        """Loss, count of correct images, accuracy.

        Raises:
            ValueError: an image has a label that is no digit.
        """
        if ((self.labels < 0) | (self.labels > 9)).any():
            raise ValueError("images with a label that is no digit have no loss, and no score")
        loss = F.cross_entropy(self.logits, self.labels).item()
        correct = int((self.digits == self.labels).sum())
        return Score(loss, correct, len(self.labels))

    @property
    def probabilities(self) -> Tensor:
        """Softmax of the logits over the ten classes, float32 (N, 10), rows sum to 1."""
        return self.logits.softmax(dim=1)

    @property
    def digits(self) -> Tensor:
        """Predicted digits, int64 (N,)."""
        return self.logits.argmax(dim=1)

    @property
    def confidence(self) -> Tensor:
        """Probability of the predicted digit, float32 (N,), 0.1 to 1."""
        return self.probabilities.max(dim=1).values

    @property
    def errors(self) -> Tensor:
        """Rows of the wrong predictions, int64, the most confident first."""
        wrong = (self.digits != self.labels).nonzero().flatten()
        return wrong[self.confidence[wrong].argsort(descending=True, stable=True)]


def evaluate(model: nn.Module, split: Split, *, batch_size: int | None = None) -> Score:
    """Score a model on every image of a split, in eval mode.

    Args:
        model: returns logits (N, 10).
        split: normalised images; moved to the model's device batch by batch if need be.
        batch_size: images per batch, at least 1; chosen for the device where None. The
            result does not depend on it, but for rounding.

    Raises:
        ValueError: the split is empty, its images are not normalised, or the batch size is
            below 1.
    """
    loss, correct = 0.0, 0
    with _measuring(model):
        for logits, labels in _batches(model, split, batch_size):
            loss += F.cross_entropy(logits, labels, reduction="sum").item()
            correct += int((logits.argmax(dim=1) == labels).sum())
    return Score(loss / len(split), correct, len(split))


def predict(model: nn.Module, split: Split, *, batch_size: int | None = None) -> Predictions:
    """Collect the logits of every image of a split, in eval mode.

    Args and errors are those of `evaluate`.
    """
    with _measuring(model):
        logits = [batch.cpu() for batch, _ in _batches(model, split, batch_size)]
    # Out of inference mode, so that a learner may use them in any computation.
    return Predictions(torch.cat(logits).clone(), split.labels.cpu())


def wilson_interval(correct: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of an accuracy, 0 to 1, by Wilson's score method.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212.

    Args:
        correct: number of successes, 0 to `count`.
        count: number of trials, at least 1.
        confidence: probability that the interval covers the true value, between 0 and 1.

    Raises:
        ValueError: an argument is outside its range.
    """
    if not (0 <= correct <= count and count >= 1 and 0 < confidence < 1):
        raise ValueError(f"not a proportion: {correct} of {count} at confidence {confidence}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = correct / count
    centre = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    # Rounding must not leave the share itself outside, at 0 and at 1.
    return max(0.0, min(share, (centre - half) / scale)), min(
        1.0, max(share, (centre + half) / scale)
    )


def confusion_counts(predictions: Predictions) -> NDArray[np.int64]:
    """Counts (10, 10): row = true digit, column = predicted digit."""
    # Here: training does without it, and need not wait for it or hold it in memory.
    from sklearn.metrics import confusion_matrix

    counts: NDArray[np.int64] = confusion_matrix(
        predictions.labels.numpy(), predictions.digits.numpy(), labels=range(10)
    )
    return counts


def top_confusions(counts: NDArray[np.int64], number: int = 5) -> list[tuple[int, int, int]]:
    """The most frequent errors as (true digit, predicted digit, count), most frequent first."""
    pairs = [(true, read, int(counts[true, read])) for true in range(10) for read in range(10)]
    wrong = [pair for pair in pairs if pair[0] != pair[1] and pair[2]]
    return sorted(wrong, key=lambda pair: -pair[2])[:number]


@contextmanager
def _measuring(model: nn.Module) -> Iterator[None]:
    # Modules can be in different modes (a frozen part, say): each gets its own back.
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def _batches(
    model: nn.Module, split: Split, batch_size: int | None
) -> Iterator[tuple[Tensor, Tensor]]:
    check_normalised(split.images)
    # A rule written by hand has no parameters, and can be measured too.
    device = next((parameter.device for parameter in model.parameters()), split.images.device)
    size = batch_size if batch_size is not None else _BATCH_SIZE.get(device.type, _GPU_BATCH_SIZE)
    if size < 1 or len(split) == 0:
        raise ValueError(f"cannot measure {len(split)} images in batches of {size}")
    for start in range(0, len(split), size):
        batch = split[start : start + size].to(device)
        yield model(batch.images), batch.labels
