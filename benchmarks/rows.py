"""What a benchmark reports: rows with their targets, and the table of one part."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, ClassVar

__all__ = ["Check", "Part", "Row"]


@dataclass(frozen=True)
class Row:
    """One line of the result: a value in each round, and the target where there is one.

    Attributes:
        what: what was measured.
        threads: threads of each process.
        values: ratios where there is no unit.
        target: the least that the median should be, or the most.
        at_most: whether the target is the most.
        note: the figures behind the values.
        unit: of the values and of the target.
    """

    COLUMNS: ClassVar = f"{'':<54} threads  {'median (least to most)':<24} {'target':<8}"

    what: str
    threads: int
    values: list[float]
    target: float | None = None
    at_most: bool = False
    note: str = ""
    unit: str = ""

    @property
    def verdict(self) -> str:
        """`reached` or `missed`, by the median; empty without a target."""
        if self.target is None:
            return ""
        middle = median(self.values)
        reached = middle <= self.target if self.at_most else middle >= self.target
        return "reached" if reached else "missed"

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        target = "-" if self.target is None else f"{sign} {self.target:g}{self._unit}"
        spread = f"({min(self.values):.2f} to {max(self.values):.2f})"
        middle = f"{median(self.values):.2f}{self._unit} {spread}"
        line = f"{self.what:<54} {self.threads:>7}  {middle:<24} {target:<8} {self.verdict:<8}"
        return f"{line} {self.note}".rstrip()

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""

    def as_json(self) -> dict[str, Any]:
        """All of it, and the verdict."""
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True)
class Check:
    """One line of the table: a figure, the most that it should be, and who has it.

    Attributes:
        what: what was measured.
        target: the most that it should be.
        ours: of this site.
        theirs: of the default pages; None where they have no such thing.
        unit: of the three.
    """

    COLUMNS: ClassVar = f"{'':<58} {'at most':>9}  {'this site':>11}  {'mkdocs-jupyter':>14}"

    what: str
    target: float
    ours: float
    theirs: float | None = None
    unit: str = ""

    @property
    def verdict(self) -> str:
        """`reached` or `missed`."""
        return "reached" if self.ours <= self.target else "missed"

    def __str__(self) -> str:
        theirs = "-" if self.theirs is None else self._told(self.theirs)
        figures = f"{self._told(self.target):>9}  {self._told(self.ours):>11}  {theirs:>14}"
        return f"{self.what:<58} {figures}  {self.verdict}"

    def _told(self, value: float) -> str:
        return f"{value:.4g} {self.unit}".rstrip()

    def as_json(self) -> dict[str, Any]:
        """All of it, and the verdict."""
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True)
class Part:
    """One part of the benchmark.

    Attributes:
        heading: lines that say how to read the rows.
        rows: the result.
        figures: all that was measured, ready for JSON.
    """

    heading: list[str]
    rows: list[Row] | list[Check]
    figures: dict[str, Any]

    def __str__(self) -> str:
        columns = self.rows[0].COLUMNS.rstrip()
        return "\n".join(["", *self.heading, "", columns, *map(str, self.rows)])
