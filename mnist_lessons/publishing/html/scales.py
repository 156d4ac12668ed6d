"""The scales of inline charts: from values to places, with round numbers beside an axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_lessons._words import scientific

__all__ = ["Scale", "percentages", "short"]

_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Scale:
    """From values to places in a drawing.

    Attributes:
        low: the least value that is shown.
        high: the greatest, above `low`.
        start: where `low` lies in the drawing.
        end: where `high` lies.
        logarithmic: whether equal steps are equal ratios.
    """

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool

    def place(self, value: float) -> float:
        """Where a value lies."""
        low, high = self._measure(self.low), self._measure(self.high)
        share = (self._measure(value) - low) / ((high - low) or 1.0)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round numbers to write beside an axis."""
        found = _powers(self.low, self.high) if self.logarithmic else []
        return found if len(found) > 1 else _round_numbers(self.low, self.high)

    def _measure(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value


def percentages(shares: Sequence[float]) -> list[str]:
    """Shares as percentages, all with as many decimals as the most exact of them needs."""
    exact = (n for n in range(6) if all(_is_exact(share * 100, n) for share in shares))
    digits = next(exact, 6)
    return [f"{share * 100:.{digits}f}" for share in shares]


def short(value: float) -> str:
    """A number that fits beside the axis."""
    if value == 0 or 0.001 <= abs(value) * (1 + 1e-9) < 100_000:
        return f"{value:.6g}"
    return scientific(value)


def _powers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten between two numbers; where they are many, fewer."""
    tens = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in (_STEPS, (1, 3), (1,)):
        found = [step * 10.0**ten for ten in tens for step in steps]
        found = [tick for tick in found if low <= tick <= high]
        if len(found) <= 7:
            break
    return found


def _round_numbers(low: float, high: float) -> list[float]:
    """About five round numbers between two numbers."""
    rough = (high - low) / 5
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(step * ten for step in (*_STEPS, 10) if step * ten >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _is_exact(value: float, digits: int) -> bool:
    return math.isclose(round(value, digits), value, rel_tol=1e-6, abs_tol=1e-9)
