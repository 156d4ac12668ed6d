"""A run card that pages cannot show is a missing run, with the place and the reason told."""

import copy
import json

import pytest

from mnist_lessons.publishing.runs.card import fault


def without(*path):
    def change(card):
        inner = at(card, path)
        del inner[path[-1]]

    return change


def with_value(value, *path):
    def change(card):
        inner = at(card, path)
        inner[path[-1]] = value

    return change


def at(card, path):
    for step in path[:-1]:
        card = card[step]
    return card


NETWORK = {
    "key": "a",
    "title": "A",
    "gain": 1.0,
    "offset": 0.0,
    "storage": "int8",
    "layers": [{"kind": "conv", "shape": [8, 24, 24]}],
    "accuracy": 0.9,
    "stored_accuracy": 0.9,
    "count": 500,
    "bytes": 10,
}
FAULTS = {
    "results[0].multiplications is missing": without("results", 0, "multiplications"),
    "results[0].accuracy is 1.5, not a share from 0 to 1": with_value(
        1.5, "results", 0, "accuracy"
    ),
    "results[0].interval is [0.5], not a pair of shares": with_value(
        [0.5], "results", 0, "interval"
    ),
    "results is {}, not a list": with_value({}, "results"),
    "log[0].epoch is '0', not a count": with_value("0", "log", 0, "epoch"),
    "log[0].validation_accuracy is null, not a share from 0 to 1": with_value(
        None, "log", 0, "validation_accuracy"
    ),
    "log[0].train_loss is nan, not a number": with_value(float("nan"), "log", 0, "train_loss"),
    "data.checksum is missing": without("data", "checksum"),
    "data.sizes.train is 'many', not a count": with_value("many", "data", "sizes", "train"),
    f"results[0].epochs is {10**29}, not a count": with_value(10**29, "results", 0, "epochs"),
    "values.a is True, not a number": with_value({"a": True}, "values"),
    "networks[0].storage is 'int4', not int8, float16 or float32": with_value(
        [NETWORK | {"storage": "int4"}], "networks"
    ),
    "networks[0].layers[0] is {}, not a layer with its kind and shape": with_value(
        [NETWORK | {"layers": [{}]}], "networks"
    ),
    "seconds is True, not a number": with_value(True, "seconds"),
    "started is 'yesterday', not a date": with_value("yesterday", "started"),
    "profile is 'half', not full or preview": with_value("half", "profile"),
    "made_from.device is 'abacus', not one of cuda, mps, cpu": with_value(
        "abacus", "made_from", "device"
    ),
    "made_from is [], not an object": with_value([], "made_from"),
    r"device_name is '\ud800', not a text": with_value("\ud800", "device_name"),
    "cell_seconds is missing": without("cell_seconds"),
}


@pytest.fixture(scope="module")
def card(built):
    return built.stored("one").card | {"networks": [NETWORK]}


@pytest.mark.parametrize("said", FAULTS)
def test_a_fault_is_named_with_its_place(card, said):
    changed = copy.deepcopy(card)
    FAULTS[said](changed)
    assert fault(changed) == said
    assert fault(card) == ""


def test_only_what_a_run_was_made_from_may_be_missing(card):
    former = {name: card["made_from"][name] for name in ("code", "data")}
    assert fault(card | {"made_from": former}) == ""


@pytest.mark.parametrize("content", [[], "card", 3, None, {}])
def test_another_thing_than_a_card_has_a_fault(content):
    assert fault(content)


def test_no_command_ends_in_a_traceback(project):
    """The card lacks what the page of results shows, and its checksums are right."""
    lacking = project.stored("one").card["results"][0].copy()
    del lacking["multiplications"]
    project.edit_stored("one", results=[lacking])
    why = "run.json: results[0].multiplications is missing"
    folder = project.store.folder / "runs/one/0123456789abcdef"
    (project.root / "site/tutorials/one/run.json").write_bytes((folder / "run.json").read_bytes())

    assert project.plan()[0] == f"one: run (its stored run is damaged: {why})"
    refused = project.command("publish-check")
    assert f"one: the site has no run of it: {why}" in refused.stderr
    exported = project.command("export", "runs.tar.gz")
    assert "runs.tar.gz: 1 run" in exported.stdout
    assert f"one: a damaged run is left out: {why}" in exported.stderr
    cleaned = project.command("clean")
    assert f"removed one: a run (damaged: {why})" in cleaned.stdout
    said = [done.stderr for done in (refused, exported, cleaned)]
    assert "Traceback" not in "".join(said)


def test_a_lesson_whose_card_cannot_be_shown_fails(project):
    project.write("one", end="tiny.publish('one', results=[{'key': 'a'}])")
    [page] = project.prepare(only=["one"])
    said = "its run card cannot be shown on a page: results[0].title is missing"
    assert page.failure.reason == said
    assert json.loads((project.store.failed("one").folder / "run.json").read_bytes())
