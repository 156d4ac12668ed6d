"""What a server does between two builds."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from mkdocs.exceptions import ConfigurationError
from watchdog.events import FileSystemEventHandler

from mnist_lessons.publishing.site.serve import Rebuilder, look_often

LINK = FileNotFoundError(2, "No such file or directory", "docs/picture.png")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConfigurationError("no plugin\nof that name"), "no plugin; of that name"),
        (LINK, "[Errno 2] No such file or directory: 'docs/picture.png'"),
        (TypeError("a fault of a plugin"), "a fault of a plugin"),
    ],
)
def test_a_build_that_fails_is_told_and_ends_no_server(error, told, tmp_path, capsys):
    def fail():
        raise error

    Rebuilder(SimpleNamespace(docs_dir=str(tmp_path), watch=[]), fail, tmp_path / "news")()
    said = capsys.readouterr().err
    assert said.endswith(f"error: nothing was built: {told}\n")
    assert ("Traceback" in said) == isinstance(error, TypeError)


class Server:
    """What `look_often` needs of MkDocs' server."""

    def __init__(self):
        self.observer = None
        self.changed = threading.Event()

    def unwatch(self, path):
        pass

    def watch(self, path):
        handler = FileSystemEventHandler()
        handler.on_any_event = lambda _: self.changed.set()
        self.observer.schedule(handler, path, recursive=True)


def test_a_folder_that_was_away_for_a_moment_is_watched_again(tmp_path):
    docs, away = tmp_path / "docs", tmp_path / "away"
    docs.mkdir()
    config = SimpleNamespace(docs_dir=str(docs), config_file_path="")
    server = look_often(Server(), config)
    server.observer.start()
    try:
        docs.rename(away)
        server.changed.wait(0.5)
        away.rename(docs)
        server.changed.clear()
        Path(docs, "page.md").write_text("# A page")
        assert server.changed.wait(60)
    finally:
        server.observer.stop()
        server.observer.join()
