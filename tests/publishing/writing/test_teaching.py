"""What `make check` asks of the lessons that have reached it."""

from pathlib import Path

import pytest

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.writing.lessons import discover
from mnist_lessons.publishing.writing.teaching import problems_of_teaching, read_teaching

REPOSITORY = Path(__file__).parents[3]
HEAD = "# %% [markdown]\n# # Title\n#\n# Words.\n"


@pytest.fixture
def lesson(tmp_path):
    """Writes a lesson and reads it."""

    def read(*cells):
        text = HEAD + "".join(f"\n# %%{marker}\n{code}\n" for marker, code in cells)
        (tmp_path / "one.py").write_text(text)
        [found] = discover(tmp_path)
        return found

    return read


def told(lesson, allowed=None):
    return problems_of_teaching(lesson, allowed or {})


def cells_of(teaching, presenting, marker=""):
    """Cells of ten lines."""
    lines = ["x = 1"] * teaching + ["print(x)"] * presenting
    return [(marker, "\n".join(lines[n : n + 10])) for n in range(0, len(lines), 10)]


@pytest.mark.parametrize(
    ("teaching", "presenting", "share"),
    [
        (85, 15, None),
        (84, 16, "16% of its 100 shown lines only present, at most 15% may"),
        (176, 24, None),
        (174, 26, "13% of its 200 shown lines only present, at most 12% may"),
    ],
)
def test_code_may_present_a_little(lesson, teaching, presenting, share):
    found = told(lesson(*cells_of(teaching, presenting)))
    assert len(found) == bool(share)
    if share:
        assert found[0].startswith(f"{found[0].split('/')[0]}/one.py: {share}: leave titles")
        assert found[0].count("\n    print(x)") == presenting


def test_little_may_be_folded(lesson):
    few, many = (cells_of(90, 0) + cells_of(n, 0, ' tags=["setup"]') for n in (10, 20))
    assert told(lesson(*few)) == []
    [problem] = told(lesson(*many))
    assert "one.py: 18% of its lines are folded, 20 of 110, at most 15% may be" in problem


@pytest.mark.parametrize("tag", ["", ' tags=["setup"]', ' tags=["solution"]'])
def test_a_cell_is_short(lesson, tag):
    cells = cells_of(150, 0)
    assert told(lesson(*cells, (tag, "x = 1\n\n" * 15))) == []
    [problem] = told(lesson(*cells, (tag, "# Why\n" + "x = 1\n" * 15)))
    assert "one.py, line 187: this cell has 16 lines, at most 15 may be: split it" in problem


def test_a_sentence_needs_a_run_or_a_reason(lesson):
    made = lesson((" [markdown]", "# Words.\n#\n# The network\n# reads 97%."), ("", "x = 1"))
    [problem] = told(made)
    assert "one.py, line 10: no run stands behind '97%' in 'The network reads 97%.': " in problem
    assert told(made, {"The network reads": "because"}) == []
    stale = told(made, {"The network reads": "because", "It was": "because"})
    assert [problem.partition(": ")[2] for problem in stale] == [
        "[one] no sentence that lacks a run begins with 'It was'"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[one", "teaching.toml: "),
        ("one = 3", "one belongs below the [name] of a lesson"),
        ("[two]", "[two] is no lesson; there are one"),
        ("[one]\n'The' = ''", "[one] 'The': say why it needs no run"),
        ("[one]\n'The' = 3", "[one] 'The': say why it needs no run"),
    ],
)
def test_what_the_file_may_not_be(lesson, tmp_path, text, said):
    lessons = [lesson(("", "x = 1"))]
    (tmp_path / "teaching.toml").write_text(text)
    with pytest.raises(BuildFailure) as refused:
        read_teaching(tmp_path, lessons)
    assert said in str(refused.value)


def test_without_the_file_no_lesson_is_measured(lesson, tmp_path):
    assert read_teaching(tmp_path, [lesson()]) == {}


def test_the_lessons_that_are_measured_fall_short_of_nothing():
    lessons = discover(REPOSITORY / "tutorials")
    checked = read_teaching(REPOSITORY / "tutorials", lessons)
    measured = [one for one in lessons if one.slug in checked]
    assert [told(lesson, checked[lesson.slug]) for lesson in measured] == [[]] * len(checked)
