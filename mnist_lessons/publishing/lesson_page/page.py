"""The page of a lesson: its prose, its code and outputs, and what lies beside it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from markupsafe import Markup

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.execution.prepare import LessonPage
from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.lesson_page import cells, placeholders, run_card
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.lesson_page.download import portable
from mnist_lessons.publishing.lesson_page.head import head
from mnist_lessons.publishing.lesson_page.thumbnail import thumbnails
from mnist_lessons.publishing.lesson_page.way import Way
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.writing.lessons import SETUP, code_cells, tagged

__all__ = [
    "after_title",
    "figures_run",
    "files_beside",
    "markdown",
    "notebook_of",
    "notices",
    "with_code",
]

_FAILURE = "<!-- why this lesson did not run -->"
_FAILED = f'!!! failure "This lesson did not run"\n\n    {_FAILURE}'
_RUNNING = '!!! info "This lesson is running"\n\n    Its outputs will be here when it has ended.'
_UNTIL_THEN = " Until then, grey ones are of the run before."


def notebook_of(page: LessonPage) -> Any:
    """The lesson of today, with the outputs of its run; without one, of the run before."""
    if page.run:
        return page.run.merged_with(page.lesson)
    if page.earlier:
        with suppress(Exception):  # whatever is wrong with it, the page can do without
            return page.earlier.lent_to(page.lesson)
    return page.lesson.notebook()


def figures_run(page: LessonPage) -> StoredRun | None:
    """The run whose figures and trainings the page shows."""
    is_known = page.earlier and not page.earlier.unreadable
    return page.earlier if is_known else page.run


def files_beside(
    page: LessonPage,
    notebook: Any,
    distribution: Distribution,
    published: Callable[[str], str] | None,
) -> dict[str, bytes]:
    """What lies beside a lesson's page, by name: downloads, figures, the log and the run card.

    Args:
        page: the lesson.
        notebook: what `notebook_of` returned.
        distribution: how readers of the notebook get the package.
        published: see `portable`.

    Raises:
        BuildFailure: a drawing of its run could do more than be seen.
    """
    slug = page.lesson.slug
    files = {**page.lesson.offered(), f"{slug}.py": page.lesson.plain}
    if page.earlier:
        with suppress(BuildFailure):  # a drawing that may not be shown
            files |= cells.shown_files(notebook, page.earlier)
    if run := page.run:
        files |= cells.shown_files(notebook, run)
        install = distribution.install(run.card.commit or "")
        files[f"{slug}.ipynb"] = portable(notebook, published=published, install=install)
        files |= {name: run.content(name) or b"" for name in ("log.csv", "run.json")}
        files |= {small.file: small.content for small in thumbnails(run, notebook)}
    return files


def markdown(
    page: LessonPage, notebook: Any, way: Way, distribution: Distribution, edit: str
) -> str:
    """The lesson's prose, and what the site says of it: downloads, notices, run card, log."""
    prose = placeholders.markdown(notebook)
    if way.following:
        prose = f"{prose}\n\n{fragment('following', Markup(way.following))}"
    if page.run is None:
        running = _RUNNING + (_UNTIL_THEN if page.earlier else "")
        return after_title(prose, _FAILED if page.reasons() else running)
    top = head(page.lesson.slug, page.run.card, notebook, distribution, edit, way.needs)
    top = f"{top}\n\n{notices([page.run])}".strip()
    about = f"{run_card.measured(page.run)} {run_card.asserted(page.run.card)}".strip()
    return (
        f"{after_title(prose, top)}\n\n"
        f"## The run behind this page\n\n{about}\n\n"
        f"{run_card.run_card(page.run, distribution)}\n"
    )


def with_code(prose: str, page: LessonPage, code: Sequence[str]) -> str:
    """The page with the HTML of each code cell in its place, or what ended the lesson."""
    written = code_cells(page.lesson.notebook())
    contents = {
        placeholders.placeholder(number): placeholders.folded(html) if tagged(cell, SETUP) else html
        for number, (cell, html) in enumerate(zip(written, code, strict=True), start=1)
    }
    told = placeholders.reasons(page.reasons())
    if page.failure and page.earlier and page.failure.cell:
        # After the outputs of the run that failed: what ended it.
        contents[placeholders.placeholder(page.failure.cell)] += placeholders.failure(told)
        told = placeholders.reasons([str(page.failure)]) + fragment("link_to_failure")
    elif page.earlier and not page.failure:
        contents = {place: placeholders.greyed(cell) for place, cell in contents.items()}
    contents[_FAILURE] = told
    return placeholders.filled(_without_search(prose), contents)


def notices(runs: Sequence[StoredRun]) -> str:
    """What a reader of a page built from these runs must know, as Markdown."""
    return "\n\n".join(
        f'!!! warning "{title}"\n\n    {text}' for title, text in run_card.notices(runs)
    )


def after_title(markdown: str, insertion: str) -> str:
    """A page with Markdown behind its title."""
    title, newline, rest = markdown.partition("\n")
    return f"{title}{newline or chr(10)}\n{insertion}\n{rest}" if insertion else markdown


def _without_search(html: str) -> str:
    """The page with its solutions left out of search: they are to be found by thinking."""
    opening = '<details class="success"'
    return html.replace(f"{opening}>", f"{opening} data-search-exclude>")
