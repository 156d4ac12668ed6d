"""What a lesson's kernel executes before the first cell. It imports nothing of this project.

- A cell is executed as the script would be: `exit()` ends it, `ls` is no command.
- A cell's code has the name and the lines of the script, in warnings and tracebacks.
- Where something is displayed, a mark in the output says so: text and figures keep their order.
- Which files of the project were opened, and which variables were read, can be asked for.
"""

import json
import linecache
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import ItemsView, Iterator, ValuesView
from contextlib import suppress
from types import FrameType
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from IPython import get_ipython

_DISPLAYED = ("clear_output", "display_data", "error", "execute_result", "update_display_data")
_OF_THE_SYSTEM = ("os", "_collections_abc", "collections.abc")


class _Cells:
    """Gives the code of cells the name and the lines of the script."""

    def __init__(self, compiler: Any, script: str, source: str, cells: list[tuple[str, int]]):
        self._script = script
        self._cells = list(cells)
        self._first = 1
        self._cache, self._parse = compiler.cache, compiler.ast_parse
        self._format = compiler.format_code_name
        # No date: it is not looked for on the disk, where it may have changed.
        lines = source.splitlines(keepends=True)
        self._names = {script, os.path.abspath(script)}
        for name in self._names:
            linecache.cache[name] = (len(source), None, lines, name)
        compiler.cache, compiler.ast_parse = self.cache, self.ast_parse
        compiler.format_code_name = self.format_code_name

    def cache(self, code: str, number: int = 0, raw_code: str | None = None) -> str:
        places = [place for place, cell in enumerate(self._cells) if cell[0] == (raw_code or code)]
        if not places:
            name: str = self._cache(code, number, raw_code=raw_code)
            return name
        self._first = self._cells[places[0]][1]
        del self._cells[: places[0] + 1]
        return self._script

    def ast_parse(self, source: str, filename: str = "<unknown>", *rest: Any, **more: Any) -> Any:
        if filename == self._script:
            source = "\n" * (self._first - 1) + source
        return self._parse(source, filename, *rest, **more)

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        said: tuple[str, str] | None = self._format(name)
        return ("File", self._script) if name in self._names else said


class _Marks:
    """Marks in the output where something is displayed, before it is sent."""

    def __init__(self, session: Any, mark: str) -> None:
        self._session, self._send, self._mark = session, session.send, mark
        self._output = os.dup(1)  # a lesson may lead its own elsewhere
        session.send = self.send

    def send(
        self,
        stream: Any,
        message: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        *rest: Any,
        **more: Any,
    ) -> Any:
        if isinstance(message, str) and message in _DISPLAYED:
            message = self._session.msg(message, content=content, parent=parent)
        if isinstance(message, dict) and message.get("msg_type") in _DISPLAYED:
            number = message["header"]["msg_id"]
            os.write(self._output, f"{self._mark}{number}\x1b\\".encode())
        return self._send(stream, message, content, parent, ident, *rest, **more)


class _Files:
    """Notes which files below the project are opened, to read or to write, by children, too."""

    def __init__(self, root: str, apart: list[str]) -> None:
        self._below = root.rstrip(os.sep) + os.sep
        self._apart = tuple(folder.rstrip(os.sep) + os.sep for folder in apart)
        self._read: dict[str, list[int]] = {}
        self._written: set[str] = set()
        self._edited: set[str] = set()
        self._process = os.getpid()
        self._of_children = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # as long as it runs
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            reads, writes = _ways(mode, flags)
            self._note(path, reads, writes)
        elif event == "sqlite3.connect":
            self._note(_database(arguments[0]), reads=True, writes=True)
        elif event == "os.rename":
            for path in arguments[:2]:
                self._note(path, reads=False, writes=True)

    def _note(self, path: Any, reads: bool, writes: bool) -> None:
        if not isinstance(path, str | bytes):
            return  # a number: it has been opened before
        path = os.path.abspath(os.fsdecode(path))
        if not path.startswith(self._below) or path.startswith(self._apart):
            return
        if (path in self._read and not writes) or os.path.isdir(path):
            return
        note = path, reads, writes, _signature(path)
        self._add(*note)
        if os.getpid() != self._process:
            with suppress(OSError):
                os.write(self._of_children.fileno(), f"{json.dumps(note)}\n".encode())

    def _add(self, path: str, reads: bool, writes: bool, signature: list[int]) -> None:
        if not reads:
            self._written.add(path)
            return
        self._read.setdefault(path, signature)
        if writes:
            self._edited.add(path)

    def report(self) -> dict[str, Any]:
        """What was read, with its signature then, and what was written.

        What was opened for both, as a database is, was written where it is not as it was.
        """
        with suppress(OSError):  # a lesson may have closed it
            self._of_children.seek(0)
            for line in self._of_children.read().splitlines():
                self._add(*json.loads(line))
        changed = {path for path in self._edited if self._read[path] != _signature(path)}
        return {"read": self._read, "written": sorted(self._written | changed)}


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


class _Variables(type(os.environ)):  # type: ignore[misc]  # its class has no public name
    """The environment, which notes what cells and modules of the project read of it."""

    read: ClassVar[set[str]] = set()
    _set: ClassVar[set[str]] = set()
    _lists: ClassVar[Any] = None
    _places: ClassVar[tuple[str, str]] = ("", "")

    def __getitem__(self, name: Any) -> Any:
        asker = _asker()
        # To copy all of them is not to read each.
        is_copy = asker is None or self._lists == (id(asker), asker.f_lasti)
        if isinstance(name, str) and asker and not is_copy and self._is_own(asker):
            _Variables.read.add(name)
        return super().__getitem__(name)

    def __setitem__(self, name: Any, value: Any) -> None:
        _Variables._set.add(name)
        super().__setitem__(name, value)

    def __delitem__(self, name: Any) -> None:
        _Variables._set.add(name)
        super().__delitem__(name)

    def __iter__(self) -> Iterator[Any]:
        for name in super().__iter__():
            asker = _asker()
            _Variables._lists = asker and (id(asker), asker.f_lasti)
            yield name

    def _is_own(self, frame: FrameType) -> bool:
        """Whether code of a cell, or of a module of the project, is what a frame executes."""
        script, root = self._places
        place = frame.f_code.co_filename
        if not place.startswith(root):
            return place == script
        parts = place.removeprefix(root).split(os.sep)
        return not any(part.startswith(".") or part == "site-packages" for part in parts)


def _asker() -> FrameType | None:
    """Who asks the environment: the first outside of what belongs to it; None for a listing."""
    frame: FrameType | None = sys._getframe(2)
    while frame and frame.f_globals.get("__name__") in _OF_THE_SYSTEM:
        if frame.f_code.co_name == "__iter__" and frame.f_code.co_argcount:
            self = frame.f_locals.get("self")
            if isinstance(self, ItemsView | ValuesView):
                return None
        frame = frame.f_back
    return frame


class Watch:
    """What a kernel has imported, read and written."""

    def __init__(self, script: str, root: str, apart: list[str]) -> None:
        self._files = _Files(root, apart)
        _Variables._places = (script, root.rstrip(os.sep) + os.sep)
        os.environ.__class__ = _Variables

    def report(self) -> str:
        """All of it, as JSON, as soon as the threads have ended for which a script would wait."""
        threading._shutdown()  # type: ignore[attr-defined]  # what Python does at its end
        modules = sys.modules.copy().items()
        return json.dumps(
            {
                "modules": [[name, getattr(module, "__file__", None)] for name, module in modules],
                **self._files.report(),
                "variables": sorted(_Variables.read - _Variables._set),
            },
            default=str,
        )


def _be_like_a_script(shell: Any) -> None:
    """Let `exit()` raise SystemExit, which has a line, and `ls` be a name that nobody defined."""
    shell.automagic = False
    for name in ("exit", "quit"):
        shell.builtin_trap.auto_builtins.pop(name, None)  # else Python's own are hidden
        shell.user_ns.pop(name, None)
    show = shell.showtraceback
    shell.showtraceback = lambda *args, exception_only=False, **how: show(*args, **how)
    warnings.filterwarnings("ignore", "To exit: use", UserWarning)
    shell.events.register("post_run_cell", _keep_streams)


def _keep_streams(*_: Any) -> None:
    """Let the kernel go on where a lesson's stdout or stderr cannot be flushed.

    It is closed, say, or an object that has nothing but `write`.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        try:
            if stream is not None:
                stream.flush()
        except Exception:
            setattr(sys, name, _Unflushed(stream))


class _Unflushed:
    """A stream that is not flushed; whoever writes to it meets what is wrong with it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def flush(self) -> None:
        """Do nothing."""


def prepare(
    *,
    script: str,
    source: str,
    cells: list[tuple[str, int]],
    mark: str,
    root: str,
    apart: list[str],
) -> None:
    """Prepare this kernel for a lesson.

    Args:
        script: name of the lesson's script.
        source: its text.
        cells: source and first line of each code cell.
        mark: begins each mark in the output, which the number of a message and `ESC \\` end.
        root: folder of the project.
        apart: folders whose files do not count, absolute and without links.
    """
    shell = get_ipython()
    assert shell is not None
    _be_like_a_script(shell)
    _Cells(shell.compile, script, source, cells)
    _Marks(shell.kernel.session, mark)
    shell.kernel.lesson_watch = Watch(script, root, apart)
