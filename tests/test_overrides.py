"""What our templates do differently from the theme's, and that these are still what they were."""

import re
from hashlib import sha256
from pathlib import Path

import material
import pytest
from bs4 import BeautifulSoup
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader

THEME = Path(material.__file__).parent / "templates"
OURS = Path(__file__).parents[1] / "docs" / "overrides"


def stated(template):
    """A template without what changes nothing."""
    return re.sub(r"\s+", " ", re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL)).strip()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("source", [(' data-md-component="source"', "")]),
        ("logo", [('alt="logo"', 'alt="" width="24" height="24"')]),
    ],
)
def test_a_partial_differs_from_the_themes_in_what_it_says(name, changes):
    theirs = stated((THEME / "partials" / f"{name}.html").read_text("utf-8"))
    for old, new in changes:
        assert theirs.count(old) == 1
        theirs = theirs.replace(old, new)
    ours = stated((OURS / "partials" / f"{name}.html").read_text("utf-8"))
    # The site has a logo: the theme's other case is left out.
    taken = re.search(r"\{% if config.theme.logo %\} (.*) \{% else %\}", theirs)
    assert ours == (taken[1] if taken else theirs)


def test_the_block_of_metadata_is_still_the_one_that_ours_was_made_of():
    """If it is not: see what has changed in base.html, and whether `main.html` must follow."""
    base = (THEME / "base.html").read_text("utf-8")
    [block] = re.findall(r"\{% block site_meta %\}.*?\{% endblock %\}", base, re.DOTALL)
    block = re.sub(r"mkdocs-material-[\d.]+", "", block)
    assert sha256(stated(block).encode()).hexdigest()[:16] == "9a8c0f2c1dabb0de"


def test_quotes_in_a_title_or_description_stay_in_their_attributes():
    blocks = ("site_meta", "extrahead", "header", "config")
    theme = "".join(f"{{% block {name} %}}{{% endblock %}}" for name in blocks)
    loader = ChoiceLoader([FileSystemLoader(OURS), DictLoader({"base.html": theme})])
    environment = Environment(loader=loader)
    environment.filters["url"] = str
    said = """'He said "x" & <b>'"""
    page = {"title": 'A "b"', "meta": {"description": said}}
    config = {"site_name": "S", "theme": {"favicon": "x.svg"}}
    html = environment.get_template("main.html").render(page=page, config=config)
    metas = BeautifulSoup(html, "html.parser")("meta")
    told = {tag.get("name") or tag.get("property"): tag.get("content") for tag in metas}
    assert told["description"] == told["og:description"] == said
    assert told["og:title"] == 'A "b"'
