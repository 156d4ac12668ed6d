"""The tables that a run has shown: their data beside its page, and the HTML that shows them."""

from collections.abc import Iterable, Mapping
from typing import Any

from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.lesson_page.outputs import may_be_wide
from mnist_lessons.publishing.runs.admission import noted
from mnist_lessons.publishing.runs.shown import Table
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["table_files", "table_html", "table_output"]


def table_files(run: StoredRun, outputs: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """The data of the tables among outputs, by file name.

    Args:
        run: that has shown them.
        outputs: of its notebook.
    """
    tables = (_table(run, output) for output in outputs)
    return {table.data: run.content(table.data) or b"" for table in tables if table}


def table_output(run: StoredRun, output: Mapping[str, Any]) -> str | None:
    """HTML for an output that is a table of the run; None where it is to be shown as it is."""
    table = _table(run, output)
    return table_html(table) if table else None


def table_html(table: Table) -> str:
    """A table with its title and a link to its data; a wide one scrolls in its own box."""
    _title, _, rows = table.text.partition("\n")
    return render("table.html", table=table, is_wide=may_be_wide(rows))


def _table(run: StoredRun, output: Mapping[str, Any]) -> Table | None:
    """The table of the run's card that an output shows, if its data is there."""
    if (name := noted(output, "table")) is None:
        return None
    text = output["data"]["text/plain"]
    known = (table for table in run.card.tables if (table.name, table.text) == (name, text))
    table = next(known, None)
    return table if table and run.content(table.data) is not None else None
