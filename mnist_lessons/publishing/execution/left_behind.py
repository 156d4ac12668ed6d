"""What an executed lesson left behind: its card, and what speaks against keeping the run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import nbformat

from mnist_lessons._git import committed_state
from mnist_lessons.publishing.execution.job import Job
from mnist_lessons.publishing.execution.project_files import code_of_project, signature
from mnist_lessons.publishing.execution.reasons import made_from
from mnist_lessons.publishing.execution.today import Today
from mnist_lessons.publishing.execution.used import own_files
from mnist_lessons.publishing.runs.admission import problem_of_cell, problem_of_drawing
from mnist_lessons.publishing.runs.card import Card, CardFault, Failure, read_card
from mnist_lessons.publishing.writing.lessons import code_cells

__all__ = ["Collector", "Written", "failure_of"]

Written = Mapping[str, Any]  # a card as JSON: of a lesson that failed, it may hold anything


class Collector:
    """Completes and judges what lessons of a project leave behind.

    Args:
        root: folder of the project, absolute and without links; its files should not change
            from now on until the lessons have run.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = {path: signature(path) for path in code_of_project(root)}

    def collect(
        self, job: Job, today: Today, folder: Path, failure: Failure | None
    ) -> tuple[Written, Failure | None]:
        """Write a run's card and notebook into its folder.

        Args:
            job: an executed lesson.
            today: what it was executed with.
            folder: what it left behind.
            failure: how it failed, if it did.

        Returns:
            The card, and how the lesson failed: perhaps because of what it left undone.

        Raises:
            OSError: the files cannot be written.
        """
        card = self._card(job, today, folder)
        failure = failure or self._failure(job, today, folder, card)
        nbformat.write(job.notebook, folder / "executed.ipynb")
        if failure:
            card |= {"status": "failed", "failure": msgspec.to_builtins(failure)}
        (folder / "run.json").write_bytes(_json(card))
        return card, failure

    def _card(self, job: Job, today: Today, folder: Path) -> dict[str, Any]:
        """What the lesson says of its run, and what the build knows of it."""
        path = folder / "run.json"
        try:
            card = dict(json.loads(path.read_bytes())) if path.exists() else {}
        except (TypeError, ValueError):
            card = {"status": "unreadable"}
        made = made_from(
            job.lesson, today, card.get("device", ""), job.used, card.get("missing_data", ())
        )
        card["made_from"] = msgspec.to_builtins(made)
        card["cell_seconds"] = job.seconds
        script = job.lesson.script.resolve().relative_to(self._root).as_posix()
        reads = [name for name in made.reads or () if not name.endswith("/")]
        commit, changed = committed_state(self._root, [script, *(made.files or ()), *reads])
        edited = job.lesson.script.read_bytes() != job.lesson.source
        card["commit"], card["uncommitted_changes"] = commit, changed or edited
        return card

    def _failure(self, job: Job, today: Today, folder: Path, card: Written) -> Failure | None:
        """How a lesson failed that raised nothing, or None."""
        cells = code_cells(job.notebook)
        for number, cell in enumerate(cells, start=1):
            if problem := problem_of_cell(cell):
                return failure_of(job, number, problem)
        # Also of a folder that it gave another name.
        for file in sorted(folder.parent.rglob("*.svg")):
            if problem := problem_of_drawing(file.name, file.read_bytes()):
                return failure_of(job, len(cells), problem)
        problem = _problem_of_card(card, job.lesson.slug, today) or self._what_changed(job)
        return failure_of(job, len(cells), problem) if problem else None

    def _what_changed(self, job: Job) -> str:
        """Which file changed while a lesson ran; empty where none did."""
        # Compared after the files were read for `made_from`: what is recorded is what ran.
        modules = own_files(job.used.modules, self._root)
        before = {name: self._files.get(self._root / name) for name in modules}
        for name, then in {**job.used.files, **before}.items():
            if then != signature(self._root / name):
                return f"{name} changed while the lesson ran: build again"
        return ""


def failure_of(job: Job, number: int, reason: str) -> Failure:
    """The failure of a lesson in a code cell, from 1."""
    lesson, cells = job.lesson, len(code_cells(job.notebook))
    return Failure(lesson.slug, number, cells, lesson.line(number), reason)


def _problem_of_card(card: Written, slug: str, today: Today) -> str:
    """What a lesson has not said of its run as it must; empty where nothing is wrong."""
    if "status" not in card:
        return f"it left no run.json behind: it must begin a run named {slug!r}"
    if card["status"] == "unreadable":
        return "its run.json cannot be read"
    if card["status"] != "finished":
        return "it did not end with run.finish()"
    if card.get("lesson") != slug:
        return f"its run has another name: it must begin a run named {slug!r}"
    try:
        data = read_card(_json(card), Card).data
    except CardFault as fault:
        return f"its run card cannot be shown on a page: {fault}"
    if data and data.checksum != today.data:
        return f"it read the {data.dataset}, which is not what the build has found"
    return ""


def _json(card: Written) -> bytes:
    return (json.dumps(card, indent=1) + "\n").encode()
