"""The files of each dataset: where they are to be had, where they lie, their SHA-256."""

from mnist_lessons._datasets import CLOTHES, MNIST, DataFile, Dataset
from mnist_lessons.publishing.html.markdown import Markdown, code, table

__all__ = ["block"]

_HEAD = ("fetch", "put it into", "bytes", "SHA-256")


def block() -> str:
    """The files as they are published, gzipped, as a table in Markdown."""
    rows = [_row(dataset, file) for dataset in (MNIST, CLOTHES) for file in dataset.files]
    return table(_HEAD, rows, right=[2])


def _row(dataset: Dataset, file: DataFile) -> tuple[str, ...]:
    name = f"{file.name}.gz"
    address = f"{dataset.mirrors[0]}{name}"
    folder = f"{dataset.folder.as_posix()}/"
    return (
        Markdown(f"[{name}]({address})"),
        code(folder),
        f"{file.packed_size:,}",
        code(file.packed_sha256),
    )
