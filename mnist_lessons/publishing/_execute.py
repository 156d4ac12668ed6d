"""Execute lessons, each in a fresh kernel, and tell how far they are."""

import asyncio
import atexit
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from mnist_lessons import errors
from mnist_lessons.publishing._lessons import Lesson

__all__ = ["Job", "LessonFailure", "Progress", "execute"]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CELL_SECONDS = 2 * 60 * 60


@dataclass(frozen=True)
class Job:
    """One lesson to execute: its notebook is filled with outputs in place."""

    lesson: Lesson
    notebook: NotebookNode
    environment: Mapping[str, str]


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
        cell: number of the code cell, from 1.
        cells: number of code cells.
        reason: error and message, on one line.
        traceback: the kernel's traceback without colours, or an empty string.
        error: name of the exception that a cell raised, or an empty string.
    """

    lesson: str
    cell: int
    cells: int
    reason: str
    traceback: str = ""
    error: str = ""

    def __str__(self) -> str:
        return f"{self.lesson}: code cell {self.cell} of {self.cells} failed: {self.reason}"


def execute(
    jobs: Sequence[Job], *, folder: Path, at_once: int, report: Callable[[Progress], None]
) -> list[LessonFailure | None]:
    """Execute all jobs, some at once; a failure of one does not stop the others.

    Args:
        jobs: what to execute.
        folder: working directory of the kernels.
        at_once: how many kernels may run at the same time, at least 1.
        report: called at each step of each lesson.

    Returns:
        For each job None, or how it failed.
    """

    async def run_all() -> list[LessonFailure | None]:
        free = asyncio.Semaphore(at_once)

        async def run_one(job: Job) -> LessonFailure | None:
            async with free:
                with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
                    return await _Client(job, folder, Path(sockets), report).run()

        return await asyncio.gather(*map(run_one, jobs))

    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(run_all())


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
            timeout=_CELL_SECONDS,
            shutdown_kernel="immediate",
            coalesce_streams=True,
            store_widget_state=False,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
            kernel_manager_class=AsyncKernelManager,
            on_cell_execute=self._begin,
        )
        self._environment = {**os.environ, **job.environment}
        self._sockets = sockets
        self._slug = job.lesson.slug
        self._report_to = report
        self._cell = 0
        self._cells = sum(cell.cell_type == "code" for cell in job.notebook.cells)

    async def run(self) -> LessonFailure | None:
        """Execute all cells, in place; return how that failed, if it did."""
        try:
            await self.async_execute(env=self._environment)
        except CellExecutionError as error:
            # What a user can mend says itself what is wrong; a traceback would hide it.
            traceback = "" if error.ename in errors.__all__ else _ANSI.sub("", error.traceback)
            reason = f"{error.ename}: {error.evalue}"
            return replace(self._failure(reason), traceback=traceback, error=error.ename)
        except CellTimeoutError:
            return self._failure(f"it took more than {_CELL_SECONDS:,} s")
        except DeadKernelError:
            return self._failure("its kernel died (out of memory, or killed)")
        except RuntimeError as error:
            return self._failure(f"its kernel did not start: {error}")
        finally:
            # Of a kernel that was still starting, nbclient takes no care.
            atexit.unregister(self._cleanup_kernel)
            if self.km is not None:
                await self._async_cleanup_kernel()
        return None

    def _failure(self, reason: str) -> LessonFailure:
        return LessonFailure(self._slug, self._cell, self._cells, " ".join(reason.split()))

    def create_kernel_manager(self) -> Any:
        """A manager whose kernel talks through files that only this user can open."""
        manager = super().create_kernel_manager()
        manager.transport, manager.ip = "ipc", str(self._sockets / "socket")
        return manager

    def output(self, outs: Any, msg: Any, display_id: str | None, cell_index: int) -> Any:
        """Take an output from the kernel; report the last line of what it prints."""
        if msg["msg_type"] == "stream" and (text := msg["content"]["text"].strip()):
            self._tell(text.splitlines()[-1])
        return super().output(outs, msg, display_id, cell_index)

    def _begin(self, cell: NotebookNode, cell_index: int) -> None:
        if cell.cell_type == "code":
            self._cell += 1
            self._tell()

    def _tell(self, line: str = "") -> None:
        self._report_to(Progress(self._slug, self._cell, self._cells, line))
