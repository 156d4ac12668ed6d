"""Limits for what a lesson does not record: told before it runs."""

import pytest

from mnist_lessons.publishing.writing.lessons import discover
from mnist_lessons.publishing.writing.recorded import problems_of_bands

RUN = "# %% [markdown]\n# # T\n\n# %%\nfrom mnist_lessons.runlog import start_run\n"
BEGIN = 'run = start_run("one", seed=1)\n'


@pytest.fixture
def told(tmp_path):
    """What is told of limits for `score` and `knn.test_accuracy`, of a lesson with some code."""

    def read(code, bands="[one]\nscore = [0, 1]\n'knn.test_accuracy' = [0, 1]"):
        (tmp_path / "one.py").write_text(RUN + BEGIN + code)
        (tmp_path / "bands.toml").write_text(bands)
        [lesson] = discover(tmp_path)
        return [problem.partition("bands.toml: ")[2] for problem in problems_of_bands(lesson)]

    return read


def test_a_misspelt_name_is_told_with_those_that_there_are(told):
    assert told("run.record(scroe=1)\nrun.result('knn', 'A', predictions)") == [
        "[one] score: the lesson records no such value; there are knn.test_accuracy, scroe"
    ]
    assert told("x = 1") == [
        "[one] score: the lesson records no such value; there are none",
        "[one] knn.test_accuracy: the lesson records no such value; there are none",
    ]


@pytest.mark.parametrize(
    "code",
    [
        "run.record(score=1)\nrun.result('knn', 'A', predictions)",
        "run.record(**values)",
        "run.result(key, 'A', predictions)",
        "note_all(run)",
    ],
)
def test_what_it_records_or_may_record_is_no_fault(told, code):
    assert told(code) == []


def test_other_lessons_and_no_limits_are_no_fault(told):
    assert told("x = 1", "[two]\nscore = [0, 1]") == told("x = 1", "") == []


def test_such_a_lesson_is_not_run(project):
    lesson = "from mnist_lessons.runlog import start_run\nrun = start_run('one', seed=1)"
    project.write("one", code=lesson)
    (project.root / "tutorials/bands.toml").write_text("[one]\nscore = [0, 1]\n")
    [one, two] = project.prepare()
    assert one.reasons() == [
        "tutorials/bands.toml: [one] score: the lesson records no such value; there are none"
    ]
    assert two.run
    assert project.executed == []
    assert one.reasons()[0] in project.command("check").stderr
