"""A lesson in small: its figure without texts, cut to what is drawn."""

import pytest
import torch
from defusedxml.ElementTree import fromstring
from nbformat.v4 import new_markdown_cell, new_notebook

from mnist_lessons import plots
from mnist_lessons.publishing.lesson_page.thumbnail import cut_out, thumbnails
from mnist_lessons.publishing.runs.admission import problem_of_drawing
from mnist_lessons.publishing.runs.inert_svg import size_of
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings
from tests.publishing.cards import as_built


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One that has shown a chart, and a grid of images."""
    run = Run("lesson", seed=0, settings=Settings(runs=tmp_path_factory.mktemp("runs")))
    counts = torch.arange(100).reshape(10, 10).numpy()
    run.show(plots.confusion_matrix(counts, title="Which digits"), "matrix")
    images = torch.randint(0, 256, (6, 28, 28), dtype=torch.uint8)
    run.show(
        plots.image_grid(
            images, ["a"] * 6, title="Six images", alt="Six images of nothing but noise"
        ),
        "grid",
    )
    return as_built(run.folder)


def notebook(**metadata):
    return new_notebook(cells=[new_markdown_cell("# T", metadata=metadata)])


@pytest.mark.parametrize("name", ["matrix", "grid"])
def test_texts_are_left_out_and_what_is_drawn_is_not(run, name):
    drawing = run.content(f"{name}.narrow.svg")
    small = cut_out(drawing)
    assert b"<text" in drawing
    assert b"text" not in small.replace(b"text/css", b"")
    assert small.count(b"<image") == drawing.count(b"<image") == 1
    assert not problem_of_drawing("a.svg", small)
    assert size_of(small)[1] < size_of(drawing)[1]
    assert len(small) < len(drawing)
    assert all(len(group) for group in fromstring(small).iter("{http://www.w3.org/2000/svg}g"))


def test_it_is_cut_to_its_axes(run):
    small = fromstring(cut_out(run.content("matrix.narrow.svg")))
    left, top, width, height = map(float, small.get("viewBox").split())
    # Ten cells of 31 pixels, and a margin of 6 on each side; on the left was room for numbers.
    assert (width, height) == (322, 322)
    assert left > 30
    assert top < 0


def test_a_drawing_of_nothing_known_stays_as_large_as_it_is():
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>'
    assert size_of(cut_out(drawing)) == (30, 20)


def test_a_lesson_names_its_figure_or_has_the_first(run):
    named = thumbnails(run, notebook(thumbnail="grid"))
    assert [one.file for one in named] == ["grid.thumbnail.light.svg", "grid.thumbnail.dark.svg"]
    assert [one.scheme for one in named] == ["light", "dark"]
    assert named[0].title == "Six images"
    for lesson in (notebook(), new_notebook()):
        light, dark = thumbnails(run, lesson)
        assert light.file == "matrix.thumbnail.light.svg"
        assert light.content != dark.content


def test_without_the_figure_there_is_none(run):
    assert thumbnails(run, notebook(thumbnail="other")) == []
