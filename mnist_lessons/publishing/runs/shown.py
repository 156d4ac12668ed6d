"""What a run has shown besides printed text, typed as its card has it: figures, tables, claims."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Claim", "Column", "Figure", "Key", "Table"]

# It is also the name of a file.
Key = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+\Z")]


class Figure(Struct, frozen=True, kw_only=True):
    """A figure that was shown.

    `data` names its CSV file, if it has one, and `fits` the trainings whose curves it has.
    """

    name: Key
    title: str
    alt: str
    data: str | None = None
    fits: list[str] = []


class Column(Struct, frozen=True, kw_only=True):
    """A column of a table; numbers end below each other."""

    name: str
    is_number: bool


class Table(Struct, frozen=True, kw_only=True):
    """A table that was shown, first as `text`; `data` names its CSV file."""

    name: Key
    title: str
    columns: list[Column]
    rows: list[list[str]]
    text: str
    data: str

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("a row of a table has a cell for each column")


class Claim(Struct, frozen=True, kw_only=True):
    """A sentence that the run bears out; unchecked in a preview and on the sample.

    It was shown as `text`, which says so.
    """

    sentence: str
    holds: bool
    checked: bool
    text: str
