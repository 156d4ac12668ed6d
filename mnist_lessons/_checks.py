"""Arguments that must lie in a range, or name a file that can be written."""

import argparse
from pathlib import Path

__all__ = ["check_number", "output_file"]


def check_number(
    name: str, value: object, low: float, high: float, *, whole: bool = False, above: bool = False
) -> None:
    """Refuse what is no number from `low` to `high`; with `above`, refuse `low` as well.

    Raises:
        ValueError: the message has the name, the range and the value.
    """
    kind, types = ("a whole number", int) if whole else ("a number", int | float)
    fits = isinstance(value, types) and not isinstance(value, bool) and low <= value <= high
    if not fits or (above and value == low):
        start = "above" if above else "from"
        raise ValueError(f"{name} must be {kind} {start} {low:,} to {high:,}, not {value!r}")


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
