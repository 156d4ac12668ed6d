"""The projects with which the benchmark measures how costs grow."""

from benchmarks.copies import Copy
from benchmarks.small_projects import multiply
from tests.publishing.conftest import TinyProject


def test_each_lesson_of_a_multiplied_project_has_a_run_that_is_true(project, tmp_path):
    (project.root / "tutorials" / "two.py").unlink()
    (tmp_path / "scratch").mkdir()
    source = Copy(project.root, project.root, tmp_path / "scratch")
    multiplied = multiply(source, 12, tmp_path / "twelve")
    large = TinyProject(multiplied.root)
    assert [lesson.slug for lesson in large.lessons][::11] == ["lesson_001", "lesson_012"]
    assert all(": reuse (run of " in step for step in large.plan())
    assert large.stored("lesson_012").card.lesson == "lesson_012"

    large.write("lesson_003", code="print('something else')")
    assert ["run" if ": run (" in step else "reuse" for step in large.plan()].count("run") == 1
