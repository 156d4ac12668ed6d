"""Folders for work in progress: gone however the work ends; and swaps that nobody notices."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from filelock import FileLock

from mnist_lessons.publishing.runs.staging import staging, swap

HOLD = """
import sys
from pathlib import Path
from mnist_lessons.publishing.runs.staging import staging
with staging(Path("parent"), "x-", Path("guard")) as folder:
    (folder / "file").touch()
    print(folder.name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that uses a folder, and the folder."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe, text=True) as process:
        yield process, tmp_path / "parent" / process.stdout.readline().strip()
        process.stdin.close()


def begun(tmp_path):
    return staging(tmp_path / "parent", "x-", tmp_path / "guard")


def test_a_folder_is_new_and_empty_and_vanishes(tmp_path):
    with begun(tmp_path) as one, begun(tmp_path) as other:
        assert one != other
        assert list(one.iterdir()) == []
        (one / "sub").mkdir()
        (one / "sub" / "file").touch()
    assert list((tmp_path / "parent").iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_folder_vanishes_after_an_error(tmp_path, error):
    with pytest.raises(error), begun(tmp_path):
        raise error
    assert list((tmp_path / "parent").iterdir()) == []


def test_what_a_killed_process_left_behind_is_removed_by_the_next(tmp_path, holder):
    process, folder = holder
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / "file").exists()
    with begun(tmp_path) as mine:
        assert [path.name.split(".")[0] for path in (tmp_path / "parent").iterdir()] == [
            mine.name,
            mine.name,
        ]
    assert list((tmp_path / "parent").iterdir()) == []


def test_the_folder_of_a_living_process_stays(tmp_path, holder):
    process, folder = holder
    for _ in range(3):
        with begun(tmp_path):
            pass
    assert (folder / "file").exists()
    process.stdin.close()
    assert process.wait() == 0
    assert not folder.exists()


def test_what_has_another_prefix_stays(tmp_path):
    other = tmp_path / "parent" / "other"
    other.mkdir(parents=True)
    (tmp_path / "parent" / "other.lock").touch()
    with begun(tmp_path):
        assert other.exists()
    assert sorted(path.name for path in (tmp_path / "parent").iterdir()) == ["other", "other.lock"]


def test_a_folder_cannot_be_made_below_a_file(tmp_path):
    (tmp_path / "parent").write_text("no folder")
    with pytest.raises(OSError, match="parent"), begun(tmp_path):
        pass
    assert not FileLock(tmp_path / "guard").is_locked


def version(folder, content):
    folder.mkdir()
    (folder / "index").write_text(content)
    return folder


def test_two_folders_change_places(tmp_path):
    place = tmp_path / "place"
    swap(version(tmp_path / "new", "1"), place)
    assert (place / "index").read_text() == "1"
    assert not (tmp_path / "new").exists()
    swap(version(tmp_path / "new", "2"), place)
    assert (place / "index").read_text() == "2"
    assert (tmp_path / "new" / "index").read_text() == "1", "the old one is where the new one was"


def test_where_the_system_cannot_do_it_in_one_step_it_takes_two(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "another")
    test_two_folders_change_places(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "place"]


def test_what_cannot_be_put_in_its_place_changes_nothing(tmp_path):
    place = version(tmp_path / "place", "1")
    with pytest.raises(OSError, match="nowhere"):
        swap(tmp_path / "nowhere", place)
    assert (place / "index").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_a_reader_never_finds_the_place_empty(tmp_path):
    place = version(tmp_path / "place", "0")
    new = version(tmp_path / "new", "1")
    end = threading.Event()
    reads, missing = [], []

    def read():
        while not end.is_set():
            try:
                reads.append(os.stat(place / "index").st_size)
            except FileNotFoundError as error:
                missing.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(200):
        before = len(reads)
        swap(new, place)
        while len(reads) + len(missing) == before:
            pass
    end.set()
    reader.join()
    assert len(reads) >= 200
    assert missing == [] or sys.platform != "linux"
