"""Markers: each name has a place that fills it; anything like one that has none is told."""

import re
from pathlib import Path

import pytest

from mnist_lessons.publishing.exhibits.markers import NAMES, filled, problems

REPOSITORY = Path(__file__).parents[3]
FIGURES = {"one": ["kept", "curve"], "two": None}
TEST = "tests/test_data.py test_no_image_is_in_two_splits"


def told(text):
    return problems(text, REPOSITORY, FIGURES)


GOOD = [
    *(f"<!-- lessons: {name} -->" for name, follows in NAMES.items() if not follows),
    "<!--lessons:results-->",
    "<!-- lessons:   figure\n  one   kept -->",
    "<!-- lessons: figure two not-known-yet -->",
    f"<!-- lessons: test {TEST} -->",
    "<!-- lessons learned: none -->",
    "<!-- lesson -->",
    "<!-- less results than before -->",
    "<!-- lists: results -->",
    "<!-- less: is more -->",
    "<!-- license: MIT -->",
    "<!-- lessons, in short: results -->",
    "<!-- lessons - none -->",
    "<!-- an ordinary comment -->",
    "`<!-- lessons: resluts -->`",
    "``` \n<!-- lessons: resluts -->\n```",
    "~~~html\n<!-- lessons: figure a -->\n~~~",
    "Text.\n\n    <!-- lessons: resluts -->\n",
    "!!! note\n\n    ```\n    <!-- lessons: resluts -->\n    ```",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_marker_that_exists_is_no_fault_nor_is_code(text):
    assert told(f"# Title\n\n{text}\n") == []


NAMED = f"there are {', '.join(NAMES)}"
WRONG = {
    "<!-- lessons: resluts -->": f"no marker resluts; {NAMED}",
    "<!--lessons:resluts-->": f"no marker resluts; {NAMED}",
    "<!-- lessons: Results -->": f"no marker Results; {NAMED}",
    "<!-- Lessons: results -->": "write it as <!-- lessons: results -->",
    "<!-- lesson: results -->": "write it as <!-- lessons: results -->",
    "<!-- lesons: results -->": "write it as <!-- lessons: results -->",
    "<!-- lesons: resluts -->": f"no marker resluts; {NAMED}",
    "<!-- lessosn: results -->": "write it as <!-- lessons: results -->",
    "<!-- lessons; results -->": "write it as <!-- lessons: results -->",
    "<!-- lessons = results -->": "write it as <!-- lessons: results -->",
    "<!-- lessons - results -->": "write it as <!-- lessons: results -->",
    "<! -- lessons: results -->": "write it as <!-- lessons: results -->",
    "<!- lessons: results ->": "it does not end with -->",
    "<! lessons: results >": "it does not end with -->",
    "< !-- lessons: results -->": "write it as <!-- lessons: results -->",
    "<!-- lessons: results --->": "write it as <!-- lessons: results -->",
    "<!-- lessons/results -->": "write it as <!-- lessons: results -->",
    "<!-- lessons_results -->": "write it as <!-- lessons: results -->",
    "<!-- lessons:: results -->": "write it as <!-- lessons: results -->",
    "<!-- sessons: results -->": "write it as <!-- lessons: results -->",
    "<!-- lessons results -->": "write it as <!-- lessons: results -->",
    "<!-- lessons: -->": f"no name; {NAMED}",
    "<!-- lessons: results": "it does not end with -->",
    "<!-- lessons: results now -->": "write it as <!-- lessons: results -->",
    "<!-- lessons: figure one -->": "write it as <!-- lessons: figure LESSON FIGURE -->",
    "<!-- lessons: figur one kept -->": f"no marker figur; {NAMED}",
    "<!-- lessons: figure three kept -->": "no lesson three; there are one, two",
    "<!-- lessons: figure one kep -->": "one shows no figure 'kep'; it shows kept, curve",
    "<!-- lessons: test tests/nothing.py test_x -->": "there is no file of tests tests/nothing.py",
    "<!-- lessons: test tests/test_data.py test_no_image_is_in_two_split -->": (
        "tests/test_data.py has no test test_no_image_is_in_two_split; there is "
        "test_no_image_is_in_two_splits"
    ),
}


@pytest.mark.parametrize(("marker", "reason"), WRONG.items(), ids=WRONG.keys())
def test_a_wrong_marker_is_told_with_its_line_and_what_there_is(marker, reason):
    [(line, said)] = told(f"# Title\n\n`<!-- lessons: x -->` is code.\n\n{marker}\n\nMore.\n")
    assert line == 5
    assert said.startswith(f"{' '.join(marker.split())}: {reason}")


def test_each_wrong_marker_of_a_page_is_told():
    assert [line for line, _ in told("<!-- lessons: a -->\n\n- <!-- lessons: b -->\n")] == [1, 3]


def test_places_are_filled_but_not_in_code():
    text = "<!--lessons:results-->\n\n`<!-- lessons: results -->`\n\n<!-- lessons:  draw -->\n"
    lines = filled(text, {"results": lambda: "a table"}).split("\n")
    assert [line for line in lines if line] == [
        *("a table", "`<!-- lessons: results -->`", "<!-- lessons: draw -->")
    ]


@pytest.mark.parametrize("before", ["", "Text.\n", "# Title\n", "!!! note\n    ", "- a\n\n    "])
def test_a_place_is_a_block_of_its_own(before):
    indent = before.rpartition("\n")[2]
    text = filled(f"{before}<!-- lessons: results -->\n{indent}More.", {"results": lambda: "a\nb"})
    blocks = [block for block in re.split(r"\n\s*\n", text) if block.strip()]
    assert [block.strip("\n") for block in blocks[-2:]] == [
        f"{indent}a\n{indent}b",
        f"{indent}More.",
    ]


@pytest.mark.parametrize("text", ["- M", "> M", "| M |", "Text M", "M text", "# M", "<p>M</p>"])
def test_a_marker_beside_something_is_told(text):
    marker = "<!-- lessons: results -->"
    assert told(text.replace("M", marker)) == [(1, f"{marker}: it must stand alone on its line")]


def test_an_escaped_marker_is_text():
    text = "\\<!-- lessons: resluts -->"
    assert told(text) == []
    assert filled(text, {}) == text


def test_a_lesson_with_a_marker_says_once_that_it_is_a_preview(project):
    project.write("one", prose="<!-- lessons: curves -->")
    assert project.build().returncode == 0
    for slug in ("one", "two"):
        assert project.page(slug).count("admonition warning") == 2  # a preview, of the sample


@pytest.mark.slow
def test_a_misspelt_marker_fails_the_build_and_every_name_fills_its_place(project):
    """A name that nobody fills would stay on the page as a comment."""
    project.write("one", prose="<!-- lessons: resluts -->")
    wrong = project.build()
    assert wrong.returncode == 1
    assert "error: tutorials/one.py, line 4: <!-- lessons: resluts -->: no marker resluts" in (
        wrong.stderr
    )
    project.write("one")
    # The images of the small project come from no files that `data` could name.
    names = [name for name, follows in NAMES.items() if not follows and name != "data"]
    page = "\n\n".join(f"## {name}\n\n<!-- lessons: {name} -->" for name in names)
    (project.root / "docs" / "all.md").write_text(f"# All\n\n{page}\n")
    assert project.build().returncode == 0
    html = (project.root / "site" / "all" / "index.html").read_text()
    assert re.findall("<!-- lessons.*?-->", html) == []
