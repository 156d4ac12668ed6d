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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, cached_property
from pathlib import Path

import nbformat
from filelock import FileLock
from nbformat import NotebookNode

from mnist_lessons.publishing.runs.card import AnyCard, Card, CardFault, FailedCard, read_card
from mnist_lessons.publishing.runs.staging import staging, swap
from mnist_lessons.publishing.writing.lessons import Lesson, code_cells

__all__ = ["Store", "StoredRun"]

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class StoredRun:
    """A folder with everything that one execution of a lesson left behind."""

    folder: Path

    @cached_property
    def card(self) -> Card:
        """The content of `run.json`.

        Raises:
            CardFault, OSError: it is none, or cannot be read.
        """
        return read_card(self._card, Card)

    @cached_property
    def failed(self) -> FailedCard:
        """The same of a run that failed; with the same errors."""
        return read_card(self._card, FailedCard)

    @property
    def _card(self) -> bytes:
        return (self.folder / "run.json").read_bytes()

    @cached_property
    def content(self) -> Callable[[str], bytes | None]:
        """The content of a file of the run by its name, read once; None where there is none."""
        of = self.folder.joinpath
        return cache(lambda name: of(name).read_bytes() if of(name).is_file() else None)

    @cached_property
    def unreadable(self) -> str:
        """Why its card cannot be shown on a page; empty where it can."""
        try:
            _ = self.card
        except CardFault as fault:
            return f"run.json: {fault}"
        except FileNotFoundError:
            return "it has no run.json"
        except OSError:
            return "its run.json cannot be read"
        return ""

    @property
    def is_sample(self) -> bool:
        """True where the run had the sample in the place of the full MNIST."""
        return self.card.data is not None and self.card.data.is_sample

    @property
    def damage(self) -> str:
        """Why it counts as missing; empty where it ended well and is as it was stored."""
        if self.unreadable:
            return self.unreadable
        try:
            manifest = json.loads((self.folder / _MANIFEST).read_text(encoding="utf-8"))
            if _checksums(self) != manifest:
                return "its files are not as they were stored"
            if self.card.lesson != self.folder.parent.name:
                return f"it is a run of {self.card.lesson!r}"
            if self.card.status != "finished":
                return "it did not end well"
            if self._epochs_in_log() != len(self.card.log):
                return "log.csv and run.json do not have the same epochs"
            if len(code_cells(self.executed)) != len(self.card.made_from.code or ()):
                return "executed.ipynb has not the code cells that run.json names"
        except Exception as error:  # whatever is wrong with it, the lesson runs again
            return f"it cannot be read: {error}"
        return ""

    @property
    def is_whole(self) -> bool:
        """Whether it ended well, and every file of it is as it was stored."""
        return not self.damage

    @cached_property
    def executed(self) -> NotebookNode:
        """The notebook with its outputs, as it was executed; not to be changed."""
        # Without nbformat's checks: its manifest says whether it is as it was written.
        written = self.content("executed.ipynb") or b""
        notebook: NotebookNode = nbformat.v4.reads(written.decode())
        return notebook

    def merged_with(self, lesson: Lesson) -> NotebookNode:
        """Today's prose and comments with the stored outputs; the code of both does the same."""
        notebook = lesson.notebook()
        executed = code_cells(self.executed)
        for today, then in zip(code_cells(notebook), executed, strict=True):
            today.outputs, today.execution_count = then.outputs, then.execution_count
        return notebook

    def lent_to(self, lesson: Lesson) -> NotebookNode:
        """Today's lesson with the outputs of the cells that it had, as far as they correspond."""
        notebook = lesson.notebook()
        today, then = code_cells(notebook), code_cells(self.executed)
        before = read_card(self._card, AnyCard).made_from.code or []
        matcher = SequenceMatcher(None, before, lesson.code_hashes(), autojunk=False)
        for kind, first, end, now, until in matcher.get_opcodes():
            # A cell that was edited has the outputs of the one in its place.
            if kind == "equal" or end - first == until - now:
                for ours, theirs in zip(today[now:until], then[first:end], strict=True):
                    ours.outputs = theirs.outputs
        return notebook

    def _epochs_in_log(self) -> int:
        with (self.folder / "log.csv").open(encoding="utf-8", newline="") as stream:
            return sum(1 for _ in csv.DictReader(stream))


@dataclass(frozen=True)
class Store:
    """The folder of all stored runs."""

    folder: Path

    def runs(self, slug: str) -> list[StoredRun]:
        """The readable runs of a lesson, the newest first."""
        readable = [run for run in self._all(slug) if not run.unreadable]
        return sorted(readable, key=lambda run: (run.card.started, run.folder), reverse=True)

    def unreadable(self, slug: str) -> list[str]:
        """Why the other runs of a lesson count as missing, a sentence for each."""
        return [run.unreadable for run in self._all(slug) if run.unreadable]

    def _all(self, slug: str) -> list[StoredRun]:
        return [StoredRun(folder) for folder in sorted((self.folder / "runs" / slug).glob("*"))]

    def failed(self, slug: str) -> StoredRun | None:
        """The last run of a lesson that failed, if there is one that can be read."""
        run = StoredRun(self.folder / "failed" / slug)
        try:
            _ = run.failed
        except (CardFault, OSError):  # there is none, or a full disk left half of it
            return None
        return run

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
            (staged / _MANIFEST).write_text(
                json.dumps(_checksums(StoredRun(staged)), indent=1) + "\n"
            )
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


def _checksums(run: StoredRun) -> dict[str, str]:
    names = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*")} - {
        _MANIFEST
    }
    return {
        name: hashlib.sha256(content).hexdigest()
        for name in sorted(names)
        if (content := run.content(name)) is not None
    }
