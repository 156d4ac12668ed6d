"""Choose how sure a network of the page to draw on may say it is, by digits it has not learned."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from mnist_lessons import studies
from mnist_lessons.calibration import with_temperature
from mnist_lessons.evaluation import Predictions

__all__ = [
    "MISTAKES",
    "PLACE",
    "RIGHT",
    "UNSURE",
    "choose",
    "surer",
    "temperature_for",
    "threshold_for",
    "write",
]

PLACE = Path(studies.__file__).parent / "confidence.json"

MISTAKES, RIGHT = 0.10, 0.85  # shares above 90%: of the mistakes at most, of what is right at least
UNSURE = 0.05  # share of the digits without an answer: at most

_SURE = 0.9  # confidence that a reader takes for certainty
# What is chosen leaves room for other people: of groups of nine choosing writers, 19 in 20 then
# have 85% or more of their right answers above 90%.
_MISTAKES, _RIGHT, _UNSURE = 0.8 * MISTAKES, RIGHT + 0.03, 0.5 * UNSURE


def choose(predictions: Predictions) -> dict[str, float]:
    """The temperature and the least confidence of an answer, as the page reads them.

    Args:
        predictions: of the digits of the choosing writers.
    """
    temperature = temperature_for(predictions)
    threshold = threshold_for(with_temperature(predictions, temperature), _UNSURE)
    return {"temperature": temperature, "sure": threshold}


def temperature_for(predictions: Predictions) -> float:
    """The highest temperature at which enough right answers have more than 90% confidence.

    Where that leaves too many such mistakes, the lowest one that does not. Enough and too many are
    what is allowed, less some room. As the temperature rises, every confidence falls.

    Args:
        predictions: of at least one digit.

    Returns:
        From 0.001 to 1000, rounded up to three decimals; 1 where there is no mistake.
    """
    if not len(predictions.errors):
        return 1.0
    low, high = 1e-3, 1e3
    while high - low > 1e-4:
        middle = math.sqrt(low * high)
        mistakes, right = surer(with_temperature(predictions, middle))
        if mistakes > _MISTAKES or right >= _RIGHT:
            low = middle
        else:
            high = middle
    return math.ceil(high * 1000) / 1000


def threshold_for(predictions: Predictions, most: float) -> float:
    """The greatest confidence that at most some share of the predictions lies below.

    Args:
        predictions: of at least one digit.
        most: that share, 0 or more and less than 1.

    Returns:
        The confidence, rounded down to four decimals.
    """
    rising = predictions.confidence.double().sort().values
    return math.floor(rising[int(most * len(rising))].item() * 10_000) / 10_000


def surer(predictions: Predictions) -> tuple[float, float]:
    """Shares of the mistakes and of the right answers with more than 90% confidence.

    Of nothing, such as no mistake, it is 0.
    """
    sure, right = predictions.confidence > _SURE, predictions.digits == predictions.labels
    of_mistakes, of_right = (
        float(sure[group].float().mean()) if group.any() else 0.0 for group in (~right, right)
    )
    return of_mistakes, of_right


def write(chosen: Mapping[str, Mapping[str, float]]) -> None:
    """Keep what was chosen for each network, by its name, for the page."""
    PLACE.write_text(json.dumps(chosen, indent=1) + "\n", encoding="utf-8")
