"""Markers: each name has a place that fills it; anything like one that has none is told."""

import re
from pathlib import Path

import pytest

from mnist_lessons.publishing.exhibits.markers import filled_html, filled_markdown, problems
from mnist_lessons.publishing.exhibits.registry import MARKERS
from mnist_lessons.publishing.exhibits.sources import Sources
from tests.publishing.cards import run_with

REPOSITORY = Path(__file__).parents[3]
TEST = "tests/test_data.py test_no_image_is_in_two_splits"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A lesson that shows two figures, and one that has not run yet."""
    figures = [{"name": name, "title": name, "alt": name} for name in ("kept", "curve")]
    run = run_with(tmp_path_factory.mktemp("one"), {"figures": figures})
    return Sources(REPOSITORY, {"one": run, "two": None})


@pytest.fixture
def told(sources):
    return lambda text: problems(text, sources)


GOOD = [
    *(f"<!-- lessons: {name} -->" for name, marker in MARKERS.items() if not marker.arguments),
    "<!--lessons:length-->",
    "<!-- lessons:   figure\n  one   kept -->",
    "<!-- lessons: figure two not-known-yet -->",
    "<!-- lessons: draw two/one two/another -->",
    f"<!-- lessons: test {TEST} -->",
    "<!-- lessons learned: none -->",
    "<!-- lesson -->",
    "<!-- less length than before -->",
    "<!-- lists: length -->",
    "<!-- less: is more -->",
    "<!-- license: MIT -->",
    "<!-- lessons, in short: length -->",
    "<!-- lessons - none -->",
    "<!-- an ordinary comment -->",
    "`<!-- lessons: lenght -->`",
    "``` \n<!-- lessons: lenght -->\n```",
    "~~~html\n<!-- lessons: figure a -->\n~~~",
    "Text.\n\n    <!-- lessons: lenght -->\n",
    "!!! note\n\n    ```\n    <!-- lessons: lenght -->\n    ```",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_marker_that_exists_is_no_fault_nor_is_code(text, told):
    assert told(f"# Title\n\n{text}\n") == []


NAMED = f"there are {', '.join(MARKERS)}"
WRONG = {
    "<!-- lessons: lenght -->": f"no marker lenght; {NAMED}",
    "<!--lessons:lenght-->": f"no marker lenght; {NAMED}",
    "<!-- lessons: Length -->": f"no marker Length; {NAMED}",
    "<!-- Lessons: length -->": "write it as <!-- lessons: length -->",
    "<!-- lesson: length -->": "write it as <!-- lessons: length -->",
    "<!-- lesons: length -->": "write it as <!-- lessons: length -->",
    "<!-- lesons: lenght -->": f"no marker lenght; {NAMED}",
    "<!-- lessosn: length -->": "write it as <!-- lessons: length -->",
    "<!-- lessons; length -->": "write it as <!-- lessons: length -->",
    "<!-- lessons = length -->": "write it as <!-- lessons: length -->",
    "<!-- lessons - length -->": "write it as <!-- lessons: length -->",
    "<! -- lessons: length -->": "write it as <!-- lessons: length -->",
    "<!- lessons: length ->": "it does not end with -->",
    "<! lessons: length >": "it does not end with -->",
    "< !-- lessons: length -->": "write it as <!-- lessons: length -->",
    "<!-- lessons: length --->": "write it as <!-- lessons: length -->",
    "<!-- lessons/length -->": "write it as <!-- lessons: length -->",
    "<!-- lessons_length -->": "write it as <!-- lessons: length -->",
    "<!-- lessons:: length -->": "write it as <!-- lessons: length -->",
    "<!-- sessons: length -->": "write it as <!-- lessons: length -->",
    "<!-- lessons length -->": "write it as <!-- lessons: length -->",
    "<!-- lessons: -->": f"no name; {NAMED}",
    "<!-- lessons: length": "it does not end with -->",
    "<!-- lessons: length now -->": "write it as <!-- lessons: length -->",
    "<!-- lessons: figure one -->": "write it as <!-- lessons: figure LESSON FIGURE -->",
    "<!-- lessons: figur one kept -->": f"no marker figur; {NAMED}",
    "<!-- lessons: draw -->": "write it as <!-- lessons: draw LESSON/NETWORK ... -->",
    "<!-- lessons: draw two/one three/one -->": "no lesson three; there are one, two",
    "<!-- lessons: figure three kept -->": "no lesson three; there are one, two",
    "<!-- lessons: figure one kep -->": "one shows no figure 'kep'; it shows kept, curve",
    "<!-- lessons: test tests/nothing.py test_x -->": "there is no file of tests tests/nothing.py",
    "<!-- lessons: test tests/test_data.py test_no_image_is_in_two_split -->": (
        "tests/test_data.py has no test test_no_image_is_in_two_split; there is "
        "test_no_image_is_in_two_splits"
    ),
}


@pytest.mark.parametrize(("marker", "reason"), WRONG.items(), ids=WRONG.keys())
def test_a_wrong_marker_is_told_with_its_line_and_what_there_is(marker, reason, told):
    [(line, said)] = told(f"# Title\n\n`<!-- lessons: x -->` is code.\n\n{marker}\n\nMore.\n")
    assert line == 5
    assert said.startswith(f"{' '.join(marker.split())}: {reason}")


def test_each_wrong_marker_of_a_page_is_told(told):
    assert [line for line, _ in told("<!-- lessons: a -->\n\n- <!-- lessons: b -->\n")] == [1, 3]


def test_places_are_filled_but_not_in_code(sources):
    text = (
        "<!--lessons:length-->\n\n`<!-- lessons: length -->`\n\n<!-- lessons:  draw two/net -->\n"
    )
    filled, has_scores = filled_markdown(text, sources)
    assert has_scores
    assert [line for line in filled.split("\n") if line] == [
        "No lessons yet.",
        "`<!-- lessons: length -->`",
        "<!-- lessons: draw two/net -->",
    ]
    html = filled_html(f"<p>Before</p>\n{filled}", sources, str)
    assert "No lesson has published a network" in html
    assert "<!-- lessons: draw" not in html


def test_an_exhibit_that_cannot_be_made_is_told_in_its_place(sources):
    page = "<!-- lessons: figure one other --><!-- lessons: figure two any --><!-- lessons: x -->"
    filled = filled_html(page, sources, lambda error: f"[{error}]")
    told = "[figure: one shows no figure 'other'; it shows kept, curve]"
    assert filled == f"{told}<!-- lessons: x -->"


@pytest.mark.parametrize("before", ["", "Text.\n", "# Title\n", "!!! note\n    ", "- a\n\n    "])
def test_a_place_is_a_block_of_its_own(before, sources):
    indent = before.rpartition("\n")[2]
    text, _ = filled_markdown(f"{before}<!-- lessons: length -->\n{indent}More.", sources)
    blocks = [block for block in re.split(r"\n\s*\n", text) if block.strip()]
    assert [block.strip("\n") for block in blocks[-2:]] == [
        f"{indent}No lessons yet.",
        f"{indent}More.",
    ]


@pytest.mark.parametrize("text", ["- M", "> M", "| M |", "Text M", "M text", "# M", "<p>M</p>"])
def test_a_marker_beside_something_is_told(text, told):
    marker = "<!-- lessons: length -->"
    assert told(text.replace("M", marker)) == [(1, f"{marker}: it must stand alone on its line")]


def test_an_escaped_marker_is_text(told, sources):
    text = "\\<!-- lessons: lenght -->"
    assert told(text) == []
    assert filled_markdown(text, sources) == (text, False)


def test_a_lesson_with_a_marker_says_once_that_it_is_a_preview(project):
    project.write("one", prose="<!-- lessons: curves -->")
    assert project.build().returncode == 0
    for slug in ("one", "two"):
        assert project.page(slug).count("admonition warning") == 2  # a preview, of the sample


@pytest.mark.slow
def test_a_misspelt_marker_fails_the_build_and_every_name_fills_its_place(project):
    """A name that nobody fills would stay on the page as a comment."""
    project.write("one", prose="<!-- lessons: lenght -->")
    wrong = project.build()
    assert wrong.returncode == 1
    assert "error: tutorials/one.py, line 4: <!-- lessons: lenght -->: no marker lenght" in (
        wrong.stderr
    )
    project.write("one")
    # The images of the small project come from no files that `data` could name.
    names = [name for name, one in MARKERS.items() if not one.arguments and name != "data"]
    page = "\n\n".join(f"## {name}\n\n<!-- lessons: {name} -->" for name in names)
    (project.root / "docs" / "all.md").write_text(f"# All\n\n{page}\n")
    assert project.build().returncode == 0
    html = (project.root / "site" / "all" / "index.html").read_text()
    assert re.findall("<!-- lessons.*?-->", html) == []
