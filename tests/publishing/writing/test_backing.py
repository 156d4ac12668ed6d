"""Numbers and comparisons in prose that no run stands behind."""

import pytest
from nbformat import v4

from mnist_lessons.publishing.writing.backing import unbacked

FAR = "x = 1"


def found(prose, before=FAR, after=FAR):
    """The words without a run behind them, in prose between two code cells."""
    cells = [
        *(v4.new_markdown_cell("# Title"), v4.new_code_cell("hidden = 640")),
        *(v4.new_code_cell(before), v4.new_markdown_cell(prose), v4.new_code_cell(after)),
        v4.new_code_cell("run.claim('It reads 12.5% of them.', True)"),
    ]
    return [one.words for one in unbacked(cells)]


@pytest.mark.parametrize(
    ("prose", "words"),
    [
        ("It reads 97 % of them.", "97 %"),
        ("It reads 97% of them.", "97%"),
        ("The mean is 0.1307.", "0.1307"),
        ("There are 55,000 images.", "55,000"),
        ("It costs ten times as much.", "ten times"),
        ("It costs ten times the\ntime.", "ten times"),
        ("It gains half a point.", "half a point"),
        ("It gains 3 points.", "3 points"),
        ("It is twice as sure.", "twice as"),
        ("This network is better than that.", "better than"),
        ("It has fewer weights than that one.", "fewer weights than"),
        ("It needs more time\nthan that.", "more time than"),
        ("It is much worse.", "worse"),
        ("Its loss is the lowest.", "lowest"),
        ("The CNN beats the DNN.", "beats"),
        ("- first\n- It is faster.", "faster"),
        ("!!! note\n    It is faster.", "faster"),
        ("It reads 12.5% of them.", "12.5%"),  # the claim is not beside it
    ],
)
def test_what_no_run_stands_behind(prose, words):
    assert found(prose) == [words]


@pytest.mark.parametrize(
    "prose",
    [
        "It has 640 units.",
        "It has three layers, 2 of them hidden, and one number.",
        "In 1998 ([LeCun](https://a.org/97)) and 2015 (arXiv 1412.6980).",
        "The seed `123` and $x = 123$.",
        "```\n123\n```",
        "<!-- 123 -->",
        "It reads {{ dnn.test_accuracy | percent }}, better than {{ floor | percent }}.",
        "Which is faster, with 123 units?",
        "*Is it better than that?*",
        "## A better network",
        "Rather than that, use other words than these.",
        "Bins with fewer than ten images are left out.",
        "See issue #123 and 127.0.0.1, step 3a and float32.",
        "Each is asked five times.",
    ],
)
def test_what_is_let_be(prose):
    assert found(prose) == []


@pytest.mark.parametrize("beside", [0, 1])
def test_a_claim_beside_it_backs_what_it_says(beside):
    cells = [FAR, FAR]
    cells[beside] = "run.claim(f'It reads {97}.25% of {n}, ten times the rest.', a > b)"
    assert found("It is better than that, and reads 97.25%.", *cells) == ["97.25%"]
    cells[beside] = "run.claim('It reads 97.25%, ten times the rest.', a > b)"
    assert found("It is better than that, reads 97.25%, ten times the rest.", *cells) == []
    assert found("It reads 96%.", *cells) == ["96%"]


def test_an_assertion_beside_it_backs_a_comparison():
    assert found("It is better than that.", before="assert a > b") == []


def test_code_backs_the_numbers_that_it_names_or_computes():
    cell = "pixels = 28 * 28\nshare = 0.125\ntest = 10_000"
    assert found("784 pixels, 28 by 28; 12.5% of 10,000.", after=cell) == []


def test_the_line_and_the_sentence_are_told():
    cells = [
        v4.new_markdown_cell("First.\n\nA sentence with `code` of\n123 words. Another."),
        v4.new_code_cell(FAR),
    ]
    [one] = unbacked(cells)
    assert (one.cell, one.line, one.words) == (0, 4, "123")
    assert one.sentence == "A sentence with `code` of 123 words."
