"""Executed runs, kept with everything that made them.

The store is one folder:

    runs/<slug>/<key>/    executed.ipynb, run.json, log.csv, the figures, manifest.json
    failed/<slug>/        the last run that failed, to be looked at, never reused
    checkpoints/<slug>/   trainings, finished or not
    running/              work in progress

It can be copied, and used on another machine. A new run replaces a damaged one, or the same
one if it was asked for again; a failed one replaces the failed one before.
"""

import csv
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from filelock import FileLock
from nbformat import NotebookNode

from mnist_lessons.publishing._lessons import Lesson, code_cells
from mnist_lessons.publishing._staging import staging, swap

__all__ = ["DEVICES", "Store", "StoredRun"]

_MANIFEST = "manifest.json"
# The kinds of device, the best first.
DEVICES = ("cuda", "mps", "cpu")
_MADE_FROM: dict[str, Any] = {
    "code": list,
    "files": dict,
    "python": str,
    "packages": dict,
    "torch_build": str | None,
    "data": str,
    "profile": str,
    "device": str,
    "best_device": str,
    "threads": str,
    "settings": dict,
}
_SHOWN = frozenset(
    [
        "lesson",
        "profile",
        "started",
        "seconds",
        "device",
        "device_name",
        "threads",
        "seed",
        "versions",
        "commit",
        "uncommitted_changes",
        "data",
        "values",
        "results",
        "log",
        "made_from",
        "cell_seconds",
    ]
)


@dataclass(frozen=True)
class StoredRun:
    """A folder with everything that one execution of a lesson left behind."""

    folder: Path

    @cached_property
    def card(self) -> dict[str, Any]:
        """The content of `run.json`."""
        card: dict[str, Any] = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return card

    @property
    def is_readable(self) -> bool:
        """Whether it says what it was made from, and all that a page shows."""
        try:
            made_from = self.card["made_from"]
            whole = all(isinstance(made_from[name], kind) for name, kind in _MADE_FROM.items())
            known = made_from["device"] in DEVICES and self.card.keys() >= _SHOWN
            return whole and known and isinstance(self.card["started"], str)
        except Exception:  # an unreadable run counts as missing
            return False

    @property
    def is_sample(self) -> bool:
        """True where the run had the sample in the place of the full MNIST."""
        data = self.card["data"]
        return data is not None and bool(data["is_sample"])

    @property
    def is_whole(self) -> bool:
        """Whether it ended well, and every file of it is as it was stored."""
        try:
            manifest = json.loads((self.folder / _MANIFEST).read_text(encoding="utf-8"))
            sound = _checksums(self.folder) == manifest
            finished = self.is_readable and self.card["status"] == "finished"
            return sound and finished and self._has_whole_log()
        except Exception:  # whatever is wrong with it, the lesson runs again
            return False

    def executed(self) -> NotebookNode:
        """The notebook with its outputs, as it was executed."""
        notebook: NotebookNode = nbformat.read(self.folder / "executed.ipynb", as_version=4)
        return notebook

    def merged_with(self, lesson: Lesson) -> NotebookNode:
        """Today's prose and comments with the stored outputs; the code of both does the same."""
        notebook = lesson.notebook()
        executed = code_cells(self.executed())
        for today, then in zip(code_cells(notebook), executed, strict=True):
            today.outputs, today.execution_count = then.outputs, then.execution_count
        return notebook

    def lent_to(self, lesson: Lesson) -> NotebookNode:
        """Today's lesson with the outputs of the cells that it had, as far as they correspond."""
        notebook = lesson.notebook()
        today, then = code_cells(notebook), code_cells(self.executed())
        before = [str(code) for code in self.card["made_from"]["code"]]
        matcher = SequenceMatcher(None, before, lesson.code_hashes(), autojunk=False)
        for kind, first, end, now, until in matcher.get_opcodes():
            # A cell that was edited has the outputs of the one in its place.
            if kind == "equal" or end - first == until - now:
                for ours, theirs in zip(today[now:until], then[first:end], strict=True):
                    ours.outputs = theirs.outputs
        return notebook

    def _has_whole_log(self) -> bool:
        with (self.folder / "log.csv").open(encoding="utf-8", newline="") as stream:
            epochs = sum(1 for _ in csv.DictReader(stream))
        return epochs == len(self.card["log"])


@dataclass(frozen=True)
class Store:
    """The folder of all stored runs."""

    folder: Path

    def runs(self, slug: str) -> list[StoredRun]:
        """The readable runs of a lesson, the newest first."""
        runs = [StoredRun(folder) for folder in (self.folder / "runs" / slug).glob("*")]
        readable = [run for run in runs if run.is_readable]
        return sorted(readable, key=lambda run: (run.card["started"], run.folder), reverse=True)

    def failed(self, slug: str) -> StoredRun | None:
        """The last run of a lesson that failed, if there is one that can be read."""
        run = StoredRun(self.folder / "failed" / slug)
        try:
            return run if run.card["failure"] and run.card["made_from"]["code"] else None
        except Exception:  # there is none, or a full disk left half of it
            return None

    @property
    def checkpoints(self) -> Path:
        """The folder of the trainings."""
        return self.folder / "checkpoints"

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """An empty folder for the runs in progress of this process, gone when the block ends.

        Where the store cannot be written to, it lies elsewhere, and nothing will be kept.
        """
        with ExitStack() as stack:
            try:
                where = stack.enter_context(
                    staging(self.folder / "running", "", Path(f"{self.folder}.lock"))
                )
            except OSError as error:
                self._warn(error)
                temporary = tempfile.TemporaryDirectory(prefix="mnist-lessons-")
                where = Path(stack.enter_context(temporary))
            yield where

    def sweep(self) -> None:
        """Remove what killed processes have left in progress, where that is possible."""
        running = self.folder / "running"
        with suppress(OSError):
            if any(running.iterdir()):
                with staging(running, "", Path(f"{self.folder}.lock")):
                    pass

    def keep(self, slug: str, key: str, staged: Path, *, replace: bool = False) -> StoredRun:
        """Move a finished run to its place, in one step; a sound one that is there stays.

        Where that is not possible, the run stays where it is, for this build alone.
        """
        place = self.folder / "runs" / slug / key
        try:
            (staged / _MANIFEST).write_text(json.dumps(_checksums(staged), indent=1) + "\n")
            place.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.folder}.lock"):  # two builds at once take turns
                if replace or not StoredRun(place).is_whole:
                    swap(staged, place)
        except OSError as error:
            self._warn(error)
            return StoredRun(staged)
        return StoredRun(place)

    def set_aside(self, slug: str, staged: Path) -> None:
        """Keep a failed run for looking at, in the place of the one before."""
        place = self.folder / "failed" / slug
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.folder}.lock"):
                swap(staged, place)
        except OSError as error:
            self._warn(error)

    def _warn(self, error: OSError) -> None:
        print(
            f"mnist_lessons: cannot write to the store {self.folder}: {error.strerror or error}; "
            "this build goes on, but what it runs will not be kept",
            file=sys.stderr,
        )


def _checksums(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path != folder / _MANIFEST
    }
