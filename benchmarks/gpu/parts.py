"""The parts of the check, in their order, and what each may cost."""

from dataclasses import dataclass

__all__ = ["PARTS", "RECIPES", "Part", "Skipped"]


class Skipped(Exception):
    """A part has nothing to measure here; the message says why."""


@dataclass(frozen=True)
class Part:
    """One part of the check.

    Attributes:
        name: unique; its function in `worker.MEASURES`.
        title: what is done, in words.
        least: seconds that it takes at the least on a fast GPU: with less left it is not begun.
        most: seconds after which it is stopped.
    """

    name: str
    title: str
    least: float
    most: float


RECIPES = ("dnn", "cnn", "dnn-decayed", "compact-normalised")
"""Of the recorded study: those of `simple_dnn` and `improved_cnn`, and two that need what those do
not: augmentation and weight decay, batch normalisation and smoothed labels."""

PARTS = (
    *(Part(name, f"train the recipe {name}", least=10, most=120) for name in RECIPES),
    Part("fit", "time to 99%: fit, as in the lessons", least=15, most=90),
    Part("loop", "time to 99%: a bare loop", least=10, most=60),
    Part("graph", "time to 99%: a CUDA graph of the step", least=10, most=60),
    Part("limit-fit", "what limits fit", least=5, most=45),
    Part("limit-graph", "what limits the CUDA graph", least=5, most=45),
    Part("many-dnn", "many trainings of the DNN as one", least=10, most=75),
    Part("many-cnn", "many trainings of the CNN as one", least=10, most=75),
    Part("compile", "time to 99%: torch.compile", least=30, most=90),
    Part("compile-graph", "time to 99%: a CUDA graph of the compiled step", least=15, most=90),
)
