"""Show an edited page at once: look often, and build what was edited first."""

import errno
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.files import File
from mkdocs.utils import is_markdown_file
from watchdog.observers.polling import PollingObserver, PollingObserverVFS

__all__ = ["CompiledTemplates", "Rebuilder", "look_often"]

_LOOK_EVERY = 0.1  # seconds
_WHOLE_SITE_AFTER = 5.0  # seconds


class Rebuilder:
    """Builds only the page whose text was edited, and the whole site a little later.

    Args:
        config: of the server.
        whole: builds the whole site.
        news: a file to touch for another build.
    """

    def __init__(self, config: MkDocsConfig, whole: Callable[[], None], news: Path) -> None:
        self._config = config
        self._whole = whole
        self._news = news
        self._seen = self._state()
        self._timer: threading.Timer | None = None
        logging.getLogger(build.__module__).addFilter(_is_no_warning_of_partial_builds)

    def __call__(self) -> None:
        """Build what has changed since the last build; where that fails, say so and go on."""
        try:
            self._build()
        except Exception as error:
            # MkDocs would answer no request until it is mended.
            if not isinstance(error, MkDocsException | OSError):
                traceback.print_exc()
            reason = "; ".join(str(error).splitlines())
            print(f"error: nothing was built: {reason}", file=sys.stderr)

    def _build(self) -> None:
        before, self._seen = self._seen, self._state()
        changed = {path for path, _ in before.items() ^ self._seen.items()}
        same_files = before.keys() == self._seen.keys()
        if self._timer:
            self._timer.cancel()
        if changed and same_files and all(map(self._is_page, changed)):
            self._build_pages(changed)
            # The search and the pages that say something of this one follow.
            self._timer = threading.Timer(_WHOLE_SITE_AFTER, self._news.touch)
            self._timer.daemon = True
            self._timer.start()
        else:
            self._whole()

    def _build_pages(self, changed: Iterable[Path]) -> None:
        config = load_config(
            self._config.config_file_path,
            site_dir=self._config.site_dir,
            strict=self._config.strict,
        )
        config.site_url = self._config.site_url
        for path in changed:
            # MkDocs compares dates. A page that was being built while its source was saved
            # is newer, and yet old.
            self._page(path).unlink(missing_ok=True)
        build(config, serve_url=config.site_url, dirty=True)

    def _page(self, source: Path) -> Path:
        """The file of the page that is made of a source."""
        docs = Path(self._config.docs_dir)
        base = docs if source.is_relative_to(docs) else source.parent.parent
        uri = source.relative_to(base).with_suffix(".md").as_posix()
        return Path(
            File(uri, "", self._config.site_dir, self._config.use_directory_urls).abs_dest_path
        )

    def _is_page(self, source: Path) -> bool:
        is_lesson = source.suffix == ".py" and source.parent.name == "tutorials"
        return is_lesson or is_markdown_file(source.name)

    def _state(self) -> dict[Path, int]:
        """When each source was changed."""
        state = {}
        for watched in {self._config.docs_dir, *self._config.watch}:
            for path in _files(Path(watched)):
                with suppress(OSError):
                    state[path] = path.stat().st_mtime_ns
        return state


class CompiledTemplates(BytecodeCache):
    """Templates that were compiled once; compiling takes longer than all pages."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template from here, if its source is the same."""
        if code := self._kept.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


def _is_no_warning_of_partial_builds(record: logging.LogRecord) -> bool:
    return "'dirty' build" not in record.getMessage()


def _stat(path: str) -> os.stat_result:
    """What a file is. One that is away is looked for again: Git brings a folder back."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise OSError(errno.ESTALE, "it is not there") from error


def look_often(server: LiveReloadServer, config: MkDocsConfig) -> LiveReloadServer:
    """Make a server look at its files more often than MkDocs does."""
    watched = [path for path in (config.docs_dir, config.config_file_path) if path]
    for path in watched:
        server.unwatch(path)
    observer = PollingObserverVFS(_stat, os.scandir, polling_interval=_LOOK_EVERY)
    server.observer = cast(PollingObserver, observer)
    for path in watched:
        server.watch(path)
    return server


def _files(path: Path) -> Iterator[Path]:
    yield from (child for child in path.rglob("*") if child.is_file()) if path.is_dir() else [path]
