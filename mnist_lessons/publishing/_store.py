"""Executed runs, kept until something that made them changes.

A run lies in `STORE/<slug>/<key>/` with `executed.ipynb`, `run.json`, `log.csv` and the
figures. The key covers the lesson's code, the teaching modules, the versions, the data, the
profile and the device: when in doubt, a lesson runs again. Nothing is deleted here.
"""

import csv
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from filelock import FileLock
from nbformat import NotebookNode

from mnist_lessons.publishing._lessons import Lesson, code_cells

__all__ = ["Store", "StoredRun", "run_key"]

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
    ]
)
_PACKAGES = ("ipykernel", "matplotlib", "mlxtend", "numpy", "scikit-learn", "torch", "torchvision")


@dataclass(frozen=True)
class StoredRun:
    """A folder with everything that one execution of a lesson left behind."""

    folder: Path

    @property
    def card(self) -> dict[str, Any]:
        """The content of `run.json`."""
        card: dict[str, Any] = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return card

    @property
    def is_sample(self) -> bool:
        """True where the run had the sample in the place of the full MNIST."""
        data = self.card["data"]
        return data is not None and bool(data["is_sample"])

    @property
    def is_whole(self) -> bool:
        """Whether it ended well, and its card and its log have all that a page shows."""
        card = self.card
        with (self.folder / "log.csv").open(encoding="utf-8", newline="") as stream:
            epochs = sum(1 for _ in csv.DictReader(stream))
        return card["status"] == "finished" and card.keys() >= _SHOWN and epochs == len(card["log"])

    def executed(self) -> NotebookNode:
        """The notebook with its outputs, as it was executed."""
        notebook: NotebookNode = nbformat.read(self.folder / "executed.ipynb", as_version=4)
        return notebook

    def merged_with(self, lesson: Lesson) -> NotebookNode:
        """Today's prose with the stored outputs; the code of both is the same."""
        notebook = lesson.notebook()
        executed = code_cells(self.executed())
        for today, then in zip(code_cells(notebook), executed, strict=True):
            today.outputs, today.execution_count = then.outputs, then.execution_count
        return notebook


@dataclass(frozen=True)
class Store:
    """The folder of all stored runs."""

    folder: Path

    def find(self, lesson: Lesson, key: str) -> StoredRun | None:
        """The run of a lesson under a key; an unreadable one counts as missing."""
        run = StoredRun(self._place(lesson, key))
        try:
            run.merged_with(lesson)
            return run if run.is_whole else None
        except Exception:  # whatever is wrong with it, the lesson runs again
            return None

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """An empty folder for the runs in progress of this process, gone when the block ends."""
        folder = self.folder / "running" / str(os.getpid())
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, lesson: Lesson, key: str, staged: Path, executed: NotebookNode) -> StoredRun:
        """Move a finished run to its place, in one step."""
        nbformat.write(executed, staged / "executed.ipynb")
        place = self._place(lesson, key)
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.folder}.lock"):  # two builds at once take turns
            shutil.rmtree(place, ignore_errors=True)
            os.replace(staged, place)
        return StoredRun(place)

    def _place(self, lesson: Lesson, key: str) -> Path:
        return self.folder / lesson.slug / key


def run_key(lesson: Lesson, package: Path, settings: Mapping[str, str]) -> str:
    """Hash of everything that makes a run: code, teaching modules, versions, settings."""
    made_of = {
        "code": [cell.source for cell in code_cells(lesson.notebook())],
        "modules": {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(package.glob("*.py"))
        },
        "versions": {name: version(name) for name in _PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "settings": dict(settings),
    }
    text = json.dumps(made_of, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
