"""Execute lessons, each in a fresh kernel, some at once."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psutil

from mnist_lessons.publishing.execution.client import Client
from mnist_lessons.publishing.execution.job import Job, Progress
from mnist_lessons.publishing.runs.card import Failure

__all__ = ["Result", "execute"]

Result = TypeVar("Result")
_ELSEWHERE = "mnist-lessons-"
_LONGEST_SOCKET = 105  # of the 107 bytes that a socket's path may have


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
                    failure = await Client(job, folder, Path(own), report).run()
                return ended(job, failure)

        return await asyncio.gather(*map(run_one, jobs))

    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(run_all())


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
