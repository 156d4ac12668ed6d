"""The MkDocs plugin: makes a page of each lesson from its script and its run."""

import os
import signal
import sys
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jinja2 import Environment
from mkdocs.config import base
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from mnist_lessons.errors import LessonError, SettingError
from mnist_lessons.publishing.execution.prepare import LessonPage, prepared
from mnist_lessons.publishing.exhibits import markers
from mnist_lessons.publishing.exhibits import registry as exhibits
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.html.markdown_extension import PageProse
from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.lesson_page import cells as lesson_cells
from mnist_lessons.publishing.lesson_page import placeholders
from mnist_lessons.publishing.lesson_page.api_links import described, imported, linked
from mnist_lessons.publishing.lesson_page.cell_cache import CellCache
from mnist_lessons.publishing.lesson_page.head import description
from mnist_lessons.publishing.lesson_page.page import (
    after_title,
    figures_run,
    files_beside,
    notebook_of,
    notices,
    with_code,
)
from mnist_lessons.publishing.lesson_page.page import markdown as markdown_of
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.site.built import BuiltSite, lead_to
from mnist_lessons.publishing.site.policy import with_policy
from mnist_lessons.publishing.site.problems import PageProblems, texts_of
from mnist_lessons.publishing.site.publishable import refusals
from mnist_lessons.publishing.site.search_index import split_index
from mnist_lessons.publishing.writing.lessons import code_cells
from mnist_lessons.publishing.writing.links import lines_of_links
from mnist_lessons.publishing.writing.pages import LessonFile, on_site, read_page
from mnist_lessons.publishing.writing.values import fill_values
from mnist_lessons.settings import Settings

if TYPE_CHECKING:  # a warm build executes nothing, and is no server
    from mnist_lessons.publishing.execution.background import Workshop
    from mnist_lessons.publishing.site.serve import CompiledTemplates, Rebuilder

__all__ = ["LessonsPlugin"]

_NOTED = "<!-- what is wrong with this page -->"
_NOTES = f'!!! failure "This page has a mistake"\n\n    {_NOTED}'
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
        self._by_uri: dict[str, LessonPage] = {}
        self._notebooks: dict[str, Any] = {}
        self._sources = Sources(Path(), {})
        self._problems = PageProblems(Project(Path()), [], self._sources)  # of the last build
        self._cells = CellCache()
        self._prose = PageProse()
        self._docs = Path()
        self._rebuilder: Rebuilder | None = None
        self._files: Files | None = None
        self._nav: Navigation | None = None
        self._env: Environment | None = None
        self._built: BuiltSite | None = None

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Know whether this is a server, which goes on while lessons run, or what publishes."""
        self._publishes = command == "gh-deploy"
        self._stack.enter_context(lines_of_links(lambda uri: texts_of(uri, self.pages, self._docs)))
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
        self._rebuilder = Rebuilder(config, builder, self._make_again, self._workshop.news)
        server.builder = self._rebuilder
        return look_often(server, config, self._rebuilder.note_change)

    def _make_again(self, sources: Collection[Path], site: Path) -> bool:
        """Make the pages of some sources again, as the rest of the site was built last."""
        built = self._built
        found = {source: built.page_of(source) for source in sources} if built else {}
        if built is None or not all(found.values()):
            return False
        files = [file for file in found.values() if file]
        self._look_again(built.config, {file.src_uri for file in files})
        for file in files:
            built.make_again(file, site)
            if page := self._by_uri.get(file.src_uri):
                for beside in _files_of(page, self._notebooks[page.lesson.slug], built.config)[1:]:
                    lead_to(site, beside)
                    beside.copy_file()
        return True

    def _look_again(self, config: MkDocsConfig, uris: Collection[str]) -> None:
        """Know of some lessons and pages how they stand now."""
        assert self._workshop is not None
        self._prose.problems.clear()
        project = Project(Path(config.config_file_path).resolve().parent)
        slugs = [page.lesson.slug for page in self.pages if page.lesson.uri in uris]
        if slugs:
            news = self._workshop.pages(project, Settings.from_environment(), slugs)
            by_uri = {page.lesson.uri: page for page in news}
            self.pages = [by_uri.get(page.lesson.uri, page) for page in self.pages]
        self._by_uri = {page.lesson.uri: page for page in self.pages}
        self._sources = _sources(project, self.pages)
        problems = PageProblems(project, self.pages, self._sources, uris)
        pages = [page for page in self.pages if page.lesson.uri in uris]
        self._look_at(pages, problems, config)
        self._problems.take(problems, uris)
        self._stop_for([*self._reasons(self.pages), *self._problems.all()])

    def on_nav(self, nav: Navigation, /, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Keep the navigation for a page that is made again."""
        self._nav = nav
        return nav

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Stop for a formula; compile the templates once in a server's life; date the pages."""
        # Of a page, they have been noted with their lines.
        unnoted = [
            f"{uri}: {reason}".removeprefix(": ")
            for uri, reason in self._prose.problems
            if not self._problems.of(uri)
        ]
        self._stop_for(unnoted)
        self._env = env
        if self._templates:
            env.bytecode_cache = self._templates
        runs = self._sources.runs
        if runs and "SOURCE_DATE_EPOCH" not in os.environ:
            # Of the newest run, not of today: the same runs make the same site on any day.
            newest = f"{max(run.card.started for run in runs):%Y-%m-%d}"
            for file in files.documentation_pages():
                assert file.page
                file.page.update_date = newest
        return env

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Give each lesson a run; stop here, before anything is replaced, if one fails."""
        if self._rebuilder and self._rebuilder.aside:
            config.site_dir = str(self._rebuilder.aside)
        self._prose.problems.clear()
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
        self.pages.sort(key=lambda page: reading_order.find(page.lesson.uri))
        self._by_uri = {page.lesson.uri: page for page in self.pages}
        self._sources = _sources(project, self.pages)
        self._problems = PageProblems(project, self.pages, self._sources)
        self._notebooks = {}
        problems += self._look_at(self.pages, self._problems, config)
        if self._publishes and not problems:
            problems = refusals(project, settings, self.pages)
        self._stop_for(problems)
        return config

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Add the lessons' pages, what lies beside them, and what all runs make together."""
        self._files = files
        for page in self.pages:
            self._give_way()
            for file in _files_of(page, self._notebooks[page.lesson.slug], config):
                files.append(file)
        try:
            beside = exhibits.files(self._sources)
        except LessonError as error:
            if not self._workshop:
                raise PluginError(str(error)) from error
            return files  # it is told in the exhibit's place
        for address, content in beside.items():
            files.append(File.generated(config, address, content=content))
        return files

    def on_page_read_source(self, page: Page, config: MkDocsConfig) -> str | None:
        """Make the Markdown of a lesson's page; read a page of which not all can be read."""
        self._give_way()
        lesson = self._lesson(page)
        if lesson is None:
            # Where it has been noted, MkDocs would end here, with an empty site.
            written = read_page(page.file)
            return written.text if written.fault else None
        colab = str(config.extra.get("colab") or "")
        return markdown_of(lesson, self._notebooks[lesson.lesson.slug], colab, page.edit_url or "")

    def on_page_markdown(
        self, markdown: str, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Fill the tables of a page; describe a lesson's, and let search prefer it."""
        if lesson := self._lesson(page):
            notebook = self._notebooks[lesson.lesson.slug]
            said = lesson.lesson.front_matter.get("description")
            page.meta.setdefault("description", said or description(notebook))
            page.meta.setdefault("search", {"boost": _LESSON_BOOST})
        try:
            markdown, has_scores = markers.filled_markdown(markdown, self._sources)
        except LessonError as error:
            raise PluginError(str(error)) from error
        if has_scores:
            markdown = after_title(markdown, notices(self._sources.runs))
        return after_title(markdown, _NOTES) if self._problems.of(page.file.src_uri) else markdown

    def on_page_content(
        self, html: str, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Put figures, tests, a lesson's code and outputs, or what went wrong, in their places."""
        noted = placeholders.reasons(self._problems.of(page.file.src_uri))
        html = placeholders.filled(html, {_NOTED: noted})
        tutorials = get_relative_url("tutorials/", page.url)
        sources = replace(self._sources, tutorials=tutorials, repository=config.repo_url or "")
        html = markers.filled_html(html, sources, partial(self._failed, page.file.src_uri))
        lesson = self._lesson(page)
        if lesson:
            code = self._code(lesson, config)
            places = [placeholders.placeholder(number) for number in range(1, len(code) + 1)]
            for place in placeholders.lost(html, places):
                _log.warning(f"{lesson.lesson.uri}: the prose hides or repeats the comment {place}")
            html = with_code(html, lesson, code)
        if any(run.card.profile == "preview" for run in self._sources.runs):
            html += fragment("watermark")
        return html

    def on_post_page(self, output: str, page: Page, config: MkDocsConfig) -> str | None:
        """Let browsers run a page's own scripts alone; a server adds one of its own."""
        self._give_way()
        return output if self._workshop else with_policy(output)

    def on_post_template(
        self, output_content: str, template_name: str, config: MkDocsConfig
    ) -> str | None:
        """The same for the page that is shown where there is none."""
        is_page = template_name.endswith(".html") and not self._workshop
        return with_policy(output_content) if is_page else output_content

    @event_priority(-100)  # after the plugin that writes the index
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Let a first visit load no texts of all pages for a search that may not come.

        A server keeps what was built, to make single pages again.
        """
        split_index(Path(config.site_dir))
        if self._workshop and self._nav and self._files and self._env:
            self._built = BuiltSite(config, self._files, self._nav, self._env)

    def _stop_for(self, problems: list[str]) -> None:
        """Stop a build for problems; a server goes on, and says them at each build."""
        if problems and not self._workshop:
            raise PluginError("\n".join(problems)) from _setting_error(self.pages)
        for problem in problems:
            _tell(problem)

    def _give_way(self) -> None:
        """End a build of a server's whole site where something else comes first."""
        if self._rebuilder:
            self._rebuilder.give_way()

    def _lesson(self, page: Page) -> LessonPage | None:
        return self._by_uri.get(page.file.src_uri)

    def _failed(self, uri: str, error: LessonError) -> str:
        """What stands in the place of an exhibit; a build ends instead."""
        if not self._workshop:
            raise PluginError(f"{uri}: {error}") from error
        _tell(str(error))
        return placeholders.reasons([str(error)])

    def _look_at(
        self, pages: Collection[LessonPage], problems: PageProblems, config: MkDocsConfig
    ) -> list[str]:
        """Make the notebooks of some lessons; note, and return, what is wrong with their pages."""
        self._fill_notebooks(pages, problems)
        said = problems.look_at_numbers()
        problems.look_at_figures(self._notebooks)
        self._give_way()
        problems.look_at_prose(config)
        self._give_way()
        return [*said, *self._reasons(pages), *problems.all()]

    def _reasons(self, pages: Iterable[LessonPage]) -> list[str]:
        # A server has had the traceback from the lesson itself.
        in_full = self._workshop is None
        return [reason for page in pages for reason in page.reasons(in_full=in_full)]

    def _fill_notebooks(self, pages: Collection[LessonPage], problems: PageProblems) -> None:
        """Make lessons' notebooks, with outputs and values; note what is wrong in each."""
        recorded = {
            page.lesson.slug: page.run.card.values if page.run else None for page in self.pages
        }
        for page in pages:
            self._give_way()
            lesson = page.lesson
            notebook = self._notebooks[lesson.slug] = notebook_of(page)
            wrong = fill_values(notebook, lesson.slug, recorded, lesson.places)
            problems.note(lesson.uri, wrong)

    def _code(self, page: LessonPage, config: MkDocsConfig) -> list[str]:
        """The HTML of a lesson's code cells, with links from names to the API reference."""
        slug = page.lesson.slug
        project = Project(Path(config.config_file_path).resolve().parent)
        cells = lesson_cells.prepared(self._notebooks[slug], figures_run(page))
        render = partial(lesson_cells.rendered, scratch=self.scratch)
        cache = project.root / ".cache" / "cells" / f"{slug}.json"
        known = described(Path(config.docs_dir) / "reference.md", project.package)
        names = imported(cell.source for cell in code_cells(self._notebooks[slug]))
        rendered = self._cells.html(cache, cells, render)
        return [linked(cell, names, known, "../../reference/") for cell in rendered]


def _sources(project: Project, pages: Iterable[LessonPage]) -> Sources:
    return Sources(project.root, {page.lesson.slug: page.run for page in pages})


def _tell(problem: str) -> None:
    # Not logged: MkDocs logs nothing twice, and counts it; in strict mode it shows no page then.
    print(f"error: {problem}", file=sys.stderr)


def _setting_error(pages: list[LessonPage]) -> SettingError | None:
    """The wrong setting that a lesson met, if one did: it decides on the exit status."""
    for page in pages:
        if page.failure and page.failure.error == SettingError.__name__:
            return SettingError(page.failure.reason)
    return None


def _files_of(page: LessonPage, notebook: Any, config: MkDocsConfig) -> list[File]:
    """The lesson's page, and what lies beside it."""
    lesson = page.lesson
    site = on_site(config.site_url, config.use_directory_urls) if config.site_url else None
    colab = str(config.extra.get("colab") or "")
    source = LessonFile(
        lesson.uri, str(lesson.script.parent.parent), config.site_dir, config.use_directory_urls
    )
    source.edit_uri = f"../{lesson.uri}"  # it is looked for in docs/
    beside = [
        File.generated(config, f"tutorials/{lesson.slug}/{name}", content=content)
        for name, content in files_beside(page, notebook, published=site, colab=colab).items()
    ]
    return [source, *beside]
