"""Build the site beside the old one, and put it in its place in one step."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from filelock import FileLock
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, BuildError, ConfigurationError

from mnist_lessons.errors import BuildFailure, LessonError, SettingError
from mnist_lessons.publishing.execution.prepare import LessonPage
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.runs.staging import staging, swap
from mnist_lessons.publishing.site.plugin import LessonsPlugin
from mnist_lessons.publishing.site.publishable import SOURCES, problems_of_publishing, source_hashes
from mnist_lessons.settings import Settings

__all__ = ["build_site"]


def build_site(
    project: Project, settings: Settings, site: Path, *, publish: bool
) -> list[LessonPage]:
    """Build into `site`, or leave it as it was; with `publish`, refuse what is not to be shown.

    Raises:
        BuildFailure: a lesson failed, a page cannot be made, or it may not be published.
        SettingError: the configuration is wrong, or `site` is no site.
    """
    site = site.resolve()
    if site.exists() and not _is_site(site):
        raise SettingError(f"--site {site} is not a site, or not only: it will not be replaced")
    guard = project.root / ".cache" / "site.lock"
    guard.parent.mkdir(exist_ok=True)
    try:
        # Beside the old site: a folder can be moved in one step only within its file system.
        with (
            _plain_errors(site),
            staging(site.parent, f".{site.name}-in-progress-", guard) as folder,
        ):
            partial = folder / "site"
            sources = json.dumps(source_hashes(project), indent=1)
            pages = _render(_configured(project, site, partial), folder)
            (partial / SOURCES).write_text(f"{sources}\n", encoding="utf-8")
            if publish and (reasons := problems_of_publishing(project, settings, pages)):
                raise BuildFailure("\n".join(reasons))
            with FileLock(guard):
                swap(partial, site)
    except OSError as error:
        raise BuildFailure(f"{error}\nthe site was not built, {site}/ is as it was") from error
    return pages


def _is_site(folder: Path) -> bool:
    """Whether a folder is empty, or holds a site and nothing that somebody else put there."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else {""}
    hidden = {name for name in names if name.startswith(".")} - {".nojekyll"}
    return not names or ("404.html" in names and not hidden)


@contextmanager
def _plain_errors(site: Path) -> Iterator[None]:
    """Turn what MkDocs raises into the error of ours that led to it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    pages = logging.getLogger(mkdocs_build.__module__)
    pages.addFilter(_is_news)
    as_it_was = f"the site was not built, {os.path.relpath(site)}/ is as it was"
    try:
        yield
    except Abort as error:
        said = error.__context__ if isinstance(error.__context__, BuildError) else error
        raise _like(error)(f"{said}\n{as_it_was}") from error
    except KeyboardInterrupt:
        print(f"interrupted; {os.path.relpath(site)}/ is as it was", file=sys.stderr)
        sys.exit(130)
    finally:
        pages.removeFilter(_is_news)


def _is_news(_: logging.LogRecord) -> bool:
    # MkDocs logs an error that it then passes on: the command says it.
    return not isinstance(sys.exc_info()[1], BuildError)


def _like(error: BaseException) -> type[LessonError]:
    """The kind of the first error that a user can mend among those that led to this one."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, LessonError):
        cause = cause.__cause__ or cause.__context__
    return SettingError if isinstance(cause, SettingError) else BuildFailure


def _configured(project: Project, site: Path, partial: Path) -> MkDocsConfig:
    try:  # MkDocs refuses a site that would take the place of its sources.
        config = load_config(str(project.root / "mkdocs.yml"), site_dir=str(site), strict=True)
    except (Abort, ConfigurationError) as error:
        raise SettingError(f"mkdocs.yml: {error}") from error
    config.site_dir = str(partial)
    return config


def _render(config: MkDocsConfig, scratch: Path) -> list[LessonPage]:
    plugin = cast(LessonsPlugin, config.plugins["lessons"])
    plugin.content.scratch = scratch
    config.plugins.on_startup(command="build", dirty=False)
    try:
        mkdocs_build(config)
    finally:
        config.plugins.on_shutdown()
    return plugin.content.pages
