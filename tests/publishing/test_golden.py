"""Each block of HTML that the site is made of, as it was judged to be right.

Where a block is meant to change, `GOLDEN=write` before pytest writes the files anew: look at
what changed in them.
"""

import json
import os
import tempfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from mnist_lessons.figures.look import VARIANTS
from mnist_lessons.publishing.exhibits import (
    comparison,
    contents,
    data,
    datasets,
    draw,
    home,
    mistakes,
    package,
    pairs,
    run_cards,
    test_source,
)
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.html.ansi import as_html as ansi
from mnist_lessons.publishing.html.formulas import as_html as formula
from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.lesson_page import cells, placeholders
from mnist_lessons.publishing.lesson_page.api_links import linked
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.lesson_page.figures import figure_html
from mnist_lessons.publishing.lesson_page.head import head
from mnist_lessons.publishing.lesson_page.tables import table_html
from mnist_lessons.publishing.lesson_page.training_log import training_output
from mnist_lessons.publishing.runs.package import Package
from mnist_lessons.publishing.runs.shown import Column, Table
from mnist_lessons.publishing.runs.tiles import sprite
from mnist_lessons.publishing.site.policy import with_policy
from tests.publishing.cards import run_with

GOLDEN = Path(__file__).with_name("golden")
TITLE = "A <b>net</b> & \"its\" 'rival'"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>'
LINES = ["epoch 1/2 <", "epoch 2/2 &"]
LOG = [
    {"fit": TITLE, "epoch": epoch, "train_loss": loss / 2, "validation_loss": loss}
    for epoch, loss in enumerate((2.3, 0.4, 0.5))
]
DOWNLOADS = dict.fromkeys(("constraints.txt", "a-1.whl", "a-1.tar.gz"), b"a")
DISTRIBUTION = Distribution(Package(DOWNLOADS, "0123456789abc"), colab="o/r", guide="run.md")
CONVOLUTION = [
    {"kind": "conv", "weights": [2, 1, 5, 5], "shape": [2, 24, 24]},
    {"kind": "flatten", "shape": [1152]},
    {"kind": "linear", "weights": [10, 1152], "shape": [10]},
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two lessons, whose networks read the same three test images wrong, or one of them."""
    made = []
    for lesson, number, layers in (("one", 3, CONVOLUTION), ("two", 1, CONVOLUTION[1:])):
        kind = "convolutional" if layers is CONVOLUTION else "simple"
        network = {"title": TITLE, "name": f"{kind} network", "layers": layers, "bytes": 4}
        card = {
            "lesson": lesson,
            "results": [{"title": f"{TITLE} {lesson}", "fit": TITLE}],
            "networks": [network],
            "log": LOG,
            "trainings": [{"fit": TITLE, "printed": LINES}],
        }
        run = run_with(tmp_path_factory.mktemp(lesson), card)
        (run.folder / "net.weights").write_bytes(b"abcd")
        write_mistakes(run.folder, number)
        made.append(run)
    return made


def write_mistakes(folder, number):
    chances = [0, 0, 0, 996, 0, 4, 0, 0, 0, 0]
    confusion = [[9 * (true == read) for read in range(10)] for true in range(10)]
    confusion[5][3] = number
    listed = {"count": 90, "confusion": confusion, "columns": 16}
    listed["errors"] = [[row, 5, 3, chances] for row in range(number)]
    (folder / "net.errors.json").write_text(json.dumps(listed))
    tiles = [bytes([row + 1, 200]) + bytes(782) for row in range(number)]
    (folder / "net.errors.png").write_bytes(sprite(tiles, 16))


def page_of_cells(run):
    picture = v4.new_output("stream", name="stdout", text="\n".join(["before", *LINES, "after"]))
    notebook = v4.new_notebook(cells=[v4.new_code_cell("f('<b>')", outputs=[picture])])
    [cell] = cells.rendered(cells.prepared(notebook, run))
    return cell


def table_of(*columns):
    """A table of one row; it is wide where the first column has a long name."""
    text = f"A table\n{columns[0].name * 2}"
    row = ["1" if column.is_number else column.name for column in columns]
    noted = {"name": "t", "title": TITLE, "columns": columns, "rows": [row], "text": text}
    return table_html(Table(**noted, data="t.csv"))


def words(run):
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# T\n\nwords")])
    return head(run.card.lesson, run.card, notebook, DISTRIBUTION, "https://example.org/e.py")


def sources_of(runs):
    text = v4.new_markdown_cell(f"# {TITLE}\n\nWhat?", metadata={"level": "advanced"})
    notebook = v4.new_notebook(cells=[text])
    lessons = {run.card.lesson: run for run in runs}
    return Sources(
        GOLDEN,
        lessons,
        notebooks=dict.fromkeys(lessons, notebook),
        distribution=DISTRIBUTION,
    )


def contents_of(runs):
    """The first lesson has shown a figure."""
    figure = {"name": "curve", "title": TITLE, "alt": TITLE}
    card = {"lesson": "one", "figures": [figure]}
    with tempfile.TemporaryDirectory() as folder:
        run = run_with(Path(folder), card)
        for ending in (*VARIANTS, ".png"):
            (run.folder / f"curve{ending}").write_bytes(SVG)
        return contents.block(sources_of([run, runs[1]]))


def networks_of(runs):
    return [f"{run.card.lesson}/{noted.key}" for run in runs for noted in run.card.networks]


BLOCKS = {
    "comparison.html": lambda runs: comparison.table(runs, GOLDEN / "none"),
    "costs.html": comparison.costs,
    "curves.html": comparison.curves,
    "pairs.html": pairs.block,
    "draw.html": lambda runs: draw.block(sources_of(runs), *networks_of(runs)),
    "example.svg": lambda runs: draw.files(sources_of(runs))[
        f"draw/{networks_of(runs)[0]}.svg"
    ].decode(),
    "errors.html": mistakes.block,
    "home.html": lambda runs: home.block(sources_of(runs), "one/net", "0", "two/net"),
    "contents.html": contents_of,
    "length.md": lambda runs: contents.length(sources_of(runs)),
    "data.md": data.block,
    "runs.html": lambda runs: run_cards.block(sources_of(runs)),
    "package.md": lambda _: package.files(DISTRIBUTION),
    "install.md": lambda _: package.install(DISTRIBUTION),
    "datasets.md": lambda _: datasets.block(),
    "head.md": lambda runs: words(runs[0]),
    "cell.html": lambda runs: page_of_cells(runs[0]),
    "training.html": lambda runs: training_output(runs[0].card, "\n".join(LINES)),
    "figure.html": lambda _: figure_html(
        "curve",
        {f"curve{ending}": SVG for ending in VARIANTS} | {"curve.csv": b""},
        alt=TITLE,
        title=TITLE,
        folder="../tutorials/one/",
    ),
    "setup.html": lambda _: placeholders.folded('<div>code</div>\n<div class="jp-Out">x</div>'),
    "table.html": lambda _: (
        table_of(Column(name=TITLE, is_number=False), Column(name="n", is_number=True))
        + table_of(Column(name="n", is_number=True), Column(name="short", is_number=False))
    ),
    "claim.html": lambda _: fragment("claim", TITLE, "") + fragment("claim", TITLE, "(<b>)"),
    "failure.html": lambda _: (
        placeholders.failure(placeholders.reasons([f"{TITLE}\nTraceback <x>", "another"]))
        + placeholders.greyed('<div>code</div><div class="jp-Out">x</div>')
        + fragment("image", "a.png", TITLE, 30, 20)
        + fragment("link_to_failure")
        + fragment("watermark")
    ),
    "words.html": lambda _: (
        ansi("\x1b[1;31m<b>\x1b[0m & 'more'")
        + formula("a < b", display=False)
        + linked('<span class="n">fit</span>', {"fit": "m.fit"}, ["m.fit"], "../reference/")
        + fragment("word", "loss", "../../glossary/#loss")
    ),
    "policy.html": lambda _: with_policy('<meta charset="utf-8"><script>1 < 2</script>'),
    "test.html": lambda _: test_source.block(
        Sources(Path(__file__).parents[2], {}, "https://example.org/a"),
        "tests/test_words.py",
        "test_articles_and_times",
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_as_it_was_judged_to_be_right(runs, name):
    made = BLOCKS[name](runs)
    file = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        file.write_text(made, encoding="utf-8")
    assert made == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in BLOCKS if name.endswith(".html")])
def test_what_a_run_says_adds_no_tag_to_a_block(name):
    soup = BeautifulSoup((GOLDEN / name).read_text(encoding="utf-8"), "html.parser")
    assert not [tag for tag in soup("b") if tag.get_text() == "net"]


def test_every_golden_file_is_of_a_block():
    assert {file.name for file in GOLDEN.iterdir()} == set(BLOCKS)
