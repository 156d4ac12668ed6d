"""Give each lesson a run: a stored one that is still true, or a new one."""

import hashlib
import json
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import nbformat

from mnist_lessons._datasets import EXTRAS, MNIST, Dataset
from mnist_lessons._fetch import (
    Found,
    cache_folder,
    expected_dataset,
    expected_extras,
    verified_files,
)
from mnist_lessons.publishing.execution.git import committed_state
from mnist_lessons.publishing.execution.plan import Step, plan, planned
from mnist_lessons.publishing.execution.project_files import code_of_project, signature
from mnist_lessons.publishing.execution.reasons import made_from
from mnist_lessons.publishing.execution.today import best_device, threads, today
from mnist_lessons.publishing.execution.used import own_files
from mnist_lessons.publishing.lesson_page.figures import objection
from mnist_lessons.publishing.lesson_page.outputs import refused
from mnist_lessons.publishing.runs.card import Card, CardFault, Failure, read_card
from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.writing.form import problems
from mnist_lessons.publishing.writing.lessons import Lesson, code_cells, has_alt_text, pictures
from mnist_lessons.settings import Settings

if TYPE_CHECKING:  # executing needs much that a warm build does not
    from mnist_lessons.publishing.execution.kernels import Job

__all__ = ["LessonPage", "faulty_page", "prepare"]

_SAMPLE = "sample of MNIST"
_MEMORY = 2 << 30  # bytes that a kernel with torch and the images may need


@dataclass(frozen=True)
class LessonPage:
    """A lesson with the run that its page shows, or with what stands in its way.

    Attributes:
        lesson: the lesson.
        run: None where the lesson failed, is still running or cannot run.
        executed_now: False where a stored run was still true.
        failure: how its execution failed, or None.
        problems: what is wrong with its text; it is not executed then.
        earlier: where there is no run, one whose outputs can be seen meanwhile: the run that
            failed, or the one before.
    """

    lesson: Lesson
    run: StoredRun | None
    executed_now: bool
    failure: Failure | None = None
    problems: tuple[str, ...] = ()
    earlier: StoredRun | None = None


def prepare(
    project: Project,
    settings: Settings,
    stack: ExitStack,
    *,
    only: Collection[str] = (),
    again: bool = False,
    jobs: int | None = None,
) -> list[LessonPage]:
    """Execute what must be executed, after saying so; a faulty lesson stops no other.

    Args:
        project: the project.
        settings: of this process.
        stack: keeps alive what the pages need, such as runs that could not be stored.
        only: names of lessons; all where empty.
        again: execute also what is stored.
        jobs: how many kernels at once; by the cores and the memory where None.

    Raises:
        BuildFailure: there is no lesson.
        DataError, SettingError: the data, or a lesson, is not to be had as asked for.
    """
    all_lessons = read_lessons(project, only)
    pages = {lesson.slug: faulty for lesson in all_lessons if (faulty := faulty_page(lesson))}
    for page in pages.values():
        first, *more = page.problems
        shown = f"{first}; and {len(more)} more" if more else first
        print(f"{page.lesson.slug}: cannot run ({shown})", file=sys.stderr)
    lessons = [lesson for lesson in all_lessons if lesson.slug not in pages]
    pages |= _pages_of_sound(project, settings, stack, lessons, again, jobs)
    return [pages[lesson.slug] for lesson in all_lessons]


def faulty_page(lesson: Lesson) -> LessonPage | None:
    """The page of a lesson whose text is faulty, or None."""
    wrong = problems(lesson)
    return LessonPage(lesson, None, executed_now=False, problems=wrong) if wrong else None


def _pages_of_sound(
    project: Project,
    settings: Settings,
    stack: ExitStack,
    lessons: Sequence[Lesson],
    again: bool,
    jobs: int | None,
) -> dict[str, LessonPage]:
    dataset = expected_dataset(settings)
    if dataset == _SAMPLE:
        _say("SAMPLE DATA: the lessons read 5,000 images, not the full MNIST")
    steps = _told(planned(project, settings, lessons, dataset=dataset), again)
    if all(step.run for step in steps):
        project.store.sweep()
        return {
            step.lesson.slug: LessonPage(step.lesson, step.run, executed_now=False)
            for step in steps
        }
    with ExitStack() as places:
        found = {MNIST: places.enter_context(verified_files(settings))}
        for extra in EXTRAS:
            if any(extra.module.encode() in step.lesson.source for step in steps if not step.run):
                found[extra] = places.enter_context(verified_files(settings, extra))
        lost = {each for each, place in found.items() if place.root is None}
        if MNIST in lost and dataset != _SAMPLE:
            _say("SAMPLE DATA: no full MNIST is to be had, the lessons read 5,000 images")
            dataset = _SAMPLE
        now = today(
            project, settings, dataset=dataset,
            extras=expected_extras(settings) - {each.name for each in lost},
        )  # fmt: skip
        if now != steps[0].today:
            steps = _told(plan(project.store, lessons, now), again)
        return _Execution(project, settings, found, stack, again).pages(steps, jobs)


def _told(steps: list[Step], again: bool) -> list[Step]:
    if again:
        steps = [step.again() for step in steps]
    for step in steps:
        print(step, file=sys.stderr)
    return steps


class _Execution:
    """The execution of all that must run, with what each lesson needs to know."""

    def __init__(
        self,
        project: Project,
        settings: Settings,
        found: Mapping[Dataset, Found],
        stack: ExitStack,
        again: bool,
    ) -> None:
        self._project = project
        self._settings = settings
        self._found = found
        self._again = again
        self._staged = stack.enter_context(project.store.staging())
        self._root = project.root.resolve()
        self._files = {path: signature(path) for path in code_of_project(self._root)}
        self._steps: dict[str, Step] = {}

    def pages(self, steps: Sequence[Step], jobs: int | None) -> dict[str, LessonPage]:
        """Execute the steps without a run; keep each run as soon as it is finished."""
        from mnist_lessons.publishing.execution.kernels import Job, execute
        from mnist_lessons.publishing.execution.progress import ProgressView

        self._steps = {step.lesson.slug: step for step in steps if not step.run}
        sockets = self._staged / "kernels"
        sockets.mkdir()
        with ProgressView({slug: step.last_seconds for slug, step in self._steps.items()}) as view:
            executed = execute(
                [Job(step.lesson, self._environment(step)) for step in self._steps.values()],
                folder=self._project.root,
                sockets=sockets,
                at_once=_kernels_at_once(self._settings, jobs),
                report=view.update,
                ended=self._ended,
            )
        reused = {
            step.lesson.slug: LessonPage(step.lesson, step.run, executed_now=False)
            for step in steps
            if step.run
        }
        return reused | {page.lesson.slug: page for page in executed}

    def _ended(self, job: "Job", failure: Failure | None) -> LessonPage:
        slug = job.lesson.slug
        folder = self._runs(slug) / slug
        try:
            folder.mkdir(parents=True, exist_ok=True)
            card = self._card(job, folder)
            failure = failure or self._objection(job, card)
            self._write(job, folder, card, failure)
        except OSError as error:
            failure = _failure(
                job, len(job.seconds), f"its run cannot be stored in {folder}: {error}"
            )
        if failure:
            self._project.store.set_aside(slug, folder)
            return LessonPage(job.lesson, None, executed_now=True, failure=failure)
        key = hashlib.sha256(json.dumps(card["made_from"], sort_keys=True).encode())
        run = self._project.store.keep(slug, key.hexdigest()[:16], folder, replace=self._again)
        return LessonPage(job.lesson, run, executed_now=True)

    def _card(self, job: "Job", folder: Path) -> dict[str, Any]:
        """What the lesson says of its run, and what the build knows of it."""
        path = folder / "run.json"
        try:
            card = dict(json.loads(path.read_bytes())) if path.exists() else {}
        except (TypeError, ValueError):
            card = {"status": "unreadable"}
        today, root = self._steps[job.lesson.slug].today, self._project.root
        made = made_from(
            job.lesson, today, card.get("device", ""), job.used, card.get("missing_data", ())
        )
        card["made_from"] = msgspec.to_builtins(made)
        card["cell_seconds"] = job.seconds
        script = job.lesson.script.relative_to(root).as_posix()
        reads = [name for name in made.reads or () if not name.endswith("/")]
        parts = [*(made.files or ()), *reads]
        commit, changed = committed_state(root, [script, *parts])
        edited = job.lesson.script.read_bytes() != job.lesson.source
        card["commit"], card["uncommitted_changes"] = commit, changed or edited
        return card

    def _write(
        self, job: "Job", folder: Path, card: dict[str, Any], failure: Failure | None
    ) -> None:
        nbformat.write(job.notebook, folder / "executed.ipynb")
        if failure:
            card |= {"status": "failed", "failure": msgspec.to_builtins(failure)}
        (folder / "run.json").write_bytes(_written(card))

    def _objection(self, job: "Job", card: Mapping[str, Any]) -> Failure | None:
        """What a lesson that raised nothing left undone."""
        cells = code_cells(job.notebook)
        for number, cell in enumerate(cells, start=1):
            if reason := refused(cell):
                return _failure(job, number, reason)
            if not all(has_alt_text(output) for output in pictures(cell)):
                reason = "a figure has no text for those who cannot see it: use run.show(...)"
                return _failure(job, number, reason)
        for file in sorted(self._runs(job.lesson.slug).rglob("*.svg")):
            if reason := objection(file.name, file.read_bytes()):
                return _failure(job, len(cells), reason)
        reason = self._left_undone(job, card)
        return _failure(job, len(cells), reason) if reason else None

    def _left_undone(self, job: "Job", card: Mapping[str, Any]) -> str:
        if "status" not in card:
            return f"it left no run.json behind: it must begin a run named {job.lesson.slug!r}"
        if card["status"] == "unreadable":
            return "its run.json cannot be read"
        if card["status"] != "finished":
            return "it did not end with run.finish()"
        if card.get("lesson") != job.lesson.slug:
            return f"its run has another name: it must begin a run named {job.lesson.slug!r}"
        try:
            data = read_card(_written(card), Card).data
        except CardFault as wrong:
            return f"its run card cannot be shown on a page: {wrong}"
        if data and data.checksum != self._steps[job.lesson.slug].today.data:
            return f"it read the {data.dataset}, which is not what the build has found"
        # Compared after the files were read for `made_from`: what is recorded is what ran.
        modules = own_files(job.used.modules, self._root)
        before = {name: self._files.get(self._root / name) for name in modules}
        for name, then in {**job.used.files, **before}.items():
            if then != signature(self._root / name):
                return f"{name} changed while the lesson ran: build again"
        return ""

    def _runs(self, slug: str) -> Path:
        # A folder of its own: a lesson that takes the name of another must not meet its run.
        return self._staged / "runs" / slug

    def _environment(self, step: Step) -> dict[str, str]:
        # The files are verified and in place by now: a kernel never touches the network.
        store = self._project.store
        kept = self._staged.is_relative_to(store.folder)
        variables = {
            "MNIST_LESSONS_PROFILE": step.today.profile,
            "MNIST_LESSONS_DEVICE": self._settings.device,
            "MNIST_LESSONS_OFFLINE": "build",
            "MNIST_LESSONS_DATA": "",
            "MNIST_LESSONS_RUNS": str(self._runs(step.lesson.slug)),
            "MNIST_LESSONS_CHECKPOINTS": str(
                store.checkpoints if kept else self._staged / "checkpoints"
            ),
            "OMP_NUM_THREADS": step.today.threads,
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        if data := self._data_folder():
            variables["MNIST_LESSONS_DATA"] = str(data)
        return variables

    def _data_folder(self) -> Path | None:
        """Where a kernel looks before the cache and what a package has put into its place."""
        root = self._found[MNIST].root
        at_hand = {self._settings.data, cache_folder()}
        if root is None or all(
            place.root in at_hand or place.source in ("package", "nowhere")
            for place in self._found.values()
        ):
            return None if root == cache_folder() else root
        # Unpacked or downloaded for this build alone, and perhaps each for itself.
        folder = self._staged / "data"
        for dataset, place in self._found.items():
            link = folder / dataset.folder
            if place.root and not link.exists():
                link.parent.mkdir(parents=True)
                link.symlink_to(place.root / dataset.folder, target_is_directory=True)
        return folder


def _written(card: Mapping[str, Any]) -> bytes:
    return (json.dumps(card, indent=1) + "\n").encode()


def _failure(job: "Job", number: int, reason: str) -> Failure:
    lesson, cells = job.lesson, len(code_cells(job.notebook))
    return Failure(lesson.slug, number, cells, lesson.line(number), reason)


def _kernels_at_once(settings: Settings, asked: int | None) -> int:
    import psutil  # a dependency of ipykernel

    if asked:
        return asked
    if best_device() != "cpu" and settings.device != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    room = int(psutil.virtual_memory().available) // _MEMORY
    return max(1, min((cores or 1) // threads(), room))


def _say(message: str) -> None:
    print(f"mnist_lessons: {message}", file=sys.stderr)
