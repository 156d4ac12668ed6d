"""What was found out about contents before, kept from one build to the next.

With each answer lies a hash of the content and of all that answered: it is never out of date, and
the file may be removed at any time.
"""

import hashlib
import json
import platform
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from mnist_lessons import _sources
from mnist_lessons._files import write_whole

__all__ = ["KNOWN", "Known"]

_PACKAGES = ("jupytext", "markdown-it-py", "nbformat")


class Known:
    """Answers that a file keeps, as soon as it is told which."""

    def __init__(self) -> None:
        self._file: Path | None = None
        self._answers: dict[str, list[str]] = {}
        self._has_news = False

    def keep_in(self, file: Path) -> None:
        """Take the answers in a file, and keep new ones there; it need not exist."""
        if file != self._file:
            self._file, self._answers, self._has_news = file, _read(file), False

    def answer(self, question: str, content: bytes, find: Callable[[], list[str]]) -> list[str]:
        """The answer to a question about a content, found now if it was not asked last time.

        Args:
            question: names the file, and whatever else decides on the answer.
            content: of that file.
            find: finds the answer.
        """
        asked = hashlib.sha256(f"{_answering()}\0".encode())
        asked.update(content)
        key = asked.hexdigest()
        known, *answer = self._answers.get(question, [""])
        if known != key:
            answer = find()
            self._answers[question] = [key, *answer]
            self._has_news = True
        return answer

    def save(self) -> None:
        """Write new answers; where that is not possible, they are found again."""
        if self._file is None or not self._has_news:
            return
        self._has_news = False
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, json.dumps(self._answers).encode())


# There is one project in a process.
KNOWN = Known()


@cache
def _answering() -> str:
    """The code, the packages and the Python that find answers."""
    files = [Path(_sources.__file__), *sorted(Path(__file__).parent.glob("*.py"))]
    code = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return " ".join([platform.python_version(), *code, *map(version, _PACKAGES)])


def _read(file: Path) -> dict[str, list[str]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    whole = isinstance(content, dict) and all(map(_is_answer, content.values()))
    return content if whole else {}


def _is_answer(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
