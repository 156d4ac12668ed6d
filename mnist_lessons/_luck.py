"""The luck of the test images, which is not the luck of the seeds."""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from itertools import chain

__all__ = ["standard_error"]


def standard_error(errors: Sequence[Sequence[int]], images: int) -> float:
    """Standard error of the mean accuracy of several trainings, had other images been drawn.

    All trainings read the same images. Of each image, only the share of the trainings that read
    it counts: the standard deviation of these shares, divided by the root of their number.

    Args:
        errors: of each training, the rows of the images that it misread; at least one training.
        images: how many were read, at least 2.

    Returns:
        A share of the images, 0 to 1; it is not about the luck of the seeds.
    """
    misread = Counter(chain.from_iterable(errors))  # row -> how many trainings misread it
    shares = [misread[row] / len(errors) for row in range(images)]
    return statistics.stdev(shares) / math.sqrt(images)
