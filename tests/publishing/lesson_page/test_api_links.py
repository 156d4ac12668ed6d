"""Names in code lead to the API reference."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from mnist_lessons.publishing.lesson_page.api_links import described, linked
from mnist_lessons.publishing.writing.imported import imported_names

ROOT = Path(__file__).parents[3]
KNOWN = described(ROOT / "docs" / "reference.md", ROOT / "mnist_lessons")
CODE = """\
from mnist_lessons import plots
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.runlog import start_run

run = start_run("x", seed=1)
mnist = run.loaded(load_mnist())
run.show(plots.image_grid(images, labels, title="load_mnist"), "a")
other.normalise(mnist)
"""


def html(code):
    return highlight(code, PythonLexer(), HtmlFormatter())


def links(code, sources=(CODE,)):
    page = linked(html(code), imported_names("lesson", sources), KNOWN, "../ref/")
    return [(a.get_text(), a["href"]) for a in BeautifulSoup(page, "html.parser")("a")]


def test_the_reference_describes_what_modules_export_and_its_methods():
    assert {
        "mnist_lessons.data.load_mnist",
        "mnist_lessons.studies.load_study",
        "mnist_lessons.training.TrainConfig",
        "mnist_lessons.runlog.Run.fit",
    } <= KNOWN
    assert not any("._" in name for name in KNOWN)


def test_without_a_reference_there_is_nothing_to_link_to(tmp_path):
    assert described(tmp_path / "reference.md", ROOT / "mnist_lessons") == frozenset()


@pytest.mark.parametrize(
    ("code", "text", "place"),
    [
        ("load_mnist()", "load_mnist", "mnist_lessons.data.load_mnist"),
        ("plots.image_grid(x)", "image_grid", "mnist_lessons.plots.image_grid"),
        ("run.fit('a', m, s, c)", "fit", "mnist_lessons.runlog.Run.fit"),
    ],
)
def test_a_name_is_linked_where_it_is_used(code, text, place):
    assert links(code) == [(text, f"../ref/#{place}")]


@pytest.mark.parametrize(
    "code",
    [
        "other.load_mnist()",
        "'load_mnist'",
        "# load_mnist",
        "run.no_such_method()",
        "load_mnist_twice()",
        "plots",
    ],
)
def test_what_only_looks_like_a_name_is_left_alone(code):
    assert links(code) == []


def test_a_name_under_another_name_is_found():
    assert links("f(1)", ["from mnist_lessons.training import fit as f"]) == [
        ("f", "../ref/#mnist_lessons.training.fit")
    ]


def test_the_text_of_the_code_stays():
    page = linked(html(CODE), imported_names("lesson", [CODE]), KNOWN, "../ref/")
    assert (
        BeautifulSoup(page, "html.parser").get_text()
        == BeautifulSoup(html(CODE), "html.parser").get_text()
    )
