"""Temporary copies of the project to build in, and the processes that do it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

__all__ = [
    "PUBLISHING",
    "ROOT",
    "Copy",
    "copy_of_package",
    "copy_of_project",
    "project_without_work",
]

PUBLISHING = ("-P", "-m", "mnist_lessons.publishing")
ROOT = Path(__file__).parents[1]
_RUNS = Path(".cache", "lessons", "runs")
_PATIENCE = 20.0  # seconds that a process may take to end its kernels
_KEPT_LINES = 30


@dataclass(frozen=True)
class Copy:
    """A project, and how Python works there: a preview on the sample, with one thread.

    Attributes:
        root: its folder.
        package: the folder of the `mnist_lessons` that is imported.
        scratch: for temporary files and in the place of the user's cache folder, which
            could hold the full MNIST.
    """

    root: Path
    package: Path
    scratch: Path

    def seconds(self, *arguments: str, **variables: str) -> float:
        """How long Python takes, from its start to its end."""
        start = time.perf_counter()
        self.run(*arguments, **variables)
        return time.perf_counter() - start

    def run(self, *arguments: str, **variables: str) -> tuple[str, str]:
        """Run Python; what it wrote to stdout and stderr.

        Raises:
            SystemExit: it failed.
        """
        pipe = subprocess.PIPE
        with self.started(*arguments, stdout=pipe, stderr=pipe, **variables) as process:
            said = process.communicate()
        if process.returncode:
            tail = "\n".join("".join(said).splitlines()[-_KEPT_LINES:])
            raise SystemExit(f"\nbenchmarks: python {' '.join(arguments)} failed:\n{tail}")
        return said

    @contextmanager
    def started(
        self, *arguments: str, stdout: int | IO[str], stderr: int | IO[str], **variables: str
    ) -> Iterator[subprocess.Popen[str]]:
        """A running Python, which has ended when the block ends."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**self._environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            start_new_session=True,  # Ctrl-C reaches it once, by `_end`
        )
        try:
            yield process
        finally:
            _end(process)

    def _environment(self) -> dict[str, str]:
        # The script opens no windows; the second build of anybody has compiled modules.
        removed = ("DISPLAY", "MPLBACKEND", "WAYLAND_DISPLAY", "PYTHONDONTWRITEBYTECODE")
        others = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MNIST_LESSONS_") and name not in removed
        }
        settings = {"DEVICE": "cpu", "OFFLINE": "1", "PROFILE": "preview"}
        return {
            **others,
            **{f"MNIST_LESSONS_{name}": value for name, value in settings.items()},
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "PYTHONPATH": str(self.package),
            "TMPDIR": str(self.scratch),
            "XDG_CACHE_HOME": str(self.scratch / "cache"),
        }


def copy_of_project(folder: Path) -> Copy:
    """Everything that the site is made of, in a new folder below `folder`.

    It has the stored runs, too: those that are current there are not executed again.
    """
    project = copy_of_package(folder)
    if (stored := ROOT / _RUNS).is_dir():
        shutil.copytree(stored, project.root / _RUNS)
    for name in ("docs", "tutorials", "tests"):  # lessons show some tests
        _copy(name, project.root)
    shutil.copy(ROOT / "mkdocs.yml", project.root)
    return project


def copy_of_package(folder: Path) -> Copy:
    """A project that has nothing but the package yet, in a new folder below `folder`."""
    root, scratch = folder / "lessons", folder / "scratch"
    scratch.mkdir()
    _copy("mnist_lessons", root)
    return Copy(root, root, scratch)


def _copy(name: str, root: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / name, root / name, ignore=ignored)


def project_without_work(project: Copy, root: Path) -> Copy:
    """A project whose only lesson ends as soon as its kernel has started."""
    (root / "tutorials").mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("empty_lesson.py"), root / "tutorials")
    return replace(project, root=root)


def _end(process: subprocess.Popen[str]) -> None:
    """End a process that still runs: with Ctrl-C, so that it ends its kernels, or by force."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
