"""What a site offers to download: the package, and a notebook that installs it."""

import json

import pytest
from bs4 import BeautifulSoup
from mkdocs.config import load_config

from mnist_lessons.publishing.runs import package as package_module
from mnist_lessons.publishing.runs.package import package_of
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.site.offers import Offers
from tests.publishing.small_package import write_package

WHEEL = "small_lessons-1.2-py3-none-any.whl"


@pytest.fixture
def packaged(project):
    """A project that describes a package."""
    write_package(project.root)
    return project


@pytest.fixture
def make(packaged):
    """Makes what a site offers as a build does, or a server once more."""
    config = load_config(str(packaged.root / "mkdocs.yml"))

    def make(offers):
        return offers.make(Project(packaged.root), config)

    return make


def has_address(project, address):
    config = project.root / "mkdocs.yml"
    text = config.read_text(encoding="utf-8").replace("site_url: ''", f"site_url: '{address}'")
    config.write_text(text, encoding="utf-8")


def first_cell(project):
    notebook = json.loads(project.site()["tutorials/one/one.ipynb"])
    return "".join(notebook["cells"][0]["source"])


@pytest.mark.parametrize("address", ["", "https://example.org/m/"])
def test_a_build_puts_the_package_into_the_site(packaged, address):
    has_address(packaged, address)
    assert packaged.build().returncode == 0
    site = packaged.site()
    files = package_of(Project(packaged.root)).files
    assert {name: site[name] for name in files} == files
    installed = f"{address}downloads/{WHEEL}" if address else f"./{WHEEL}"
    assert f'%pip install --quiet "{installed}"' in first_cell(packaged)
    assert f'href="../../downloads/{WHEEL}"' in packaged.page("one")


def test_a_page_says_how_to_run_a_lesson_where_there_is_a_guide(packaged):
    text = "# Run\n\n<!-- lessons: install -->\n\n<!-- lessons: package -->\n"
    (packaged.root / "docs" / "run.md").write_text(text, encoding="utf-8")
    has_address(packaged, "https://example.org/m/")
    assert packaged.build().returncode == 0
    assert '<a href="../../run/">how to run it</a>' in packaged.page("one")
    page = BeautifulSoup(packaged.site()["run/index.html"], "html.parser").article
    command = f"pip install https://example.org/m/downloads/{WHEEL} --constraint https://"
    assert command in page.get_text()
    assert page.find("a", href=f"../downloads/{WHEEL}")


def test_a_package_that_cannot_be_made_leaves_the_site(packaged):
    before = packaged.site()
    (packaged.root / "pyproject.toml").write_text("[project", encoding="utf-8")
    result = packaged.build()
    assert result.returncode == 1
    assert "the package cannot be made from pyproject.toml" in result.stderr
    assert packaged.site() == before


def test_a_server_makes_it_once(packaged, make, monkeypatch):
    offers = Offers()
    assert make(offers) == []
    made = offers.distribution.package
    monkeypatch.setattr(package_module, "_ask_backend", None)
    packaged.write("one", prose="Better prose.")
    assert make(offers) == []
    assert offers.distribution.package is made


def test_a_server_makes_it_as_soon_as_it_can(packaged, make):
    offers = Offers()
    described = packaged.root / "pyproject.toml"
    written = described.read_text(encoding="utf-8")
    described.write_text("[project", encoding="utf-8")
    [problem] = make(offers)
    assert "cannot be made" in problem
    assert offers.distribution.package is None
    described.write_text(written, encoding="utf-8")
    assert make(offers) == []
    assert offers.distribution.package.wheel == WHEEL
