"""Nothing that a run prints, shows or calls itself can run in a reader's browser."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from benchmarks.chromium import MISSING, find
from benchmarks.static import serving_folder

RUN = "document.documentElement.setAttribute('data-ran-{0}', '')"  # what a payload does


def script(name: str) -> str:
    return f"<script>{RUN.format(name)}</script>"


def image(name: str) -> str:
    return f'<img src=x onerror="{RUN.format(name)}">'


def link(name: str) -> str:
    return f'<a href="javascript:{RUN.format(name)}">link</a>'


def drawing(name: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN.format(name)}">{script(name)}</svg>'
    )


# Cells whose outputs a browser could run, and what the refusal names.
REFUSED = {
    "html_script": (f"HTML({script('a')!r})", "text/html"),
    "html_image": (f"HTML({image('a')!r})", "text/html"),
    "html_link": (f"HTML({link('a')!r})", "text/html"),
    "svg_onload": (f"SVG({drawing('a')!r})", "image/svg+xml"),
    "svg_script": (
        f"display({{'image/svg+xml': {drawing('a')!r}, 'text/plain': 'x'}}, raw=True)",
        "image/svg+xml",
    ),
    "markdown_html": (f"Markdown({script('a') + image('a')!r})", "text/markdown"),
    "markdown_link": ("Markdown('[a link](javascript:alert)')", "text/markdown"),
    "javascript": (f"Javascript({RUN.format('a')!r})", "application/javascript"),
    "json": (f"JSON({{'a': {script('a')!r}}})", "application/json"),
    "latex": ("Latex(r'$\\\\href{javascript:alert}{x}$')", "text/latex"),
}

# A lesson whose every text is hostile; each has its own name.
PRINTED = f"""\
import io, sys
from IPython.display import display
from matplotlib.image import imsave

print({script("stdout")!r}, {image("stdout-image")!r}, {drawing("stdout-svg")!r})
print({image("stderr")!r}, file=sys.stderr)
print("\\x1b[31m" + {image("ansi")!r} + "\\x1b[0m", "\\x1b]8;;javascript:alert\\x1b\\\\link")

class Hostile:
    def __repr__(self):
        return {image("repr")!r}

imsave(file := io.BytesIO(), [[0, 1]], format="png")
text = {{"alt": '">' + {image("alt")!r} + " and some words", "name": {image("figure")!r}}}
display({{"image/png": file.getvalue(), "text/plain": {image("plain")!r}}}, raw=True,
        metadata={{"image/png": text}})
Hostile()"""

PUBLISHED = f"""\
import csv, json, os
from pathlib import Path
tiny.publish(
    "one", device_name={image("device")!r}, versions={{{image("version")!r}: "3"}},
    values={{{image("value")!r}: 1.0}}, commit={image("commit")!r},
    results=[dict(
        key="net", title={image("title")!r}, epochs=1, loss=0.5, correct=400,
        count=500, accuracy=0.8, interval=[0.76, 0.83], parameters=1, multiplications=1,
        seconds_per_epoch=1.0,
    )],
    data=tiny.DATA | dict(
        source={image("source")!r}, licence={image("licence")!r},
        sizes={{{image("size")!r}: 4000}},
    ),
)
log = Path(os.environ["MNIST_LESSONS_RUNS"]) / "one" / "log.csv"
rows = list(csv.DictReader(log.open()))
with log.open("w", newline="") as stream:
    writer = csv.DictWriter(stream, rows[0])
    writer.writeheader()
    writer.writerows(row | dict(fit={image("fit")!r}) for row in rows)"""


def opened(address: str, profile: Path) -> BeautifulSoup:
    """A page after a browser has loaded it, and run what there is to run."""
    browser = find()
    assert browser, MISSING
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += ["--disable-background-networking", f"--user-data-dir={profile}"]
    process = subprocess.run(
        [browser, *options, "--virtual-time-budget=3000", "--dump-dom", address],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return BeautifulSoup(process.stdout, "html.parser")


def has_run(page: BeautifulSoup) -> set[str]:
    return {name for name in page.html.attrs if name.startswith("data-ran-")}


def assert_inert(page: BeautifulSoup) -> None:
    assert has_run(page) == set()
    assert page.find(onerror=True) is None
    assert page.find(onload=True) is None
    assert not [tag for tag in page(href=True) if tag["href"].startswith("javascript:")]


def test_a_payload_is_seen_to_run(tmp_path):
    names = ("script", "image", "svg")
    control = script("script") + image("image") + drawing("svg")
    (tmp_path / "index.html").write_text(f"<!doctype html><title>Control</title>{control}")
    with serving_folder(tmp_path) as address:
        page = opened(f"{address}index.html", tmp_path / "profile")
    assert has_run(page) == {f"data-ran-{name}" for name in names}


@pytest.fixture(scope="module")
def refusals(built, tmp_path_factory):
    """What a build says of lessons of which each has one hostile output."""
    root = tmp_path_factory.mktemp("refused") / "project"
    project = type(built)(shutil.copytree(built.root, root))
    before = project.site()
    for slug, (code, _) in REFUSED.items():
        project.write(
            slug, code=f"from IPython.display import *\nfrom IPython.display import display\n{code}"
        )
    result = project.program("build")
    assert result.returncode == 1
    assert project.site() == before
    assert project.leftovers() == []
    return result.stderr


@pytest.mark.parametrize("slug", REFUSED)
@pytest.mark.slow
def test_an_output_that_could_run_is_refused_with_its_place(refusals, slug):
    _, kind = REFUSED[slug]
    place = f"{slug}: code cell 2 of 3 (line 15) failed: its output has {kind}, "
    [line] = [line for line in refusals.splitlines() if place in line]
    assert "could run scripts" in line


@pytest.fixture(scope="module")
def hostile(built, tmp_path_factory):
    """A project with a lesson of which every text is hostile."""
    root = tmp_path_factory.mktemp("hostile") / "project"
    project = type(built)(shutil.copytree(built.root, root))
    with (project.root / "docs" / "index.md").open("a", encoding="utf-8") as home:
        home.write("\n## Runs\n\n<!-- lessons: runs -->\n")
    project.write("one", code=PRINTED, end=PUBLISHED)
    result = project.program("build")
    assert result.returncode == 0, result.stderr
    return project


OF_THE_RUN = ("device", "version", "size", "source", "licence")
OF_THE_CELLS = ("stdout", "stdout-image", "stdout-svg", "stderr", "ansi", "repr")


@pytest.mark.parametrize(
    ("page", "shown"),
    [("tutorials/one/", (*OF_THE_CELLS, *OF_THE_RUN)), ("", ("title", *OF_THE_RUN))],
    ids=["lesson", "results"],
)
def test_what_is_shown_is_inert(hostile, tmp_path, page, shown):
    with serving_folder(hostile.root / "site") as address:
        dom = opened(f"{address}{page}", tmp_path / "profile")
    assert_inert(dom)
    text = dom.article.get_text()
    for name in shown:
        assert RUN.format(name) in text, "a reader sees it as it is"
    assert all("data-ran-alt" in picture["alt"] for picture in dom.article("img"))


def test_what_the_search_finds_is_inert(hostile):
    """The theme shows these texts as HTML."""
    index = json.loads((hostile.root / "site" / "search" / "search_index.json").read_text("utf-8"))
    found = [entry for entry in index["docs"] if "onerror" in entry["text"]]
    assert found
    for entry in index["docs"]:
        shown = BeautifulSoup(entry["title"] + entry["text"], "html.parser")
        assert {tag.name for tag in shown(True)} <= {"p", "ul", "ol", "li", "code", "pre"}


@pytest.mark.slow
def test_an_error_that_the_server_shows_is_inert(serve, project, tmp_path):
    message = script("error") + image("error") + link("error")
    project.write("one", code=f"print({image('before')!r})\nraise ValueError({message!r})")
    page = serve(project).wait_for("This lesson did not run")
    # A browser at the server itself would wait for news, and never say that it is done.
    (project.root / "site/tutorials/one/index.html").write_text(page, encoding="utf-8")
    with serving_folder(project.root / "site") as address:
        dom = opened(f"{address}tutorials/one/", tmp_path / "profile")
    assert_inert(dom)
    assert message in dom.article.get_text()
