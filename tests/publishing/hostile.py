"""Markdown as a page shows it, and a text that must have no effect there."""

import markdown
from bs4 import BeautifulSoup

HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(1)) <javascript:alert(1)> "
    "![y](javascript:alert(1)) **bold** _soft_ `code` a|b \\<b> &lt;b&gt; $x$ "
    '{: onclick="alert(1)" } # no heading\n\n<img src=x onerror=alert(1)>\n| x | y |'
)
EXTENSIONS = ["tables", "attr_list", "md_in_html", "admonition", "toc"]


def html_of(text):
    return BeautifulSoup(markdown.markdown(text, extensions=EXTENSIONS), "html.parser")


def has_no_effect(soup, *known):
    """Whether a text added no tag and no attribute, and can be read whole."""
    assert {tag.name for tag in soup.find_all(True)} <= set(known)
    targets = [tag.attrs for tag in soup.find_all(True) if tag.attrs]
    assert all(attributes.keys() <= {"style", "href"} for attributes in targets)
    assert all("script" not in str(attributes) for attributes in targets)
    return " ".join(HOSTILE.split()) in " ".join(soup.get_text().split())


TABLE = ("table", "thead", "tbody", "tr", "th", "td")


def rows_of(table):
    """The rows of a Markdown table as a page shows them, its head first."""
    soup = BeautifulSoup(markdown.markdown(table, extensions=["tables"]), "html.parser")
    return [[cell.get_text() for cell in row(["th", "td"])] for row in soup("tr")]
