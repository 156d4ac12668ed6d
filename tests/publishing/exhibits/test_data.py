"""The page of data has what was loaded, once."""

import pytest

from mnist_lessons.publishing.exhibits import data
from tests.publishing.hostile import HOSTILE, TABLE, has_no_effect, html_of

DATA = {"dataset": "MNIST", "source": "a folder", "checksum": "1"}


@pytest.fixture
def run_of(run_with):
    """Makes a stored run that has loaded data."""
    return lambda **card: run_with(card)


FILES = {"train-images": "ab" * 32, "t10k-images": "cd" * 32}


def test_the_data_of_all_runs_are_told_once_with_each_file(run_of):
    first = DATA | {"sha256": FILES}
    other = first | {"dataset": "sample", "checksum": "2", "sha256": {"sample": "ef" * 32}}
    runs = [run_of(data=first), run_of(data=None), run_of(data=first), run_of(data=other)]
    soup = html_of(data.block(runs))
    told = [[cell.get_text() for cell in row("td")] for row in soup("tr")]
    assert [row for row in told if row] == [
        *([name, checksum] for name, checksum in FILES.items()),
        ["sample", "ef" * 32],
    ]
    assert "MNIST from a folder: 55,000 train, 5,000 validation, 10,000 test" in soup.p.get_text()


def test_without_data_the_page_says_so(run_of):
    assert data.block([run_of(data=None)]).startswith("No run")


def test_texts_of_the_data_have_no_effect(run_of):
    hostile = {**DATA, "dataset": HOSTILE, "source": HOSTILE, "sha256": {HOSTILE: HOSTILE}}
    hostile["sizes"] = {HOSTILE: 1}
    soup = html_of(data.block([run_of(data=hostile)]))
    assert has_no_effect(soup, *TABLE, "p", "strong", "code")
