"""Which files of the project were opened or made, and which folders were listed."""

import json
import os
import sys
import tempfile
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from mnist_lessons.publishing.execution.in_kernel.lesson_code import LessonCode

__all__ = ["Files"]

_KINDS = ("read", "edited", "written", "listed")
# Where these events name what they make.
_MADE = {
    "os.mkdir": slice(1),
    "os.link": slice(1, 2),
    "os.rename": slice(2),
    "os.symlink": slice(1, 2),
}


class Files:
    """Notes what below the project is opened, written or listed, by children, too."""

    def __init__(self, code: LessonCode, root: str, apart: list[str]) -> None:
        self._code = code
        self._below = root.rstrip(os.sep) + os.sep
        self._apart = tuple(folder.rstrip(os.sep) + os.sep for folder in apart)
        # Of each kind, the paths with what there was when each was noted first.
        self._notes: dict[str, dict[str, list[Any]]] = {kind: {} for kind in _KINDS}
        self._process = os.getpid()
        self._of_children = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # as long as it runs
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            self._opened(path, *_ways(mode, flags))
        elif event == "sqlite3.connect":
            self._opened(_database(arguments[0]), reads=True, writes=True)
        elif event in _MADE:
            for path in arguments[_MADE[event]]:
                if found := self._counted(path):
                    self._note("written", found, [])
        elif event in ("os.listdir", "os.scandir"):
            found = self._counted("." if arguments[0] is None else arguments[0])
            if found and self._code.asks(sys._getframe(1)):
                self._note("listed", found, _names(found))

    def _counted(self, path: Any) -> str:
        """The absolute path of what counts where it is below the project, or nothing."""
        if not isinstance(path, str | bytes):
            return ""  # a number: it has been opened before
        path = os.path.abspath(os.fsdecode(path))
        inside = path + os.sep
        return path if inside.startswith(self._below) and not inside.startswith(self._apart) else ""

    def _opened(self, path: Any, reads: bool, writes: bool) -> None:
        found = self._counted(path)
        if not found or (found in self._notes["read"] and not writes) or os.path.isdir(found):
            return
        kind = "written" if not reads else "edited" if writes else "read"
        self._note(kind, found, _signature(found))

    def _note(self, kind: str, path: str, then: list[Any]) -> None:
        self._add(kind, path, then)
        if os.getpid() != self._process:
            with suppress(OSError):
                note = f"{json.dumps([kind, path, then])}\n"
                os.write(self._of_children.fileno(), note.encode())

    def _add(self, kind: str, path: str, then: list[Any]) -> None:
        self._notes[kind].setdefault(path, then)
        if kind == "edited":
            self._notes["read"].setdefault(path, then)

    def report(self) -> dict[str, Any]:
        """What was read, with its signature then; what was listed, with the names; what written.

        What was opened for both, as a database is, was written where it is not as it was.
        """
        with suppress(OSError):  # a lesson may have closed it
            self._of_children.seek(0)
            for line in self._of_children.read().splitlines():
                self._add(*json.loads(line))
        read, written = self._notes["read"], self._notes["written"]
        changed = {path for path in self._notes["edited"] if read[path] != _signature(path)}
        return {
            "read": read,
            "listed": self._notes["listed"],
            "written": sorted({*written, *changed}),
        }


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (OSError, ValueError):
        return []


def _ways(mode: str | None, flags: int) -> tuple[bool, bool]:
    """Whether a file is opened to read what is in it, and whether to write."""
    if mode:
        return "r" in mode, not {*mode}.isdisjoint("wax+")
    writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
    return not flags & (os.O_WRONLY | os.O_TRUNC), writes


def _database(name: Any) -> Any:
    """The path that SQLite is given as a path or as an address."""
    if isinstance(name, str) and name.startswith("file:"):
        return unquote(urlsplit(name).path)
    return name


def _signature(path: str) -> list[int]:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return []
    return [status.st_ino, status.st_size, status.st_mtime_ns]
