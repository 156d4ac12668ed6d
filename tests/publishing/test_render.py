"""A page shows the code as it was written, and every figure once."""

import struct
from base64 import b64encode

import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from mkdocs_jupyter.nbconvert2 import nb2html
from nbformat import v4

from mnist_lessons.publishing import _render

LISTINGS = [
    "x = 1",
    "if x:\n\ty = '<b>&amp;</b>'\n\n\n    # Copied! \u00b6 \u4e2d\u6587 \U0001f600",
    "s = '''\n</code></pre></div><script>alert(1)</script>\n'''",
    "%matplotlib inline\n!ls\nbroken = = syntax",
    "print('In [1]:')  # <style>",
]


@pytest.fixture(scope="module")
def html_of(tmp_path_factory):
    """What mkdocs-jupyter makes of a notebook."""
    folder = tmp_path_factory.mktemp("notebooks")

    def render(*cells):
        path = folder / "notebook.ipynb"
        nbformat.write(v4.new_notebook(cells=list(cells)), path)
        return nb2html(str(path), execute=False, no_input=False)

    return render


def code_of(html):
    return [block.get_text() for block in BeautifulSoup(html, "html.parser").select("pre code")]


def test_listings_keep_their_text(html_of):
    tidied = _render.tidy(html_of(*map(v4.new_code_cell, LISTINGS)))
    assert code_of(tidied) == [f"{listing}\n" for listing in LISTINGS]
    assert "<script" not in tidied
    assert "<style" not in tidied
    assert "clipboard" not in tidied


def test_outputs_keep_their_text_and_nothing_hidden_remains(html_of):
    outputs = [
        v4.new_output("stream", name="stdout", text="a  b\n\tc <i>&</i>\n"),
        v4.new_output("stream", name="stderr", text="careful\n"),
    ]
    tidied = _render.tidy(html_of(v4.new_code_cell("f()", outputs=outputs)))
    soup = BeautifulSoup(tidied, "html.parser")
    printed = [pre.get_text() for pre in soup.select(".jp-OutputArea-output pre")]
    assert [text.lstrip("\n") for text in printed] == ["a  b\n\tc <i>&</i>\n", "careful\n"]
    assert "Copied!" not in soup.get_text()


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
    assert code_of(_render.tidy(str(soup))) == [before]


def picture(width=200, height=100, **metadata):
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    return v4.new_output(
        "display_data",
        {"image/png": b64encode(content).decode()},
        metadata={"image/png": metadata} if metadata else {},
    )


def test_figures_of_one_name_are_all_kept():
    alt = "A text for who cannot see it."
    outputs = [
        picture(width=width, name=name, alt=alt)
        for width, name in ((200, "Curve A"), (400, "curve-a"), (600, "curve-a"), (800, "../b"))
    ]
    cells = [v4.new_code_cell("f()", outputs=[output]) for output in outputs]
    notebook = v4.new_notebook(cells=cells)
    figures = _render.figures(notebook)
    assert len(figures) == 4
    assert all(name.endswith(".png") and "/" not in name for name in figures)
    html = "".join(
        cell.outputs[0]["data"]["text/html"] for cell in _render.prepared(notebook, "").cells
    )
    images = BeautifulSoup(html, "html.parser").find_all("img")
    assert [image["src"] for image in images] == list(figures)
    assert [image["width"] for image in images] == ["100", "200", "300", "400"]
    assert {image["alt"] for image in images} == {alt}


def test_a_text_of_a_figure_is_escaped():
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell("f()", outputs=[picture(name="a", alt='1 < 2 & "3"')])]
    )
    [cell] = _render.prepared(notebook, "").cells
    image = BeautifulSoup(cell.outputs[0]["data"]["text/html"], "html.parser").img
    assert image["alt"] == '1 < 2 & "3"'


def test_the_executed_notebook_itself_is_not_changed():
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell("f()", outputs=[picture(name="a", alt="b")])]
    )
    _render.prepared(notebook, "")
    assert "image/png" in notebook.cells[0].outputs[0]["data"]


def test_a_solution_is_folded():
    cells = [
        v4.new_markdown_cell("### Exercise"),
        v4.new_code_cell("answer()", metadata={"tags": ["solution"]}),
        v4.new_code_cell("more()", metadata={"tags": ["solution"]}),
        v4.new_markdown_cell("After."),
    ]
    prose = f"<h3>Exercise</h3>{_render._SEPARATOR}<p>After.</p>"
    sources = [cell.source for cell in _render.prepared(v4.new_notebook(cells=cells), prose).cells]
    assert sources == [
        "<h3>Exercise</h3>",
        '<details class="success"><summary>Solution</summary>',
        "answer()",
        "more()",
        "</details>",
        "<p>After.</p>",
    ]
