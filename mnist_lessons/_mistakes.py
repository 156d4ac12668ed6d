"""The mistakes of a model as two files: a list with its doubts, and a picture of the images."""

import json
from typing import Any

from torch import Tensor, equal, uint8

from mnist_lessons._tiles import sheet_png
from mnist_lessons.data import Split
from mnist_lessons.evaluation import Predictions, confusion_counts

__all__ = ["check_agreement", "mistakes_json", "mistakes_png"]

_COLUMNS = 16
_THOUSAND = 1_000


def check_agreement(predictions: Predictions, test: Split) -> None:
    """Make sure that predictions are those of these images.

    Args:
        predictions: of a model.
        test: uint8 images (N, 28, 28) and their labels, as loaded.

    Raises:
        ValueError: the images are not bytes, or number or labels differ.
    """
    if test.images.dtype != uint8:
        raise ValueError(f"run.loaded takes images as they are loaded, not {test.images.dtype}")
    if len(predictions.labels) != len(test):
        raise ValueError(
            f"these are {len(predictions.labels):,} predictions, but the test split of this run "
            f"has {len(test):,} images"
        )
    if not equal(predictions.labels, test.labels.cpu()):
        raise ValueError("the labels of these predictions are not those of the run's test split")


def mistakes_json(key: str, predictions: Predictions) -> bytes:
    """All mistakes, the most confident first.

    Returns:
        JSON: `key`; `count`, the number of images; `confusion`, counts (10, 10) with true
        digits as rows; `columns`, the tiles in a row of the picture; and `errors`, for each
        mistake its row in the split, the true and the predicted digit, and the ten
        probabilities as whole thousandths.
    """
    content: dict[str, Any] = {
        "key": key,
        "count": len(predictions.labels),
        "confusion": confusion_counts(predictions).tolist(),
        "columns": _COLUMNS,
        "errors": [
            [row, true, read, chances]
            for row, true, read, chances in zip(
                predictions.errors.tolist(),
                predictions.labels[predictions.errors].tolist(),
                predictions.digits[predictions.errors].tolist(),
                _thousandths(predictions.probabilities[predictions.errors]),
                strict=True,
            )
        ],
    }
    return (json.dumps(content, separators=(",", ":")) + "\n").encode()


def mistakes_png(predictions: Predictions, test: Split) -> bytes:
    """The images of all mistakes in the same order, as one grey PNG of 28 by 28 pixel tiles.

    Args:
        predictions: of the images of `test`.
        test: uint8 images (N, 28, 28).
    """
    tiles = test.images.cpu()[predictions.errors].numpy()  # (M, 28, 28)
    return sheet_png(tiles, _COLUMNS)


def _thousandths(probabilities: Tensor) -> list[list[int]]:
    rounded: list[list[int]] = (probabilities.double() * _THOUSAND).round().long().tolist()
    return rounded
