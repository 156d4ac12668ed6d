"""The MkDocs plugin: makes a page of each lesson from its script and its run."""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jinja2 import Environment
from mkdocs.config import base
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from mnist_lessons.errors import BuildFailure, LessonError, SettingError
from mnist_lessons.publishing.execution.prepare import LessonPage, prepared
from mnist_lessons.publishing.exhibits import draw
from mnist_lessons.publishing.exhibits import markers as marker_places
from mnist_lessons.publishing.exhibits.gpu import gpu_section
from mnist_lessons.publishing.exhibits.mistakes import error_browser
from mnist_lessons.publishing.exhibits.pairs import pairs
from mnist_lessons.publishing.exhibits.results import comparison, learning_curves
from mnist_lessons.publishing.exhibits.test_source import with_tests
from mnist_lessons.publishing.lesson_page import cells as lesson_cells
from mnist_lessons.publishing.lesson_page import run_card
from mnist_lessons.publishing.lesson_page.api_links import described, imported, linked
from mnist_lessons.publishing.lesson_page.cell_cache import CellCache
from mnist_lessons.publishing.lesson_page.download import portable
from mnist_lessons.publishing.lesson_page.figures import with_figures
from mnist_lessons.publishing.lesson_page.head import description, head
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.site.bands import check_bands, read_bands
from mnist_lessons.publishing.site.policy import with_policy
from mnist_lessons.publishing.site.publishable import refusals
from mnist_lessons.publishing.writing.lessons import code_cells, prose_line
from mnist_lessons.publishing.writing.links import Text, lines_of_links
from mnist_lessons.publishing.writing.markdown_extension import PageProse, formula_problems
from mnist_lessons.publishing.writing.pages import LessonFile, on_site, read_page, written_pages
from mnist_lessons.publishing.writing.values import fill_values, stray_values
from mnist_lessons.settings import Settings

if TYPE_CHECKING:  # a warm build executes nothing, and is no server
    from mnist_lessons.publishing.execution.background import Workshop
    from mnist_lessons.publishing.site.serve import CompiledTemplates

__all__ = ["LessonsPlugin"]

_FAILURE = "<!-- why this lesson did not run -->"
_FAILED = f'!!! failure "This lesson did not run"\n\n    {_FAILURE}'
_NOTED = "<!-- what is wrong with this page -->"
_NOTES = f'!!! failure "This page has a mistake"\n\n    {_NOTED}'
_RUNNING = '!!! info "This lesson is running"\n\n    Its outputs will be here when it has ended.'
_UNTIL_THEN = " Until then, grey ones are of the run before."

_LESSON_BOOST = 2  # in search, beside other pages

_log = get_plugin_logger("lessons")


class _NoOptions(base.Config):
    """What there is to set is in the environment (`MNIST_LESSONS_*`)."""


class LessonsPlugin(BasePlugin[_NoOptions]):
    """Executes lessons before MkDocs cleans `site/`, then adds their pages and files.

    Attributes:
        pages: the lessons of the last build, with their runs.
        scratch: folder for temporary files; the system's where None.
    """

    def __init__(self) -> None:
        self.pages: list[LessonPage] = []
        self.scratch: Path | None = None
        self._stack = ExitStack()
        self._workshop: Workshop | None = None
        self._publishes = False
        self._templates: CompiledTemplates | None = None
        self._notebooks: dict[str, Any] = {}
        self._notes: dict[str, list[str]] = {}
        self._blocks: dict[str, str] = {}
        self._cells = CellCache()
        self._prose = PageProse()
        self._docs = Path()

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Know whether this is a server, which goes on while lessons run, or what publishes."""
        self._publishes = command == "gh-deploy"
        self._stack.enter_context(lines_of_links(self._texts_of))
        if command == "serve":
            from mnist_lessons.publishing.execution.background import Workshop
            from mnist_lessons.publishing.site.serve import CompiledTemplates

            self._workshop = Workshop()
            self._stack.callback(self._workshop.close)
            self._templates = CompiledTemplates()
            # Whoever ends a server in this way wants its kernels ended, too.
            signal.signal(signal.SIGTERM, signal.default_int_handler)

    def on_shutdown(self) -> None:
        """End what still runs; remove what could not be stored."""
        self._stack.close()

    def on_serve(
        self, server: LiveReloadServer, *, config: MkDocsConfig, builder: Callable[..., None]
    ) -> LiveReloadServer:
        """Make the server show an edited page at once, and a run when it has ended."""
        from mnist_lessons.publishing.site.serve import Rebuilder, look_often

        assert self._workshop is not None
        config.watch.append(str(self._workshop.news))
        server.builder = Rebuilder(config, builder, self._workshop.news)
        return look_often(server, config)

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Stop for a formula; compile the templates once in a server's life; date the pages."""
        # Of a page, they have been noted with their lines.
        unnoted = [
            f"{uri}: {reason}".removeprefix(": ")
            for uri, reason in self._prose.problems
            if not self._notes.get(uri)
        ]
        self._stop_for(unnoted)
        if self._templates:
            env.bytecode_cache = self._templates
        runs = self._runs()
        if runs and "SOURCE_DATE_EPOCH" not in os.environ:
            # Of the newest run, not of today: the same runs make the same site on any day.
            newest = f"{max(run.card.started for run in runs):%Y-%m-%d}"
            for file in files.documentation_pages():
                assert file.page
                file.page.update_date = newest
        return env

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Give each lesson a run; stop here, before anything is replaced, if one fails."""
        self._prose = PageProse()
        self._docs = Path(config.docs_dir)
        config.markdown_extensions.append(self._prose)  # type: ignore[arg-type]  # MkDocs knows names alone
        project = Project(Path(config.config_file_path).resolve().parent)
        config.watch += [str(project.tutorials), str(project.package)]
        if project.tests.is_dir():  # pages show some of them
            config.watch.append(str(project.tests))
        problems: list[str] = []
        try:
            settings = Settings.from_environment()
            if self._workshop:
                self.pages = self._workshop.pages(project, settings)
            else:
                self.pages = self._stack.enter_context(prepared(project, settings))
        except LessonError as error:
            if not self.pages:
                raise PluginError(str(error)) from error
            problems.append(str(error))  # a server goes on with the lessons that it knows
        reading_order = str(config.nav)
        self.pages.sort(key=lambda page: reading_order.find(_uri(page)))
        self._notes = self._fill_notebooks()
        problems += self._hold_to_bands(project)
        # A server has had the traceback from the lesson itself.
        in_full = self._workshop is None
        problems += [reason for page in self.pages for reason in _wrong(page, in_full=in_full)]
        for page in self.pages:
            self._note(_uri(page), _unfit(page, self._notebooks[page.lesson.slug]))
        self._look_at_prose(project, config)
        problems += chain.from_iterable(self._notes.values())
        if self._publishes and not problems:
            problems = refusals(project, settings, self.pages)
        self._stop_for(problems)
        return config

    def _hold_to_bands(self, project: Project) -> list[str]:
        """Note which lesson leaves its bands; return what is wrong with the file of bands."""
        try:
            bands = read_bands(project.tutorials, [page.lesson.slug for page in self.pages])
        except BuildFailure as error:
            return [str(error)]
        for page in self.pages:
            slug = page.lesson.slug
            if page.run:
                before = project.store.runs(slug)
                self._note(_uri(page), check_bands(bands.get(slug, {}), page.run, before))
        return []

    def _look_at_prose(self, project: Project, config: MkDocsConfig) -> None:
        """Note each wrong marker and formula in the lessons and in the pages of `docs/`."""
        figures = {
            page.lesson.slug: [one.name for one in page.run.card.figures] if page.run else None
            for page in self.pages
        }

        def wrong(text: str) -> list[tuple[int, str]]:
            markers = marker_places.problems(text, project.root, figures)
            return sorted([*markers, *formula_problems(text)])

        for page in self.pages:
            for text, line_of in _texts(page):
                for number, reason in wrong(text):
                    self._note(_uri(page), [f"{_uri(page)}, line {line_of(number)}: {reason}"])
        name = Path(config.docs_dir).name
        for written in written_pages(config):
            faults = [written.fault] if written.fault else []
            for line, reason in [*faults, *stray_values(written.text), *wrong(written.text)]:
                self._note(written.uri, [f"{name}/{written.uri}, line {line}: {reason}"])

    def _texts_of(self, uri: str) -> tuple[str, Iterable[Text]]:
        """The name of a page's file, and the Markdown in it."""
        for page in self.pages:
            if _uri(page) == uri:
                return uri, _texts(page)
        written = read_page(File(uri, str(self._docs), "", use_directory_urls=True))
        return f"{self._docs.name}/{uri}", [(written.text, int)]

    def _note(self, uri: str, reasons: list[str]) -> None:
        """Remember what is wrong with a page."""
        self._notes.setdefault(uri, []).extend(reasons)

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Add the lessons' pages, what lies beside them, and what all runs make together."""
        for page in self.pages:
            for file in _files_of(page, self._notebooks[page.lesson.slug], config):
                files.append(file)
        for address, content in self._of_all_runs().items():
            files.append(File.generated(config, address, content=content))
        return files

    def on_page_read_source(self, page: Page, config: MkDocsConfig) -> str | None:
        """Make the Markdown of a lesson's page; read a page of which not all can be read."""
        lesson = self._lesson(page)
        if lesson is None:
            # Where it has been noted, MkDocs would end here, with an empty site.
            written = read_page(page.file)
            return written.text if written.fault else None
        colab = str(config.extra.get("colab") or "")
        return _markdown(lesson, self._notebooks[lesson.lesson.slug], colab, page.edit_url or "")

    def on_page_markdown(
        self, markdown: str, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Fill the tables of a page; describe a lesson's, and let search prefer it."""
        if lesson := self._lesson(page):
            notebook = self._notebooks[lesson.lesson.slug]
            said = lesson.lesson.front_matter.get("description")
            page.meta.setdefault("description", said or description(notebook))
            page.meta.setdefault("search", {"boost": _LESSON_BOOST})
        runs = self._runs()
        of_numbers: list[str] = []

        def shown(numbers: str) -> str:
            of_numbers.append(numbers)
            return numbers

        markdown = marker_places.filled(
            markdown,
            {
                "data": lambda: run_card.data_tables(runs),
                "gpu": lambda: self._gpu(config),
                "results": lambda: shown(run_card.results_table(runs)),
                "runs": lambda: shown(_cards(runs)),
            },
        )
        if of_numbers:
            markdown = _after_title(markdown, _notices(runs))
        return _after_title(markdown, _NOTES) if self._notes.get(page.file.src_uri) else markdown

    def on_page_content(
        self, html: str, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Put figures, tests, a lesson's code and outputs, or what went wrong, in their places."""
        noted = lesson_cells.reasons(self._notes.get(page.file.src_uri, []))
        html = lesson_cells.filled(html, {**self._blocks, _NOTED: noted})
        root = Path(config.config_file_path).resolve().parent
        try:
            tutorials = get_relative_url("tutorials/", page.url)
            html = with_figures(html, self._runs(), tutorials)
            html = with_tests(html, root, config.repo_url or "")
        except LessonError as error:
            if not self._workshop:
                raise PluginError(f"{page.file.src_uri}: {error}") from error
            # It has been noted as the fault of a marker; the other places are left empty.
        lesson = self._lesson(page)
        if lesson:
            html = self._with_code(html, lesson, root / ".cache" / "cells", config)
        if any(run.card.profile == "preview" for run in self._runs()):
            html += '<div class="preview-watermark" aria-hidden="true"></div>'
        return html

    def on_post_page(self, output: str, page: Page, config: MkDocsConfig) -> str | None:
        """Let browsers run a page's own scripts alone; a server adds one of its own."""
        return output if self._workshop else with_policy(output)

    def on_post_template(
        self, output_content: str, template_name: str, config: MkDocsConfig
    ) -> str | None:
        """The same for the page that is shown where there is none."""
        is_page = template_name.endswith(".html") and not self._workshop
        return with_policy(output_content) if is_page else output_content

    def _stop_for(self, problems: list[str]) -> None:
        """Stop a build for problems; a server goes on, and says them at each build."""
        if problems and not self._workshop:
            raise PluginError("\n".join(problems)) from _setting_error(self.pages)
        for problem in problems:
            _tell(problem)

    def _lesson(self, page: Page) -> LessonPage | None:
        return next((one for one in self.pages if _uri(one) == page.file.src_uri), None)

    def _runs(self) -> list[StoredRun]:
        return [page.run for page in self.pages if page.run]

    def _of_all_runs(self) -> dict[str, bytes]:
        """Make the blocks of the pages that show all runs; return the files that these need."""
        runs = self._runs()
        try:
            errors = error_browser(runs)
            files = {**errors.files, **draw.files(runs)}
            demo = draw.block(runs)
            compared = pairs(runs)
        except LessonError as error:
            if not self._workshop:
                raise PluginError(str(error)) from error
            _tell(str(error))
            self._blocks = dict.fromkeys(self._blocks, lesson_cells.reasons([str(error)]))
            return {}
        self._blocks = {
            "<!-- lessons: comparison -->": comparison(runs),
            "<!-- lessons: curves -->": learning_curves(runs),
            "<!-- lessons: draw -->": demo,
            "<!-- lessons: errors -->": errors.html,
            "<!-- lessons: pairs -->": compared,
        }
        return files

    @staticmethod
    def _gpu(config: MkDocsConfig) -> str:
        project = Project(Path(config.config_file_path).resolve().parent)
        try:
            return gpu_section(project.package / "studies" / "gpu.json")
        except LessonError as error:
            raise PluginError(str(error)) from error

    def _fill_notebooks(self) -> dict[str, list[str]]:
        """Make each lesson's notebook, with outputs and values; return what is wrong in each."""
        recorded = {
            page.lesson.slug: page.run.card.values if page.run else None for page in self.pages
        }
        self._notebooks = {page.lesson.slug: _notebook(page) for page in self.pages}
        return {
            _uri(page): fill_values(
                self._notebooks[page.lesson.slug], page.lesson.slug, recorded, page.lesson.places
            )
            for page in self.pages
        }

    def _with_code(self, html: str, page: LessonPage, cache: Path, config: MkDocsConfig) -> str:
        slug = page.lesson.slug
        is_known = page.earlier and not page.earlier.unreadable
        run = page.earlier if is_known else page.run
        cells = lesson_cells.prepared(self._notebooks[slug], run)
        render = partial(lesson_cells.rendered, scratch=self.scratch)
        rendered = self._cells.html(cache / f"{slug}.json", cells, render)
        linked_cells = self._with_links(slug, rendered, config)
        contents = {
            lesson_cells.placeholder(number): cell
            for number, cell in enumerate(linked_cells, start=1)
        }
        for place in lesson_cells.lost(html, contents):
            _log.warning(f"{_uri(page)}: the prose hides or repeats the comment {place}")
        told = lesson_cells.reasons(_wrong(page))
        if page.failure and page.earlier and page.failure.cell:
            # After the outputs of the run that failed: what ended it.
            contents[lesson_cells.placeholder(page.failure.cell)] += lesson_cells.failure(told)
            link = '<p><a href="#failure">The cell that failed</a></p>'
            told = lesson_cells.reasons([str(page.failure)]) + link
        elif page.earlier and not page.failure:
            contents = {place: lesson_cells.greyed(cell) for place, cell in contents.items()}
        contents[_FAILURE] = told
        return lesson_cells.filled(_without_search(html), contents)

    def _with_links(self, slug: str, cells: list[str], config: MkDocsConfig) -> list[str]:
        """The cells with a link from each name of this package to the reference."""
        project = Project(Path(config.config_file_path).resolve().parent)
        known = described(Path(config.docs_dir) / "reference.md", project.package)
        names = imported(cell.source for cell in code_cells(self._notebooks[slug]))
        return [linked(cell, names, known, "../../reference/") for cell in cells]


def _without_search(html: str) -> str:
    """The page with its solutions left out of search: they are to be found by thinking."""
    opening = '<details class="success"'
    return html.replace(f"{opening}>", f"{opening} data-search-exclude>")


def _cards(runs: list[StoredRun]) -> str:
    return "\n\n".join(
        f"### {run_card.inert(run.card.lesson)}\n\n{run_card.run_card(run, 'tutorials/')}"
        for run in runs
    )


def _uri(page: LessonPage) -> str:
    return f"tutorials/{page.lesson.slug}.py"


def _tell(problem: str) -> None:
    # Not logged: MkDocs logs nothing twice, and counts it; in strict mode it shows no page then.
    print(f"error: {problem}", file=sys.stderr)


def _wrong(page: LessonPage, *, in_full: bool = True) -> list[str]:
    """Why a lesson has no run and will have none: the faults of its text, or how it failed."""
    failure = page.failure
    told = [failure.in_full if in_full else str(failure)] if failure else []
    return [*page.problems, *told]


def _unfit(page: LessonPage, notebook: Any) -> list[str]:
    """What stands in the way of publishing a lesson's figures."""
    try:
        if page.run:
            lesson_cells.figures(notebook, page.run.folder)
    except BuildFailure as error:
        return [f"{_uri(page)}: {error}"]
    return []


def _setting_error(pages: list[LessonPage]) -> SettingError | None:
    """The wrong setting that a lesson met, if one did: it decides on the exit status."""
    for page in pages:
        if page.failure and page.failure.error == SettingError.__name__:
            return SettingError(page.failure.reason)
    return None


def _texts(page: LessonPage) -> Iterator[Text]:
    """The prose of each cell of a lesson."""
    lesson = page.lesson
    for cell, place in zip(lesson.notebook().cells, lesson.places, strict=True):
        if cell.cell_type == "markdown":
            yield cell.source, partial(prose_line, cell.source, place)


def _notebook(page: LessonPage) -> Any:
    if page.run:
        return page.run.merged_with(page.lesson)
    if page.earlier:
        with suppress(Exception):  # whatever is wrong with it, the page can do without
            return page.earlier.lent_to(page.lesson)
    return page.lesson.notebook()


def _files_of(page: LessonPage, notebook: Any, config: MkDocsConfig) -> list[File]:
    """The lesson's page, and what lies beside it."""
    slug, script = page.lesson.slug, page.lesson.script
    contents = {f"{slug}.py": page.lesson.plain}
    if page.earlier:
        with suppress(BuildFailure):  # a drawing that may not be shown
            contents |= lesson_cells.figures(notebook, page.earlier.folder)
    if page.run:
        contents |= lesson_cells.figures(notebook, page.run.folder)
        contents[f"{slug}.ipynb"] = portable(
            notebook,
            published=on_site(config.site_url, config.use_directory_urls)
            if config.site_url
            else None,
            colab=str(config.extra.get("colab") or ""),
            commit=page.run.card.commit or "",
        )
        contents["log.csv"] = (page.run.folder / "log.csv").read_bytes()
        contents["run.json"] = (page.run.folder / "run.json").read_bytes()
    source = LessonFile(
        _uri(page), str(script.parent.parent), config.site_dir, config.use_directory_urls
    )
    source.edit_uri = f"../{_uri(page)}"  # it is looked for in docs/
    beside = [
        File.generated(config, f"tutorials/{slug}/{name}", content=content)
        for name, content in contents.items()
    ]
    return [source, *beside]


def _markdown(page: LessonPage, notebook: Any, colab: str, edit: str) -> str:
    """The lesson's prose, and what the site says of it: downloads, notices, run card, log."""
    prose = lesson_cells.markdown(notebook)
    if page.run is None:
        running = _RUNNING + (_UNTIL_THEN if page.earlier else "")
        return _after_title(prose, _FAILED if _wrong(page) else running)
    top = head(page.lesson.slug, page.run.card, notebook, colab=colab, edit=edit)
    top = f"{top}\n\n{_notices([page.run])}".strip()
    return (
        f"{_after_title(prose, top)}\n\n"
        f"## The run behind this page\n\n{run_card.measured(page.run)}\n\n"
        f"{run_card.run_card(page.run)}\n"
    )


def _notices(runs: list[StoredRun]) -> str:
    return "\n\n".join(
        f'!!! warning "{title}"\n\n    {text}' for title, text in run_card.notices(runs)
    )


def _after_title(markdown: str, insertion: str) -> str:
    title, newline, rest = markdown.partition("\n")
    return f"{title}{newline or chr(10)}\n{insertion}\n{rest}" if insertion else markdown
