"""What stands on top of a lesson's page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.lesson_page.head import description, head, reading_minutes, title
from tests.publishing.cards import card_with

TAGS = ("solution", "setup")
FACTS = {"seconds": 5.0, "reused_seconds": 60.0, "device": "cpu", "threads": 1}
ONE = card_with(**FACTS)


def notebook(*cells):
    return new_notebook(cells=[*cells])


WORDS = notebook(new_markdown_cell("# T\n\n" + "word " * 400))


def test_the_head_says_how_long_it_takes_to_read_and_to_run():
    said = head("a_lesson", ONE, WORDS)
    assert "About 2 minutes to read" in said
    assert "1:05 (minutes:seconds) on a processor with 1 thread" in said  # training included
    assert "(#the-run-behind-this-page)" in said


def test_the_head_says_for_whom_a_lesson_is():
    text = new_markdown_cell("# T", metadata={"level": "beginner"})
    assert "Beginner: about 1 minute to read" in head("a", ONE, notebook(text))


def test_the_head_says_what_a_lesson_needs():
    assert "Needs: Python, and no other lesson. The" in head("a", ONE, WORDS)
    said = head("a", ONE, WORDS, needs=["[One](one.py)", "[Two](two.py)"])
    assert "Needs: [One](one.py), [Two](two.py). The" in said


def test_the_head_names_the_gpu_as_a_text():
    said = head("a", card_with(device="cuda", device_name="A <b> GPU"), WORDS)
    assert "<b>" not in said
    assert "GPU" in said


def test_links_need_an_address():
    assert "Colab" not in head("a", ONE, WORDS)
    assert "edit" not in head("a", ONE, WORDS)
    assert "run it" not in head("a", ONE, WORDS)
    distribution = Distribution(colab="o/r/blob/pages/tutorials", guide="run.md")
    said = head("a", ONE, WORDS, distribution, "https://x/edit/a.py")
    assert "[how to run it](../run.md)" in said
    where = "https://colab.research.google.com/github/o/r/blob/pages/tutorials/a/a.ipynb"
    assert f"[open in Colab]({where})" in said
    assert "[edit the script](https://x/edit/a.py)" in said


@given(st.integers(0, 5000), st.integers(1, 500))
def test_more_text_takes_longer(words, lines):
    short = notebook(new_markdown_cell("w " * words), new_code_cell("x\n" * lines))
    long = notebook(*short.cells, new_markdown_cell("w " * 400))
    assert 1 <= reading_minutes(short) < reading_minutes(long)


def test_what_a_page_folds_takes_no_time():
    shown = [new_markdown_cell("# T\n\n" + "word " * 400), new_code_cell("a = 1\n\n" * 20)]
    hint = "word " * 200 + '\n\n??? tip "Hint"\n    ' + "word " * 200 + "\n\n    " + "word " * 200
    folded = [new_code_cell("a = 1\n" * 100, metadata={"tags": [tag]}) for tag in TAGS]
    assert reading_minutes(notebook(*shown)) == 3
    assert reading_minutes(notebook(*shown, *folded, new_markdown_cell(hint))) == 4


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("# T\n\nFirst. Second\nline.\n\nNext part.", "First. Second line."),
        ("# T\n\nA [link](x.py) and **bold** `code`.", "A link and bold code."),
        ('# T\n\n"Better" is a claim.', "Better is a claim."),
        ("# T", ""),
    ],
)
def test_a_lesson_is_described_by_its_first_sentences(source, said):
    assert description(notebook(new_markdown_cell(source))) == said


def test_a_long_beginning_is_cut_after_a_sentence():
    text = description(notebook(new_markdown_cell("# T\n\n" + "This is a sentence. " * 30)))
    assert 100 < len(text) <= 200
    assert text.endswith("sentence.")


def test_it_may_be_cut_earlier_also_after_a_question():
    asked = notebook(new_markdown_cell("# T\n\nIs it so? It depends on many things."))
    assert description(asked, longest=25) == "Is it so?"
    assert description(asked, longest=8) == "Is it …"


@pytest.mark.parametrize(
    ("source", "said"), [("# `fit` and **more**\n\nText.", "fit and more"), ("", "")]
)
def test_a_title_is_read_without_markdown(source, said):
    assert title(notebook(new_markdown_cell(source))) == said
    assert title(notebook()) == ""
