"""A link to a page comes with a picture where the site has an address, and with none elsewhere."""

import io
import json
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image

from mnist_lessons.publishing.site import sharing

REPOSITORY = Path(__file__).parents[3]
ADDRESS = "https://example.org/m/"


@pytest.fixture
def drawn(project):
    """Lesson `one` has shown a figure, with a title that could end an attribute."""
    figure = {"name": "curve", "title": 'A "curve" & <b>', "alt": "A curve that falls from 2 to 1"}
    content = io.BytesIO()
    Image.new("RGBA", (40, 30), "red").save(content, "PNG")
    (project.stored("one").folder / "curve.png").write_bytes(content.getvalue())
    project.edit_stored("one", figures=[figure])
    return project


def build(project, address):
    """The heads of the pages, by the ends of their addresses, of a site with our templates."""
    file = project.root / "mkdocs.yml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config |= {"site_url": address, "theme": {**config["theme"], "static_templates": []}}
    config["theme"]["custom_dir"] = str(REPOSITORY / "docs" / "overrides")
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    result = project.build()
    assert result.returncode == 0, result.stderr
    site = project.site()
    pages = {"home": "index.html", "one": "tutorials/one/index.html"}
    pages["two"] = "tutorials/two/index.html"
    return {name: BeautifulSoup(site[file], "html.parser").head for name, file in pages.items()}


def said(head, name):
    return [tag["content"] for tag in head("meta", property=name)]


def test_a_page_has_the_picture_of_its_lesson_or_that_of_the_site(drawn):
    heads = build(drawn, ADDRESS)
    pictures = {name: said(head, "og:image") for name, head in heads.items()}
    of_site = [f"{ADDRESS}share.png"]
    own = f"{ADDRESS}tutorials/one/share.png"
    assert pictures == {"home": of_site, "one": [own], "two": of_site}
    assert said(heads["one"], "og:image:alt") == ['Lesson one. A figure: A "curve" & <b>']
    assert said(heads["one"], "og:image:width") == ["1200"]
    assert said(heads["one"], "og:image:height") == ["630"]
    card = heads["one"].find("meta", attrs={"name": "twitter:card"})
    assert card["content"] == "summary_large_image"
    for file in ("share.png", "tutorials/one/share.png"):
        with Image.open(io.BytesIO(drawn.site()[file])) as image:
            assert image.size == (1200, 630)
    data = json.loads(heads["one"].find("script", type="application/ld+json").string)
    assert (data["url"], data["image"]) == (f"{ADDRESS}tutorials/one/", own)


def test_a_second_build_draws_nothing_and_has_the_same_bytes(drawn, monkeypatch):
    build(drawn, ADDRESS)
    before = drawn.site()["tutorials/one/share.png"]
    monkeypatch.setattr(sharing, "picture", lambda *_: pytest.fail("it was kept"))
    build(drawn, ADDRESS)
    assert drawn.site()["tutorials/one/share.png"] == before


def test_a_site_without_an_address_has_no_picture(drawn, monkeypatch):
    monkeypatch.setattr(sharing, "kept", lambda *_: pytest.fail("nobody asks for it"))
    heads = build(drawn, "")
    assert not [file for file in drawn.site() if file.endswith("share.png")]
    assert not [tag for head in heads.values() for tag in said(head, "og:image")]
    card = heads["one"].find("meta", attrs={"name": "twitter:card"})
    assert card["content"] == "summary"
    data = json.loads(heads["one"].find("script", type="application/ld+json").string)
    assert data["name"] == "Lesson one"
    assert {"url", "image"}.isdisjoint(data)
    assert not heads["home"].find("script", type="application/ld+json")
