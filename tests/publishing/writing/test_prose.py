"""What is code, formula, tag or address in Markdown, wherever it stands."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.publishing.writing import prose
from mnist_lessons.publishing.writing.common_markdown import with_quotations
from mnist_lessons.publishing.writing.inline import Kind
from mnist_lessons.publishing.writing.known import KNOWN
from mnist_lessons.publishing.writing.prose import pieces, pieces_of, replaced

MARK = re.compile("MARK")


def marked(text):
    """The text with each MARK that is prose changed."""
    return replaced(text, MARK, lambda _: "prose")


def of_kind(text, *kinds):
    return [text[piece.start : piece.end] for piece in pieces(text) if piece.kind in kinds]


# Each puts a block into something that can hold blocks.
HOLDERS = {
    "alone": lambda block: block,
    "after a paragraph": lambda block: f"Before.\n\n{block}",
    "in a list": lambda block: "1.  A point.\n\n" + indented(block),
    "in a quotation": lambda block: "> A quotation.\n>\n" + prefixed(block, "> "),
    "in an admonition": lambda block: '!!! note "A title"\n    Text.\n\n' + indented(block),
    "in a fold": lambda block: "??? success\n\n" + indented(block),
    "in two admonitions": lambda block: "!!! a\n    !!! b\n" + indented(indented(block)),
    "in a list in an admonition": lambda block: (
        "!!! note\n\n    -   A point.\n\n" + indented(indented(block))
    ),
}


def prefixed(block, prefix):
    return "\n".join(f"{prefix}{line}".rstrip() for line in block.split("\n"))


def indented(block):
    return prefixed(block, "    ")


CODE = [
    "`MARK`",
    "``a ` MARK``",
    "A span `over\nMARK lines`.",
    "```\nMARK\n```",
    '```python title="x"\nMARK\n\nMARK\n```',
    "~~~\nMARK\n~~~",
    "````\n```\nMARK\n```\nMARK\n````",
    "~~~~\n~~~\nMARK\n~~~~",
    "```\n~~~\nMARK\n```",
    "```\n!!! note\n    MARK\n```",
    "A paragraph.\n\n    indented MARK\n\n    MARK",
    "<pre>MARK\n\nMARK</pre>",
    "Inline <code>a <b>MARK</b> MARK</code>.",
    "<script>MARK</script>",
    "A comment <!-- of MARK --> here.",
    "<!--\nMARK\n\nMARK\n-->",
    "<div>\n\n    <pre>MARK\n\n    MARK</pre>\n\n</div>",
    "<div markdown>\n\n    MARK\n\n</div>",
    "| a | b |\n| - | - |\n| `MARK` | x |",
    "# A heading with `MARK`",
    "[`MARK`](a.md)",
    "![`MARK`](a.png)",
    "$a MARK b$",
    "$$\nMARK\n$$",
    "\\\\`MARK`",
]
PROSE = [
    "MARK",
    "A ` sign, MARK",
    r"A \` sign and MARK `b`",
    r"\$5 MARK \$6",
    "$5 and MARK $10",
    "```\nnever ended\n\nMARK",
    "A line\n    goes on: MARK",
    "# MARK",
    "*MARK* and **MARK**",
    "[MARK](a.md 'MARK')",
    "| MARK | b |\n| - | - |\n| `x` | MARK |",
    '<b title="MARK">MARK</b>',
    "`a` MARK `b`",
    "`` ` `` MARK",
    "MARK\n```\ncode\n```\nMARK",
    "```\ncode\n```\n\n\nMARK",
    "- MARK\n\n    MARK\n\n- MARK",
    "<div>MARK\n\nMARK",
]


# Of HTML that stands in no other block, nothing is Markdown.
RAW = [
    "<div>\n\n    MARK <div>MARK</div>\n\n    MARK\n\n</div> MARK\n\nMARK",
    "<p>MARK `MARK` [MARK](MARK)</p>\n\nMARK",
]


@pytest.mark.parametrize("block", CODE)
def test_code_and_formulas_are_left_alone(block):
    for hold in HOLDERS.values():
        text = hold(block) + "\n\nMARK\n"
        assert marked(text) == text[: -len("MARK\n")] + "prose\n"


@pytest.mark.parametrize("block", [*PROSE, *RAW])
def test_prose_is_found_wherever_it_stands(block):
    holders = [HOLDERS["alone"], HOLDERS["after a paragraph"]] if block in RAW else HOLDERS.values()
    for hold in holders:
        text = hold(block)
        assert marked(text) == text.replace("MARK", "prose")


def test_an_admonition_goes_on_after_empty_lines():
    text = "!!! note\n\n    One.\n\n\n\n    MARK\n\n        MARK\n"
    assert marked(text) == text.replace("MARK", "prose", 1)


def test_a_marker_is_a_comment_and_not_what_stands_in_it():
    marker = re.compile("<!-- here -->")
    text = "`<!-- here -->`\n\n<!-- here -->\n\n```\n<!-- here -->\n```\n"
    assert replaced(text, marker, lambda _: "X") == text.replace("\n<!-- here -->\n\n", "\nX\n\n")


@pytest.mark.parametrize(
    "formula",
    [
        "$x$",
        r"$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$",
        "$w_1*x_1 + w_2*x_2$",
        r"$a \$ b$",
        r"$\{a\}$",
        r"$\times$",
        "$a <b c>d$",
        "$a\n+ b$",
        "$$x$$",
        "$$\nx\n$$",
        "$$\na\n- b\n+ c\n= d\n# e\n> f\n1. g\n$$",
        "$$\n\\begin{aligned}\n    a &= b \\\\\n    c &= d\n\\end{aligned}\n$$",
        r"$$\text{for $x$ only}$$",
        "$a[i](j)$",
        r"$|x|$",
    ],
)
def test_formulas_are_found_wherever_they_stand(formula):
    around = [("", "")]
    if "\n" not in formula:
        around += [("Then ", " follows."), ("**", "**"), ("(", ")"), ("- ", ""), ("# ", "")]
    if formula.startswith("$\\"):
        around += [("28", "-fold"), ("28", "28"), ("", "0")]
    for hold, (before, after) in product(HOLDERS.values(), around):
        found = of_kind(hold(f"{before}{formula}{after}"), Kind.FORMULA, Kind.DISPLAY)
        assert [unprefixed(one) for one in found] == [unprefixed(formula)]


def unprefixed(formula):
    return re.sub(r"\n[ >]*", "\n", formula)


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "It costs $5, or $10.",
        "from $5-$10",
        "US$5 and CA$10",
        "$5$10",
        r"5$\$10",
        "between 5$ and 10$",
        "5$-10$",
        r"\$x\$",
        r"\$x$",
        "`$x$`",
        "``$x$ ` $y$``",
        "```\n$x$\n```",
        "    $x$\n",
        "$ x $",
        "$",
        "a $ b",
        "$$$ and $$$",
        "cheap $, dear $$",
        "$x\n\ny$",
        "![$x$](a.png)",
        '[a](b.md "$x$")',
        '<b title="$x$">a</b>',
        "<code>$x$</code>",
        "<!-- $x$ -->",
        "$a `b$` c",
        "<http://a.org/$x$>",
    ],
)
def test_other_dollars_are_none(text):
    assert of_kind(text, Kind.FORMULA, Kind.DISPLAY, Kind.UNENDED) == []


@pytest.mark.parametrize("text", ["$$\nx\n\ny\n$$", "> $$\n> x", "$$ x $", "- $$\n\n  x$$"])
def test_a_display_that_never_ends_is_told(text):
    assert of_kind(text, Kind.UNENDED)


@given(st.text(alphabet="`~$!?[]()<>{}#-*_=|:.\\ \n\t\"'/a1é"))
def test_pieces_lie_in_order_and_do_not_overlap(text):
    ends = [0]
    for piece in pieces(text):
        assert ends[-1] <= piece.start < piece.end <= len(text)
        ends.append(piece.end)
    with_quotations(text)


@given(st.text(alphabet="`~$!?[]()<>{}#-*_=|:.\\ \n\t\"'/a1é"))
def test_text_without_an_admonition_is_not_quoted(text):
    assert "!!!" in text or "???" in text or with_quotations(text) == text


QUOTED = {
    '!!! note "Title"\n    One.\n\n    Two.\n\nAfter.': (
        "> **Title**\n>\n> One.\n>\n> Two.\n\nAfter."
    ),
    "!!! warning\n    One.": "> **Warning**\n>\n> One.",
    '!!! note ""\n    One.': "> One.",
    "??? success\n\n    One.\nAfter.": "> **Success**\n>\n> One.\n\nAfter.",
    '???+ tip inline end "T"\n    One.': "> **T**\n>\n> One.",
    '!!! a "A"\n    !!! b "B"\n        Inner.\n\n    Outer.': (
        "> **A**\n>\n> > **B**\n> >\n> > Inner.\n>\n> Outer."
    ),
    '> !!! note "T"\n>     One.\n\nEnd.': "> > **T**\n> >\n> > One.\n\nEnd.",
    '1.  Point.\n\n    !!! note "T"\n        One.\n': (
        "1.  Point.\n\n    > **T**\n    >\n    > One.\n"
    ),
    '!!! note "T"\n    ```\n    !!! note "U"\n        x\n    ```': (
        '> **T**\n>\n> ```\n> !!! note "U"\n>     x\n> ```'
    ),
    "```\n!!! note\n    x\n```": "```\n!!! note\n    x\n```",
    "    !!! note\n        x": "    !!! note\n        x",
    "`!!! note`": "`!!! note`",
    "Wow!!! Great": "Wow!!! Great",
    "!!! Really?": "!!! Really?",
}


@pytest.mark.parametrize("text", QUOTED)
def test_admonitions_become_quotations(text):
    assert with_quotations(text) == QUOTED[text]


def test_the_pieces_of_a_page_are_those_of_its_text_also_the_next_time(tmp_path, monkeypatch):
    KNOWN.keep_in(tmp_path / "known.json")
    text = "> `a` $x$ <b>\n\n$$\ny\n$$\n\n[a](b.md)\n"
    first = pieces_of("page.md", text)
    assert first == pieces(text)
    assert len(first) == 5
    with monkeypatch.context() as without:
        without.setattr(prose, "pieces", None)
        assert pieces_of("page.md", text) == first
    assert pieces_of("page.md", "`b`") == pieces("`b`")
