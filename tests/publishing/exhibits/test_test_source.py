"""A test of this project on a page: its real source, folded, or no page at all."""

import ast
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.exhibits.test_source import block, problem
from mnist_lessons.publishing.writing.lessons import discover

ROOT = Path(__file__).parents[3]
FILE = "tests/test_some.py"
SOURCE = '''\
"""Some tests."""

import pytest


def helper():
    return "<b>"


@pytest.mark.parametrize("one", [1])
@pytest.mark.parametrize("two", [2, 3])
def test_with_marks(one, two):
    """Two < three & more."""
    assert (
        one < two
    ), helper()


def test_last():
    assert helper()
'''
WITH_MARKS = SOURCE[SOURCE.index("@pytest") : SOURCE.index("\n\n\ndef test_last")]


def marker(name, file=FILE):
    return f"<!-- lessons: test {file} {name} -->"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / FILE).write_text(SOURCE, encoding="utf-8")
    (tmp_path / "secret.py").write_text("def test_last():\n    pass\n", encoding="utf-8")
    return tmp_path


def test_a_test_is_folded_with_its_name_its_decorators_and_its_body(root):
    soup = BeautifulSoup(block(Sources(root, {}), FILE, "test_with_marks"), "html.parser")
    assert [tag.name for tag in soup.find_all(True, recursive=False)] == ["details"]
    assert not soup.details.has_attr("open")
    assert soup.summary.get_text() == f"The test: {FILE}::test_with_marks"
    assert soup.pre.get_text().strip() == WITH_MARKS
    assert not soup("a")


@pytest.mark.parametrize("repository", ["https://example.org/a/b", "https://example.org/a/b/"])
def test_a_link_leads_to_the_file_where_the_repository_is_known(root, repository):
    soup = BeautifulSoup(block(Sources(root, {}, repository), FILE, "test_last"), "html.parser")
    assert soup.details.a["href"] == f"https://example.org/a/b/blob/HEAD/{FILE}"


@pytest.mark.parametrize("name", ["test_other", "SOURCE", "test_", "one"])
def test_a_name_that_is_no_test_is_refused(root, name):
    with pytest.raises(BuildFailure, match=f"^{FILE} has no test {name}(; there is test_\\w+.*)?$"):
        block(Sources(root, {}), FILE, name)
    assert f"{FILE} has no test {name}" in problem(Sources(root, {}), FILE, name)


@pytest.mark.parametrize(
    "file", ["tests/test_other.py", "secret.py", "tests/../secret.py", "/etc/passwd", "tests"]
)
def test_a_file_that_is_none_of_the_tests_is_refused(root, file):
    with pytest.raises(BuildFailure, match="there is no file of tests"):
        block(Sources(root, {}), file, "test_last")


def test_a_file_that_is_no_python_is_refused(root):
    (root / FILE).write_text("def test_last(:", encoding="utf-8")
    with pytest.raises(BuildFailure, match=f"^{FILE} is no Python"):
        block(Sources(root, {}), FILE, "test_last")


def test_a_build_shows_the_test_as_it_stands_now(project):
    folder = project.root / "tests"
    folder.mkdir()
    (folder / "test_some.py").write_text(SOURCE, encoding="utf-8")
    project.write("one", prose=f"The test:\n\n{marker('test_last')}\n\nThe end.")
    home = project.root / "docs" / "index.md"
    home.write_text(f'# Home\n\n??? tip "Fold"\n\n    {marker("test_with_marks")}\n', "utf-8")
    config = project.root / "mkdocs.yml"
    address = "repo_url: https://example.org/a/b"
    config.write_text(config.read_text("utf-8").replace("repo_url: ''", address), "utf-8")
    result = project.build()
    assert result.returncode == 0, result.stderr
    pages = {
        "test_last": project.page("one"),
        "test_with_marks": (project.root / "site" / "index.html").read_text("utf-8"),
    }
    for name, page in pages.items():
        details = BeautifulSoup(page, "html.parser").select_one("details.example")
        assert details.summary.get_text().endswith(name)
        assert details.pre.get_text().strip() in SOURCE
        assert details.a["href"].endswith(f"/blob/HEAD/{FILE}")
    (folder / "test_some.py").write_text(SOURCE.replace("assert helper()", "assert 1"), "utf-8")
    assert project.build().returncode == 0
    listing = BeautifulSoup(project.page("one"), "html.parser").select_one("details.example pre")
    assert "assert 1" in listing.get_text()


@pytest.mark.parametrize("page", ["tutorials/one.py", "index.md"])
def test_a_test_that_does_not_exist_fails_the_build_and_names_the_page(project, page):
    before = project.site()
    (project.root / "tests").mkdir()
    (project.root / "tests" / "test_some.py").write_text(SOURCE, encoding="utf-8")
    if page == "index.md":
        (project.root / "docs" / page).write_text(f"# Home\n\n{marker('test_none')}\n", "utf-8")
    else:
        project.write("one", prose=marker("test_none"))
    result = project.build()
    assert result.returncode == 1
    line = 3 if page == "index.md" else 4
    told = f"{page}, line {line}: {marker('test_none')}: {FILE} has no test test_none"
    assert told in result.stderr
    assert project.site() == before


def test_every_test_that_a_page_of_this_project_shows_is_named_before_it():
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md")}
    for lesson in discover(ROOT / "tutorials"):
        cells = lesson.notebook().cells
        texts[lesson.slug] = "\n\n".join(
            cell.source for cell in cells if cell.cell_type == "markdown"
        )
    shown = 0
    for place, text in texts.items():
        for found in re.finditer(r"^ *<!-- lessons: test (\S+)\s+(\S+) -->$", text, re.M):
            file, name = found.groups()
            tree = ast.parse((ROOT / file).read_text("utf-8"))
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert f"`{file}::{name}`" in text[: found.start()], f"{place}: {name}"
            shown += 1
    assert shown >= 8, "a lesson of eight mistakes shows a test for each"
