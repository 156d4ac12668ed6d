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
import warnings
from collections.abc import ItemsView, Iterator, ValuesView
from types import FrameType
from typing import Any, ClassVar

from IPython import get_ipython

_DISPLAYED = ("clear_output", "display_data", "error", "execute_result", "update_display_data")
_WRITES = os.O_WRONLY | os.O_RDWR
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
    """Notes which files below the project are opened, to read or to write."""

    def __init__(self, root: str) -> None:
        self._below = root.rstrip(os.sep) + os.sep
        self.read: dict[str, list[int]] = {}
        self._written: set[str] = set()
        self._databases: set[str] = set()
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if isinstance(path, str | bytes):
                writes = any(letter in mode for letter in "wax") if mode else flags & _WRITES
                self._note(os.fsdecode(path), bool(writes))
        elif event == "sqlite3.connect" and isinstance(arguments[0], str | bytes):
            path = os.fsdecode(arguments[0])
            self._databases.add(os.path.abspath(path))
            self._note(path, writes=False)

    def _note(self, path: str, writes: bool) -> None:
        path = os.path.abspath(path)
        if not path.startswith(self._below):
            return
        if writes:
            self._written.add(path)
        elif path not in self.read:
            self.read[path] = _signature(path)

    @property
    def written(self) -> set[str]:
        """What was opened to be written, and the databases that are not as they were."""
        changed = {
            path for path in self._databases & {*self.read} if self.read[path] != _signature(path)
        }
        return self._written | changed


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

    def __init__(self, script: str, root: str) -> None:
        self._files = _Files(root)
        _Variables._places = (script, root.rstrip(os.sep) + os.sep)
        os.environ.__class__ = _Variables

    def report(self) -> str:
        modules = sys.modules.copy().items()
        return json.dumps(
            {
                "modules": [[name, getattr(module, "__file__", None)] for name, module in modules],
                "read": self._files.read,
                "written": sorted(self._files.written),
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


def prepare(
    *, script: str, source: str, cells: list[tuple[str, int]], mark: str, root: str
) -> None:
    """Prepare this kernel for a lesson.

    Args:
        script: name of the lesson's script.
        source: its text.
        cells: source and first line of each code cell.
        mark: begins each mark in the output, which the number of a message and `ESC \\` end.
        root: folder of the project.
    """
    shell = get_ipython()
    assert shell is not None
    _be_like_a_script(shell)
    _Cells(shell.compile, script, source, cells)
    _Marks(shell.kernel.session, mark)
    shell.kernel.lesson_watch = Watch(script, root)
