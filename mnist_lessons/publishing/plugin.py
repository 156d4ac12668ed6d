"""The MkDocs plugin: makes a page of each lesson from its script and its run."""

import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

import nbformat
from mkdocs.config import base
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbformat import NotebookNode

from mnist_lessons.errors import LessonError, SettingError
from mnist_lessons.publishing import _render, _tables
from mnist_lessons.publishing._bands import check_bands, read_bands
from mnist_lessons.publishing._build import LessonPage, Project, prepare
from mnist_lessons.publishing._lessons import discover
from mnist_lessons.publishing._store import StoredRun
from mnist_lessons.settings import Settings

__all__ = ["LessonsPlugin"]

_RESULTS = "<!-- lessons: results -->"
_CARDS = "<!-- lessons: runs -->"


class _NoOptions(base.Config):
    """What there is to set is in the environment (`MNIST_LESSONS_*`)."""


class LessonsPlugin(BasePlugin[_NoOptions]):
    """Executes lessons before MkDocs cleans `site/`, then adds their pages and files.

    Attributes:
        pages: the lessons of the last build, with their runs.
    """

    def __init__(self) -> None:
        self.pages: list[LessonPage] = []
        self._serving = False
        self._prose: dict[str, Page] = {}
        self._notebooks = tempfile.TemporaryDirectory(prefix="mnist-lessons-pages-")

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Know whether this is a server, which must go on after a failure."""
        self._serving = command == "serve"

    def on_shutdown(self) -> None:
        """Remove the notebooks that were prepared for rendering."""
        self._notebooks.cleanup()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Give each lesson a run; stop here, before anything is replaced, if one fails."""
        project = Project(Path(config.config_file_path).resolve().parent)
        config.watch += [str(project.tutorials), str(project.package)]
        try:
            slugs = [lesson.slug for lesson in discover(project.tutorials)]
            bands = read_bands(project.tutorials, slugs)
            self.pages = prepare(project, Settings.from_environment(), serving=self._serving)
        except LessonError as error:
            raise PluginError(str(error)) from error
        reading_order = str(config.nav)
        self.pages.sort(key=lambda page: reading_order.find(_uri(page)))
        problems = _failures(self.pages)
        for page in self.pages:
            if page.run:
                problems += check_bands(bands.get(page.lesson.slug, {}), page.run)
        if problems and not self._serving:
            raise PluginError("\n".join(problems)) from _setting_error(self.pages)
        for problem in problems:
            # Not logged: MkDocs counts what is logged, and in strict mode shows no page then.
            print(f"error: {problem}", file=sys.stderr)
        return config

    @event_priority(100)
    def _add_files(self, files: Files, config: MkDocsConfig) -> Files:
        for page in self.pages:
            for file in _files_of(page, config):
                files.append(file)
        return files

    @event_priority(-100)
    def _point_to_notebooks(self, files: Files, config: MkDocsConfig) -> Files:
        # mkdocs-jupyter chose these files by the name of the script; what it renders is
        # the notebook that `on_page_markdown` prepares.
        for page in self.pages:
            file = files.get_file_from_path(_uri(page))
            assert file is not None
            file.abs_src_path = str(self._notebook_path(page.lesson.slug))
        return files

    on_files = CombinedEvent(_add_files, _point_to_notebooks)

    def on_page_read_source(self, page: Page, config: MkDocsConfig) -> str | None:
        """A lesson's Markdown is made in `on_page_markdown`."""
        return "" if self._lesson(page) else None

    def on_page_markdown(
        self, markdown: str, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Prepare a lesson's notebook; fill the tables of any other page."""
        lesson = self._lesson(page)
        if lesson:
            notebook = _with_apparatus(_notebook(lesson), lesson)
            uri = f"tutorials/{lesson.lesson.slug}.md"
            prose = _render.prose_page(notebook, uri, config, files)
            self._prose[page.file.src_uri] = prose
            ready = _render.prepared(notebook, prose.content or "")
            path = self._notebook_path(lesson.lesson.slug)
            path.parent.mkdir(exist_ok=True)
            nbformat.write(ready, path)
            return None
        if _RESULTS not in markdown and _CARDS not in markdown:
            return markdown
        runs = self._runs()
        markdown = markdown.replace(_RESULTS, _tables.results_table(runs))
        markdown = markdown.replace(_CARDS, _cards(runs))
        return _after_title(markdown, _notices(runs))

    def on_page_content(
        self, html: str, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Give a lesson's page the table of contents and the checked links of its prose."""
        prose = self._prose.get(page.file.src_uri)
        if prose:
            html = _render.tidy(html)
            page.toc = prose.toc
            page.present_anchor_ids = prose.present_anchor_ids
            page.links_to_anchors = prose.links_to_anchors
        if any(run.card["profile"] == "preview" for run in self._runs()):
            html += '<div class="preview-watermark" aria-hidden="true">preview</div>'
        return html

    def _lesson(self, page: Page) -> LessonPage | None:
        return next((one for one in self.pages if _uri(one) == page.file.src_uri), None)

    def _runs(self) -> list[StoredRun]:
        return [page.run for page in self.pages if page.run]

    def _notebook_path(self, slug: str) -> Path:
        return Path(self._notebooks.name) / "tutorials" / f"{slug}.ipynb"


def _cards(runs: list[StoredRun]) -> str:
    return "\n\n".join(f"### {run.card['lesson']}\n\n{_tables.run_card(run)}" for run in runs)


def _uri(page: LessonPage) -> str:
    return f"tutorials/{page.lesson.slug}.py"


def _failures(pages: list[LessonPage]) -> list[str]:
    return [f"{page.failure}\n{page.failure.traceback}".strip() for page in pages if page.failure]


def _setting_error(pages: list[LessonPage]) -> SettingError | None:
    """The wrong setting that a lesson met, if one did: it decides on the exit status."""
    for page in pages:
        if page.failure and page.failure.error == SettingError.__name__:
            return SettingError(page.failure.reason)
    return None


def _notebook(page: LessonPage) -> NotebookNode:
    return page.run.merged_with(page.lesson) if page.run else page.lesson.notebook()


def _files_of(page: LessonPage, config: MkDocsConfig) -> list[File]:
    """The lesson's page, and what lies beside it."""
    slug, script = page.lesson.slug, page.lesson.script
    source = File(_uri(page), str(script.parent.parent), config.site_dir, config.use_directory_urls)
    contents: dict[str, Any] = {f"{slug}.py": script.read_bytes()}
    if page.run:
        notebook = _notebook(page)
        contents |= _render.figures(notebook)
        contents[f"{slug}.ipynb"] = nbformat.writes(notebook) + "\n"
        contents["log.csv"] = (page.run.folder / "log.csv").read_bytes()
        contents["run.json"] = (page.run.folder / "run.json").read_bytes()
    beside = [
        File.generated(config, f"tutorials/{slug}/{name}", content=content)
        for name, content in contents.items()
    ]
    return [source, *beside]


def _with_apparatus(notebook: NotebookNode, page: LessonPage) -> NotebookNode:
    """Add what the site says of a lesson: downloads, notices, run card, log."""
    first = notebook.cells[0]
    if page.run is None:
        failure = f'!!! failure "This lesson did not run"\n\n    {page.failure}'
        first.source = _after_title(first.source, failure)
        return notebook
    top = f"{_tables.downloads(page.lesson.slug)}\n\n{_notices([page.run])}".strip()
    first.source = _after_title(first.source, top)
    log = _indented(f"{_tables.measured(page.run)}\n\n{_tables.log_table(page.run)}")
    bottom = (
        f"## The run behind this page\n\n{_tables.run_card(page.run)}\n\n"
        f'??? abstract "The accuracy log, epoch by epoch"\n\n{log}'
    )
    notebook.cells.append(nbformat.v4.new_markdown_cell(bottom))
    return notebook


def _notices(runs: list[StoredRun]) -> str:
    return "\n\n".join(
        f'!!! warning "{title}"\n\n    {text}' for title, text in _tables.notices(runs)
    )


def _after_title(markdown: str, insertion: str) -> str:
    title, newline, rest = markdown.partition("\n")
    return f"{title}{newline or chr(10)}\n{insertion}\n{rest}" if insertion else markdown


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
