"""Any page can show a figure of a lesson."""

import pytest
import torch
from bs4 import BeautifulSoup

from mnist_lessons import plots
from mnist_lessons.publishing.exhibits.figure import block, problem
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings
from tests.publishing.cards import as_built

TITLE = '1 < 2 & "quoted" </figcaption><script>alert(1)</script>'


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A lesson that has shown a figure with data, and one that has not run."""
    folder = tmp_path_factory.mktemp("runs")
    run = Run("lesson", seed=0, settings=Settings(runs=folder))
    counts = torch.arange(100).reshape(10, 10).numpy()
    run.show(plots.confusion_matrix(counts, title=TITLE), "matrix")
    return Sources(folder, {"lesson": as_built(run.folder), "other": None}, tutorials="../there/")


def test_a_figure_is_shown_from_the_folder_of_its_lesson(sources):
    soup = BeautifulSoup(block(sources, "lesson", "matrix"), "html.parser")
    assert [tag.name for tag in soup.find_all(True, recursive=False)] == ["figure"]
    links = [tag.get("src") or tag["srcset"] for tag in soup(["img", "source"])]
    endings = (".svg", ".dark.svg", ".narrow.svg", ".narrow.dark.svg")
    assert {*links} == {f"../there/lesson/matrix{ending}" for ending in endings}
    assert soup.figcaption.contents[0] == TITLE
    assert soup.a["href"] == "../there/lesson/matrix.csv"
    assert not soup("script")


def test_a_figure_of_a_lesson_that_has_not_run_is_left_out(sources):
    assert block(sources, "other", "matrix") == ""
    assert problem(sources, "other", "matrix") == ""


def test_what_there_is_not_is_told_with_what_there_is(sources):
    assert problem(sources, "lesson", "three") == "lesson shows no figure 'three'; it shows matrix"
    assert problem(sources, "third", "matrix") == "no lesson third; there are lesson, other"
