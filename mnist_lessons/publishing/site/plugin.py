"""The MkDocs plugin: what MkDocs calls, and when; what pages are made of is in `content`."""

import signal
from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jinja2 import Environment
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from mnist_lessons.errors import LessonError
from mnist_lessons.publishing.execution.prepare import prepared
from mnist_lessons.publishing.html.markdown_extension import PageProse
from mnist_lessons.publishing.lesson_page import placeholders
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.site.built import BuiltSite
from mnist_lessons.publishing.site.content import Content
from mnist_lessons.publishing.site.policy import with_policy
from mnist_lessons.publishing.site.problems import setting_error, tell
from mnist_lessons.publishing.site.publishable import problems_of_publishing
from mnist_lessons.publishing.site.search_index import split_index
from mnist_lessons.publishing.site.theme import tell_theme
from mnist_lessons.publishing.writing.known import KNOWN
from mnist_lessons.publishing.writing.links import lines_of_links
from mnist_lessons.publishing.writing.pages import read_page
from mnist_lessons.settings import Settings

if TYPE_CHECKING:  # a warm build executes nothing, and is no server
    from mkdocs.livereload import LiveReloadServer

    from mnist_lessons.publishing.execution.background import Workshop
    from mnist_lessons.publishing.site.serve import CompiledTemplates, Rebuilder

__all__ = ["LessonsPlugin"]


class _NoOptions(Config):
    """What there is to set is in the environment (`MNIST_LESSONS_*`)."""


class LessonsPlugin(BasePlugin[_NoOptions]):
    """Executes lessons before MkDocs cleans `site/`, then adds their pages and files.

    Attributes:
        content: of the last build.
    """

    def __init__(self) -> None:
        self.content = Content(self._give_way)
        self._stack = ExitStack()
        self._workshop: Workshop | None = None
        self._publishes = False
        self._templates: CompiledTemplates | None = None
        self._prose = PageProse()
        self._rebuilder: Rebuilder | None = None
        self._files: Files | None = None
        self._nav: Navigation | None = None
        self._env: Environment | None = None
        self._built: BuiltSite | None = None

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Know whether this is a server, which goes on while lessons run, or what publishes."""
        self._publishes = command == "gh-deploy"
        self._stack.callback(KNOWN.save)
        self._stack.enter_context(lines_of_links(self.content.texts_of))
        if command == "serve":
            from mnist_lessons.publishing.execution.background import Workshop
            from mnist_lessons.publishing.site.serve import CompiledTemplates

            self._workshop = Workshop()
            self.content.pictures.are_wanted = False
            self.content.in_full = False  # the lesson itself has told its traceback
            self._stack.callback(self._workshop.close)
            self._templates = CompiledTemplates()
            # Whoever ends a server in this way wants its kernels ended, too.
            signal.signal(signal.SIGTERM, signal.default_int_handler)

    def on_shutdown(self) -> None:
        """End what still runs; remove what could not be stored; keep what was found out."""
        self._stack.close()

    def on_serve(
        self, server: "LiveReloadServer", *, config: MkDocsConfig, builder: Callable[..., None]
    ) -> "LiveReloadServer":
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
        files = built.pages_of(sources) if built else []
        if built and files:
            self._look_again(built.config, {file.src_uri for file in files})
            built.make_again(files, self.content, site)
        return bool(files)

    def _look_again(self, config: MkDocsConfig, uris: Collection[str]) -> None:
        """Know of some lessons and pages how they stand now."""
        assert self._workshop is not None
        self._prose.problems.clear()
        slugs = [page.lesson.slug for page in self.content.pages if page.lesson.uri in uris]
        project = Project(Path(config.config_file_path).resolve().parent)
        news = self._workshop.pages(project, Settings.from_environment(), slugs) if slugs else []
        self._stop_for(self.content.take_again(news, config, uris))

    def on_nav(self, nav: Navigation, /, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Keep the navigation for a page that is made again."""
        self._nav = nav
        return nav

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Stop for a formula; compile the templates once in a server's life; tell them of runs."""
        # Of a page, they have been noted with their lines.
        unnoted = [
            f"{uri}: {reason}".removeprefix(": ")
            for uri, reason in self._prose.problems
            if not self.content.problems.of(uri)
        ]
        self._stop_for(unnoted)
        self._env = env
        if self._templates:
            env.bytecode_cache = self._templates
        tell_theme(env, files, self.content.runs)
        return env

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Give each lesson a run; stop here, before anything is replaced, if one fails."""
        if self._rebuilder and self._rebuilder.aside:
            config.site_dir = str(self._rebuilder.aside)
        self._prose.problems.clear()
        config.markdown_extensions.append(self._prose)  # type: ignore[arg-type]  # MkDocs knows names alone
        project = Project(Path(config.config_file_path).resolve().parent)
        config.watch += [str(project.tutorials), str(project.package)]
        if project.tests.is_dir():  # pages show some of them
            config.watch.append(str(project.tests))
        problems = []
        try:
            settings = Settings.from_environment()
            if self._workshop:
                pages = self._workshop.pages(project, settings)
            else:
                pages = self._stack.enter_context(prepared(project, settings))
        except LessonError as error:
            pages = self.content.pages
            if not pages:
                raise PluginError(str(error)) from error
            problems.append(str(error))  # a server goes on with the lessons that it knows
        problems += self.content.take(pages, config)
        if self._publishes and not problems:
            problems = problems_of_publishing(project, settings, self.content.pages)
        self._stop_for(problems)
        return config

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Add the lessons' pages, what lies beside them, and what all runs make together."""
        self._files = files
        added = []
        for page in self.content.pages:
            self._give_way()
            added += self.content.files_of(page, config)
        try:
            added += self.content.files_of_all(config)
        except LessonError as error:
            if not self._workshop:  # a server tells it in the exhibit's place
                raise PluginError(str(error)) from error
        for file in added:
            files.append(file)
        return files

    def on_page_read_source(self, page: Page, config: MkDocsConfig) -> str | None:
        """Make the Markdown of a lesson's page; read a page of which not all can be read."""
        self._give_way()
        if lesson := self.content.lesson_of(page.file):
            return self.content.source(lesson, page, config)
        # Where it has been noted, MkDocs would end here, with an empty site.
        written = read_page(page.file)
        return written.text if written.fault else None

    def on_page_markdown(
        self, markdown: str, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Fill the tables of a page; describe a lesson's, and let search prefer it."""
        try:
            return self.content.filled_markdown(markdown, page, config)
        except LessonError as error:
            raise PluginError(str(error)) from error

    def on_page_content(
        self, html: str, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Put figures, tests, a lesson's code and outputs, or what went wrong, in their places."""
        failed = partial(self._failed, page.file.src_uri)
        return self.content.filled_html(html, page, config, failed)

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
        """Let a first visit load no texts of all pages for a search that may not come."""
        split_index(Path(config.site_dir))
        # A server makes single pages again.
        if self._workshop and self._nav and self._files and self._env:
            self._built = BuiltSite(config, self._files, self._nav, self._env)

    def _stop_for(self, problems: list[str]) -> None:
        """Stop a build for problems; a server goes on, and says them at each build."""
        if problems and not self._workshop:
            raise PluginError("\n".join(problems)) from setting_error(self.content.pages)
        for problem in problems:
            tell(problem)

    def _give_way(self) -> None:
        """End a build of a server's whole site where something else comes first."""
        if self._rebuilder:
            self._rebuilder.give_way()

    def _failed(self, uri: str, error: LessonError) -> str:
        """What stands in the place of an exhibit; a build ends instead."""
        if not self._workshop:
            raise PluginError(f"{uri}: {error}") from error
        tell(str(error))
        return placeholders.reasons([str(error)])
