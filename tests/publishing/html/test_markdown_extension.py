"""A page's formulas are MathML, and what raw HTML leads to is adapted and checked."""

import json
import logging
import re
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown
from mkdocs.config import load_config
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from mnist_lessons.publishing.html.markdown_extension import PageProse, formula_problems
from mnist_lessons.publishing.writing.pages import LessonFile

ROOT = Path(__file__).parents[3]


@cache
def configured(directory_urls):
    config = load_config(
        str(ROOT / "mkdocs.yml"), plugins=[], use_directory_urls=directory_urls, nav=None
    )
    return config, [*config.markdown_extensions]


class Rendered:
    """A page of a site that also has a few others, and what MkDocs warns of."""

    def __init__(self, markdown, caplog, uri="tutorials/a.py", directory_urls=True):
        config, extensions = configured(directory_urls)
        extension = PageProse()
        config.markdown_extensions = [*extensions, extension]
        settings = (None, config.site_dir, directory_urls)
        lessons = [LessonFile(f"tutorials/{name}.py", *settings) for name in "ab"]
        others = [File(name, *settings) for name in ("index.md", "data.md", "assets/c d.png")]
        files = Files([*lessons, *others])
        for file in files.documentation_pages():
            Page(None, file, config).present_anchor_ids = {"place"}
        self.page = files.get_file_from_path(uri).page
        self.page.meta, self.page.markdown = {}, markdown
        with caplog.at_level(logging.WARNING):
            self.page.render(config, files)
            self.page.validate_anchor_links(files=files, log_level=logging.WARNING)
        self.html = self.page.content
        self.soup = BeautifulSoup(self.html, "html.parser")
        self.problems = extension.problems
        self.warnings = [record.getMessage() for record in caplog.records]

    @property
    def formulas(self):
        return [math["alttext"] for math in self.soup("math")]


@pytest.fixture
def render(caplog):
    return lambda markdown, **options: Rendered(markdown, caplog, **options)


HOLDERS = ("{}", "> {}", "- {}", "!!! note\n\n    {}", "| a |\n| - |\n| {} |", "# {}", "<p>{}</p>")


@pytest.mark.parametrize(
    ("tag", "adapted"),
    [
        ('<a href="b.py">x</a>', "../b/"),
        ("<a class=x href=b.py#place>x</a>", "../b/#place"),
        ("<a href='../data.md?x=1&amp;y#place'>x</a>", "../../data/?x=1&amp;y#place"),
        ('<a href="../index.md">x</a>', "../../"),
        ('<img alt="" src="../assets/c%20d.png">', "../../assets/c%20d.png"),
        ('<img alt="" src="data:,x" srcset="../assets/c%20d.png 2x">', "../../assets/c%20d.png 2x"),
        ('<picture><source srcset="../assets/c%20d.png"></picture>', "../../assets/c%20d.png"),
        ('<video poster="../assets/c%20d.png"></video>', "../../assets/c%20d.png"),
        ('<object data="../assets/c%20d.png"></object>', "../../assets/c%20d.png"),
    ],
)
def test_raw_html_leads_where_a_link_would(tag, adapted, render):
    raw = ("<div>\n{}\n</div>", "<figure>\n\n    {}\n\n    <b>x</b>\n</figure>")
    holders = (*HOLDERS, "<div markdown>\n\n{}\n\n</div>", *raw)
    page = render("\n\n".join(holder.format(tag) for holder in holders))
    assert page.html.count(f'"{adapted}"') == len(holders)
    assert page.warnings == []


def test_without_folders_raw_html_leads_to_files(render):
    assert 'href="b.html"' in render('<a href="b.py">x</a>', directory_urls=False).html


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ('<a href="nowhere.html">x</a>', "'nowhere.html'"),
        ('<a href="b.py#nowhere">x</a>', "does not contain an anchor '#nowhere'"),
        ('<a href="#nowhere">x</a>', "'#nowhere', but there is no such anchor"),
        ('<a href="b/">x</a>', "unrecognized relative link 'b/'"),
        ('<a href="/b/">x</a>', "absolute link '/b/'"),
        ('<img alt="" src="../assets/none.png">', "'../assets/none.png'"),
        ('<img alt="" src="data:,x" srcset="../assets/none.png 2x">', "'../assets/none.png'"),
        ('<video><source src="none.mp4"></video>', "'none.mp4'"),
    ],
)
def test_raw_html_that_leads_nowhere_is_told(tag, told, render, caplog):
    for holder in (*HOLDERS, "<div markdown>\n\n{}\n\n</div>", "Text {}\ngoes on."):
        caplog.clear()
        [warning] = render(holder.format(tag)).warnings
        assert warning.startswith("Doc file 'tutorials/a.py' contains a")
        assert told in warning


@pytest.mark.parametrize(
    "text",
    [
        '`<a href="no.py">`',
        '```html\n<a href="no.py">\n```',
        '    <a href="no.py">\n',
        '- a\n\n    ```\n    <img src="no.png">\n    ```',
        '!!! note\n\n        <a href="no.py">\n',
        '<!-- <a href="no.py"> -->',
        '<a href="https://a.org">x</a> <a href="mailto:a@b.org">y</a> <a id="z" href="#z">z</a>',
        '<img alt="" src="data:image/png;base64,AA==">',
    ],
)
def test_code_and_other_addresses_stay(text, render):
    page = render(text)
    assert page.warnings == []
    for address in re.findall(r'="([^"]*)"', text):
        assert address in BeautifulSoup(page.html, "html.parser").get_text() + page.html


FORMULAS = [
    r"\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{10} e^{z_j}}",
    r"L = -\sum_{j=1}^{10} y_j \log \hat y_j",
    r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
    r"\begin{aligned} a &= b + c \\ &= d \end{aligned}",
    r"f(x) = \begin{cases} 0 & \text{if } x < 0 \\ x & \text{otherwise} \end{cases}",
    r"x \in \mathbb{R}^{28\times 28}",
    r"\lVert w \rVert_2^2 + \|v\| + |a|",
    "w_1*x_1 + w_2*x_2",
    "f'(x) + x^{*}_{i}",
    "a <b c>d <p y",
    r"p \approx 5\%",
    r"[a](b.md) ![c](d.png)",
    "**a** _b c_d",
]


@pytest.mark.parametrize("tex", FORMULAS)
def test_markdown_eats_nothing_of_a_formula(tex, render):
    holders = (*HOLDERS, "<div markdown>\n\n{}\n\n</div>", "**{}** a_b", "`$a` {} `$b`")
    for dollars in ("$", "$$"):
        formula = f"{dollars}{tex}{dollars}"
        page = render("\n\n".join(holder.format(formula) for holder in holders))
        assert (page.problems, page.warnings) == ([], [])
        assert page.formulas == [tex] * len(holders)
        assert page.soup.get_text().count("$") == 2
        for math in page.soup("math"):
            assert (math.get("display") == "block") == (dollars == "$$")
            assert math.find_parent(attrs={"data-search-exclude": True})


@pytest.mark.parametrize("tex", FORMULAS)
def test_a_formula_has_as_many_lines_as_it_likes(tex, render):
    lines = ["$$", *tex.split(" "), "$$"]
    for before, indent in (("", ""), ("1.  a\n\n", "    "), ("", "> "), ("!!! a\n", "    ")):
        text = "\n".join(f"{indent}{line}" for line in lines)
        [shown] = render(f"{before}{text}\n\nAfter.").formulas
        assert shown == tex


def test_what_a_formula_shows(render):
    [math] = render(r"$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$").soup("math")
    assert math.get_text() == "pi=ezi∑jezj"
    assert math.mfrac.msup
    assert math.msub.get_text() == "pi"


def test_a_heading_names_its_formula_once(render):
    page = render(r"# The $\sigma(z)$ of it")
    assert page.page.title == "The \N{GREEK SMALL LETTER SIGMA}(z) of it"
    assert page.soup.h1["id"] == "the-z-of-it"


def test_dollars_that_are_no_formula_are_shown(render):
    page = render(r"$5 and $10, \$x\$, `$y$`, \\$z$, and 5$.")
    assert page.soup.p.get_text().startswith("$5 and $10, $x$, $y$, \\z, and 5$.")
    assert page.formulas == ["z"]
    assert "math" not in render("```\n$x$\n```\n\n    $x$\n").html


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (r"$\fraq{a}{b}$", 'Unknown command "\\fraq" (character 1)'),
        (r"$\frac{a}$", "Expected argument but reached end of input (character 9)"),
        (r"$a}$", 'Unmatched closing token: "}"'),
        (r"$$\begin{foo}a\end{foo}$$", 'Unknown environment "foo"'),
        (r"$a & b$", 'Found "&"'),
        (r"$\href{javascript:alert(1)}{x}$", 'Unknown command "\\href"'),
        (r"$\eqref{x}$", "cannot refer to another"),
        (r"$\,$", "shows nothing"),
        (r"$\text{if $x$}$", "Math mode within text mode"),
        ("$% a$", "shows nothing"),
    ],
)
def test_a_formula_that_cannot_be_shown_is_told_with_its_page(formula, reason, render):
    page = render(f"Text {formula} here.")
    [(uri, problem)] = page.problems
    assert uri == "tutorials/a.py"
    assert problem.startswith(f"the formula {formula} cannot be shown: ")
    assert reason in problem
    assert formula in page.soup.p.code.get_text()  # a server shows the page


def test_a_display_that_never_ends_is_told_with_its_page(render):
    [told, _] = render("$$\nx\n\n$$\n", uri="data.md").problems
    assert told == ("data.md", "a formula begins with $$ and does not end before an empty line")


def test_an_escaped_tag_is_text(render):
    page = render(r'Write \<a href="none.py"> and \<b>.')
    assert page.soup.p.get_text() == 'Write <a href="none.py"> and <b>.'
    assert page.warnings == []


@pytest.mark.parametrize("tex", [r"5\$", r"\$5"])
def test_a_formula_may_be_of_money(tex, render):
    assert render(f"${tex}$ and $${tex}$$").formulas == [tex, tex]


def test_a_wrong_formula_is_told_with_its_line():
    text = "Good $a$.\n\n- One $$\n\n> $$\n> \\fraq\n> $$ and $b}$\n\n`$b}$`\n\n    $b}$\n"
    text += "\n\\begin{align*}a\\end{align*}\n\n`\\begin{x}` $$\\begin{matrix}1\\end{matrix}$$\n"
    told = [(line, reason.partition(":")[0]) for line, reason in formula_problems(text)]
    assert told == [
        (5, r"the formula $$ \fraq $$ cannot be shown"),
        (7, "the formula $b}$ cannot be shown"),
        (13, r"\begin{align*} stands in no formula"),
    ]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"'])
def test_a_formula_has_no_effect(text, render):
    for tex in (text, rf"\text{{{text}}}"):
        page = render(f"${tex}$")
        assert not page.soup(["script", "img"])
        assert page.formulas == [tex]


def test_a_page_without_formulas_does_not_load_their_renderer(render, monkeypatch):
    monkeypatch.setitem(sys.modules, "math_core", None)
    assert render("It costs $5, <b>or</b> 10.").problems == []


BLOCKS = [
    "M",
    "a M b\nc M",
    "- M\n- M",
    "    M\n\n    M",
    "> M\n> M",
    "1.  M\n2.  `M`",
    "- M\n    - M\n        - `M`",
    "- a\n\n    ```\n    M\n    ```\n\n    M",
    "1. M\n\n    M\n\n        M",
    "```\nM\n\nM\n```",
    "~~~ python\nM\n~~~",
    "````\n```\nM\n```\n````",
    "text\n```\nM\n```\nM",
    "```\nM",
    "`M` ``M ` M``",
    "M `` ` M",
    r"\`M` \\`M`",
    "- M `over\n    lines M`",
    "!!! note\n    M",
    '??? success "M"\n    `M`',
    "# M",
    "| M | b |\n| - | - |\n| `M` | M |",
    "<div>\n\n    M\n\n</div>",
    "<div markdown>\nM `M`\n</div>",
    "<p>M `M`</p>",
    "<pre>M</pre>",
    "<b>M</b> <span>`M`</span>",
    "*M* **M** `x M`",
    "[M](https://a.org)",
    "![M `M`](https://a.org)",
    "M\n- M",
    "M\n> M",
    "M  \nM",
]
INSIDE = st.sampled_from([str, str, *("> {}", "- x\n\n    {}", "!!! note\n\n    {}")])


def held(holder, block):
    """A block in a holder, which puts its own beginning before each line."""
    if holder is str:
        return block
    before, _, last = holder.format("\0").rpartition("\n")
    lines = [f"{last[:-1]}{line}".rstrip() for line in block.split("\n")]
    return "\n".join([before, *lines] if before else lines)


@settings(max_examples=50)
@given(st.lists(st.tuples(INSIDE, INSIDE, st.sampled_from(BLOCKS)), min_size=1, max_size=3))
def test_formulas_are_shown_exactly_where_a_page_shows_prose(parts):
    text = "\n\nBetween.\n\n".join(held(one, held(two, block)) for one, two, block in parts)
    config, extensions = configured(True)

    def page(mark, *more):
        convert = Markdown(extensions=[*extensions, *more], extension_configs=config.mdx_configs)
        return BeautifulSoup(convert.convert(text.replace("M", mark)), "html.parser")

    plain = page("MARK")
    for code in plain(["code", "pre"]):
        code.clear()
    assert len(page("$m$", PageProse())("math")) == plain.get_text().count("MARK")


def test_a_build_shows_formulas_and_the_notebook_keeps_them(project):
    tex = r"w_1*x_1 + \frac{a}{b}"
    project.write("one", prose=f'So ${tex}$, and\n\n$$\n{tex}\n$$\n\n<a href="two.py">x</a>')
    (project.root / "docs/index.md").write_text(f"# Home\n\n${tex}$", encoding="utf-8")
    config = project.root / "mkdocs.yml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("site_url: ''", "site_url: https://x.org/m/"), encoding="utf-8")
    result = project.build()
    assert result.returncode == 0, result.stderr
    page = BeautifulSoup(project.page("one"), "html.parser")
    assert [math["alttext"] for math in page("math")] == [tex, tex]
    assert page.find("a", href="../two/", string="x")
    assert "<math" in project.site()["index.html"].decode()
    words = json.loads(project.site()["search/search_index.json"])
    assert not any("frac" in one["text"] or "x1" in one["text"] for one in words["docs"])
    notebook = nbformat.reads(project.site()["tutorials/one/one.ipynb"].decode(), as_version=4)
    assert f"So ${tex}$, and\n\n$$\n{tex}\n$$" in notebook.cells[0].source
    assert '<a href="https://x.org/m/tutorials/two/">' in notebook.cells[0].source


def test_what_leads_nowhere_or_cannot_be_shown_fails_the_build(project):
    before = project.site()
    project.write("one", prose=r"A formula $\fraq{1}{2}$.")
    another = "---\ntitle: $}$\n---\n\n# Home\n\nAnother, $\\frac{1}$."
    (project.root / "docs/index.md").write_text(another, encoding="utf-8")
    (project.root / "docs/more.markdown").write_text("# More\n\n<!-- lessons: resluts -->")
    (project.root / "docs/gone.mkd").symlink_to("nowhere")
    (project.root / "docs/slip.md").write_text("---\ntitle: a: b\n---\n\n# Slip\n")
    (project.root / "docs/.#index.md").symlink_to("author@machine")
    failed = project.build()
    assert failed.returncode == 1
    told = failed.stderr.splitlines()
    assert [line.partition(" cannot")[0].partition("; there")[0] for line in told[-6:-1]] == [
        r"error: tutorials/one.py, line 4: the formula $\fraq{1}{2}$",
        "docs/gone.mkd, line 1: it",
        r"docs/index.md, line 7: the formula $\frac{1}$",
        "docs/more.markdown, line 3: <!-- lessons: resluts -->: no marker resluts",
        "docs/slip.md, line 2: its front matter is not YAML: mapping values are not allowed here",
    ]
    for name in ("more.markdown", "gone.mkd", "slip.md"):
        (project.root / "docs" / name).unlink()
    project.write("one", prose='<a href="none.py">x</a>')
    (project.root / "docs/index.md").write_text("# Home\n", encoding="utf-8")
    failed = project.build()
    assert failed.returncode == 1
    assert "tutorials/one.py, line 4: it contains a link 'none.py'" in failed.stderr
    assert project.site() == before
