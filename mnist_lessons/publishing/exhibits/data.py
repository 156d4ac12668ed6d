"""The data of all runs, for the page of data: sizes, and the checksum of each file."""

from collections.abc import Iterable

from mnist_lessons.publishing.html.markdown import code, inert, table
from mnist_lessons.publishing.runs.card import Data
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["block"]


def block(runs: Iterable[StoredRun]) -> str:
    """The data of all runs: sizes of the splits, and the checksum of each file."""
    loaded = {data.checksum: data for run in runs for data in (run.card.data,) if data is not None}
    return "\n\n".join(map(_data_table, loaded.values())) or "No run has loaded data yet."


def _data_table(data: Data) -> str:
    sizes = ", ".join(f"{size:,} {inert(name)}" for name, size in data.sizes.items())
    files = [(name, code(checksum)) for name, checksum in data.sha256.items()]
    return (
        f"**{inert(data.dataset)}** from {inert(data.source)}: {sizes} images.\n\n"
        f"{table(('file', 'SHA-256 of its content'), files)}"
    )
