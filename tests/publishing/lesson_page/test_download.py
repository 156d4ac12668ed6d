"""The notebook that readers download."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mnist_lessons.publishing.lesson_page.download import portable
from mnist_lessons.publishing.writing.pages import on_site

PROSE = """\
Before.

!!! warning "A mistake worth knowing"
    One line.

    Another paragraph.

After, see [the next](other.py), [place](../reference.md#x), [web](https://a.org), [here](#a).
"""


def notebook():
    cell = new_code_cell("1 + 1", outputs=[new_output("stream", text="2\n")])
    return new_notebook(cells=[new_markdown_cell(PROSE), cell])


def read(content):
    own = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(own)
    return own


def test_admonitions_become_quotations():
    text = read(portable(notebook())).cells[0].source
    assert "!!!" not in text
    assert "> **A mistake worth knowing**\n>\n> One line.\n>\n> Another paragraph.\n" in text
    assert text.startswith("Before.\n\n>")
    assert "\n\nAfter, see" in text


def test_code_and_outputs_stay():
    given = notebook()
    assert read(portable(given)).cells[1] == given.cells[1]


def test_jupyter_folds_plumbing_and_solutions_and_nothing_else():
    given = notebook()
    for tag in ("setup", "solution"):
        given.cells.append(new_code_cell("x = 1", metadata={"tags": [tag]}))
    given.cells.append(new_markdown_cell("It is the *last* one.", metadata={"tags": ["solution"]}))
    folded = [cell.metadata.get("jupyter", {}) for cell in read(portable(given)).cells]
    assert [one.get("source_hidden", False) for one in folded] == [False, False, True, True, True]
    assert [one.get("outputs_hidden", False) for one in folded] == [False, False, False, True, True]


def test_the_notebook_that_was_given_stays():
    given = notebook()
    before = nbformat.writes(given)
    portable(given, published=on_site("https://x.org/"), install="1")
    assert nbformat.writes(given) == before


def test_links_lead_to_the_site_where_its_address_is_known():
    text = read(portable(notebook(), published=on_site("https://x.org/m/"))).cells[0].source
    assert "[the next](https://x.org/m/tutorials/other/)" in text
    assert "[place](https://x.org/m/reference/#x)" in text
    assert "[web](https://a.org)" in text
    assert "[here](#a)" in text
    assert "(other.py)" in read(portable(notebook())).cells[0].source


def test_each_cell_has_the_definitions_of_its_links():
    sources = [
        "Has [a link][The Place], [other], `[code]`,\n![a picture], [own].\n\n[own]: a.py",
        "None here.",
        "> [the place]: other.py 'A title'\n\n[other]:\n    <more.py>\n\n[own]: b.py\n\n"
        "[a picture]: ../assets/a.svg\n[not used]: c.py\n\n```\n[code]: d.py\n```",
    ]
    given = new_notebook(cells=[new_markdown_cell(source) for source in sources])
    own = read(portable(given, published=on_site("https://x.org/")))
    first, none, last = (cell.source for cell in own.cells)
    assert first.endswith(
        "[own]: https://x.org/tutorials/a/\n\n"
        "[the place]: https://x.org/tutorials/other/ 'A title'\n"
        "[other]:\nhttps://x.org/tutorials/more/\n[a picture]: https://x.org/assets/a.svg"
    )
    assert none == "None here."
    assert last.endswith("[code]: d.py\n```")


def test_a_bar_in_a_formula_or_code_ends_no_cell_of_a_table():
    row = r"| $|a| + \|b\|$ | `c|d` |"
    safe = r"| $\vert a\vert  + \Vert b\Vert $ | `c\|d` |"
    for before in ("", "> ", "    "):
        table = f"{before}{row}\n{before}| - | - |\n{before}{row}"
        text = f"{'1.  a' if before.isspace() else 'Of $|a|$ and `c|d`:'}\n\n{table}"
        [cell] = read(portable(new_notebook(cells=[new_markdown_cell(text)]))).cells
        assert cell.source == text.replace(row, safe)


def test_what_it_needs_is_installed_by_a_cell_before_all_others():
    first, *rest = read(portable(notebook(), install="%pip install x")).cells
    assert (first.cell_type, first.source) == ("code", "%pip install x")
    assert (first.execution_count, first.outputs) == (None, [])
    assert [cell.cell_type for cell in rest] == ["markdown", "code"]
