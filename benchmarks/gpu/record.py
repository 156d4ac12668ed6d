"""The record: one JSON file, written whole after each part."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mnist_lessons._files import write_whole

__all__ = ["RECORD", "Record", "code_hash"]

_ROOT = Path(__file__).parents[2]
_CODE = ("benchmarks/gpu", "mnist_lessons")

RECORD = _ROOT / "mnist_lessons" / "studies" / "gpu.json"
"""Where the record is kept that the site shows."""


class Record:
    """What has been measured so far.

    Args:
        path: the file.
        content: what is known before the first part.
    """

    def __init__(self, path: Path, **content: Any) -> None:
        self._path = path
        self.parts: list[dict[str, Any]] = []
        self._content = {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            **content,
            "complete": False,
            "parts": self.parts,
        }

    def add(self, part: dict[str, Any]) -> None:
        """Add what came of a part, and write the file.

        Raises:
            OSError: it cannot be written.
        """
        self.parts.append(part)
        self._write()

    def close(self, seconds: float) -> None:
        """Say that all parts have been looked at, and how long that took in all.

        Raises:
            OSError: it cannot be written.
        """
        self._content |= {"complete": True, "seconds": round(seconds, 1)}
        self._write()

    def _write(self) -> None:
        write_whole(self._path, (json.dumps(self._content, indent=1) + "\n").encode())


def code_hash() -> str:
    """SHA-256 of the code that is measured and of that which measures it, file by file."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for file in sorted((_ROOT / folder).rglob("*.py")):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{file.relative_to(_ROOT).as_posix()} {content}\n".encode())
    return digest.hexdigest()
