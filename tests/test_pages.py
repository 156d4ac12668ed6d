"""Pages that are written by hand: what they say can be looked up, and is said once."""

import re
from pathlib import Path

import pytest
from torchvision.datasets.mnist import read_label_file

from mnist_lessons.data import Provenance

ROOT = Path(__file__).parents[1]
DATA = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")


def words(text):
    """The text on one line."""
    return " ".join(text.split())


def wrong_labels():
    """The table of wrong labels: row, label, other reading, and how many saw which."""
    rows = re.findall(r"^\| (\d+) (?:\| \d+ ){5}\|$", DATA, re.M)
    table = [line for line in DATA.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == len(table)
    return [[int(number) for number in re.findall(r"\d+", line)] for line in table]


def test_each_wrong_label_was_not_seen_by_most_of_five_people():
    table = wrong_labels()
    assert len(table) == 15
    assert [row for row, *_ in table] == sorted({row for row, *_ in table})
    for _, label, other, *votes in table:
        assert label != other
        assert sum(votes) == 5
        assert votes[0] < 3


def test_the_wrong_labels_are_those_of_the_files(mnist_folder):
    if mnist_folder is None:
        pytest.skip("the full MNIST is not here")
    labels = read_label_file(str(mnist_folder / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"))
    assert [labels[row].item() for row, *_ in wrong_labels()] == [
        label for _, label, *_ in wrong_labels()
    ]


def test_all_places_say_the_same_of_the_licence():
    said = Provenance("MNIST", "", {}, {}).licence.replace("(c)", "©")
    whole, first = said, said.partition(";")[0]
    assert whole in words(DATA)
    assert first in words((ROOT / "docs" / "credits.md").read_text(encoding="utf-8"))
    assert first in words((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def entries_of_the_glossary():
    """Term, anchor, meaning and last line of each entry, in order."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    entry = r'^## (.+) \{ #(\S+)(?: data-words="[^"]+")? \}\n\n((?:.+\n)+)\n(.+)\n'
    found = re.findall(entry, text, re.M)
    assert len(found) == len(re.findall(r"^## ", text, re.M)) >= 80
    return found


def test_the_glossary_is_in_order_and_has_each_term_once():
    terms = [term.casefold().replace("-", "") for term, *_ in entries_of_the_glossary()]
    assert terms == sorted(set(terms))
    anchors = [anchor for _, anchor, *_ in entries_of_the_glossary()]
    assert len(set(anchors)) == len(anchors)


def test_each_term_of_the_glossary_has_a_short_meaning_and_below_it_a_french_term():
    for term, _, meaning, last in entries_of_the_glossary():
        assert re.fullmatch(r"\*[^*]+\*\{ lang=fr \}( · \[[^]]+\]\([^)]+\))?", last), term
        prose = re.sub(r"`[^`]+`|\[([^]]+)\]\(#[^)]+\)", r"\1", words(meaning))
        assert 1 <= len(re.findall(r"[.](?= |$)", prose)) <= 2, term
        assert prose.endswith("."), term
