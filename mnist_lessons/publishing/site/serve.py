"""Show an edited page at once: look often, and build what was edited first."""

import errno
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException
from mkdocs.livereload import LiveReloadServer
from mkdocs.utils import is_markdown_file
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import ObservedWatch
from watchdog.observers.polling import PollingObserver, PollingObserverVFS

from mnist_lessons.publishing.runs.staging import swap

__all__ = ["CompiledTemplates", "Rebuilder", "Superseded", "look_often"]

_LOOK_EVERY = 0.1  # seconds
_WHOLE_SITE_AFTER = 5.0  # seconds


class Superseded(BaseException):  # MkDocs reports every Exception as a fault of a page
    """A build of the whole site is given up: something was saved, and comes first."""


class Rebuilder:
    """Builds only the page whose text was edited, and the whole site a little later.

    Args:
        config: of the server.
        whole: builds the whole site into `aside`.
        pages: makes the pages of some sources again; False where it cannot.
        news: a file to touch for another build.

    Attributes:
        aside: where the whole site is being built; None at any other time.
    """

    def __init__(
        self,
        config: MkDocsConfig,
        whole: Callable[[], None],
        pages: Callable[[Collection[Path], Path], bool],
        news: Path,
    ) -> None:
        self._config = config
        self._whole = whole
        self._pages = pages
        self._news = news
        self._seen = self._state()
        self.aside: Path | None = None
        self._timer: threading.Timer | None = None
        self._changed = threading.Event()

    def __call__(self) -> None:
        """Build what has changed since the last build; where that fails, say so and go on."""
        self._changed.clear()
        try:
            self._build()
        except Superseded:
            return  # the server calls again
        except Exception as error:
            # MkDocs would answer no request until it is mended.
            if not isinstance(error, MkDocsException | OSError):
                traceback.print_exc()
            reason = "; ".join(str(error).splitlines())
            print(f"error: nothing was built: {reason}", file=sys.stderr)

    def note_change(self) -> None:
        """Note that a file has changed, from any thread."""
        self._changed.set()

    def give_way(self) -> None:
        """Called from time to time while the whole site is built.

        Raises:
            Superseded: something has changed since that build began.
        """
        if self.aside and self._changed.is_set():
            raise Superseded

    def _build(self) -> None:
        before, self._seen = self._seen, self._state()
        changed = {path for path, _ in before.items() ^ self._seen.items()}
        same_files = before.keys() == self._seen.keys()
        if self._timer:
            self._timer.cancel()
        are_pages = changed and same_files and all(map(_is_page, changed))
        if are_pages and self._pages(changed, Path(self._config.site_dir)):
            # The search and the pages that say something of this one follow.
            self._timer = threading.Timer(_WHOLE_SITE_AFTER, self._news.touch)
            self._timer.daemon = True
            self._timer.start()
        else:
            self._build_whole()

    def _build_whole(self) -> None:
        """Build the whole site beside the one that is shown, and put it in its place."""
        shown = Path(self._config.site_dir)
        prefix = f"{shown.name}-next-"
        with tempfile.TemporaryDirectory(prefix=prefix, dir=shown.parent) as folder:
            self.aside = Path(folder, "site")
            try:
                self._whole()
                swap(self.aside, shown)
            finally:
                self.aside = None

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


class _Observer(PollingObserverVFS):
    """Looks often, and tells of each change in a file before the server hears of it."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__(_stat, os.scandir, polling_interval=_LOOK_EVERY)
        self._noting = FileSystemEventHandler()

        def note(event: FileSystemEvent) -> None:
            if not event.is_directory:
                changed()

        self._noting.on_any_event = note  # type: ignore[method-assign]  # as MkDocs does

    def schedule(self, *arguments: Any, **named: Any) -> ObservedWatch:
        """Watch a path for a handler."""
        watch = super().schedule(*arguments, **named)
        self.add_handler_for_watch(self._noting, watch)
        return watch


def look_often(
    server: LiveReloadServer, config: MkDocsConfig, changed: Callable[[], None]
) -> LiveReloadServer:
    """Make a server look at its files more often than MkDocs does; `changed` is told, too."""
    watched = [path for path in (config.docs_dir, config.config_file_path) if path]
    for path in watched:
        server.unwatch(path)
    server.observer = cast(PollingObserver, _Observer(changed))
    for path in watched:
        server.watch(path)
    return server


def _stat(path: str) -> os.stat_result:
    """What a file is. One that is away is looked for again: Git brings a folder back."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise OSError(errno.ESTALE, "it is not there") from error


def _is_page(source: Path) -> bool:
    is_lesson = source.suffix == ".py" and source.parent.name == "tutorials"
    return is_lesson or is_markdown_file(source.name)


def _files(path: Path) -> Iterator[Path]:
    yield from (child for child in path.rglob("*") if child.is_file()) if path.is_dir() else [path]
