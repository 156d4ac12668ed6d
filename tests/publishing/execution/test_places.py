"""What one run alone knows is the same in each run, as it is shown."""

import pytest

from mnist_lessons.publishing.execution.places import Places

PROJECT = Places((("/home/me/project", ""), ("/tmp", "/tmp")))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/home/me/project/tutorials/a.py:3", "tutorials/a.py:3"),
        ("'/home/me/project'", "'.'"),
        ("/home/me/project-2 /a/home/me/project", "/home/me/project-2 /a/home/me/project"),
        ("/tmp/tmpab12_x9z/file", "/tmp/tmp/file"),
        ("<function f at 0x7f00a1b2c3d4>", "<function f at 0x...>"),
        ("[<matplotlib.lines.Line2D at 0x1049a2b80>]", "[<matplotlib.lines.Line2D at 0x...>]"),
        ("<code object f at 0x7f00a1b2c3d4, file \"a\">", "<code object f at 0x..., file \"a\">"),
        ("0x7f00a1b2c3d4 at 0xff", "0x7f00a1b2c3d4 at 0xff"),
    ],
)  # fmt: skip
def test_places_and_addresses_are_those_of_any_run(said, shown):
    assert PROJECT.neutral(said) == shown
