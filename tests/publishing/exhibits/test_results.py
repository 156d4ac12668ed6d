"""The home page has a row for each network, and what a run says has no effect there."""

import pytest

from mnist_lessons.publishing.exhibits import results
from tests.publishing.hostile import HOSTILE, TABLE, has_no_effect, html_of, rows_of

RESULT = {
    "title": "SimpleDNN, 128 epochs",
    "accuracy": 0.9789,
    "interval": [0.9759, 0.9815],
    "parameters": 89_610,
}


@pytest.fixture
def run_of(run_with):
    """Makes a stored run with one network, or others."""
    return lambda **card: run_with({"lesson": "simple_dnn", "results": [RESULT], **card})


def test_results_have_one_row_for_each_model_of_each_run(run_of):
    other = RESULT | {"title": "Another", "accuracy": 0.5}
    runs = [run_of(results=[RESULT, other]), run_of(results=[]), run_of(lesson="improved_cnn")]
    table = results.block(runs)
    head, *rows = rows_of(table)
    assert head == ["model", "test accuracy", "95% interval", "parameters"]
    assert [row[0] for row in rows] == ["SimpleDNN, 128 epochs", "Another", "SimpleDNN, 128 epochs"]
    assert rows[0][1:] == ["97.89%", "97.59% to 98.15%", "89,610"]
    assert "(tutorials/improved_cnn.py)" in table


def test_a_title_has_no_effect(run_of):
    table = html_of(results.block([run_of(results=[RESULT | {"title": HOSTILE}])]))
    assert has_no_effect(table, *TABLE, "a", "strong")
    assert table.a["href"] == "tutorials/simple_dnn.py"
    assert len(table("tr")) == 2


@pytest.mark.parametrize("lesson", ["x.py) <img src=x> [y](javascript:alert(1)", '" onclick="a'])
def test_a_lesson_name_in_a_card_has_no_effect(run_of, lesson):
    table = html_of(results.block([run_of(lesson=lesson)]))
    [link] = table("a")
    assert link.attrs.keys() == {"href"}
    assert link["href"].startswith("tutorials/")
    assert not table("img")
