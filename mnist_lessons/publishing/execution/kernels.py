"""Execute lessons, each in a fresh kernel, and tell how far they are."""

import ast
import asyncio
import atexit
import math
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output

from mnist_lessons import errors
from mnist_lessons.publishing.execution.pipe import MARKED, Output
from mnist_lessons.publishing.execution.places import Places
from mnist_lessons.publishing.execution.terminal import as_text, shown
from mnist_lessons.publishing.execution.used import Used
from mnist_lessons.publishing.runs.card import Failure
from mnist_lessons.publishing.writing.lessons import Lesson, code_cells

__all__ = ["Job", "Progress", "Result", "execute"]

Result = TypeVar("Result")

_MOST_LINES = 5_000
_MOST_BYTES = 20_000_000
_ELSEWHERE = "mnist-lessons-"
_LONGEST_SOCKET = 105  # of the 107 bytes that a socket's path may have
_LAST = "Traceback (most recent call last)"
_LONGEST_REASON = 500
_LONGEST_LINE = 2_000
_LONGEST_TRACEBACK = 20_000
_PREPARATION = Path(__file__).with_name("in_kernel.py").read_text(encoding="utf-8")
# A lesson may have used the names of built-in functions for something else.
_REPORT = "__import__('IPython').get_ipython().kernel.lesson_watch.report()"


@dataclass
class Job:
    """One lesson to execute; it is filled in while it is executed.

    Attributes:
        lesson: the lesson.
        environment: variables that its kernel gets besides those of this process.
        notebook: receives the outputs.
        used: what the kernel used of the project; empty where it could not be asked any more.
        seconds: how long each code cell took.
    """

    lesson: Lesson
    environment: Mapping[str, str]
    notebook: NotebookNode = field(init=False)
    used: Used = field(default_factory=Used)
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


def execute(
    jobs: Sequence[Job],
    *,
    folder: Path,
    sockets: Path,
    at_once: int,
    report: Callable[[Progress], None],
    ended: Callable[[Job, Failure | None], Result],
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
            # What it prints comes through a pipe, as in a terminal: see `in_kernel.py`.
            extra_arguments=["--IPKernelApp.outstream_class=None", "--log-level=CRITICAL"],
            store_widget_state=False,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
            kernel_manager_class=AsyncKernelManager,
        )
        self._job = job
        self._folder = folder
        self._script = job.lesson.script.relative_to(folder).as_posix()
        self._sockets = sockets
        # What a user keeps in IPython's own folder must not change a lesson.
        own = {"IPYTHONDIR": str(sockets), "PYTHONSTARTUP": ""}
        own |= {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        self._environment = {**os.environ, **own, **job.environment}
        self._data = {each.get("MNIST_LESSONS_DATA") for each in (os.environ, self._environment)}
        self._places = Places.of(folder, self._environment)
        self._report_to = report
        self._cell = 0
        self._cells = sum(cell.cell_type == "code" for cell in job.notebook.cells)
        self._printed = self._lines = 0
        self._unfinished, self._told = b"", ""
        self._too_much = ""
        self._death = "its kernel died"
        self._mark = f"\x1b_{uuid4().hex} "
        self._output = Output(self._mark, self._received)

    async def run(self) -> Failure | None:
        """Execute all cells, in place; return how that failed, if it did."""
        try:
            return await self._run()
        except AssertionError:
            task = asyncio.current_task()
            if task and task.cancelling():  # after Ctrl-C, nbclient may miss objects of its own
                raise asyncio.CancelledError from None
            raise

    async def _run(self) -> Failure | None:
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
            self._output.close()
            # Of a kernel that was still starting, nbclient takes no care.
            atexit.unregister(self._cleanup_kernel)
            if self.km is not None:
                await self._async_cleanup_kernel()
        return None

    async def _execute_cells(self) -> None:
        self.reset_execution_trackers()
        pipe = self._output.open()
        streams = {"stdout": pipe, "stderr": pipe}
        async with self.async_setup_kernel(env=self._environment, **streams):
            self._output.began()
            await self._prepare()
            try:
                for index, cell in enumerate(self.nb.cells):
                    if cell.cell_type == "code":
                        await self._execute_cell(cell, index)
            except CellExecutionError:
                with suppress(RuntimeError):  # the first failure is the one to tell
                    self._job.used = await self._used()
                raise
            except DeadKernelError:
                if self.km and self.km.provisioner:
                    self._death = _death(await self.km.provisioner.poll())
                raise
            self._job.used = await self._used()
            for cell in code_cells(self.nb)[-1:]:
                self._take_text(cell)  # of threads that ended after it
                self._show(cell)

    async def _execute_cell(self, cell: NotebookNode, index: int) -> None:
        self._cell += 1
        self._printed = self._lines = 0
        self._unfinished, self._told = b"", ""
        self._tell()
        start = time.monotonic()
        try:
            await self.async_execute_cell(cell, index, execution_count=self.code_cells_executed + 1)
        finally:
            self._take_text(cell)
            self._show(cell)
        self._job.seconds.append(round(time.monotonic() - start, 3))

    async def _prepare(self) -> None:
        """Have the kernel execute `in_kernel.py`, and drop what it has said while it started."""
        lesson, root = self._job.lesson, self._folder.resolve()
        cells = code_cells(lesson.notebook())
        about = {
            "script": self._script,
            "source": lesson.plain.decode(),
            "cells": [(cell.source, lesson.line(n)) for n, cell in enumerate(cells, start=1)],
            "mark": self._mark,
            "root": str(root),
            # The data count by their checksum, wherever they lie.
            "apart": [os.path.realpath(data) for data in self._data if data],
        }
        code = (
            "(lambda space: (exec(compile("
            f"{_PREPARATION!r}, '<kernel>', 'exec'), space), space['prepare'](**{about!r}))"
            ")({'__name__': 'lesson_kernel'})"
        )
        said = await self._ask(code)
        if said.get("status") != "ok":
            raise RuntimeError(f"it cannot be prepared: {said.get('evalue', 'no answer')}")
        self._output.text_until(None)

    async def _used(self) -> Used:
        """Ask the kernel what it has used."""
        content = await self._ask("", report=_REPORT)
        answer = content.get("user_expressions", {}).get("report", {})
        if answer.get("status") != "ok":
            ename, evalue = answer.get("ename", "no answer"), answer.get("evalue", "")
            raise RuntimeError(f"when it was to end: {ename}: {self._clean(evalue)}")
        report = ast.literal_eval(answer["data"]["text/plain"])
        return Used.reported(report, self._folder.resolve())

    async def _ask(self, code: str, **expressions: str) -> dict[str, Any]:
        """Have the kernel do something beside the cells; return what it answers."""
        assert self.kc is not None
        asked = self.kc.execute(code, silent=True, user_expressions=expressions)
        reply = await self.async_wait_for_reply(asked)
        return dict(reply["content"]) if reply else {}

    def _raised(self, error: CellExecutionError) -> Failure:
        # nbclient puts the cell and what it printed before it, which are shown anyway.
        cell = code_cells(self.nb)[self._cell - 1]
        lines = [output["traceback"] for output in cell.outputs if output.output_type == "error"]
        traceback = self._clean("\n".join(lines[-1]) if lines else error.traceback)
        # What led to the error stands before it, perhaps with lines of other cells.
        place = re.compile(rf"File {re.escape(self._script)}(?:, line |:)(\d+)")
        found = place.search(traceback.rpartition(_LAST)[2])
        evalue = self._clean(error.evalue)
        line = int(found[1]) if found else None
        failure = self._failure(f"{error.ename}: {evalue}" if evalue else error.ename, line)
        # What a user can mend says itself what is wrong; a traceback would hide it.
        shown = "" if error.ename in errors.__all__ else traceback[-_LONGEST_TRACEBACK:]
        return msgspec.structs.replace(failure, traceback=shown, error=error.ename)

    def _failure(self, reason: str, line: int | None = None) -> Failure:
        lesson = self._job.lesson
        reason = " ".join(reason[: 4 * _LONGEST_REASON].split())
        if len(reason) > _LONGEST_REASON:
            reason = f"{reason[:_LONGEST_REASON]} ..."
        line = lesson.line(self._cell) if line is None else line
        return Failure(lesson.slug, self._cell, self._cells, line, reason)

    def create_kernel_manager(self) -> Any:
        """A manager of this Python's kernel, which talks through files of this user alone."""
        manager = super().create_kernel_manager()
        # A kernel of the same name that somebody installed may be another Python.
        manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
        manager.transport, manager.ip = "ipc", str(self._sockets / "socket")
        manager.connection_file = str(self._sockets / "connection.json")
        return manager

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Take what was printed before a message, then the message."""
        if msg["msg_type"] in MARKED:
            self._take_text(cell, msg["header"]["msg_id"])
        return super().process_message(msg, cell, cell_index)

    def output(self, outs: Any, msg: Any, display_id: str | None, cell_index: int) -> Any:
        """Take an output from the kernel, if it is not too much."""
        data = msg["content"].get("data", {})
        self._count(sum(map(len, map(str, data.values()))))
        return None if self._too_much else super().output(outs, msg, display_id, cell_index)

    def _received(self, content: bytes) -> None:
        """Note that something was printed; report the last line that is whole, or a bar."""
        self._lines += content.count(b"\n")
        self._count(len(content))
        whole, _, rest = (self._unfinished + content)[-_LONGEST_LINE:].rpartition(b"\n")
        self._unfinished = rest
        told = rest if b"\r" in rest else whole
        lines = as_text(told.decode(errors="ignore")).strip().splitlines()
        if lines and lines[-1] != self._told and not self._too_much:
            self._told = lines[-1]
            self._tell(self._told)

    def _count(self, more: int) -> None:
        self._printed += more
        if self._lines > _MOST_LINES or self._printed > _MOST_BYTES:
            self._too_much = f"it printed more than {_MOST_LINES:,} lines"
            if self._lines <= _MOST_LINES:
                self._too_much = f"its output has more than {_MOST_BYTES:,} bytes"
            self._output.stop()
            if self.task_poll_for_reply:
                self.task_poll_for_reply.cancel()

    def _take_text(self, cell: NotebookNode, number: str | None = None) -> None:
        """Add what was printed before a message, or until now, to the outputs of a cell."""
        text = self._output.text_until(number)
        last = cell.outputs[-1] if cell.outputs else {}
        if text and last.get("output_type") == "stream":
            last["text"] += text
        elif text:
            cell.outputs.append(new_output("stream", name="stdout", text=text))

    def _show(self, cell: NotebookNode) -> None:
        """Make the texts of a cell what a terminal shows, without folders of this machine."""
        for output in cell.outputs:
            if output.output_type == "stream":
                output["text"] = self._places.neutral(shown(output["text"]))
            elif isinstance(text := output.get("data", {}).get("text/plain"), str):
                output["data"]["text/plain"] = self._places.neutral(shown(text))
            elif output.output_type == "error":
                output["evalue"] = self._clean(output["evalue"])
                output["traceback"] = [
                    self._places.neutral(shown(line)) for line in output["traceback"]
                ]

    def _clean(self, text: str) -> str:
        return self._places.neutral(as_text(text))

    def _tell(self, line: str = "") -> None:
        self._report_to(Progress(self._job.lesson.slug, self._cell, self._cells, line))
