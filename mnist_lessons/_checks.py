"""Arguments that must lie in a range, or be of a kind."""

from torch import Tensor

__all__ = ["check_normalised", "check_number"]


def check_normalised(images: Tensor) -> None:
    """Refuse bytes, which no network can read.

    Raises:
        ValueError: the images are whole numbers; the message has their type and shape.
    """
    if not images.is_floating_point():
        kind = str(images.dtype).removeprefix("torch.")
        raise ValueError(
            "a network reads images as `normalise` returns them, float32 (N, 1, 28, 28): "
            f"normalise these first, which are {kind} {tuple(images.shape)}"
        )


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
