"""Give each lesson a run: a stored one that is still true, or a new one."""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from mnist_lessons._datasets import EXTRAS, MNIST
from mnist_lessons._fetch import expected_dataset, expected_extras, say, verified_files
from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.execution.plan import Step, plan, planned
from mnist_lessons.publishing.execution.today import today
from mnist_lessons.publishing.runs.card import Failure
from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.writing.form import problems
from mnist_lessons.publishing.writing.lessons import Lesson
from mnist_lessons.publishing.writing.recorded import problems_of_bands
from mnist_lessons.settings import Settings

__all__ = ["LessonPage", "faulty_page", "prepared"]

_SAMPLE = "sample of MNIST"


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

    def reasons(self, *, in_full: bool = True) -> list[str]:
        """Why it has no run and will have none: faults of its text, or how it failed."""
        failure = self.failure
        told = [failure.in_full if in_full else str(failure)] if failure else []
        return [*self.problems, *told]


@contextmanager
def prepared(
    project: Project,
    settings: Settings,
    *,
    only: Collection[str] = (),
    again: bool = False,
    jobs: int | None = None,
) -> Iterator[list[LessonPage]]:
    """Execute what must be executed, after saying so; a faulty lesson stops no other.

    Runs that cannot be stored are there until the block ends.

    Args:
        project: the project.
        settings: of this process.
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
    with ExitStack() as stack:
        pages |= _pages_of_sound(project, settings, stack, lessons, again, jobs)
        yield [pages[lesson.slug] for lesson in all_lessons]


def faulty_page(lesson: Lesson) -> LessonPage | None:
    """The page of a lesson whose text is faulty, or which misses its limits whatever it does."""
    wrong = problems(lesson) or tuple(_problems_of_bands(lesson))
    return LessonPage(lesson, None, executed_now=False, problems=wrong) if wrong else None


def _problems_of_bands(lesson: Lesson) -> list[str]:
    try:
        return problems_of_bands(lesson)
    except BuildFailure:
        return []  # the file is faulty, not the lesson: it is told once, for all


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
        say("SAMPLE DATA: the lessons read 5,000 images, not the full MNIST")
    steps = _told(planned(project, settings, lessons, dataset=dataset), again)
    if all(step.run for step in steps):
        project.store.sweep()
        return _pages(steps, {})
    with ExitStack() as places:
        found = {MNIST: places.enter_context(verified_files(settings))}
        for extra in EXTRAS:
            if any(extra.module.encode() in step.lesson.source for step in steps if not step.run):
                found[extra] = places.enter_context(verified_files(settings, extra))
        lost = {each for each, place in found.items() if place.root is None}
        if MNIST in lost and dataset != _SAMPLE:
            say("SAMPLE DATA: no full MNIST is to be had, the lessons read 5,000 images")
            dataset = _SAMPLE
        now = today(
            project, settings, dataset=dataset,
            extras=expected_extras(settings) - {each.name for each in lost},
        )  # fmt: skip
        if now != steps[0].today:
            steps = _told(plan(project.store, lessons, now), again)
        # Executing needs much that a warm build does not.
        from mnist_lessons.publishing.execution.executor import Execution

        execution = Execution(project, settings, found, stack, again)
        return _pages(steps, execution.runs([step for step in steps if not step.run], jobs))


def _pages(
    steps: Sequence[Step], executed: Mapping[str, StoredRun | Failure]
) -> dict[str, LessonPage]:
    pages = {}
    for step in steps:
        lesson, made = step.lesson, executed.get(step.lesson.slug)
        if isinstance(made, Failure):
            pages[lesson.slug] = LessonPage(lesson, None, executed_now=True, failure=made)
        else:
            run, is_new = made or step.run, made is not None
            pages[lesson.slug] = LessonPage(lesson, run, executed_now=is_new)
    return pages


def _told(steps: list[Step], again: bool) -> list[Step]:
    if again:
        steps = [step.again() for step in steps]
    for step in steps:
        sys.stderr.write(f"{step}\n")  # in one piece, as `say` does
    return steps
