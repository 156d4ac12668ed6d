"""The order of the lessons, and their parts: those of the navigation."""

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
