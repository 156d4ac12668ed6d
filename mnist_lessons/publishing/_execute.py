"""Execute lessons, each in a fresh kernel, and tell how far they are."""

import ast
import asyncio
import atexit
import json
import math
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from mnist_lessons import errors
from mnist_lessons.publishing._lessons import Lesson

__all__ = ["Job", "LessonFailure", "Progress", "execute"]

Result = TypeVar("Result")

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
_MOST_LINES = 5_000
_MOST_BYTES = 20_000_000
_ELSEWHERE = "mnist-lessons-"
_LONGEST_SOCKET = 105  # of the 107 bytes that a socket's path may have
_LAST = "Traceback (most recent call last)"
_LONGEST_REASON = 500
_LONGEST_TRACEBACK = 20_000
# A lesson may have used the names of built-in functions for something else.
_IMPORTED = (
    "__import__('json').dumps([[name, __import__('builtins').getattr(module, '__file__', None)]"
    " for name, module in __import__('sys').modules.copy().items()],"
    " default=__import__('builtins').str)"
)
# In a cell, as in the script that it is, `exit()` raises SystemExit, which has a line, and
# `ls` is a name that nobody has defined.
_LIKE_A_SCRIPT = """
def like_a_script(shell):
    import warnings
    shell.automagic = False
    for name in ("exit", "quit"):
        shell.builtin_trap.auto_builtins.pop(name, None)  # else Python's own are hidden
        shell.user_ns.pop(name, None)
    show = shell.showtraceback
    shell.showtraceback = lambda *args, exception_only=False, **how: show(*args, **how)
    warnings.filterwarnings("ignore", "To exit: use", UserWarning)

like_a_script(get_ipython())
del like_a_script
"""


@dataclass
class Job:
    """One lesson to execute; it is filled in while it is executed.

    Attributes:
        lesson: the lesson.
        environment: variables that its kernel gets besides those of this process.
        notebook: receives the outputs.
        modules: file of each module that the kernel had imported, None for those without;
            empty where the kernel could not be asked any more.
        seconds: how long each code cell took.
    """

    lesson: Lesson
    environment: Mapping[str, str]
    notebook: NotebookNode = field(init=False)
    modules: dict[str, str | None] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notebook = self.lesson.notebook()


@dataclass(frozen=True)
class Progress:
    """How far a lesson is: code cell `cell` of `cells`, and the last line it printed."""

    lesson: str
    cell: int
    cells: int
    line: str = ""


@dataclass(frozen=True)
class LessonFailure:
    """A lesson did not run to its end.

    Attributes:
        lesson: its slug.
        cell: number of the code cell, from 1; 0 before the first.
        cells: number of code cells.
        line: line of the script, from 1.
        reason: error and message, on one line.
        traceback: the kernel's traceback without colours, or an empty string.
        error: name of the exception that a cell raised, or an empty string.
    """

    lesson: str
    cell: int
    cells: int
    line: int
    reason: str
    traceback: str = ""
    error: str = ""

    def __str__(self) -> str:
        if not self.cell:
            return f"{self.lesson}: failed before its first cell: {self.reason}"
        where = f"code cell {self.cell} of {self.cells} (line {self.line})"
        return f"{self.lesson}: {where} failed: {self.reason}"

    @property
    def in_full(self) -> str:
        """The sentence, and the traceback where there is one."""
        return f"{self}\n{self.traceback}".strip()


def execute(
    jobs: Sequence[Job],
    *,
    folder: Path,
    sockets: Path,
    at_once: int,
    report: Callable[[Progress], None],
    ended: Callable[[Job, LessonFailure | None], Result],
) -> list[Result]:
    """Execute all jobs, some at once; a failure of one does not stop the others.

    Args:
        jobs: what to execute.
        folder: working directory of the kernels.
        sockets: an empty folder for what the kernels need while they run.
        at_once: how many kernels may run at the same time, at least 1.
        report: called at each step of each lesson.
        ended: called as soon as a job is over, with None or how it failed.

    Returns:
        For each job what `ended` made of it.
    """

    async def run_all() -> list[Result]:
        free = asyncio.Semaphore(at_once)

        async def run_one(job: Job) -> Result:
            async with free:
                with _short_folder(sockets) as own:
                    failure = await _Client(job, folder, Path(own), report).run()
                return ended(job, failure)

        return await asyncio.gather(*map(run_one, jobs))

    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(run_all())


def _death(status: int | None) -> str:
    """What is known of a kernel's end from the exit status of its process."""
    if status is None or status == -signal.SIGKILL:
        return "its kernel died (out of memory, or killed)"
    if status < 0:
        return f"its kernel died of {signal.Signals(-status).name}"
    return f"it ended its own process with exit status {status}, as os._exit does"


def _short_folder(parent: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder whose path is short enough for a socket: below `parent`, or a temporary one."""
    prefix = f"{_ELSEWHERE}{os.getpid()}-"
    room = _LONGEST_SOCKET - len(f"/{prefix}12345678/socket-1")
    if len(str(parent.resolve())) <= room:
        return tempfile.TemporaryDirectory(prefix=prefix, dir=parent)
    shared = [folder for folder in (tempfile.gettempdir(), "/tmp") if len(folder) <= room]
    for left in Path(shared[0] if shared else parent).glob(f"{_ELSEWHERE}*-*"):
        owner = left.name.removeprefix(_ELSEWHERE).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):  # it was killed
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=prefix, dir=shared[0] if shared else None)


class _Loop(asyncio.SelectorEventLoop):
    """Leaves Ctrl-C to asyncio, which ends all kernels: nbclient's handler ends one."""

    def add_signal_handler(self, *_: Any) -> None:  # type: ignore[override]
        """Refuse, as a loop on Windows does."""
        raise NotImplementedError


class _Client(NotebookClient):
    """An nbclient that reports each cell and each line that a cell prints."""

    def __init__(
        self, job: Job, folder: Path, sockets: Path, report: Callable[[Progress], None]
    ) -> None:
        super().__init__(
            job.notebook,
            timeout=math.ceil(job.lesson.cell_limit),  # whole seconds
            shutdown_kernel="immediate",
            coalesce_streams=True,
            store_widget_state=False,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
            kernel_manager_class=AsyncKernelManager,
        )
        self._job = job
        self._sockets = sockets
        # What a user keeps in IPython's own folder must not change a lesson.
        own = {"IPYTHONDIR": str(sockets), "PYTHONSTARTUP": ""}
        self._environment = {**os.environ, **own, **job.environment}
        self._report_to = report
        self._cell = 0
        self._cells = sum(cell.cell_type == "code" for cell in job.notebook.cells)
        self._printed = self._lines = 0
        self._too_much = ""
        self._death = "its kernel died"

    async def run(self) -> LessonFailure | None:
        """Execute all cells, in place; return how that failed, if it did."""
        try:
            await self._execute_cells()
        except CellExecutionError as error:
            return self._raised(error)
        except CellTimeoutError:
            return self._failure(f"it took more than {self._job.lesson.cell_limit:,.0f} s")
        except DeadKernelError:
            task = asyncio.current_task()
            if task and task.cancelling():  # nbclient takes Ctrl-C for the kernel's death
                raise asyncio.CancelledError from None
            return self._failure(self._too_much or self._death)
        except (OSError, RuntimeError) as error:
            return self._failure(f"its kernel failed: {error}")
        finally:
            # Of a kernel that was still starting, nbclient takes no care.
            atexit.unregister(self._cleanup_kernel)
            if self.km is not None:
                await self._async_cleanup_kernel()
        return None

    async def _execute_cells(self) -> None:
        self.reset_execution_trackers()
        async with self.async_setup_kernel(env=self._environment):
            try:
                await self._ask(_LIKE_A_SCRIPT)
                for index, cell in enumerate(self.nb.cells):
                    if cell.cell_type == "code":
                        await self._execute_cell(cell, index)
            except CellExecutionError:
                self._job.modules = await self._modules()
                raise
            except DeadKernelError:
                if self.km and self.km.provisioner:
                    self._death = _death(await self.km.provisioner.poll())
                raise
            self._job.modules = await self._modules()

    async def _execute_cell(self, cell: NotebookNode, index: int) -> None:
        self._cell += 1
        self._printed = self._lines = 0
        self._tell()
        start = time.monotonic()
        await self.async_execute_cell(cell, index, execution_count=self.code_cells_executed + 1)
        self._job.seconds.append(round(time.monotonic() - start, 3))

    async def _modules(self) -> dict[str, str | None]:
        """Ask the kernel what it has imported."""
        content = await self._ask("", modules=_IMPORTED)
        answer = content["user_expressions"]["modules"] if content else {}
        if answer.get("status") != "ok":
            raise RuntimeError("it does not say what it has imported")
        return dict(json.loads(ast.literal_eval(answer["data"]["text/plain"])))

    async def _ask(self, code: str, **expressions: str) -> dict[str, Any]:
        """Have the kernel do something beside the cells; return what it answers."""
        assert self.kc is not None
        asked = self.kc.execute(code, silent=True, user_expressions=expressions)
        reply = await self.async_wait_for_reply(asked)
        return dict(reply["content"]) if reply else {}

    def _raised(self, error: CellExecutionError) -> LessonFailure:
        traceback = _ANSI.sub("", error.traceback)
        # What led to the error stands before it, perhaps with lines of other cells.
        found = _LINE.search(traceback.rpartition(_LAST)[2])
        failure = self._failure(f"{error.ename}: {error.evalue}", int(found[1]) if found else 1)
        # What a user can mend says itself what is wrong; a traceback would hide it.
        shown = "" if error.ename in errors.__all__ else traceback[-_LONGEST_TRACEBACK:]
        return replace(failure, traceback=shown, error=error.ename)

    def _failure(self, reason: str, line: int = 1) -> LessonFailure:
        lesson = self._job.lesson
        reason = " ".join(reason[: 4 * _LONGEST_REASON].split())
        if len(reason) > _LONGEST_REASON:
            reason = f"{reason[:_LONGEST_REASON]} ..."
        return LessonFailure(
            lesson.slug, self._cell, self._cells, lesson.line(self._cell, line), reason
        )

    def create_kernel_manager(self) -> Any:
        """A manager of this Python's kernel, which talks through files of this user alone."""
        manager = super().create_kernel_manager()
        # A kernel of the same name that somebody installed may be another Python.
        manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
        manager.transport, manager.ip = "ipc", str(self._sockets / "socket")
        manager.connection_file = str(self._sockets / "connection.json")
        return manager

    def output(self, outs: Any, msg: Any, display_id: str | None, cell_index: int) -> Any:
        """Take an output from the kernel, if it is not too much; report what it prints."""
        content = msg["content"]
        text = content["text"] if msg["msg_type"] == "stream" else ""
        self._lines += text.count("\n")
        self._printed += len(text) + sum(map(len, map(str, content.get("data", {}).values())))
        if self._lines > _MOST_LINES or self._printed > _MOST_BYTES:
            self._too_much = f"it printed more than {_MOST_LINES:,} lines"
            if self._lines <= _MOST_LINES:
                self._too_much = f"its output has more than {_MOST_BYTES:,} bytes"
            if self.task_poll_for_reply:
                self.task_poll_for_reply.cancel()
            return None
        if text.strip():
            self._tell(text.strip().splitlines()[-1])
        return super().output(outs, msg, display_id, cell_index)

    def _tell(self, line: str = "") -> None:
        self._report_to(Progress(self._job.lesson.slug, self._cell, self._cells, line))
