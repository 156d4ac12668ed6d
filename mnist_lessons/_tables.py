"""A table of a lesson: its rows read, and written as aligned text, as CSV and for `run.json`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mnist_lessons._files import csv_content

__all__ = ["Table", "read_table"]

_NOTHING = "\N{EN DASH}"
_GAP = "  "

_Value = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """Rows of one kind; the first column is the heading of its row.

    Attributes:
        title: one line.
        columns: their names.
        are_numbers: for each column, whether it is of numbers alone, which end below each other.
        values: the rows as they were given.
        shown: the same in words.
    """

    title: str
    columns: tuple[str, ...]
    are_numbers: tuple[bool, ...]
    values: tuple[tuple[_Value, ...], ...]
    shown: tuple[tuple[str, ...], ...]

    def text(self) -> str:
        """The title and the aligned rows, without a newline at the end."""
        widths = [max(map(len, column)) for column in zip(self.columns, *self.shown, strict=True)]
        rule = tuple("-" * width for width in widths)
        lines = [self._line(row, widths) for row in (self.columns, rule, *self.shown)]
        return "\n".join([self.title, *lines])

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = zip(row, widths, self.are_numbers, strict=True)
        aligned = (
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in cells
        )
        return _GAP.join(aligned).rstrip()

    def csv(self) -> bytes:
        """All values in full precision, below the names of the columns; None is empty."""
        return csv_content([self.columns, *self.values])

    def as_dict(self) -> dict[str, Any]:
        """What a page needs, ready for JSON."""
        columns = zip(self.columns, self.are_numbers, strict=True)
        return {
            "title": self.title,
            "columns": [{"name": name, "is_number": is_number} for name, is_number in columns],
            "rows": [list(row) for row in self.shown],
            "text": self.text(),
        }


def read_table(
    rows: Sequence[Mapping[str, object]], *, title: str, formats: Mapping[str, str] | None = None
) -> Table:
    """Read rows, each a mapping of the columns' names to values.

    Args:
        rows: at least one, all with the same columns, in the order of the first.
        title: of the table.
        formats: by column, a format specification such as `.2%`. Else whole numbers have
            thousands separators, others four significant digits.

    Raises:
        ValueError: there is no row or no column, rows have other columns than the first, a format
            is of no column or does not fit its values, or a text has several lines.
        TypeError: a value is no text, no number, no bool and not None.
    """
    if not rows or not rows[0]:
        raise ValueError("a table needs at least one row, and each row a column")
    columns, formats = tuple(rows[0]), formats or {}
    _check_columns(rows, columns, formats)
    values = tuple(tuple(_plain(name, row[name]) for name in columns) for row in rows)
    for text in (title, *columns, *(value for row in values for value in row)):
        if isinstance(text, str) and text.splitlines() != [text]:
            raise ValueError(f"a text of a table is one line, unlike {text!r}")
    by_column = tuple(zip(*values, strict=True))
    shown = [
        _shown_column(name, column, formats.get(name))
        for name, column in zip(columns, by_column, strict=True)
    ]
    are_numbers = tuple(map(_are_numbers, by_column))
    return Table(title, columns, are_numbers, values, tuple(zip(*shown, strict=True)))


def _check_columns(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], formats: Mapping[str, str]
) -> None:
    there = ", ".join(map(str, columns))
    for number, row in enumerate(rows, start=1):
        if set(row) != set(columns):
            other = ", ".join(map(str, row))
            raise ValueError(f"row {number} has the columns {other}; the first has {there}")
    if unknown := ", ".join(formats.keys() - set(columns)):
        raise ValueError(f"a format for {unknown}, which is no column: there are {there}")


def _plain(column: str, value: Any) -> _Value:
    """A value without the types of NumPy and torch."""
    plain = value.item() if getattr(value, "ndim", None) == 0 else value
    if plain is None or isinstance(plain, str | int | float):
        return plain
    raise TypeError(
        f"a value of a table is a text, a number, a bool or None: {column!r} has a "
        f"{type(value).__name__}"
    )


def _are_numbers(column: Sequence[_Value]) -> bool:
    known = [value for value in column if value is not None]
    return bool(known) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in known
    )


def _shown_column(name: str, column: Sequence[_Value], form: str | None) -> list[str]:
    floats = [value for value in column if isinstance(value, float) and math.isfinite(value)]
    places = max((_places(f"{value:.4g}") for value in floats), default=0)
    return [_shown(name, value, form, places) for value in column]


def _shown(name: str, value: _Value, form: str | None, places: int) -> str:
    """A value in words; a float without a format has up to so many decimal places."""
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and not math.isfinite(value):
        return "not finite"
    if form is not None:
        try:
            return format(value, form)
        except ValueError as error:
            raise ValueError(f"the format of {name!r} does not fit {value!r}: {error}") from error
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else _four_digits(value, places)


def _four_digits(value: float, places: int) -> str:
    """Four significant digits, with zeros at the end where others of the column have more."""
    own = min(places, _places(f"{value:#.4g}"))
    return f"{Decimal(f'{value:.4g}'):,.{own}f}"


def _places(number: str) -> int:
    """The decimal places of a number that is written out, also with an exponent."""
    exponent = Decimal(number).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
