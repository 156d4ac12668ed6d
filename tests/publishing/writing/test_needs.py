"""What a lesson builds on is a lesson, and is not built on it."""

from pathlib import Path

from mnist_lessons.publishing.writing.lessons import Lesson
from mnist_lessons.publishing.writing.needs import problems_of_needs


def lesson(slug, needs=None, before=""):
    said = "" if needs is None else f' needs="{needs}"'
    text = f"{before}# %% [markdown]{said}\n# # Title\n"
    return Lesson(Path(f"folder/tutorials/{slug}.py"), text.encode())


def told(*lessons):
    """All that is said."""
    return [problem for wrong in problems_of_needs(lessons).values() for problem in wrong]


def test_one_may_need_none_one_or_several():
    lessons = lesson("a"), lesson("b", "a"), lesson("c", " a  b "), lesson("d", "")
    assert [one.needs for one in lessons] == [(), ("a",), ("a", "b"), ()]
    assert told(*lessons) == []


def test_what_is_no_lesson_is_told_with_its_line():
    front_matter = '# ---\n# description: "About"\n# ---\n\n'
    [problem] = told(lesson("a"), lesson("b", "a other", front_matter))
    assert problem == "tutorials/b.py, line 5: needs other, which is no lesson; there are a, b"


def test_none_needs_itself_not_even_by_way_of_others():
    assert told(lesson("a", "a")) == ["tutorials/a.py, line 1: a needs itself"]
    lessons = lesson("a", "c"), lesson("b", "a"), lesson("c", "b"), lesson("d", "c")
    assert told(*lessons) == [
        "tutorials/a.py, line 1: needs c, which needs a",
        "tutorials/b.py, line 1: needs a, which needs b",
        "tutorials/c.py, line 1: needs b, which needs c",
    ]


def test_one_that_cannot_be_read_needs_nothing():
    assert told(Lesson(Path("folder/tutorials/a.py"), b"\xff"), lesson("b", "a")) == []
