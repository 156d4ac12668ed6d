"""Execute a cell as the script would be: `exit()` ends it, `ls` is no command."""

import itertools
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any

from IPython.core.interactiveshell import ExecutionResult

__all__ = ["be_like_a_script"]


def be_like_a_script(shell: Any) -> None:
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
