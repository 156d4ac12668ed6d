"""A page shows the code as it was written, and every output once, without any effect."""

import json
import shutil
import struct
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import markdown
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import v4

from mnist_lessons.publishing.lesson_page import cell_cache, placeholders
from mnist_lessons.publishing.lesson_page import cells as lesson_cells
from mnist_lessons.publishing.runs.admission import problem_of_cell
from mnist_lessons.publishing.runs.store import StoredRun

LISTINGS = [
    "x = 1",
    "if x:\n\ty = '<b>&amp;</b>'\n\n\n    # Copied! \u00b6 \u4e2d\u6587 \U0001f600",
    "s = '''\n</code></pre></div><script>alert(1)</script>\n'''",
    "%matplotlib inline\n!ls\nbroken = = syntax",
    "print('In [1]:')  # <style>",
    "'<!-- next cell --> <!-- code cell 1 -->'",
    "",
]


def html_of(*cells):
    """The HTML of each code cell."""
    return lesson_cells.rendered(lesson_cells.prepared(v4.new_notebook(cells=list(cells))))


def code_of(html):
    return [block.get_text() for block in BeautifulSoup(html, "html.parser").select("pre code")]


def printed(html):
    soup = BeautifulSoup(html, "html.parser")
    return [pre.get_text().lstrip("\n") for pre in soup.select(".jp-OutputArea-output pre")]


def stream(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def picture(width=200, height=100, **metadata):
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    return v4.new_output(
        "display_data",
        {"image/png": b64encode(content).decode(), "text/plain": "<Figure>"},
        metadata={"image/png": metadata} if metadata else {},
    )


def images_of(*outputs):
    [cell] = html_of(v4.new_code_cell("f()", outputs=list(outputs)))
    return BeautifulSoup(cell, "html.parser").find_all("img")


def test_listings_keep_their_text():
    pieces = html_of(*map(v4.new_code_cell, LISTINGS))
    assert [code_of(piece) for piece in pieces] == [[f"{listing}\n"] for listing in LISTINGS]
    for piece in pieces:
        for unwanted in ("<script", "<style", "clipboard", "<!--", "cdnjs"):
            assert unwanted not in piece


def test_outputs_keep_their_text_and_nothing_hidden_remains():
    outputs = [stream("a  b\n\tc <i>&</i>\n"), stream("careful\n", "stderr")]
    [piece] = html_of(v4.new_code_cell("f()", outputs=outputs))
    assert printed(piece) == ["a  b\n        c <i>&</i>\n", "careful\n"], "a tab is a place"
    assert "Copied!" not in piece


def test_what_a_cell_prints_has_no_effect():
    text = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)>\n"
        "\x1b[31mred\x1b[0m \x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07 "
        '\x1b["><script>alert(1)</script>m\n'
        "[x](javascript:alert(1)) $x$ </pre></div> <!-- code cell 1 -->\n"
    )
    plain = v4.new_output("execute_result", {"text/plain": text})
    [piece] = html_of(v4.new_code_cell("f()", outputs=[stream(text), plain]))
    soup = BeautifulSoup(piece, "html.parser")
    assert {tag.name for tag in soup.find_all(True)} == {"div", "pre", "code", "span"}
    attributes = {name for tag in soup.find_all(True) for name in tag.attrs}
    assert attributes <= {"class", "data-mime-type", "tabindex", "role", "aria-label", "style"}
    assert {span["class"][0] for span in soup("span", style=True)} == {"terminal"}
    assert all("<script>alert(1)</script>" in shown for shown in printed(piece))
    assert len(printed(piece)) == 2


@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")))
def test_tidy_changes_no_text_of_a_listing(text):
    soup = BeautifulSoup("", "html.parser")
    pre = soup.new_tag("pre")
    for part in text.partition(" "):
        span = soup.new_tag("span")
        span.string = part
        pre.append(span)
    box = soup.new_tag("div", attrs={"class": "highlight-ipynb hl-python"})
    box.append(pre)
    soup.append(box)
    before = BeautifulSoup(str(soup), "html.parser").pre.get_text()
    assert code_of(lesson_cells.tidy(str(soup))) == [before]


@pytest.mark.parametrize(
    "names",
    [
        ["Curve A", "curve-a", "curve-a", "../b"],
        ["a-3", "a", "a", "a-2", "a-2-4"],
        ["", None, "figure-1", "<script>", 7],
    ],
)
def test_figures_of_one_name_are_all_kept(names):
    alt = "A text for those who cannot see it."
    sizes = range(200, 200 + 200 * len(names), 200)
    outputs = [
        picture(width=width, name=name, alt=alt) for width, name in zip(sizes, names, strict=True)
    ]
    cells = [v4.new_code_cell("f()", outputs=[output]) for output in outputs]
    notebook = v4.new_notebook(cells=cells)
    figures = lesson_cells.shown_files(notebook, StoredRun(Path("no such folder")))
    assert len(figures) == len(names)
    assert all(name.endswith(".png") and not name.startswith(".") for name in figures)
    assert not any(set(name) & set("/<> ") for name in figures)
    images = BeautifulSoup("".join(html_of(*cells)), "html.parser").find_all("img")
    assert [image["src"] for image in images] == list(figures)
    assert [int(image["width"]) for image in images] == [width // 2 for width in sizes]
    assert {image["alt"] for image in images} == {alt}


@pytest.mark.parametrize("alt", ['1 < 2 & "3"', "\"><script>alert(1)</script>'", "a\nb <!-- -->"])
def test_a_text_of_a_figure_is_escaped(alt):
    [image] = images_of(picture(name="a", alt=alt))
    assert image["alt"] == alt
    assert set(image.attrs) == {"src", "alt", "width", "height", "loading", "decoding"}


def test_the_executed_notebook_itself_is_not_changed():
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell("f()", outputs=[picture(name="a", alt="b")])]
    )
    before = json.dumps(notebook)
    lesson_cells.rendered(lesson_cells.prepared(notebook))
    assert json.dumps(notebook) == before


HOSTILE = {
    "text/html": "<script>alert(1)</script>",
    "image/svg+xml": '<svg onload="alert(1)"/>',
    "text/markdown": "[x](javascript:alert(1))",
    "application/javascript": "alert(1)",
    "text/latex": r"$\href{javascript:alert(1)}{x}$",
    "image/jpeg": "AAAA",
    "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_output_of_another_kind_is_refused_and_never_shown(kind):
    both = v4.new_output("display_data", {kind: HOSTILE[kind], "text/plain": "plain"})
    alone = v4.new_output("display_data", {kind: HOSTILE[kind]})
    cell = v4.new_code_cell("f()", outputs=[stream("fine"), alone, both])
    assert f"its output has {kind}" in problem_of_cell(cell)
    assert "run.show(...)" in problem_of_cell(cell)
    [piece] = html_of(cell)
    assert [text.strip() for text in printed(piece)] == ["fine", "plain"]
    assert "alert" not in piece


def test_an_error_among_the_outputs_is_refused():
    error = v4.new_output("error", ename="E", evalue="<b>", traceback=["<b>"])
    cell = v4.new_code_cell("f()", outputs=[error])
    assert "error" in problem_of_cell(cell)
    assert printed(html_of(cell)[0]) == []


def solution(code):
    return v4.new_code_cell(code, metadata={"tags": ["solution"]})


def page_of(*cells):
    """The page that MkDocs makes of a notebook, with a text in the place of each code cell."""
    extensions = ["pymdownx.details", "pymdownx.superfences", "admonition"]
    text = placeholders.markdown(v4.new_notebook(cells=list(cells)))
    codes = [cell.source for cell in cells if cell.cell_type == "code"]
    contents = {
        placeholders.placeholder(n): f"<code>{code}</code>" for n, code in enumerate(codes, 1)
    }
    page = markdown.markdown(text, extensions=extensions)
    assert all(page.count(place) == 1 for place in contents)
    return BeautifulSoup(placeholders.filled(page, contents), "html.parser")


def test_cells_keep_their_order_and_a_solution_is_folded():
    page = page_of(
        v4.new_markdown_cell("# Title\n\n- a list"),
        v4.new_code_cell("first()"),
        v4.new_code_cell("second()"),
        v4.new_markdown_cell("!!! note\n\n    inside"),
        v4.new_markdown_cell("### Exercise"),
        solution("answer()"),
        v4.new_markdown_cell("*Because*", metadata={"tags": ["solution"]}),
        solution("more()"),
        v4.new_markdown_cell("After."),
    )
    assert [tag.name for tag in page.find_all(True, recursive=False)] == [
        *("h1", "ul", "code", "code", "div", "h3", "details", "p")
    ]
    assert page.details["class"] == ["success"]
    assert page.details.summary.get_text() == "Solution"
    assert [tag.name for tag in page.details.find_all(True, recursive=False)] == [
        *("summary", "code", "p", "code")
    ]
    assert page.details.em.get_text() == "Because"


def test_prose_cells_without_code_between_them_stay_apart():
    page = page_of(v4.new_markdown_cell("# One\ntext"), v4.new_markdown_cell("## Two\n"))
    assert [tag.get_text() for tag in page.find_all(["h1", "p", "h2"])] == ["One", "text", "Two"]


def test_a_placeholder_in_the_output_of_a_cell_is_not_filled():
    contents = {
        placeholders.placeholder(1): "<!-- code cell 2 -->",
        placeholders.placeholder(2): "two",
    }
    page = "<!-- code cell 1 --> <!-- mine --> <!-- code cell 2 -->"
    assert placeholders.filled(page, contents) == "<!-- code cell 2 --> <!-- mine --> two"


@pytest.mark.parametrize("prose", ["<!-- left open", "<!-- code cell 1 -->"])
def test_prose_that_hides_a_code_cell_fails_the_build(project, prose):
    before = project.site()
    project.write("one", prose=prose)
    result = project.build()
    assert result.returncode == 1
    assert "tutorials/one.py: the prose hides or repeats" in result.stderr
    assert project.site() == before


def test_a_failure_is_shown_literally():
    text = "ValueError: <script>alert(1)</script>\n\n[x](javascript:alert(1)) </pre>"
    soup = BeautifulSoup(placeholders.literally(text), "html.parser")
    assert soup.pre.get_text() == text
    assert [tag.name for tag in soup.find_all(True)] == ["pre", "code"]


def test_reasons_are_sentences_and_a_traceback_as_it_is():
    told = placeholders.reasons(["a <b>: wrong", "two: failed\n  File <x>\n    y"])
    soup = BeautifulSoup(told, "html.parser")
    assert [tag.name for tag in soup.find_all(True)] == ["p", "p", "pre", "code"]
    assert [p.get_text() for p in soup("p")] == ["a <b>: wrong", "two: failed"]
    assert soup.pre.get_text() == "  File <x>\n    y"


@pytest.fixture
def cached(tmp_path):
    """Renders cells with a cache in a file, and tells which cells were new."""

    class Cached:
        file = tmp_path / "cells" / "lesson.json"
        cache = cell_cache.CellCache()

        def __call__(self, *sources):
            self.new = []
            return self.cache.html(self.file, [{"source": s} for s in sources], self.render)

        def render(self, cells):
            self.new = [cell["source"] for cell in cells]
            return [f"<p>{source}</p>" for source in self.new]

        def restarted(self, *sources):
            self.cache = cell_cache.CellCache()
            return self(*sources)

    return Cached()


def test_only_new_cells_are_rendered_each_once(cached):
    assert cached("a", "b", "a") == ["<p>a</p>", "<p>b</p>", "<p>a</p>"]
    assert cached.new == ["a", "b"]
    assert cached("b", "c") == ["<p>b</p>", "<p>c</p>"]
    assert cached.new == ["c"]
    cached("a")
    assert cached.new == [], "a server keeps what it has seen"
    assert list(json.loads(cached.file.read_text()).values()) == ["<p>a</p>"]
    assert cached.restarted("a", "b") == ["<p>a</p>", "<p>b</p>"]
    assert cached.new == ["b"]


@pytest.mark.parametrize("module", ["outputs.py", "cells.py", "_anything_new.py"])
def test_another_renderer_renders_again(cached, tmp_path, monkeypatch, module):
    """Any module counts: what draws a cell may call any other."""
    modules = shutil.copytree(Path(cell_cache.__file__).parents[1], tmp_path / "publishing")
    monkeypatch.setattr(cell_cache, "_MODULES", modules)
    cell_cache._renderer.cache_clear()
    cached("a")
    with (modules / module).open("a") as stream:
        stream.write("_MOST_LINES = 400\n")
    cell_cache._renderer.cache_clear()
    cached.restarted("a")
    assert cached.new == ["a"]
    cell_cache._renderer.cache_clear()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"a": 1}', b"[" * 100_000, b"3"])
def test_a_damaged_cache_is_empty(cached, content):
    cached("a")
    cached.file.write_bytes(content)
    assert cached.restarted("a") == ["<p>a</p>"]
    assert cached.new == ["a"]
    assert cached.restarted("a") == ["<p>a</p>"]
    assert cached.new == []


def test_a_cache_that_cannot_be_written_is_none(cached):
    cached.file.parent.write_text("a file, not a folder")
    assert cached.restarted("a") == ["<p>a</p>"]


def test_cells_of_other_code_outputs_or_figures_have_other_keys():
    def key(source="f()", *outputs):
        notebook = v4.new_notebook(cells=[v4.new_code_cell(source, outputs=list(outputs))])
        return cell_cache._key(lesson_cells.prepared(notebook)[0])

    keys = [
        key(),
        key("g()"),
        key("f()", stream("a")),
        key("f()", stream("b")),
        key("f()", stream("a", "stderr")),
        *(key("f()", picture(name=name, alt=alt)) for name, alt in ("aa", "ab", "ba")),
        key("f()", picture(width=300, name="a", alt="a")),
    ]
    assert len(set(keys)) == len(keys)
    assert key() == key()


def test_what_a_warm_build_does_not_need_is_not_imported():
    slow = ["bs4", "mkdocs_jupyter", "nbconvert", "nbformat"]
    modules = "lesson_page.cells lesson_page.cell_cache lesson_page.run_card writing.values"
    code = f"""
import sys
from importlib.util import find_spec
import mnist_lessons.publishing.writing.lessons, mnist_lessons.publishing.runs.store
before = set(sys.modules)
for name in {modules.split()}:
    __import__("mnist_lessons.publishing." + name)
print([name for name in {slow} if name in set(sys.modules) - before])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


@settings(max_examples=3 * settings.default.max_examples // 10)
@given(st.text(max_size=200))
def test_any_text_is_shown_as_it_is(text):
    soup = BeautifulSoup(placeholders.literally(text), "html.parser")
    assert [tag.name for tag in soup.find_all(True)] == ["pre", "code"]
