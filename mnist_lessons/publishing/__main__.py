"""Build the site: `python -m mnist_lessons.publishing`.

Executes what must be executed, renders into a folder of its own, and puts that in the
place of `site/` in one step; whatever fails, `site/` stays as it was.
"""

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import cast

import click
from filelock import FileLock
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, BuildError, ConfigurationError

from mnist_lessons.errors import LessonError, SettingError
from mnist_lessons.publishing._build import LessonPage
from mnist_lessons.publishing._progress import duration
from mnist_lessons.publishing.plugin import LessonsPlugin
from mnist_lessons.settings import Settings

_INTERRUPTED = 130


@click.command(help="Execute the lessons and build the site into SITE/, or leave it as it was.")
@click.option("--site", default="site", show_default=True, help="Folder of the finished site.")
@click.option("--config", default="mkdocs.yml", show_default=True, help="MkDocs' configuration.")
def main(site: str, config: str) -> None:
    """Build, replace, and say what was built; exit status 1 or 2 where that failed."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger(mkdocs_build.__module__).addFilter(_is_news)
    try:
        Settings.from_environment()
        pages = _build(Path(config), Path(site).resolve())
    except LessonError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except ConfigurationError as error:
        print(f"error: {config}: {error}", file=sys.stderr)
        sys.exit(2)
    except (Abort, OSError) as error:
        said = error.__context__ if isinstance(error.__context__, BuildError) else error
        print(f"error: {said}\nthe site was not built, {site}/ is as it was", file=sys.stderr)
        sys.exit(_exit_status(error))
    except KeyboardInterrupt:
        print(f"interrupted; {site}/ is as it was", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    _summarise(Path(site), pages)


def _is_news(_: logging.LogRecord) -> bool:
    # MkDocs logs an error that it then passes on: `main` says it.
    return not isinstance(sys.exc_info()[1], BuildError)


def _exit_status(error: BaseException) -> int:
    """That of the first error that a user can mend among those that led to this one."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, LessonError):
        cause = cause.__cause__ or cause.__context__
    return cause.exit_status if cause else 1


def _build(config_file: Path, site: Path) -> list[LessonPage]:
    if site.exists() and not (site / "404.html").exists() and any(site.iterdir()):
        raise SettingError(f"--site {site} is a folder with other files: it will not be replaced")
    # Beside the old site: a folder can be moved in one step only within its file system.
    partial = site.with_name(f".{site.name}-{os.getpid()}")
    # MkDocs refuses a site that would take the place of its sources.
    config = load_config(str(config_file), site_dir=str(site), strict=True)
    config.site_dir = str(partial)
    plugin = cast(LessonsPlugin, config.plugins["lessons"])
    config.plugins.on_startup(command="build", dirty=False)
    try:
        mkdocs_build(config)
        _replace(site, partial, config_file.resolve().parent / ".cache" / "site.lock")
    finally:
        config.plugins.on_shutdown()
        shutil.rmtree(partial, ignore_errors=True)
    return plugin.pages


def _replace(site: Path, partial: Path, lock: Path) -> None:
    """Put the new site where the old one was; two builds at once take turns."""
    old = partial.with_name(partial.name + "-old")
    with FileLock(lock):
        if site.exists():
            os.replace(site, old)
        try:
            os.replace(partial, site)
        except BaseException:
            if old.exists():
                os.replace(old, site)
            raise
    shutil.rmtree(old, ignore_errors=True)


def _summarise(site: Path, pages: list[LessonPage]) -> None:
    print(f"The site is in {site}/ : view it with  python3 -m http.server -d {site}")
    for page in pages:
        assert page.run is not None
        card = page.run.card
        data = card["data"] or {"dataset": "no data"}
        how = "run now" if page.executed_now else f"stored run of {card['started'][:10]}"
        print(
            f"  {page.lesson.slug:14}  {duration(card['seconds']):>7}  {how}, profile "
            f"{card['profile']}, {card['device']}, {data['dataset']}"
        )


if __name__ == "__main__":
    main()
