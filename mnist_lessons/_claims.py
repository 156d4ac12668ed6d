"""What a lesson claims of its run: a sentence and its condition, both read with care."""

from typing import Any

__all__ = ["check_sentence", "truth"]

_ENDS = (".", "!", "?", ".)", ".”", '."')


def check_sentence(sentence: str) -> None:
    """Refuse what is no sentence on one line.

    Raises:
        ValueError: it is empty, has several lines, or does not end as a sentence.
    """
    is_line = sentence.strip().splitlines() == [sentence]
    if not is_line or not sentence.endswith(_ENDS):
        raise ValueError(
            f"a claim is a whole sentence on one line, with its full stop, unlike {sentence!r}"
        )


def truth(condition: Any) -> bool:
    """A bool of Python, NumPy or torch as Python's.

    Raises:
        TypeError: it is something else, which could be true by mistake.
    """
    plain = condition.item() if getattr(condition, "ndim", None) == 0 else condition
    if isinstance(plain, bool):
        return plain
    raise TypeError(
        f"the condition of a claim is True or False, not a {type(condition).__name__}: "
        "write the comparison"
    )
