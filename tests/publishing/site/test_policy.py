"""The policy lets a page run its own scripts, and no other."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from mnist_lessons.publishing.site.policy import with_policy

HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title></head>'


def directives(page):
    [content] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    return dict(part.strip().split(" ", 1) for part in content.split(";"))


def hashed(script):
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def test_each_inline_script_is_allowed_by_its_hash():
    page = with_policy(f"{HEAD}<script>one()</script><script async>two('é')</script>")
    assert set(directives(page)["script-src"].split()) == {
        "'self'",
        hashed("one()"),
        hashed("two('é')"),
    }


def test_data_and_files_need_no_hash():
    page = with_policy(
        f'{HEAD}<script src="a.js"></script><script id="c" type="application/json">{{}}</script>'
    )
    assert directives(page)["script-src"] == "'self'"


def test_the_policy_comes_before_everything_that_it_rules():
    page = with_policy(f"{HEAD}<script>one()</script>")
    assert page.index("Content-Security-Policy") < page.index("<title>") < page.index("<script>")


def test_nothing_is_allowed_from_elsewhere():
    allowed = directives(with_policy(HEAD))
    assert allowed["default-src"] == "'none'"
    assert not any("http" in sources or "*" in sources for sources in allowed.values())
    assert "'unsafe-inline'" not in allowed["script-src"]
    assert "'unsafe-eval'" not in allowed["script-src"]


def test_the_policy_depends_on_the_page_alone():
    scripts = "<script>b()</script><script>a()</script><script>b()</script>"
    assert with_policy(HEAD + scripts) == with_policy(HEAD + scripts)
    assert directives(with_policy(HEAD + scripts))["script-src"].count("sha256") == 2


def test_a_page_without_a_place_for_it_is_refused():
    with pytest.raises(ValueError, match="its policy has no place"):
        with_policy("<html><head></head></html>")
