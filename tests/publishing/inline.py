"""Cells of a lesson in the process of the test: what a kernel does, without a kernel."""

import contextlib
import importlib
import io
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest

from mnist_lessons.publishing.execution.job import Job, Progress
from mnist_lessons.publishing.execution.used import Used
from mnist_lessons.publishing.runs.card import Failure
from mnist_lessons.publishing.writing.lessons import code_cells


def execute(
    jobs: Sequence[Job],
    *,
    folder: Path,
    report: Callable[[Progress], None],
    ended: Callable[[Job, Failure | None], Any],
    **_: Any,
) -> list[Any]:
    """Execute jobs one after the other, in the place of `kernels.execute`.

    A cell may print, import what lies in its project, and raise. It has no IPython, and a
    failure has no traceback.
    """
    return [ended(job, _failure(job, folder, report)) for job in jobs]


def _failure(job: Job, folder: Path, report: Callable[[Progress], None]) -> Failure | None:
    slug, cells = job.lesson.slug, code_cells(job.notebook)
    names: dict[str, Any] = {"__name__": "__main__"}
    with _as_a_kernel(job, folder):
        for number, cell in enumerate(cells, start=1):
            report(Progress(slug, number, len(cells)))
            start, printed = time.monotonic(), io.StringIO()
            try:
                with contextlib.redirect_stdout(printed):
                    exec(compile(cell.source, f"cell {number}", "exec"), names)
            except Exception as error:
                frames = traceback.extract_tb(error.__traceback__)
                own = [frame for frame in frames if frame.filename == f"cell {number}"]
                line = (own[-1].lineno if own else 0) or 1
                reason, name = f"{type(error).__name__}: {error}", type(error).__name__
                where = job.lesson.line(number, line)
                return Failure(slug, number, len(cells), where, reason, error=name)
            finally:
                if text := printed.getvalue():
                    cell.outputs = [nbformat.v4.new_output("stream", text=text)]
                    report(Progress(slug, number, len(cells), text.strip().splitlines()[-1]))
            job.seconds.append(round(time.monotonic() - start, 3))
    return None


@contextlib.contextmanager
def _as_a_kernel(job: Job, folder: Path) -> Iterator[None]:
    """Variables, folder and modules of a job; `job.used` receives what it has imported."""
    before = set(sys.modules)
    modules: dict[str, str | None] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", list(sys.path))
        for name, value in job.environment.items():
            patch.setenv(name, value)
        importlib.invalidate_caches()
        try:
            yield
        finally:
            for name in sys.modules.keys() - before:
                modules[name] = getattr(sys.modules[name], "__file__", None)
                # What lies beside the project: the next one has other modules of the same names.
                if modules[name] and Path(modules[name]).absolute().is_relative_to(folder.parent):
                    del sys.modules[name]
            job.used = Used(modules)
