"""What a lesson's kernel executes before the first cell. It imports nothing of this project.

- A cell is executed as the script would be: `exit()` ends it, `ls` is no command.
- A cell's code has the name and the lines of the script, in warnings and tracebacks.
- What `atexit` is asked to do is done at the end.
- Where something is displayed, a mark in the output says so: text and figures keep their order.
- Which files of the project were opened, which folders were listed, and which variables were
  read, can be asked for.
"""

import atexit
import itertools
import json
import linecache
import os
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, ItemsView, Iterator, ValuesView
from contextlib import nullcontext, suppress
from functools import wraps
from types import FrameType
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionResult

_DISPLAYED = ("clear_output", "display_data", "error", "execute_result", "update_display_data")
_KINDS = ("read", "edited", "written", "listed")
# Where these events name what they make.
_MADE = {
    "os.mkdir": slice(1),
    "os.link": slice(1, 2),
    "os.rename": slice(2),
    "os.symlink": slice(1, 2),
}
# They list folders to find modules and distributions, and so may a module while it is imported;
# this file does to note what is in one.
_FINDERS = (
    "importlib._",
    "_frozen_importlib",
    "importlib.metadata",
    "importlib_metadata",
    "pkgutil",
    "pkg_resources",
    __name__,
)
_OF_THE_KERNEL = ("IPython", "comm", "ipykernel", "jupyter_client", "tornado", "zmq")
_OF_THE_SYSTEM = ("os", "posixpath", "_collections_abc", "collections.abc")


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


class _Code:
    """Tells code of the lesson, and of the project's modules, from that of others.

    Args:
        script: name of the lesson's script.
        root: folder of the project.
    """

    def __init__(self, script: str, root: str) -> None:
        self._script, self._root = script, root.rstrip(os.sep) + os.sep

    def owns(self, frame: FrameType) -> bool:
        """Whether it is what a frame executes."""
        place = frame.f_code.co_filename
        if not place.startswith(self._root):
            return place == self._script
        parts = place.removeprefix(self._root).split(os.sep)
        return not any(part.startswith(".") or part == "site-packages" for part in parts)

    def asks(self, frame: FrameType | None) -> bool:
        """Whether it asks, and not an import, for what the code of a frame looks for."""
        while frame and not self.owns(frame):
            if frame.f_globals.get("__name__", "").startswith(_FINDERS):
                return False
            frame = frame.f_back
        return True


class _Files:
    """Notes what below the project is opened, written or listed, by children, too."""

    def __init__(self, code: _Code, root: str, apart: list[str]) -> None:
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


class _Variables(type(os.environ)):  # type: ignore[misc]  # its class has no public name
    """The environment, which notes what cells and modules of the project read of it.

    What they had set themselves before does not count.
    """

    read: ClassVar[set[str]] = set()
    _set: ClassVar[set[str]] = set()
    _lists: ClassVar[Any] = None
    _code: ClassVar[_Code]

    def __getitem__(self, name: Any) -> Any:
        asker = _asker()
        # To copy all of them is not to read each.
        is_copy = asker is None or self._lists == (id(asker), asker.f_lasti)
        if isinstance(name, str | bytes) and asker and not is_copy and self._code.owns(asker):
            _Variables.read |= {os.fsdecode(name)} - _Variables._set
        return super().__getitem__(name)

    def __setitem__(self, name: Any, value: Any) -> None:
        super().__setitem__(name, value)
        _Variables._set.add(os.fsdecode(name))

    def __delitem__(self, name: Any) -> None:
        super().__delitem__(name)
        _Variables._set.add(os.fsdecode(name))

    def __iter__(self) -> Iterator[Any]:
        for name in super().__iter__():
            asker = _asker()
            _Variables._lists = asker and (id(asker), asker.f_lasti)
            yield name


def _asker() -> FrameType | None:
    """Who asks the environment: the first outside of what belongs to it; None for a listing."""
    frame: FrameType | None = sys._getframe(2)
    while frame and frame.f_globals.get("__name__") in _OF_THE_SYSTEM:
        if frame.f_code.co_name == "expanduser":
            break  # where a home lies does not count: it is shown as ~
        if frame.f_code.co_name == "__iter__" and frame.f_code.co_argcount:
            self = frame.f_locals.get("self")
            if isinstance(self, ItemsView | ValuesView):
                return None
        frame = frame.f_back
    return frame


class _End:
    """What `atexit` is asked to do at the end, since a kernel is ended before it does."""

    def __init__(self) -> None:
        self._wanted: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = []
        self._register, self._unregister = atexit.register, atexit.unregister
        atexit.register, atexit.unregister = self.register, self.unregister

    def register(self, function: Any, /, *arguments: Any, **named: Any) -> Any:
        asker: str = sys._getframe(1).f_globals.get("__name__", "")
        if asker.partition(".")[0] in _OF_THE_KERNEL:  # it is still needed
            return self._register(function, *arguments, **named)
        self._wanted.append((function, arguments, named))
        return function

    def unregister(self, function: Any, /) -> None:
        self._unregister(function)
        self._wanted = [wanted for wanted in self._wanted if wanted[0] != function]

    def come(self) -> None:
        """Wait for the threads for which a script would wait, then do what is wanted."""
        threading._shutdown()  # type: ignore[attr-defined]  # what Python does at its end
        while self._wanted:
            function, arguments, named = self._wanted.pop()
            function(*arguments, **named)


class Watch:
    """What a kernel has imported, read and written."""

    def __init__(self, script: str, root: str, apart: list[str]) -> None:
        self._end = _End()
        _Variables._code = _Code(script, root)
        self._files = _Files(_Variables._code, root, apart)
        for environment in (os.environ, getattr(os, "environb", os.environ)):
            environment.__class__ = _Variables

    def report(self) -> str:
        """All of it, as JSON, as soon as the lesson has come to its end."""
        self._end.come()
        modules = sys.modules.copy().items()
        return json.dumps(
            {
                "modules": [[name, getattr(module, "__file__", None)] for name, module in modules],
                **self._files.report(),
                "variables": sorted(_Variables.read),
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

    def show_in_full(*args: Any, exception_only: bool = False, **how: Any) -> Any:
        _keep_streams()
        return show(*args, **how)

    shell.showtraceback = show_in_full
    shell.run_cell = _answering(shell)
    shell._tee = lambda channel: nullcontext()  # no stream is to be kept in a history
    threading._counter = itertools.count(1).__next__  # type: ignore[attr-defined]  # of Thread-1
    warnings.filterwarnings("ignore", "To exit: use", UserWarning)
    shell.events.register("post_run_cell", _keep_streams)


def _answering(shell: Any) -> Callable[..., Any]:
    """Let the cell fail where IPython does, after what the cell has done to it; else no one knows.

    A stream may be none, say, or an error may have no text.
    """
    run_cell = shell.run_cell

    @wraps(run_cell)
    def run(*arguments: Any, **named: Any) -> Any:
        try:
            result = run_cell(*arguments, **named)
            if result.success and getattr(shell, "_last_traceback_during_displayhook", False):
                result.error_in_exec = sys.last_value  # its `repr` has failed
            _ = str(result.error_before_exec), str(result.error_in_exec)  # the answer has it
        except Exception as error:
            result = ExecutionResult(None)
            said = "".join(traceback.format_exception_only(error)).strip()
            result.error_in_exec = RuntimeError(said)
        return result

    return run


def _keep_streams(*_: Any) -> None:
    """Let the kernel go on where a lesson's stdout or stderr cannot be flushed.

    It is none or closed, say, or an object that has nothing but `write`.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # what is printed is nowhere
            continue
        try:
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
    sys.argv = [script]
    _Cells(shell.compile, script, source, cells)
    _Marks(shell.kernel.session, mark)
    shell.kernel.lesson_watch = Watch(script, root, apart)
