"""What a server does between two builds."""

from types import SimpleNamespace

import pytest
from mkdocs.exceptions import ConfigurationError

from mnist_lessons.publishing._serve import Rebuilder

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
