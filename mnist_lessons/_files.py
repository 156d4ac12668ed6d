"""Files that a program writes: asked for by name, and complete or not there at all."""

import argparse
import csv
import io
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["csv_content", "output_file", "write_whole"]


def csv_content(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as the content of a CSV file, UTF-8 with a newline behind each; None is empty."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def output_file(text: str) -> Path:
    """The path of a file that a program is to write, for argparse.

    Raises:
        ArgumentTypeError: its folder does not exist, or it is there and no regular file.
    """
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise argparse.ArgumentTypeError(f"{path} is there, and is no regular file")
    return path


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file in one step; where that fails, what was there stays.

    Raises:
        OSError: the file cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError:
        with suppress(OSError):
            partial.unlink()
        raise
