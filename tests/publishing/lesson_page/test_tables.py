"""A table and a claim on a page: what the run's card has of an output, not what it says it is."""

from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from benchmarks.browsing import Visit, chromium
from benchmarks.static import serving_folder
from mnist_lessons.publishing.lesson_page import cells as lesson_cells
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings
from tests.publishing.cards import as_built

ROOT = Path(__file__).parents[3]
HOSTILE = '1 < 2 & "quoted" </td><script>alert(1)</script>'
SENTENCE = "The <b>second</b> network reads more digits than the first & is 10 times as large."
NARROW = [{"layer": "Linear", "weights": 200_960}, {"layer": "ReLU", "weights": None}]
WIDE = [
    {HOSTILE: "A network", "why": "It is so.", "image": True, "share": 0.97}
    | {f"{name} of multiplications": 123_456_789 for name in ("number", "sum", "least", "most")}
]


@pytest.fixture(scope="module")
def full(sample):
    """Images that count as the full MNIST."""
    return replace(sample, provenance=replace(sample.provenance, dataset="MNIST"))


@pytest.fixture
def run(tmp_path, full):
    """A run that has shown two tables and a claim."""
    run = Run("lesson", seed=0, settings=Settings(runs=tmp_path))
    run.loaded(full)
    run.table(NARROW, "layers", title="The layers")
    run.table(WIDE, "Wide_one", title=HOSTILE)
    run.claim(SENTENCE, True)
    return as_built(run.folder)


def output(text, **about):
    return v4.new_output("display_data", {"text/plain": text}, metadata={"text/plain": about})


def table(run, name, /, **changes):
    """What a notebook has of a table of a run."""
    text = next(table.text for table in run.card.tables if table.name == name)
    return output(changes.pop("text", text), **{"table": name} | changes)


def notebook_of(*outputs):
    return v4.new_notebook(cells=[v4.new_code_cell("f()", outputs=list(outputs))])


def html_of(notebook, run):
    [cell] = lesson_cells.rendered(lesson_cells.prepared(notebook, run))
    return BeautifulSoup(cell, "html.parser")


def test_a_page_shows_a_table_with_its_title_and_its_data(run):
    notebook = notebook_of(table(run, "layers"))
    page = html_of(notebook, run)
    [shown] = page("table")
    assert shown.caption.get_text() == "The layers Data (CSV)"
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in shown("tr")]
    assert rows == [["layer", "weights"], ["Linear", "200,960"], ["ReLU", "\N{EN DASH}"]]
    assert [head["scope"] for head in shown("th")] == ["col", "col", "row", "row"]
    [link] = page("a")
    assert link["href"] == "layers.csv"
    assert link.has_attr("download")
    assert lesson_cells.shown_files(notebook, run) == {
        "layers.csv": b"layer,weights\nLinear,200960\nReLU,\n"
    }


def test_only_a_wide_table_is_a_stop_of_the_keyboard(run):
    page = html_of(notebook_of(table(run, "layers"), table(run, "Wide_one")), run)
    [region] = page.select("[tabindex]")
    assert region["aria-label"] == HOSTILE
    assert region.find("caption")


def test_a_table_has_no_effect(run):
    page = html_of(notebook_of(table(run, "Wide_one")), run)
    assert not page("script")
    assert page.th.get_text() == HOSTILE


@pytest.mark.parametrize(
    "changes",
    [{"text": "Another text"}, {"table": "other"}, {"table": "../layers"}, {"table": ["layers"]}],
)
def test_what_is_not_the_table_of_the_card_is_shown_as_it_is(run, changes):
    notebook = notebook_of(table(run, "layers", **changes))
    page = html_of(notebook, run)
    assert not page("table")
    text = changes.get("text") or run.card.tables[0].text
    assert page.select_one(".jp-OutputArea-output pre").get_text().strip() == text
    assert lesson_cells.shown_files(notebook, run) == {}


def test_a_table_without_its_data_is_shown_as_it_is(run):
    (run.folder / "layers.csv").unlink()
    notebook = notebook_of(table(run, "layers"), table(run, "Wide_one"))
    assert len(html_of(notebook, run)("table")) == 1
    assert [*lesson_cells.shown_files(notebook, run)] == ["Wide_one.csv"]


def test_a_claim_is_a_sentence_of_the_page_that_the_program_asserts(run):
    page = html_of(notebook_of(output(SENTENCE, claim=SENTENCE)), run)
    [claim] = page.select("p.claim")
    assert claim.get_text() == f"\N{CHECK MARK} {SENTENCE}"
    assert claim.select_one("[role=img]")["aria-label"] == "Asserted by this run:"
    assert not page("b")


def test_a_claim_that_was_not_checked_says_why(tmp_path, sample):
    run = Run("other", seed=0, settings=Settings(runs=tmp_path))
    run.loaded(sample)
    run.claim(SENTENCE, False)
    [noted] = as_built(run.folder).card.claims
    page = html_of(notebook_of(output(noted.text, claim=SENTENCE)), as_built(run.folder))
    [claim] = page.select("p.claim")
    assert claim.get_text() == f"{SENTENCE} (not checked on the sample)"
    assert not claim.select("[role=img]")


@pytest.mark.parametrize(
    "shown",
    [
        output("Another.", claim=SENTENCE),
        output(SENTENCE, claim="Another."),
        output(SENTENCE),
        v4.new_output("display_data", {"text/plain": SENTENCE}, metadata={"text/plain": "claim"}),
        v4.new_output("stream", name="stdout", text=SENTENCE),
    ],
)
def test_what_the_run_has_not_claimed_is_shown_as_it_is(run, shown):
    page = html_of(notebook_of(shown), run)
    assert not page.select("p.claim")
    assert page.select_one(".jp-OutputArea-output pre")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_wide_table_scrolls_beside_its_first_column(run, width):
    content = html_of(notebook_of(table(run, "layers"), table(run, "Wide_one")), run)
    style = (ROOT / "docs" / "stylesheets" / "tables.css").read_text(encoding="utf-8")
    (run.folder / "index.html").write_text(
        '<!doctype html><meta charset="utf-8"><title>T</title>'
        '<meta name="viewport" content="width=device-width">'
        f'<style>{style}</style><body class="md-typeset">{content}',
        encoding="utf-8",
    )
    with serving_folder(run.folder) as address, chromium() as browser:
        page = Visit(browser, address, width=width, height=900).page
        assert page.evaluate("document.documentElement.scrollWidth") == width
        region, first = page.locator(".results"), page.locator(".results tbody th")
        before = first.bounding_box()["x"]
        region.evaluate("box => box.scrollTo(1e4, 0)")
        assert (region.evaluate("box => box.scrollLeft") > 0) == (width == 390)
        assert first.bounding_box()["x"] == before
        aligned = page.evaluate(
            "[...document.querySelectorAll('table:not(.results *) td')]"
            ".map(cell => getComputedStyle(cell).textAlign)"
        )
        assert aligned == ["right", "right"]


RUN = "from mnist_lessons.runlog import start_run\n\nrun = start_run('one', seed=1)\n"
TABLE = "run.table([{'layer': 'ReLU', 'weights': 0}], 'layers', title='The layers')\n"


@pytest.mark.slow
def test_a_lesson_shows_its_tables_and_claims_on_its_page(project, kernels):
    claim = "run.claim('Two is more than one.', 2 > 1)"
    project.write("one", code=f"{RUN}{TABLE}{claim}", end="run.finish()")
    result = project.build(MNIST_LESSONS_PROFILE="full")
    assert result.returncode == 0, result.stderr
    page = BeautifulSoup(project.page("one"), "html.parser")
    assert page.select_one(".lesson-table caption").get_text() == "The layers Data (CSV)"
    assert page.select_one(".claim").get_text() == "\N{CHECK MARK} Two is more than one."
    assert "each sentence marked \N{CHECK MARK}" in page.get_text()
    beside = project.root / "site" / "tutorials" / "one" / "layers.csv"
    assert beside.read_text(encoding="utf-8") == "layer,weights\nReLU,0\n"


def test_a_claim_that_the_run_does_not_bear_out_fails_the_build_with_its_line(project):
    before = project.site()
    claim = "run.claim(\n    'Two is less than one.',\n    2 < 1,\n)"
    project.write("one", code=f"{RUN}{TABLE}{claim}")
    result = project.build(MNIST_LESSONS_PROFILE="full")
    assert result.returncode == 1
    said = "ClaimError: this run does not bear out its claim: Two is less than one."
    assert f"one: code cell 2 of 3 (line 19) failed: {said}" in result.stderr
    assert project.site() == before
