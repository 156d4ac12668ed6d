"""The order of the lessons, and their parts: those of the navigation."""

import json

import pytest
from bs4 import BeautifulSoup
from mkdocs.utils.yaml import yaml_load

from mnist_lessons.publishing.site.reading_order import parts

NAV = """\
- index.md
- Begin:
    - First: tutorials/b.py
    - Second: tutorials/a.py
- Deep:
    - Deeper:
        - tutorials/c.py
    - Elsewhere: https://example.org
- Last: last.md
"""


def test_each_page_is_in_the_part_that_lists_it():
    found = parts(yaml_load(NAV))
    assert list(found.items()) == [
        ("index.md", ""),
        ("tutorials/b.py", "Begin"),
        ("tutorials/a.py", "Begin"),
        ("tutorials/c.py", "Deeper"),
        ("https://example.org", "Deep"),
        ("last.md", ""),
    ]


def test_a_site_without_navigation_has_no_parts():
    assert parts(None) == {}


def test_home_lists_the_lessons_in_the_parts_of_the_navigation(project):
    with (project.root / "docs" / "index.md").open("a") as home:
        home.write("\n## All\n\n<!-- lessons: contents -->\n")
    with (project.root / "mkdocs.yml").open("a") as config:
        config.write("nav: [index.md, {Hard: [tutorials/two.py]}, {Easy: [tutorials/one.py]}]\n")
    result = project.build()
    assert result.returncode == 0, result.stderr
    page = BeautifulSoup(project.site()["index.html"], "html.parser")
    headings = [heading.get_text() for heading in page.select(".contents :is(h3, h4)")]
    assert headings == ["Hard", "Lesson two", "Easy", "Lesson one"]


@pytest.fixture
def way(project):
    """Lesson `one` needs `two`, which comes before it, and a page of words comes last."""
    script = project.root / "tutorials" / "one.py"
    text = script.read_text().replace("# %% [markdown]", '# %% [markdown] needs="two"', 1)
    script.write_text(text)
    (project.root / "docs" / "last.md").write_text("# Words\n")
    with (project.root / "mkdocs.yml").open("a") as config:
        nav = "[index.md, tutorials/two.py, tutorials/one.py, More & more: last.md]"
        config.write(f"nav: {nav}\n")
    return project


def test_a_lesson_says_what_it_needs_and_what_comes_next(way):
    way.write("two", prose="What is `it` about?")
    result = way.build()
    assert result.returncode == 0, result.stderr
    one, two = (BeautifulSoup(way.page(slug), "html.parser") for slug in ("one", "two"))
    assert "Needs: Lesson two." in one.find(class_="lesson-facts").get_text()
    assert one.select_one(".lesson-facts a[href='../two/']")
    assert "Needs: Python, and no other lesson." in two.find(class_="lesson-facts").get_text()
    following = two.find(class_="lesson-next")
    assert following.get_text().strip() == "Next: Lesson one. Prose. 1 minute to read."
    assert following.a["href"] == "../one/"
    last = one.find(class_="lesson-next")
    assert last.get_text().strip() == "Next: More & more."
    assert last.a["href"] == "../../last/"
    assert one.find(id="the-run-behind-this-page").find_previous("section") == last
    texts = json.loads(way.site()["search/search_index.json"])["docs"]
    assert not [text for text in texts if "Next:" in text["text"]]


def test_what_is_no_lesson_stops_the_build(way):
    (way.root / "tutorials" / "two.py").rename(way.root / "tutorials" / "three.py")
    result = way.build()
    assert result.returncode != 0
    assert "tutorials/one.py, line 1: needs two, which is no lesson" in result.stderr
