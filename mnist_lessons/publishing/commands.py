"""What the command line offers. Exit status: 0, 1 for a failure, 2 for a wrong use, 130."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from mnist_lessons._words import duration
from mnist_lessons.errors import BuildFailure, LessonError, SettingError
from mnist_lessons.publishing.execution.plan import planned
from mnist_lessons.publishing.execution.prepare import LessonPage, prepared
from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.writing.form import problems
from mnist_lessons.publishing.writing.needs import problems_of_needs
from mnist_lessons.publishing.writing.recorded import problems_of_bands
from mnist_lessons.publishing.writing.teaching import problems_of_teaching, read_teaching
from mnist_lessons.settings import Settings

__all__ = [
    "build",
    "check",
    "clean",
    "commands",
    "export_store",
    "import_store",
    "publish_check",
    "run",
    "status",
]

_MEGABYTE = 1_000_000


class _Commands(click.Group):
    """A group of commands whose errors are one line each, with their exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except LessonError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(error.exit_status)
        except OSError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)
        except KeyboardInterrupt:
            print("interrupted; what was finished is kept", file=sys.stderr)
            sys.exit(130)


@click.group(cls=_Commands)
@click.option(
    "--project",
    default=".",
    show_default=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with mkdocs.yml and tutorials/.",
)
@click.pass_context
def commands(ctx: click.Context, project: Path) -> None:
    """Execute the lessons, keep their runs, and build the site from them."""
    ctx.obj = Project(project.resolve())


@commands.command()
@click.option("--site", default="site", show_default=True, help="Folder of the finished site.")
@click.option("--publish", is_flag=True, help="Refuse what `publish-check` refuses.")
@click.pass_obj
def build(project: Project, site: str, publish: bool) -> None:
    """Execute what is not stored, build the site into SITE/, or leave that as it was."""
    from mnist_lessons.publishing.site.build import build_site

    settings = Settings.from_environment()
    pages = build_site(project, settings, Path(site), publish=publish)
    print(f"The site is in {site}/ : view it with  python3 -m http.server -d {site}")
    _summarise(pages)


@commands.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--device", help="auto, cpu, cuda, cuda:N or mps; else MNIST_LESSONS_DEVICE.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    help="Kernels at once.  [default: as cores and memory allow; 1 on a GPU]",
)
@click.option("--again", is_flag=True, help="Execute also what is stored.")
@click.pass_obj
def run(
    project: Project, lessons: tuple[str, ...], device: str | None, jobs: int | None, again: bool
) -> None:
    """Execute all lessons, or those that are named, where no stored run is true any more."""
    variables = dict(os.environ) | ({"MNIST_LESSONS_DEVICE": device} if device else {})
    settings = Settings.from_environment(variables)
    with prepared(project, settings, only=lessons, again=again, jobs=jobs) as pages:
        _summarise(page for page in pages if page.run)
    failures = [page.failure for page in pages if page.failure]
    for failure in failures:
        print(failure.in_full, file=sys.stderr)
    if any(failure.error == SettingError.__name__ for failure in failures):
        raise SettingError("a lesson refused a setting")
    wrong = [problem for page in pages for problem in page.problems]
    failed = [f"{len(failures)} of {len(pages)} lessons failed"] if failures else []
    if wrong or failed:
        raise BuildFailure("\n".join([*wrong, *failed]))


@commands.command()
@click.pass_obj
def status(project: Project) -> None:
    """Say what a build would run, and why; exit status 1 if it would run anything."""
    lessons = read_lessons(project)
    wrong = [problem for lesson in lessons for problem in problems(lesson)]
    sound = [lesson for lesson in lessons if not problems(lesson)]
    steps = planned(project, Settings.from_environment(), sound)
    for problem in wrong:
        print(problem)
    for step in steps:
        print(step)
        failed = project.store.failed(step.lesson.slug)
        same = failed and failed.failed.made_from.code == step.lesson.code_hashes()
        if failed and same and not step.run:
            print(f"  its last try failed; it is in {_shown(failed.folder)}")
    if wrong or any(not step.run for step in steps):
        sys.exit(1)


@commands.command()
@click.pass_obj
def check(project: Project) -> None:
    """Say what is wrong with the text of the lessons, and what it falls short of."""
    lessons = read_lessons(project)
    checked = read_teaching(project.tutorials, lessons)
    of_needs = problems_of_needs(lessons)
    wrong: list[str] = []
    for lesson in lessons:
        wrong += (faults := [*problems(lesson), *of_needs.get(lesson.slug, [])])
        if not faults:
            wrong += problems_of_bands(lesson)
        if not faults and lesson.slug in checked:
            wrong += problems_of_teaching(lesson, checked[lesson.slug])
    if wrong:
        raise BuildFailure("\n".join(wrong))
    measured = f"; measured: {', '.join(checked)}" if checked else ""
    print(f"the form of {len(lessons)} lessons is right{measured}")


@commands.command("publish-check")
@click.option("--site", default="site", show_default=True, help="Folder of the site.")
@click.pass_obj
def publish_check(project: Project, site: str) -> None:
    """Say whether what lies in SITE/ may be published, and each reason why not."""
    from mnist_lessons.publishing.site.publishable import problems_of_site

    wrong = problems_of_site(project, Settings.from_environment(), Path(site))
    for problem in wrong:
        print(problem, file=sys.stderr)
    if wrong:
        raise BuildFailure(f"{site}/ may not be published: reasons: {len(wrong)}")
    print(f"{site}/ may be published")


@commands.command()
@click.option("--all", "everything", is_flag=True, help="Remove the whole store.")
@click.pass_obj
def clean(project: Project, everything: bool) -> None:
    """Remove from the store what no lesson of today can use, and say what that frees."""
    from mnist_lessons.publishing.execution.clean import clean_store

    freed = 0
    for what, size in clean_store(project, everything=everything):
        print(f"removed {what}: {size / _MEGABYTE:,.1f} MB")
        freed += size
    print(f"{freed / _MEGABYTE:,.1f} MB freed")


@commands.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export_store(project: Project, file: Path) -> None:
    """Write all stored runs into FILE (.tar.gz), to import them elsewhere."""
    from mnist_lessons.publishing.runs.archive import export_runs

    count = export_runs(project.store, file)
    size = file.stat().st_size / _MEGABYTE
    print(f"{file}: {_runs(count)}, {size:,.1f} MB")


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_store(project: Project, file: Path) -> None:
    """Add the runs in FILE to the store; what is stored already stays."""
    from mnist_lessons.publishing.runs.archive import import_runs

    new, known = import_runs(project.store, file)
    print(f"{file}: {_runs(new)} added, {known} known already")


def _summarise(pages: Iterable[LessonPage]) -> None:
    spent = []
    for page in pages:
        assert page.run is not None
        card = page.run.card
        data = card.data.dataset if card.data else "no data"
        how = f"stored run of {card.started:%Y-%m-%d}"
        if page.executed_now:
            how = f"run now, {duration(card.processor_seconds)} of a processor"
            spent.append(card.processor_seconds)
        print(
            f"  {page.lesson.slug:14}  {duration(card.seconds):>7}  {how}, profile "
            f"{card.profile}, {card.device}, {data}"
        )
    if len(spent) > 1:
        print(f"  {len(spent)} lessons run now: {duration(sum(spent))} of a processor")


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _shown(path: Path) -> str:
    return os.path.relpath(path)
