"""Our loops beside the seeds', building, and pages in a browser: `python -m benchmarks --help`."""

from typing import NamedTuple

__all__ = ["Epoch"]


class Epoch(NamedTuple):
    """One timed epoch.

    Attributes:
        seconds: time that the epoch took.
        trained: images trained on.
        measured: images evaluated within that time.
    """

    seconds: float
    trained: int
    measured: int = 0
