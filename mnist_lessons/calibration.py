"""Confidence against the share of right answers: how true it is, how to mend it, what it is for."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional as F

from mnist_lessons.evaluation import Predictions

__all__ = [
    "Answered",
    "ReliabilityBin",
    "answered",
    "expected_calibration_error",
    "fit_temperature",
    "reliability_bins",
    "selective_curve",
    "with_temperature",
]


@dataclass(frozen=True)
class ReliabilityBin:
    """The images whose confidence lies in one bin.

    Attributes:
        low: lower edge, 0 to 1; the bin is without it.
        high: upper edge, 0 to 1; the bin is with it.
        count: number of images, at least 1.
        confidence: their mean confidence, 0 to 1.
        accuracy: share of them that is right, 0 to 1.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Answered:
    """What is left where a model answers only if it is sure enough.

    Attributes:
        answered: number of images with an answer.
        correct: number of them whose answer is right.
        count: number of all images.
    """

    answered: int
    correct: int
    count: int

    @property
    def share(self) -> float:
        """Share of the images with an answer, 0 to 1; the coverage."""
        return self.answered / self.count

    @property
    def accuracy(self) -> float:
        """Share of the answers that is right, 0 to 1; NaN where there is none."""
        return self.correct / self.answered if self.answered else float("nan")


def reliability_bins(predictions: Predictions, bins: int = 15) -> tuple[ReliabilityBin, ...]:
    """Sort the images into equal steps of confidence, for a reliability diagram.

    A. Niculescu-Mizil and R. Caruana, "Predicting good probabilities with supervised
    learning", ICML 2005; with the confidence of the prediction as in C. Guo, G. Pleiss, Y. Sun
    and K. Q. Weinberger, "On calibration of modern neural networks", 2017, arXiv:1706.04599.

    Args:
        predictions: logits and labels of at least one image.
        bins: number of bins of equal width between 0 and 1, at least 1.

    Returns:
        The bins that hold an image, the lowest confidence first.

    Raises:
        ValueError: there is no bin, no image, or a logit is NaN.
    """
    if bins < 1 or len(predictions.labels) == 0:
        raise ValueError(f"cannot sort {len(predictions.labels)} images into {bins} bins")
    confidence = predictions.confidence.double().numpy()
    if np.isnan(confidence).any():
        raise ValueError("a confidence is NaN: the logits are not all numbers")
    right = (predictions.digits == predictions.labels).numpy()
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges[1:-1], confidence)  # what lies on an edge belongs below it
    found = []
    for place, (low, high) in enumerate(pairwise(edges.tolist())):
        inside = places == place
        if inside.any():
            means = float(confidence[inside].mean()), float(right[inside].mean())
            found.append(ReliabilityBin(low, high, int(inside.sum()), *means))
    return tuple(found)


def expected_calibration_error(predictions: Predictions, bins: int = 15) -> float:
    """Mean distance between confidence and accuracy over the bins, each by its images: 0 to 1.

    M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning", AAAI 2015; Guo et al. 2017, arXiv:1706.04599, with 15 bins.

    Args and errors are those of `reliability_bins`.
    """
    found = reliability_bins(predictions, bins)
    distances = [one.count * abs(one.accuracy - one.confidence) for one in found]
    return sum(distances) / sum(one.count for one in found)


def with_temperature(predictions: Predictions, temperature: float) -> Predictions:
    """The same predictions with all logits divided by a temperature.

    Above 1 every confidence falls, below 1 every confidence rises. The predicted digits stay,
    except where the division rounds the two greatest logits of an image to the same number.

    Args:
        predictions: of any images.
        temperature: above 0.

    Raises:
        ValueError: the temperature is not above 0, or not finite.
    """
    if not 0 < temperature < float("inf"):
        raise ValueError(f"a temperature must be above 0 and finite, not {temperature}")
    return Predictions(predictions.logits / temperature, predictions.labels)


def fit_temperature(predictions: Predictions) -> float:
    """The temperature that gives the lowest cross-entropy (Guo et al. 2017, arXiv:1706.04599).

    Args:
        predictions: of images that the model was not trained on, the validation split.

    Raises:
        ValueError: there is no lowest one: all predictions are right, so that ever lower
            temperatures are better, or the logits say nothing about the labels; or there is no
            image.
    """
    if len(predictions.labels) == 0:
        raise ValueError("no temperature fits 0 images")
    if len(predictions.errors) == 0:
        raise ValueError("no prediction is wrong: nothing tells how sure the model should be")
    logits = predictions.logits.double()
    logits = logits - logits[:, :1]  # equal logits become exact zeros
    right = logits.gather(1, predictions.labels[:, None])[:, 0]
    # The loss must fall at first, on the way from a temperature that makes all digits alike.
    if not (right - logits.mean(dim=1)).mean() > 0:
        raise ValueError("the logits say nothing about the labels: no temperature mends that")
    # The cross-entropy is convex in the inverse of the temperature, not in the temperature.
    inverse = torch.ones((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [inverse], max_iter=100, tolerance_grad=1e-9, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = F.cross_entropy(inverse * logits, predictions.labels)
        value.backward()
        return value

    optimiser.step(loss)
    return 1 / inverse.item()


def answered(predictions: Predictions, threshold: float) -> Answered:
    """Count the answers of a model that says "I don't know" below a confidence.

    C. K. Chow, "On optimum recognition error and reject tradeoff", IEEE Transactions on
    Information Theory 16 (1970), 41-46.

    Args:
        predictions: of at least one image.
        threshold: least confidence that counts as an answer, 0 to 1.

    Raises:
        ValueError: there is no image, or the threshold is outside its range.
    """
    if not (0 <= threshold <= 1 and len(predictions.labels)):
        raise ValueError(
            f"cannot ask {len(predictions.labels)} images for a confidence of {threshold}"
        )
    sure = predictions.confidence >= threshold
    right = (predictions.digits == predictions.labels) & sure
    return Answered(int(sure.sum()), int(right.sum()), len(sure))


def selective_curve(predictions: Predictions, points: int = 100) -> tuple[Answered, ...]:
    """What a falling threshold leaves, from the surest images to all of them.

    R. El-Yaniv and Y. Wiener, "On the foundations of noise-free selective classification",
    Journal of Machine Learning Research 11 (2010), 1605-1641.

    Args:
        predictions: of at least one image.
        points: number of thresholds, at least 1, so that the shares of answered images are
            about evenly spaced. Images of the same confidence are answered together.

    Returns:
        At most `points` steps, ever more images answered; at the last, all of them.

    Raises:
        ValueError: there is no image or no point.
    """
    if points < 1 or len(predictions.labels) == 0:
        raise ValueError(f"cannot draw {points} points of {len(predictions.labels)} images")
    falling = predictions.confidence.sort(descending=True).values
    last = torch.linspace(0, len(falling), points + 1)[1:].ceil().long() - 1
    thresholds = sorted(set(falling[last].tolist()), reverse=True)
    return tuple(answered(predictions, threshold) for threshold in thresholds)
