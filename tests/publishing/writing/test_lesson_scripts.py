"""Scripts as lessons: where a cell stands, how long it may take, when its code is the same."""

import re
from pathlib import Path

import pytest

from mnist_lessons.errors import BuildFailure, SettingError
from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.writing.lessons import Lesson, code_cells, discover

REPOSITORY = Path(__file__).parents[3]
_MARKER = re.compile(r"# %%(?P<kind> .*)?")


def lesson(text):
    return Lesson(Path("tiny.py"), text.encode())


def first_lines(text):
    """Where the first line of each code cell stands, read off the markers."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines, start=1):
        marker = _MARKER.fullmatch(line)
        if marker and "[markdown]" not in (marker["kind"] or ""):
            found.append(number + 1)
    return found


@pytest.mark.parametrize("script", sorted(REPOSITORY.glob("tutorials/*.py")), ids=lambda p: p.stem)
def test_each_line_of_each_cell_of_the_tutorials_is_found(script):
    [found] = [one for one in discover(script.parent) if one.script == script]
    lines = found.source.decode().splitlines()
    cells = code_cells(found.notebook())
    assert [found.line(number) for number in range(1, len(cells) + 1)] == first_lines(
        found.source.decode()
    )
    for number, cell in enumerate(cells, start=1):
        for within, line in enumerate(cell.source.splitlines(), start=1):
            assert lines[found.line(number, within) - 1] == line


TINY = {
    "equal cells": "# %% [markdown]\n# # T\n\n# %%\nx = 1\n\n# %%\nx = 1\n\n# %%\nx = 1\n",
    "prose that quotes code": "# %% [markdown]\n# # T\n#\n# Then show():\n\n# %%\nshow()\n",
    "a comment that quotes code": "# %% [markdown]\n# # T\n\n# %%\na = 1\n# b\n\n# %%\nb\n",
    "a cell that begins like another": "# %% [markdown]\n# # T\n\n# %%\nxy = 1\n\n# %%\nx\n",
    "a command of IPython": "# %% [markdown]\n# # T\n\n# %%\n# %time x = 1\n\n# %%\ny\n",
    "a cell with tags": '# %% [markdown]\n# # T\n\n# %% tags=["a"]\nx\n\n# %% A name\ny\n',
    "a header": "# ---\n# jupyter:\n#   x: 1\n# ---\n\n# %% [markdown]\n# # T\n\n# %%\nx\n",
}


@pytest.mark.parametrize("text", TINY.values(), ids=TINY.keys())
def test_each_cell_of_a_tiny_lesson_is_found(text):
    expected = first_lines(text)
    assert [lesson(text).line(number + 1) for number in range(len(expected))] == expected
    assert lesson(text).line(0) == 1, "before the first cell"


@pytest.mark.parametrize(
    ("marker", "seconds"),
    [("", 7200), (" cell_limit_minutes=0.5", 30), (' a="b" cell_limit_minutes=600', 36_000)],
)
def test_the_first_cell_may_limit_the_time_of_all(marker, seconds):
    assert lesson(f"# %% [markdown]{marker}\n# # T\n\n# %%\nx\n").cell_limit == seconds


CODE = "# %% [markdown]\n# # T\n\n# %%\nx = f(1, 2)\nx\n\n# %%\nprint(x)\n"
SAME = {
    "prose": CODE.replace("# # T", "# # Another\n#\n# Text."),
    "a comment": CODE.replace("x = f(1, 2)", "# Why\nx = f(1, 2)  # so"),
    "formatting": CODE.replace("f(1, 2)", "f(\n    1,\n    2,\n)"),
    "a comment at the end": CODE.replace("print(x)", "print(x)  # ;"),
    "a tag for the looks": CODE.replace("# %%\nprint", '# %% tags=["wide"]\nprint'),
    "one more Markdown cell": CODE + "\n# %% [markdown]\n# The end.\n",
}
OTHER = {
    "an argument": CODE.replace("2", "3"),
    "a semicolon at the end": CODE.replace("\nx\n", "\nx;\n"),
    "a semicolon before a comment": CODE.replace("\nx\n", "\nx;  # hidden\n"),
    "a command": CODE.replace("print(x)", "# %time print(x)"),
    "a shell command": CODE.replace("print(x)", "# !ls"),
    "a split": CODE.replace("\nx\n", "\n\n# %%\nx\n"),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_prose_comments_and_formatting_are_no_code(text):
    assert text != CODE
    assert lesson(text).code_hashes() == lesson(CODE).code_hashes()


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER.keys())
def test_what_changes_an_output_is_code(text):
    assert text != CODE
    assert lesson(text).code_hashes() != lesson(CODE).code_hashes()


def test_lessons_are_found_by_name(project):
    assert [one.slug for one in read_lessons(Project(project.root), ["two"])] == ["two"]
    assert [one.slug for one in read_lessons(Project(project.root), ["tutorials/two.py"])] == [
        "two"
    ]
    with pytest.raises(SettingError, match="no lesson three: there are one, two"):
        read_lessons(Project(project.root), ["three", "one"])
    for script in (project.root / "tutorials").iterdir():
        script.unlink()
    with pytest.raises(BuildFailure, match=r"no lesson: looked for .*tutorials"):
        read_lessons(Project(project.root))
