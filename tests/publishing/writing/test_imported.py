"""Which names in a lesson's code stand for something of this package."""

from mnist_lessons.publishing.writing.imported import imported_names
from mnist_lessons.publishing.writing.known import KNOWN

CELLS = [
    "from mnist_lessons import plots, training as t\nimport numpy as np",
    "from mnist_lessons.runlog import start_run",
    "run, other = start_run('x', seed=1), 2\nagain = start_run('y', seed=1)",
]


def test_names_are_those_of_the_code_and_what_they_stand_for():
    assert imported_names("one", CELLS) == {
        "plots": "mnist_lessons.plots",
        "t": "mnist_lessons.training",
        "start_run": "mnist_lessons.runlog.start_run",
        "again": "mnist_lessons.runlog.Run()",
    }


def test_a_cell_that_is_not_python_names_nothing():
    magic = "%matplotlib inline\nfrom mnist_lessons.data import load_mnist"
    assert imported_names("one", [magic]) == {}


def test_they_are_found_once_and_anew_for_other_code(tmp_path, monkeypatch):
    KNOWN.keep_in(tmp_path / "known.json")
    first = imported_names("one", CELLS)
    with monkeypatch.context() as without:
        without.setattr("ast.parse", None)
        assert imported_names("one", CELLS) == first
    assert imported_names("one", CELLS[1:]) != first
