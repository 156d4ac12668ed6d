"""The list of lessons: in reading order, with what a reader must know to choose."""

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mnist_lessons.publishing.exhibits import contents
from mnist_lessons.publishing.exhibits.markers import problems
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.runs.store import StoredRun

ENDINGS = (".svg", ".dark.svg", ".narrow.svg", ".narrow.dark.svg")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>'
HOSTILE = '</h3><script>alert(1)</script> & "it"'
FIGURES = [{"name": name, "title": f"{HOSTILE} {name}", "alt": name} for name in ("one", "two")]


def lesson(words=400, title="A lesson", **metadata):
    text = new_markdown_cell(f"# {title}\n\nWhat is it about?\n\n{'w ' * words}", metadata=metadata)
    return new_notebook(cells=[text, new_code_cell("x")])


@pytest.fixture
def run_of(run_with):
    """Makes a run that has drawn two figures."""

    def make(**card) -> StoredRun:
        run = run_with({"figures": FIGURES, **card})
        for figure in FIGURES:
            for ending in (*ENDINGS, ".png"):
                (run.folder / f"{figure['name']}{ending}").write_bytes(SVG)
        return run

    return make


def sources_of(tmp_path, **lessons):
    """Of lessons by slug, each a notebook with a run, or with none."""
    runs = {slug: run for slug, (_, run) in lessons.items()}
    notebooks = {slug: notebook for slug, (notebook, _) in lessons.items()}
    return Sources(tmp_path, runs, tutorials="there/", notebooks=notebooks)


def items_of(sources):
    return BeautifulSoup(contents.block(sources), "html.parser")("li")


def test_lessons_stand_in_order_with_what_one_chooses_by(tmp_path, run_of):
    first = lesson(level="beginner", thumbnail="two"), run_of(seconds=100.0, reused_seconds=200.0)
    sources = sources_of(tmp_path, b=first, a=(lesson(title="`Other`"), None))
    one, other = items_of(sources)
    assert [item.a["href"] for item in (one, other)] == ["there/b/", "there/a/"]
    assert [item.a.get_text() for item in (one, other)] == ["A lesson", "Other"]
    assert one.p.get_text() == "What is it about?"
    facts = [span.get_text() for span in one.find(class_="contents-facts")("span")]
    assert facts == ["Beginner", "2 min to read", "5 min to run"]
    assert [image["src"] for image in one("img")] == [
        "there/b/two.thumbnail.light.svg",
        "there/b/two.thumbnail.dark.svg",
    ]
    assert {image["loading"] for image in one("img")} == {"lazy"}
    assert {image["alt"] for image in one("img")} == {f"{HOSTILE} two"}


def test_lessons_stand_in_the_parts_of_the_navigation_and_are_counted_through(tmp_path):
    lessons = {slug: (lesson(title=slug), None) for slug in ("zero", "one", "two", "three")}
    sources = sources_of(tmp_path, **lessons)
    block = contents.block(replace(sources, parts={"one": HOSTILE, "two": HOSTILE, "three": "B"}))
    page = BeautifulSoup(block, "html.parser")
    headings = [(found.name, found.get_text()) for found in page(["h3", "h4"])]
    assert headings == [
        ("h3", "zero"),
        ("h3", HOSTILE),
        ("h4", "one"),
        ("h4", "two"),
        ("h3", "B"),
        ("h4", "three"),
    ]
    assert [part["start"] for part in page("ol")] == ["1", "2", "4"]


def test_a_lesson_without_a_run_has_neither_picture_nor_time_to_run(tmp_path):
    [item] = items_of(sources_of(tmp_path, one=(lesson(title=HOSTILE), None)))
    facts = [span.get_text() for span in item.find(class_="contents-facts")("span")]
    assert facts == ["2 min to read"]
    assert not item("img")
    assert not item("script")
    assert item.a.get_text() == HOSTILE


def test_one_that_cannot_be_read_is_named_all_the_same(tmp_path):
    [item] = items_of(sources_of(tmp_path, broken=(new_notebook(), None)))
    assert item.a.get_text() == "broken"


def test_a_thumbnail_that_is_no_figure_is_a_fault(tmp_path, run_of):
    sources = sources_of(tmp_path, b=(lesson(thumbnail="three"), run_of()))
    [(line, reason)] = problems("# T\n\n<!-- lessons: contents -->\n", sources)
    assert line == 3
    assert reason.endswith("b shows no figure 'three' for its thumbnail; it shows one, two")
    assert not contents.problem(sources_of(tmp_path, b=(lesson(thumbnail="three"), None)))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ([], "No lessons yet."),
        ([1], "One lesson, 1 minute of reading."),
        ([2, 2], "Two lessons, 2 minutes of reading each."),
        ([1, 5, 3], "Three lessons, 1 to 5 minutes of reading each."),
        ([1] * 12, "12 lessons, 1 minute of reading each."),
    ],
)
def test_it_is_said_how_many_there_are_and_how_long_they_take(tmp_path, minutes, said):
    lessons = {
        f"l{number}": (lesson(words=200 * each - 20), None) for number, each in enumerate(minutes)
    }
    assert contents.length(sources_of(tmp_path, **lessons)) == said
