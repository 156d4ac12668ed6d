import argparse
import os

import pytest

from mnist_lessons._files import output_file, write_whole


def test_an_output_file_needs_its_folder_and_is_none(tmp_path):
    assert output_file(str(tmp_path / "new.json")) == tmp_path / "new.json"
    with pytest.raises(argparse.ArgumentTypeError, match="there is no folder"):
        output_file(str(tmp_path / "none" / "new.json"))
    with pytest.raises(argparse.ArgumentTypeError, match="is there, and is no regular file"):
        output_file(str(tmp_path))


def test_a_file_is_replaced_in_one_step_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "run.json"
    for content in (b"one", memoryview(b"two")):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["run.json"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(b"one")
    (tmp_path / "run.json.partial").mkdir()
    with pytest.raises(OSError, match="partial"):
        write_whole(path, b"two")
    assert path.read_bytes() == b"one"
