"""Execute the cells of a lesson in a kernel, and tell how that failed if it did."""

import ast
import asyncio
import atexit
import math
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output

from mnist_lessons import errors
from mnist_lessons.publishing.execution.failures import failure, how_it_died
from mnist_lessons.publishing.execution.hand_over import preparation
from mnist_lessons.publishing.execution.job import Job, Progress
from mnist_lessons.publishing.execution.pipe import MARKED, Output
from mnist_lessons.publishing.execution.places import Places
from mnist_lessons.publishing.execution.printed import Printed, show_as_a_terminal
from mnist_lessons.publishing.execution.terminal import as_text
from mnist_lessons.publishing.execution.used import Used
from mnist_lessons.publishing.runs.card import Failure
from mnist_lessons.publishing.writing.lessons import code_cells

__all__ = ["Client"]

_LAST = "Traceback (most recent call last)"
_LONGEST_TRACEBACK = 20_000
# A lesson may have used the names of built-in functions for something else.
_REPORT = "__import__('IPython').get_ipython().kernel.lesson_watch.report()"


class Client(NotebookClient):
    """An nbclient that reports each cell and each line that a cell prints."""

    def __init__(
        self, job: Job, folder: Path, sockets: Path, report: Callable[[Progress], None]
    ) -> None:
        super().__init__(
            job.notebook,
            timeout=math.ceil(job.lesson.cell_limit),  # whole seconds
            shutdown_kernel="immediate",
            # What it prints comes through a pipe, as in a terminal: see `in_kernel`.
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
        self._printed = Printed()
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
            return self._failure(self._printed.too_much or self._death)
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
                    self._death = how_it_died(await self.km.provisioner.poll())
                raise
            self._job.used = await self._used()
            for cell in code_cells(self.nb)[-1:]:
                self._take_text(cell)  # of threads that ended after it
                show_as_a_terminal(cell, self._places)

    async def _execute_cell(self, cell: NotebookNode, index: int) -> None:
        self._cell += 1
        self._printed.begin()
        self._tell()
        start = time.monotonic()
        try:
            await self.async_execute_cell(cell, index, execution_count=self.code_cells_executed + 1)
        finally:
            self._take_text(cell)
            show_as_a_terminal(cell, self._places)
        self._job.seconds.append(round(time.monotonic() - start, 3))

    async def _prepare(self) -> None:
        """Prepare the kernel, and drop what it has said while it started."""
        lesson, root = self._job.lesson, self._folder.resolve()
        cells = code_cells(lesson.notebook())
        code = preparation(
            script=self._script,
            source=lesson.plain.decode(),
            cells=[(cell.source, lesson.line(n)) for n, cell in enumerate(cells, start=1)],
            mark=self._mark,
            root=str(root),
            # The data count by their checksum, wherever they lie.
            apart=[os.path.realpath(data) for data in self._data if data],
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
        failed = self._failure(f"{error.ename}: {evalue}" if evalue else error.ename, line)
        # What a user can mend says itself what is wrong; a traceback would hide it.
        shown = "" if error.ename in errors.__all__ else traceback[-_LONGEST_TRACEBACK:]
        return msgspec.structs.replace(failed, traceback=shown, error=error.ename)

    def _failure(self, reason: str, line: int | None = None) -> Failure:
        return failure(self._job.lesson, self._cell, self._cells, reason, line)

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
        self._printed.count(sum(map(len, map(str, data.values()))))
        self._stop_what_is_too_much()
        return None if self._printed.too_much else super().output(outs, msg, display_id, cell_index)

    def _received(self, content: bytes) -> None:
        """Note that something was printed; report the last line."""
        line = self._printed.received(content)
        self._stop_what_is_too_much()
        if line:
            self._tell(line)

    def _stop_what_is_too_much(self) -> None:
        if self._printed.too_much:
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

    def _clean(self, text: str) -> str:
        return self._places.neutral(as_text(text))

    def _tell(self, line: str = "") -> None:
        self._report_to(Progress(self._job.lesson.slug, self._cell, self._cells, line))
