"""Decide which lessons must run, run them, and check what they found."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_lessons._fetch import Found, cache_folder, verified_files
from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing._execute import Job, LessonFailure, execute
from mnist_lessons.publishing._lessons import Lesson, code_cells, discover, has_alt_text, pictures
from mnist_lessons.publishing._progress import ProgressView
from mnist_lessons.publishing._store import Store, StoredRun, run_key
from mnist_lessons.settings import Profile, Settings

__all__ = ["LessonPage", "Project", "prepare"]


@dataclass(frozen=True)
class Project:
    """Where everything lies."""

    root: Path

    @property
    def tutorials(self) -> Path:
        """The lessons' scripts and `bands.toml`."""
        return self.root / "tutorials"

    @property
    def package(self) -> Path:
        """The teaching modules."""
        return self.root / "mnist_lessons"

    @property
    def store(self) -> Store:
        """The executed runs."""
        return Store(self.root / ".cache" / "lessons")


@dataclass(frozen=True)
class LessonPage:
    """A lesson with the run that its page shows, or with the failure that prevented one.

    Attributes:
        lesson: the lesson.
        run: None only where the lesson failed.
        executed_now: False where a stored run was still true.
        failure: None where there is a run.
    """

    lesson: Lesson
    run: StoredRun | None
    executed_now: bool
    failure: LessonFailure | None = None


def prepare(project: Project, settings: Settings, *, serving: bool = False) -> list[LessonPage]:
    """Give each lesson a run: a stored one that is still true, or a new one.

    Where the profile is unset, a build takes `full`; a server takes the stored full run
    where it is still true, and otherwise a preview.

    Raises:
        BuildFailure: there is no lesson, or one without a title or not in UTF-8.
        DataError, SettingError: the data is not to be had as asked for.
    """
    lessons = discover(project.tutorials)
    if not lessons:
        raise BuildFailure(f"no lesson: looked for *.py in {project.tutorials}")
    for lesson in lessons:
        _check_form(lesson)
    with verified_files(settings) as found:
        if found.root is None:
            _say("SAMPLE DATA: this site will be built from 5,000 images, not from the full MNIST")
        return _run_all(project, settings, lessons, found, serving)


def _check_form(lesson: Lesson) -> None:
    try:
        has_title = lesson.has_title
    except UnicodeDecodeError as error:
        raise BuildFailure(f"{lesson.script} is not UTF-8: {error}") from error
    if not has_title:
        raise BuildFailure(f"{lesson.script}: its first cell must be Markdown: '# Its title'")


def _run_all(
    project: Project, settings: Settings, lessons: Sequence[Lesson], found: Found, serving: bool
) -> list[LessonPage]:
    pages: dict[Lesson, LessonPage] = {}
    jobs: dict[Lesson, tuple[str, Profile]] = {}
    for lesson in lessons:
        for profile in _profiles(settings, serving):
            key = run_key(lesson, project.package, _reaching(settings, profile, found))
            if stored := project.store.find(lesson, key):
                pages[lesson] = LessonPage(lesson, stored, executed_now=False)
                break
        else:
            jobs[lesson] = (key, profile)
    if jobs:
        with project.store.staging() as staged:
            pages |= _execute(project, settings, found, jobs, staged)
    return [pages[lesson] for lesson in lessons]


def _profiles(settings: Settings, serving: bool) -> tuple[Profile, ...]:
    """The profiles whose stored runs will do, the best first; the last is the one to run."""
    if settings.profile is not None:
        return (settings.profile,)
    return ("full", "preview") if serving else ("full",)


def _execute(
    project: Project,
    settings: Settings,
    found: Found,
    keyed: Mapping[Lesson, tuple[str, Profile]],
    staged: Path,
) -> dict[Lesson, LessonPage]:
    jobs = [
        Job(lesson, lesson.notebook(), _environment(settings, profile, found, staged))
        for lesson, (_, profile) in keyed.items()
    ]
    with ProgressView() as view:
        failures = execute(
            jobs,
            folder=project.root,
            at_once=_kernels_at_once(settings),
            report=view.update,
        )
    pages = {}
    for job, failure in zip(jobs, failures, strict=True):
        lesson, left_behind = job.lesson, staged / job.lesson.slug
        failure = failure or _unfinished(job, StoredRun(left_behind))
        run = None
        if failure is None:
            run = project.store.keep(lesson, keyed[lesson][0], left_behind, job.notebook)
        pages[lesson] = LessonPage(lesson, run, executed_now=True, failure=failure)
    return pages


def _unfinished(job: Job, run: StoredRun) -> LessonFailure | None:
    """What a lesson that raised nothing left undone."""
    cells = code_cells(job.notebook)
    for number, cell in enumerate(cells, start=1):
        if not all(has_alt_text(output) for output in pictures(cell)):
            reason = "a figure has no text for who cannot see it: show it with run.show(...)"
            return LessonFailure(job.lesson.slug, number, len(cells), reason)
    if not (run.folder / "run.json").exists():
        reason = f"it left no run.json behind: it must begin a run named {job.lesson.slug!r}"
    elif run.card["status"] != "finished":
        reason = "it did not end with run.finish()"
    else:
        return None
    return LessonFailure(job.lesson.slug, len(cells), len(cells), reason)


def _reaching(settings: Settings, profile: Profile, found: Found) -> dict[str, str]:
    """What reaches the kernel and can change its results."""
    return {
        "profile": profile,
        "device": settings.device,
        "gpu": str(_has_nvidia_gpu()),
        "threads": _threads(),
        "data": "sample" if found.root is None else "MNIST",
    }


def _environment(
    settings: Settings, profile: Profile, found: Found, staged: Path
) -> dict[str, str]:
    # The files are verified and in place by now: a kernel never touches the network.
    variables = {
        "MNIST_LESSONS_PROFILE": profile,
        "MNIST_LESSONS_DEVICE": settings.device,
        "MNIST_LESSONS_OFFLINE": "1",
        "MNIST_LESSONS_RUNS": str(staged),
        "OMP_NUM_THREADS": _threads(),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    if found.root is not None and found.root != cache_folder():
        variables["MNIST_LESSONS_DATA"] = str(found.root)
    return variables


def _threads() -> str:
    # One thread a lesson: the same bits on any number of cores, and no waiting for a
    # busy neighbour; the cores are used by several lessons at once.
    return os.environ.get("OMP_NUM_THREADS", "1")


def _kernels_at_once(settings: Settings) -> int:
    if _has_nvidia_gpu() and settings.device != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _has_nvidia_gpu() -> bool:
    return Path("/dev/nvidia0").exists() or (
        sys.platform == "win32" and bool(shutil.which("nvidia-smi"))
    )


def _say(message: str) -> None:
    print(f"mnist_lessons: {message}", file=sys.stderr)
