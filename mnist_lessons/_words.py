"""Numbers in words, the same on every figure and every page."""

__all__ = ["a", "count", "device", "duration", "percent", "scientific", "signed", "timed", "times"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def a(digit: int) -> str:
    """A digit, 0 to 9, with its article."""
    return f"an {digit}" if digit == 8 else f"a {digit}"


def count(number: int, noun: str) -> str:
    """How many of something there are, such as `1 epoch` and `2,000 epochs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def device(kind: str, name: str, threads: int) -> str:
    """What computed: a GPU by its name, a processor by the number of threads that it had.

    Args:
        kind: as torch names it, such as `cpu` or `cuda:0`.
        name: of the model.
        threads: at least 1.
    """
    return f"a processor with {count(threads, 'thread')}" if kind == "cpu" else name


def duration(seconds: float) -> str:
    """Seconds as `1:02:03` or `2:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


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


def scientific(value: float) -> str:
    """A number, not 0, with up to four digits, times a power of ten, such as `10⁻⁴`."""
    factor, exponent = f"{value:.3e}".split("e")
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return power if float(factor) == 1 else f"{float(factor):g}\N{MULTIPLICATION SIGN}{power}"


def signed(value: float, places: int = 2) -> str:
    """A number with its sign, such as `+0.25`, or 0 without one where it is rounded to 0."""
    text = f"{abs(value):,.{places}f}"
    if not text.strip("0.,"):
        return "0"
    return ("\N{MINUS SIGN}" if value < 0 else "+") + text


def timed(seconds: float) -> str:
    """A duration with its units, such as `2:03 (minutes:seconds)`."""
    text = duration(seconds)
    return f"{text} ({'hours:' * (text.count(':') > 1)}minutes:seconds)"


def times(count: int) -> str:
    """How often something happened, at least once."""
    return "once" if count == 1 else f"{count} times"
