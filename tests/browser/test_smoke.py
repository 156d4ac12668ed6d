"""A page of each kind, on a site that takes seconds: what `make test` sees of the browser."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.browsing import Visit, violations, width_of_page
from benchmarks.static import serving_folder
from tests.publishing.cards import CARD

ROOT = Path(__file__).parents[2]
# In the place of all lessons but one. It has no need of PyTorch, which takes seconds to import.
SHORT = """\
# %% [markdown]
# # A short lesson
#
# It only says hello.

# %%
import json, os
from pathlib import Path

run = Path(os.environ["MNIST_LESSONS_RUNS"]) / "{slug}"
run.mkdir(parents=True)
(run / "run.json").write_text(json.dumps({card}))
print("hello")
"""
# What the pages to draw on load; the short lessons publish none.
OTHER_NETWORKS = re.compile(r"(<!-- lessons: (?:draw|home \S+ \S+) ).*(?= -->)")


@pytest.fixture(scope="module")
def short_site(tmp_path_factory):
    """The address of a site with the first lesson as a preview, and a word for each other."""
    root = tmp_path_factory.mktemp("short")
    for name in ("docs", "mnist_lessons", "tests", "tutorials"):
        ignored = shutil.ignore_patterns("__pycache__", "bands.toml")  # of what all lessons find
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    shutil.copy(ROOT / "mkdocs.yml", root)
    for script in (root / "tutorials").glob("*.py"):
        if script.stem != "simple_dnn":
            card = CARD | {"lesson": script.stem, "profile": "preview", "data": None}
            script.write_text(SHORT.format(slug=script.stem, card=card), encoding="utf-8")
    for page in [*(root / "docs").glob("*.md"), root / "tutorials" / "simple_dnn.py"]:
        text = page.read_text(encoding="utf-8")  # the short lessons have no sections
        text = re.sub(r"((?!simple_dnn)\b\w+\.py)#[\w-]+", r"\1", text)
        page.write_text(OTHER_NETWORKS.sub(r"\1simple_dnn/dnn", text), encoding="utf-8")
    settings = {"MNIST_LESSONS_PROFILE": "preview", "MNIST_LESSONS_DEVICE": "cpu"}
    built = subprocess.run(
        [sys.executable, "-m", "mnist_lessons.publishing", "build"],
        cwd=root,
        env=os.environ | settings | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    with serving_folder(root / "site") as address:
        yield address


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("place", ["", "tutorials/simple_dnn/", "results/", "errors/", "draw/"])
def test_a_page_is_sound(browser, short_site, place, dark):
    visit = Visit(browser, short_site + place, dark=dark, wait_until="networkidle")
    broken = violations(visit.page, "of colour" if dark else "all")
    assert not broken, "\n\n".join(broken)
    for width in (1280, 390, 320):
        visit.page.set_viewport_size({"width": width, "height": 900})
        assert width_of_page(visit.page) == width
    visit.close()
    assert visit.problems == []
    assert visit.sent_away() == []


def test_a_search_finds_a_page_and_marks_its_words(browser, short_site, until):
    """The search is the theme's, but for what loads its texts."""
    visit = Visit(browser, short_site + "glossary/", wait_until="networkidle")
    assert not any("texts.json" in url for url in visit.sent)
    visit.page.locator(".md-search__input").focus()
    visit.page.keyboard.type("logits")
    visit.page.locator(".md-search-result__link[href*='h=logits']").first.click()
    until(visit.page, "document.querySelector('article mark')")
    visit.close()
    assert visit.problems == []
