"""Numbers in words, the same on every figure and every page."""

__all__ = ["a", "percent", "times"]


def a(digit: int) -> str:
    """A digit, 0 to 9, with its article."""
    return f"an {digit}" if digit == 8 else f"a {digit}"


def percent(share: float, places: int = 1) -> str:
    """A probability in percent; what is rounded to all or nothing is not said to be.

    Args:
        share: 0 to 1.
        places: after the decimal point.
    """
    parts = 10**places
    rounded = round(100 * parts * share)
    if rounded >= 100 * parts:
        return f"> {100 - 1 / parts:.{places}f}%"
    if rounded <= 0:
        return f"< {1 / parts:.{places}f}%"
    return f"{rounded / parts:.{places}f}%"


def times(count: int) -> str:
    """How often something happened, at least once."""
    return "once" if count == 1 else f"{count} times"
