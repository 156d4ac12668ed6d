"""What a server does between two builds."""

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from mkdocs.exceptions import ConfigurationError
from watchdog.events import FileSystemEventHandler

from mnist_lessons.publishing.site.serve import Rebuilder, Superseded, look_often

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

    config = SimpleNamespace(docs_dir=str(tmp_path), watch=[], site_dir=str(tmp_path / "site"))
    Rebuilder(config, fail, lambda *_: False, tmp_path / "news")()
    said = capsys.readouterr().err
    assert said.endswith(f"error: nothing was built: {told}\n")
    assert ("Traceback" in said) == isinstance(error, TypeError)


def test_a_build_of_the_whole_site_gives_way_to_what_is_saved_and_leaves_the_site(tmp_path):
    docs, site = tmp_path / "docs", tmp_path / "site"
    for folder in (docs, site):
        folder.mkdir()
    page, style = docs / "page.md", docs / "style.css"
    page.write_text("before")
    style.write_text("before")
    (site / "index.html").write_text("old")
    built = []

    def whole():
        rebuilder.aside.mkdir()
        (rebuilder.aside / "index.html").write_text("new")
        if saves:
            saves.pop()()
        rebuilder.give_way()
        built.append("whole")

    def pages(sources, folder):
        rebuilder.note_change()  # another one: a page is made to its end
        rebuilder.give_way()
        assert folder == site
        built.append({path.name for path in sources})
        return True

    def save():
        page.write_text("a longer text")
        os.utime(page, ns=(1, 1))
        rebuilder.note_change()

    saves = [save]
    config = SimpleNamespace(docs_dir=str(docs), watch=[], site_dir=str(site))
    rebuilder = Rebuilder(config, whole, pages, tmp_path / "news")
    os.utime(style, ns=(1, 1))
    rebuilder()
    assert built == []
    assert (site / "index.html").read_text() == "old"
    rebuilder()
    assert built == [{"page.md"}]
    rebuilder()
    assert built == [{"page.md"}, "whole"]
    assert (site / "index.html").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs", "site"]
    rebuilder.note_change()
    rebuilder.aside = tmp_path / "aside"
    with pytest.raises(Superseded):
        rebuilder.give_way()


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
    noted = threading.Event()
    docs.mkdir()
    config = SimpleNamespace(docs_dir=str(docs), config_file_path="")
    server = look_often(Server(), config, noted.set)
    server.observer.start()
    try:
        docs.rename(away)
        server.changed.wait(0.5)
        away.rename(docs)
        server.changed.clear()
        Path(docs, "page.md").write_text("# A page")
        assert server.changed.wait(60)
        assert noted.is_set()
    finally:
        server.observer.stop()
        server.observer.join()
