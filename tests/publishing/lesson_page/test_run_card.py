"""The run card has what repeats a run, and says what a reader must know of it."""

import pytest

from mnist_lessons.publishing.lesson_page import run_card
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.runs.package import Package
from tests.publishing.hostile import HOSTILE, TABLE, has_no_effect, html_of, rows_of

DATA = {
    "dataset": "MNIST",
    "source": "a folder",
    "sizes": {"train": 55_000, "validation": 5_000, "test": 10_000},
    "licence": "a licence",
    "is_sample": False,
    "checksum": "0123456789abcdef" * 4,
}
CARD = {
    "lesson": "simple_dnn",
    "profile": "full",
    "started": "2026-01-02T03:04:05+00:00",
    "seconds": 3_723.4,
    "device": "cuda",
    "device_name": "A | B",
    "threads": 1,
    "seed": 7,
    "versions": {"python": "3.13.1", "torch": "2.10.0"},
    "commit": None,
    "uncommitted_changes": False,
    "data": DATA,
}


@pytest.fixture
def run_of(run_with):
    """Makes a stored run whose card is `CARD` with changes."""

    return lambda **changes: run_with(CARD | changes)


def test_a_run_card_has_what_repeats_the_run(run_of):
    card = dict(rows_of(run_card.run_card(run_of()))[1:])
    assert card["profile"] == "full"
    assert card["started"] == "2026-01-02 03:04:05 UTC"
    assert card["duration"] == "1:02:03 (hours:minutes:seconds)"
    assert card["device"] == "cuda (A | B), threads: 1"
    assert card["seed"] == "7"
    assert "55,000 train, 5,000 validation, 10,000 test" in card["data"]
    assert card["checksum of the data"] == "0123456789abcdef"
    assert card["versions"] == "python 3.13.1, torch 2.10.0"
    assert card["commit"] == "not a Git checkout"
    assert card["licence of the images"] == "a licence"


def test_a_run_card_links_the_code_beside_the_commit(run_of):
    package = Package(dict.fromkeys(("constraints.txt", "a.whl", "a.tar.gz"), b""))
    card = html_of(run_card.run_card(run_of(), Distribution(package)))
    links = [link["href"] for link in card.find(string="code of this site").find_next("td")("a")]
    assert links == [f"../downloads/{name}" for name in ("a.whl", "a.tar.gz", "constraints.txt")]


def test_a_run_card_tells_what_was_trained_before(run_of):
    card = dict(rows_of(run_card.run_card(run_of(reused_seconds=75.0)))[1:])
    assert "1:15 of training" in card["duration"]


@pytest.mark.parametrize(
    ("changed", "text"),
    [(False, "0123456789ab"), (True, "0123456789ab with uncommitted changes")],
)
def test_a_run_card_names_the_commit(run_of, changed, text):
    run = run_of(commit="0123456789abcdef" * 2, uncommitted_changes=changed)
    assert dict(rows_of(run_card.run_card(run))[1:])["commit"] == text


def test_a_run_without_data_has_a_card(run_of):
    assert dict(rows_of(run_card.run_card(run_of(data=None)))[1:])["data"] == "none"


@pytest.mark.parametrize(
    ("changes", "titles"),
    [
        ([{}], []),
        ([{"profile": "preview"}], ["Preview"]),
        ([{}, {"data": DATA | {"is_sample": True}}], ["Sample data"]),
        (
            [{"profile": "preview"}, {"data": DATA | {"is_sample": True}}],
            ["Preview", "Sample data"],
        ),
    ],
)
def test_a_reader_is_told_of_a_preview_and_of_the_sample(run_of, changes, titles):
    runs = [run_of(**change) for change in changes]
    notices = run_card.notices(runs)
    assert [title for title, _ in notices] == titles
    said = " ".join(text for _, text in notices)
    assert said.count("Its text speaks of a full run on the full MNIST.") == bool(titles)


def test_a_page_says_what_the_mark_of_its_claims_means(run_of):
    claim = {"sentence": "A.", "holds": True, "checked": True, "text": "A."}
    assert run_card.asserted(run_of().card) == ""
    assert run_card.asserted(run_of(claims=[claim | {"checked": False}]).card) == ""
    assert "each sentence marked ✓" in run_card.asserted(run_of(claims=[claim]).card)


def test_a_run_card_has_no_effect(run_of):
    data = {**DATA, "dataset": HOSTILE, "source": HOSTILE, "licence": HOSTILE, "checksum": HOSTILE}
    changes = dict.fromkeys(("device", "device_name", "commit"), HOSTILE)
    data["sizes"] = {HOSTILE: 1}
    run = run_of(**changes, versions={HOSTILE: HOSTILE}, data=data)
    table = html_of(run_card.run_card(run))
    for link in table("a"):
        assert link.attrs.keys() == {"href"}
        link.unwrap()
    assert has_no_effect(table, *TABLE, "code")
    assert len(table("tr")) == 12
    assert all(len(row(["td", "th"])) == 2 for row in table("tr"))
    assert [code.get_text() for code in table("code")] == [HOSTILE[:16], HOSTILE[:12]]
