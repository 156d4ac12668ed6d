"""The lessons of a site as they stand, and all that is made of them: pages, files, exhibits."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from mnist_lessons.errors import LessonError
from mnist_lessons.publishing.execution.prepare import LessonPage
from mnist_lessons.publishing.exhibits import markers
from mnist_lessons.publishing.exhibits import registry as exhibits
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.lesson_page import cells, glossary, placeholders
from mnist_lessons.publishing.lesson_page.api_links import described, linked
from mnist_lessons.publishing.lesson_page.cell_cache import CellCache
from mnist_lessons.publishing.lesson_page.page import (
    after_title,
    figures_run,
    files_beside,
    markdown,
    notebook_of,
    notices,
    with_code,
)
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.site.describing import describe
from mnist_lessons.publishing.site.offers import Offers
from mnist_lessons.publishing.site.problems import PageProblems
from mnist_lessons.publishing.site.reading_order import in_order, parts, way_of
from mnist_lessons.publishing.site.sharing import Pictures
from mnist_lessons.publishing.site.theme import watermark
from mnist_lessons.publishing.writing.imported import imported_names
from mnist_lessons.publishing.writing.lessons import code_cells
from mnist_lessons.publishing.writing.links import Text
from mnist_lessons.publishing.writing.pages import LessonFile, on_site, read_page
from mnist_lessons.publishing.writing.values import fill_values

__all__ = ["Content"]

_NOTED = "<!-- what is wrong with this page -->"
_NOTES = f'!!! failure "This page has a mistake"\n\n    {_NOTED}'

_log = get_plugin_logger("lessons")


class Content:
    """The lessons of a site, with their notebooks, and what is wrong with the site's pages.

    Args:
        give_way: called now and then; what it raises ends what is being done.

    Attributes:
        pages: the lessons of the last build, with their runs, in reading order.
        problems: what is wrong with the pages.
        in_full: whether a failure is told with its traceback.
        pictures: for those that show links to the site.
        scratch: folder for temporary files; the system's where None.
    """

    def __init__(self, give_way: Callable[[], None]) -> None:
        self._give_way = give_way
        self.pages: list[LessonPage] = []
        self.in_full = True
        self.scratch: Path | None = None
        self._by_uri: dict[str, LessonPage] = {}
        self._docs = Path()
        self._parts: dict[str, str] = {}
        self._notebooks: dict[str, Any] = {}
        self._sources = Sources(Path(), {})
        self.problems = PageProblems(Project(Path()), [], self._sources)
        self._cells = CellCache()
        self._offers = Offers()
        self.pictures = Pictures()

    def take(self, pages: Iterable[LessonPage], config: MkDocsConfig) -> list[str]:
        """Make a site of these lessons; return what is wrong with them and the other pages."""
        self._parts = parts(config.nav)
        self.pages = in_order(pages, self._parts)
        self._docs = Path(config.docs_dir)
        self._notebooks = {}
        problems = self._offers.make(_project(config), config)
        self.problems = self._look_at(config, None)
        return [*problems, *self.problems.of_bands, *self.reasons(), *self.problems.all()]

    def take_again(
        self, pages: Iterable[LessonPage], config: MkDocsConfig, uris: Collection[str]
    ) -> list[str]:
        """Take some lessons in the place of what they were; return what is wrong with all.

        Args:
            pages: those of the lessons that have changed.
            config: of the site.
            uris: the sources of all pages that have changed.
        """
        news = {page.lesson.uri: page for page in pages}
        self.pages = [news.get(page.lesson.uri, page) for page in self.pages]
        self.problems.take(self._look_at(config, uris), uris)
        return [*self.reasons(), *self.problems.all()]

    def _look_at(self, config: MkDocsConfig, uris: Collection[str] | None) -> PageProblems:
        """Make the notebooks of lessons, all or some; note what is wrong with their pages."""
        self._by_uri = {page.lesson.uri: page for page in self.pages}
        project = _project(config)
        runs = {page.lesson.slug: page.run for page in self.pages}
        self._sources = Sources(
            project.root,
            runs,
            notebooks=self._notebooks,
            parts={
                page.lesson.slug: self._parts.get(uri, "") for uri, page in self._by_uri.items()
            },
            distribution=self._offers.distribution,
        )
        problems = PageProblems(project, self.pages, self._sources, uris)
        recorded = {slug: run.card.values if run else None for slug, run in runs.items()}
        for page in self.pages:
            lesson = page.lesson
            if uris is None or lesson.uri in uris:
                self._give_way()
                notebook = self._notebooks[lesson.slug] = notebook_of(page)
                wrong = fill_values(notebook, lesson.slug, recorded, lesson.places)
                problems.note(lesson.uri, wrong)
        problems.look_at_needs()
        problems.look_at_numbers()
        problems.look_at_figures(self._notebooks)
        self._give_way()
        problems.look_at_prose(config)
        self._give_way()
        return problems

    def reasons(self) -> list[str]:
        """Why lessons have no run and will have none."""
        return [reason for page in self.pages for reason in page.reasons(in_full=self.in_full)]

    @property
    def runs(self) -> list[StoredRun]:
        """Those that the site shows."""
        return self._sources.runs

    def lesson_of(self, file: File) -> LessonPage | None:
        """The lesson of which a file makes the page."""
        return self._by_uri.get(file.src_uri)

    def texts_of(self, uri: str) -> tuple[str, Iterable[Text]]:
        """The name of the file that makes a page, and the Markdown in it; by the page's source."""
        if page := self._by_uri.get(uri):
            return uri, page.lesson.prose()
        written = read_page(File(uri, str(self._docs), "", use_directory_urls=True))
        return f"{self._docs.name}/{uri}", [(written.text, int)]

    def files_of(self, page: LessonPage, config: MkDocsConfig) -> list[File]:
        """The source of a lesson's page, and what lies beside it."""
        lesson, notebook = page.lesson, self._notebooks[page.lesson.slug]
        site = on_site(config.site_url, config.use_directory_urls) if config.site_url else None
        source = LessonFile(
            lesson.uri, str(lesson.script.parent.parent), config.site_dir, config.use_directory_urls
        )
        source.edit_uri = f"../{lesson.uri}"  # it is looked for in docs/
        contents = files_beside(page, notebook, self._offers.distribution, site)
        beside = [
            File.generated(config, f"tutorials/{lesson.slug}/{name}", content=content)
            for name, content in contents.items()
        ]
        return [source, *beside, *self.pictures.file_of_lesson(page, notebook, config)]

    def files_of_all(self, config: MkDocsConfig) -> list[File]:
        """What the exhibits of all runs load, and what there is to download.

        Raises:
            LessonError: what a run left behind is damaged.
        """
        loaded = exhibits.files(self._sources).items()
        files = [File.generated(config, address, content=content) for address, content in loaded]
        picture = self.pictures.file_of_site(self._sources.lessons, self._notebooks, config)
        return [*files, *self._offers.files(config), *picture]

    def source(self, lesson: LessonPage, page: Page, config: MkDocsConfig) -> str:
        """The Markdown of a lesson's page."""
        way = way_of(lesson.lesson, page.next_page, self._by_uri, self._notebooks)
        notebook = self._notebooks[lesson.lesson.slug]
        return markdown(lesson, notebook, way, self._offers.distribution, page.edit_url or "")

    def filled_markdown(self, text: str, page: Page, config: MkDocsConfig) -> str:
        """A page with its exhibits that are Markdown; a lesson's is described for search.

        Raises:
            LessonError: what a run or a record left behind is damaged.
        """
        lesson = self.lesson_of(page.file)
        shared = self.pictures.of(lesson.lesson.slug if lesson else "")
        page.meta["shared"] = shared
        if lesson:
            describe(page, lesson.lesson, self._notebooks, shared, config)
        text, has_scores = markers.filled_markdown(text, self._sources)
        if has_scores:
            text = after_title(text, notices(self._sources.runs))
        return after_title(text, _NOTES) if self.problems.of(page.file.src_uri) else text

    def filled_html(
        self, html: str, page: Page, config: MkDocsConfig, failed: Callable[[LessonError], str]
    ) -> str:
        """A page with its exhibits that are HTML; a lesson's words are linked, its code put in.

        Args:
            html: of the page.
            page: the page.
            config: of the site.
            failed: what stands in the place of an exhibit that cannot be made.
        """
        noted = placeholders.reasons(self.problems.of(page.file.src_uri))
        html = placeholders.filled(html, {_NOTED: noted})
        tutorials = get_relative_url("tutorials/", page.url)
        sources = replace(self._sources, tutorials=tutorials, repository=config.repo_url or "")
        html = markers.filled_html(html, sources, failed)
        if lesson := self.lesson_of(page.file):
            code = self._code(lesson, config)
            places = [placeholders.placeholder(number) for number in range(1, len(code) + 1)]
            for place in placeholders.lost(html, places):
                _log.warning(f"{lesson.lesson.uri}: the prose hides or repeats the comment {place}")
            words = Path(config.docs_dir) / "glossary.md"
            html = with_code(glossary.linked(html, words, "../../glossary/"), lesson, code)
        return html + watermark(self._sources.runs)

    def _code(self, page: LessonPage, config: MkDocsConfig) -> list[str]:
        """The HTML of a lesson's code cells, with links from names to the API reference."""
        slug, project = page.lesson.slug, _project(config)
        notebook = self._notebooks[slug]
        prepared = cells.prepared(notebook, figures_run(page))
        render = partial(cells.rendered, scratch=self.scratch)
        cache = project.root / ".cache" / "cells" / f"{slug}.json"
        known = described(Path(config.docs_dir) / "reference.md", project.package)
        names = imported_names(slug, [cell.source for cell in code_cells(notebook)])
        rendered = self._cells.html(cache, prepared, render)
        return [linked(cell, names, known, "../../reference/") for cell in rendered]


def _project(config: MkDocsConfig) -> Project:
    return Project(Path(config.config_file_path).resolve().parent)
