"""Execute lessons aside while a server goes on."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mnist_lessons.publishing.execution.plan import Step, differences, planned
from mnist_lessons.publishing.execution.prepare import LessonPage, faulty_page
from mnist_lessons.publishing.execution.project_files import code_of_project, hash_now, read_now
from mnist_lessons.publishing.runs.card import Failure
from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.writing.lessons import Lesson
from mnist_lessons.settings import Profile, Settings

__all__ = ["Workshop"]

_PATIENCE = 5.0  # seconds
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass
class _Work:
    """A lesson that is being executed, or has failed."""

    made_from: Hashable
    saved: int
    process: subprocess.Popen[bytes]
    began: float


class Workshop:
    """Executes lessons in processes of their own, and says when one has ended.

    Attributes:
        news: a file that is touched whenever the pages must be made again.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mnist-lessons-")
        self.news = Path(self._folder.name, "news")
        self.news.touch()
        self._works: dict[str, _Work] = {}
        self._shown: dict[str, StoredRun] = {}

    def pages(
        self, project: Project, settings: Settings, only: Collection[str] = ()
    ) -> list[LessonPage]:
        """The lessons with what is stored; those that must run are begun, or go on.

        Where the profile is unset, a stored full run serves where it is still true, and
        otherwise a preview.

        Args:
            project: the project.
            settings: of this process.
            only: names of lessons; all where empty.

        Raises:
            LessonError: there is no lesson, or a setting is wrong.
        """
        everything = read_lessons(project)
        lessons = [lesson for lesson in everything if not only or lesson.slug in only]
        pages = {
            lesson.slug: replace(faulty, earlier=self._shown.get(lesson.slug))
            for lesson in lessons
            if (faulty := faulty_page(lesson))
        }
        sound = [lesson for lesson in lessons if lesson.slug not in pages]
        for gone in self._works.keys() - {lesson.slug for lesson in everything} | pages.keys():
            self._stop(gone)
        steps = _steps(project, settings, sound)
        must_run = any(not step.run for step in steps)
        modules = _importable(project, everything) if must_run else []
        pages |= {step.lesson.slug: self._page(project, step, modules) for step in steps}
        return [pages[lesson.slug] for lesson in lessons]

    def close(self) -> None:
        """End what is running."""
        for slug in list(self._works):
            self._stop(slug)
        self._folder.cleanup()

    def _page(self, project: Project, step: Step, modules: Iterable[str]) -> LessonPage:
        slug = step.lesson.slug
        if step.run:
            self._shown[slug] = step.run
            self._stop(slug)
            return LessonPage(step.lesson, step.run, executed_now=False)
        wanted = (step.today.profile, *step.lesson.code_hashes(), *modules)
        saved = step.lesson.script.stat().st_mtime_ns
        work = self._works.get(slug)
        # Whoever saves a lesson that failed wants it to be tried again.
        has_ended = work is not None and work.process.poll() is not None
        again = work and has_ended and (work.saved != saved or _reads_other(project, slug, work))
        if work is None or work.made_from != wanted or again:
            self._stop(slug)
            print(self._compared(project, step), file=sys.stderr)
            process = _start(project, slug, step.today.profile)
            work = self._works[slug] = _Work(wanted, saved, process, time.time())
            threading.Thread(target=self._wait, args=[work.process], daemon=True).start()
        if work.process.poll() is None:
            shown = self._shown.get(slug)
            return LessonPage(step.lesson, None, executed_now=False, earlier=shown)
        failure, failed = _failure(project, step, work.began)
        return LessonPage(step.lesson, None, executed_now=True, failure=failure, earlier=failed)

    def _compared(self, project: Project, step: Step) -> Step:
        """The step with what differs from the run on the page, not from any other."""
        slug = step.lesson.slug
        shown = self._shown.get(slug) or _likely_shown(project, step)
        if shown is None:
            return step
        self._shown[slug] = shown
        return replace(step, reasons=tuple(_differences(shown, step)) or step.reasons)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        with suppress(OSError):
            os.utime(self.news)

    def _stop(self, slug: str) -> None:
        work = self._works.pop(slug, None)
        if work is None:
            return
        work.process.terminate()
        try:
            work.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            work.process.kill()


def _steps(project: Project, settings: Settings, lessons: list[Lesson]) -> list[Step]:
    if settings.profile:
        return planned(project, settings, lessons)
    full = planned(project, settings, lessons, profile="full")
    preview = planned(project, settings, lessons, profile="preview")
    return [best if best.run else other for best, other in zip(full, preview, strict=True)]


def _importable(project: Project, lessons: Iterable[Lesson]) -> list[str]:
    """What a kernel could import below the project, with its content: not lessons or tests."""
    scripts = {lesson.script for lesson in lessons}
    return [
        f"{path} {hash_now(path)}"
        for path in sorted(code_of_project(project.root))
        if path not in scripts and not path.is_relative_to(project.tests)
    ]


def _reads_other(project: Project, slug: str, work: _Work) -> bool:
    """Whether a file or folder has changed that a lesson had read when it failed."""
    failed = project.store.failed(slug)
    if failed is None or failed.folder.stat().st_mtime < work.began:
        return False
    then = failed.failed.made_from
    reads, own = then.reads or {}, frozenset(then.writes)
    return any(read_now(project.root, name, own) != before for name, before in reads.items())


def _start(project: Project, slug: str, profile: Profile) -> subprocess.Popen[bytes]:
    module = ["-P", "-m", "mnist_lessons.publishing"]
    return subprocess.Popen(
        [sys.executable, *module, "--project", str(project.root), "run", slug],
        env={**os.environ, "MNIST_LESSONS_PROFILE": profile},
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def _likely_shown(project: Project, step: Step) -> StoredRun | None:
    """What a page showed before this server: the run that differs least, a full one if equal."""
    runs = project.store.runs(step.lesson.slug)
    return min(
        runs,
        key=lambda run: (len(_differences(run, step)), run.card.profile != "full"),
        default=None,
    )


def _differences(run: StoredRun, step: Step) -> list[str]:
    # A preview that takes the place of a full run is no reason to run.
    return differences(run, step.lesson, replace(step.today, profile=run.card.profile))


def _failure(project: Project, step: Step, began: float) -> tuple[Failure, StoredRun | None]:
    """How a lesson failed, and what it left behind."""
    slug = step.lesson.slug
    failed = project.store.failed(slug)
    if failed and failed.folder.stat().st_mtime >= began:
        return failed.failed.failure, failed
    reason = "what stands in its way is said in the terminal"
    return Failure(slug, 0, 0, 1, reason), None
