"""What a training printed becomes a table, a curve and the lines themselves, folded."""

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.publishing.lesson_page.training_log import chosen_epochs, training_output
from mnist_lessons.runlog import format_record
from mnist_lessons.training import EpochRecord
from tests.publishing.cards import card_with

LOSSES = [2.3, 0.9, 0.5, 0.4, 0.45, 0.5, 0.6]


def record(epoch, loss):
    return EpochRecord(
        epoch=epoch,
        train_loss=loss / 2 if epoch < 6 else 0.00000123,
        train_correct=90,
        train_count=100,
        validation_loss=loss,
        validation_correct=4_000 + epoch,
        validation_count=5_000,
        images=100,
        seconds=1.25,
        learning_rate=0.1,
    )


RECORDS = [record(epoch, loss) for epoch, loss in enumerate(LOSSES)]
LINES = [format_record(one, 6) for one in (RECORDS[0], *RECORDS[5:])]
LOG = [{"fit": "dnn", **one.as_row()} for one in RECORDS]
CARD = card_with(log=LOG, trainings=[{"fit": "dnn", "printed": LINES}])
PRINTED = "\n".join(LINES)


def soup_of(printed=PRINTED, card=CARD):
    return BeautifulSoup(training_output(card, f"{printed}\n"), "html.parser")


def test_a_log_is_a_short_table_a_curve_and_the_printed_lines():
    soup = soup_of()
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in soup.tbody("tr")]
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "5", "6"]
    assert rows[3] == ["3", "0.2000", "lowest 0.4000", "80.06%"]
    assert rows[-1] == ["6", "1.2e-06", "0.6000", "80.12%"]
    assert "lowest" not in "".join(cell for row in (*rows[:3], *rows[4:]) for cell in row)
    assert "lowest after epoch 3" in soup.select_one("svg[role=img]")["aria-label"]
    assert soup.details.pre.get_text() == PRINTED
    assert "3 lines" in soup.summary.get_text()


def test_a_training_that_a_figure_of_the_lesson_shows_has_no_second_curve():
    figure = {"name": "f", "title": "T", "alt": "Its curves.", "fits": ["other", "dnn"]}
    trainings = [{"fit": "dnn", "printed": LINES}]
    soup = soup_of(card=card_with(log=LOG, trainings=trainings, figures=[figure]))
    assert soup.svg is None
    assert len(soup.tbody("tr")) == 6


def test_other_lines_stay_where_they_were():
    soup = soup_of(f"before <b>\n{PRINTED}\nafter")
    parts = [part for part in soup.children if part.name]
    assert [part.name for part in parts] == ["pre", "div", "pre"]
    assert (parts[0].get_text(), parts[2].get_text()) == ("before <b>", "after")
    assert parts[1].pre.get_text() == PRINTED


@pytest.mark.parametrize(
    "changes",
    [
        {"printed": "no line of a log"},
        {"printed": ""},
        {"printed": PRINTED.replace("epoch", "Epoch")},
        {"printed": "\nbetween\n".join(LINES)},
        {"printed": "\n".join(LINES[:-1])},
        {"card": card_with(log=LOG, trainings=[])},
        {"card": card_with(log=LOG, trainings=[{"fit": "dnn", "printed": []}])},
        {"card": card_with(log=LOG, trainings=[{"fit": "dnn", "printed": LINES}] * 2)},
        {"card": card_with(log=LOG, trainings=[{"fit": "unknown", "printed": LINES}])},
        {"card": card_with(log=LOG * 2, trainings=[{"fit": "dnn", "printed": LINES}])},
    ],
)
def test_what_is_not_known_for_sure_is_shown_as_it_was_printed(changes):
    values = {"card": CARD, "printed": PRINTED} | changes
    assert training_output(**values) is None


def test_the_lines_of_a_training_are_found_whatever_was_printed_before():
    soup = soup_of(f"{LINES[0]}\n{PRINTED}")
    assert soup.details.pre.get_text() == PRINTED


def test_a_name_has_no_effect():
    name = '"><script>alert(1)</script>'
    log = [row | {"fit": name} for row in LOG]
    soup = soup_of(card=card_with(log=log, trainings=[{"fit": name, "printed": LINES}]))
    assert not soup("script")
    assert name in soup.caption.get_text()


def test_a_loss_that_is_not_finite_is_told():
    rows = [row | {"validation_loss": None, "train_loss": None} for row in LOG]
    soup = soup_of(card=card_with(log=rows, trainings=[{"fit": "dnn", "printed": LINES}]))
    assert "not finite" in soup.tbody.get_text()
    assert not soup("svg")


@given(st.lists(st.none() | st.floats(0, 10), min_size=1, max_size=300))
def test_the_table_is_short_and_has_the_epochs_that_matter(losses):
    log = [{"epoch": epoch, "validation_loss": loss} for epoch, loss in enumerate(losses)]
    chosen = chosen_epochs(card_with(log=log).log)
    assert len(chosen) <= 8
    assert chosen == sorted(set(chosen))
    assert {0, len(losses) - 1} <= set(chosen) <= set(range(len(losses)))
    trained = [loss for loss in losses[1:] if loss is not None]
    if trained:
        assert min(trained) in [losses[epoch] for epoch in chosen if epoch]
