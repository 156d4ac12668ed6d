"""A word of the glossary leads there from where a lesson first uses it."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown

from mnist_lessons.publishing.lesson_page.glossary import linked, words

GLOSSARY = """\
# Glossary

## CNN (convolutional neural network) { #cnn }

## Filter { #filter data-words="filter, kernel" }

## Learning rate { #learning-rate }

## Loss { #loss }

## McNemar's test { #mcnemars-test }

## Probability { #probability }

## Rate { #rate }

## ReLU { #relu }
"""
EXTENSIONS = ["admonition", "attr_list", "pymdownx.details", "pymdownx.superfences", "toc"]


@pytest.fixture
def link(tmp_path):
    """The HTML of a text with the links that it gets."""
    glossary = tmp_path / "glossary.md"
    glossary.write_text(GLOSSARY, encoding="utf-8")
    return lambda html: linked(html, glossary, "../g/")


@pytest.fixture
def links(link):
    """The links that a lesson's Markdown gets, as `word -> place`; nothing else may change."""

    def found(markdown):
        html = Markdown(extensions=EXTENSIONS).convert(markdown)
        page = link(html)
        assert re.sub(r'<a class="word" href="../g/#[^"]+">([^<]+)</a>', r"\1", page) == html
        every = BeautifulSoup(page, "html.parser")("a", class_="word")
        return [
            f"{' '.join(a.get_text().split())} -> {a['href'].removeprefix('../g/#')}" for a in every
        ]

    return found


def test_a_link_is_as_short_as_it_can_be(link):
    assert link("<p>Its loss.</p>") == '<p>Its <a class="word" href="../g/#loss">loss</a>.</p>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A loss, and the same loss again.", ["loss -> loss"]),
        ("Losses, probabilities and filters.", [
            "Losses -> loss", "probabilities -> probability", "filters -> filter",
        ]),
        ("A kernel is a filter.", ["kernel -> filter"]),
        ("The learning rate is no rate.", ["learning rate -> learning-rate", "rate -> rate"]),
        ("A learning\nrate at the end of a line", ["learning rate -> learning-rate"]),
        ("A CNN, a convolutional neural network", ["CNN -> cnn"]),
        ("It's McNemar's test.", ["McNemar's test -> mcnemars-test"]),
        ("The ReLU's bend & the <loss>", ["ReLU -> relu"]),
        ("An *early loss* and (rates)", ["loss -> loss", "rates -> rate"]),
        ("- loss\n- another", ["loss -> loss"]),
    ],
)  # fmt: skip
def test_the_first_use_of_a_term_is_linked(links, text, expected):
    assert links(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "No word of the glossary.",
        "lossless, glosses, pre-loss, loss-free, loss_1, a cnn, a relu",
        '`loss`, and [the loss](https://example.org/loss "loss")',
        "# Loss\n\n## The ReLU",
        "```python\nloss = rate\n```",
        "    loss",
        '!!! tip "A loss"\n\n    Nothing.',
        '??? tip "Hint"\n\n    The loss.\n\n    - rate',
        '<img alt="the loss > 0" src="loss.svg">',
        "<!-- loss -->",
        "<math><mi>loss</mi></math>",
        "&loss; &#114;ate",
        "The **loss** is explained here. Then come losses.",
        "**Losses:** they are explained here.",
        "**Choose by no loss at all.**",
        "## The run behind this page\n\nIts loss.",
    ],
)
def test_what_is_no_prose_or_explains_a_word_gets_no_link(links, text):
    assert links(text) == []


def test_what_gets_no_link_leaves_it_to_the_next_use(links):
    text = "# Loss\n\n`loss` and [loss](x.md), **the first loss**: a loss, then a **loss**."
    assert links(text) == ["loss -> loss"]


def test_without_a_glossary_there_are_no_links(tmp_path):
    assert linked("<p>loss</p>", tmp_path / "glossary.md", "../g/") == "<p>loss</p>"


def test_an_entry_names_its_words_in_its_heading_or_an_attribute():
    assert words(GLOSSARY).items() >= {
        ("CNN", "cnn"),
        ("convolutional neural networks", "cnn"),
        ("kernels", "filter"),
        ("Losses", "loss"),
    }
    assert words('## Point { #point data-words="points" }') == {
        "points": "point",
        "pointses": "point",
    }


def test_no_word_of_the_glossary_has_two_places():
    text = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text(encoding="utf-8")
    entries = re.findall(r"^## .+\n", text, re.MULTILINE)
    named = [word.casefold() for entry in entries for word in words(entry)]
    assert len(entries) >= 80
    assert sorted(named) == sorted({word.casefold() for word in words(text)})
    assert {"softmax", "cross-entropy", "gradient", "weight", "unit", "relu"} < {*named}
    assert {"learning rate", "eval mode", "tensor", "dnn", "cnn"} < {*named}
