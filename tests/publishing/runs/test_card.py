"""A run card that pages cannot show is a missing run, with the place and the reason told."""

import copy
import json
from datetime import datetime

import msgspec
import pytest

from mnist_lessons import plots
from mnist_lessons.data import normalise
from mnist_lessons.evaluation import predict
from mnist_lessons.models import CompactCNN, SimpleDNN
from mnist_lessons.publishing.runs.card import Card, CardFault, read_card
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings
from mnist_lessons.training import TrainConfig
from tests.publishing.cards import NETWORK, TABLE, as_built, raw_card


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


FAULTS = {
    "results[0]: object missing required field `multiplications`": without(
        "results", 0, "multiplications"
    ),
    "results[0].accuracy: expected `float` <= 1.0": with_value(1.5, "results", 0, "accuracy"),
    "results[0].interval: expected `array` of length 2": with_value(
        [0.5], "results", 0, "interval"
    ),
    "results: expected `array`, got `object`": with_value({}, "results"),
    "log[0].epoch: expected `int`, got `str`": with_value("0", "log", 0, "epoch"),
    "log[0].validation_accuracy: expected `float`, got `null`": with_value(
        None, "log", 0, "validation_accuracy"
    ),
    "results[0].key: expected `str` matching regex '^[A-Za-z0-9_-]+\\\\Z'": with_value(
        "../a", "results", 0, "key"
    ),
    "data: object missing required field `checksum`": without("data", "checksum"),
    "data.sizes[...]: expected `int`, got `str`": with_value("many", "data", "sizes", "train"),
    "results[0].epochs: expected `int` <= 9007199254740992": with_value(
        10**29, "results", 0, "epochs"
    ),
    "values[...]: expected `float | null`, got `bool`": with_value({"a": True}, "values"),
    "networks[0].storage: invalid enum value 'int4'": with_value(
        [NETWORK | {"storage": "int4"}], "networks"
    ),
    "networks[0].layers[0]: object missing required field `kind`": with_value(
        [NETWORK | {"layers": [{}]}], "networks"
    ),
    "networks[0].layers[0].kind: invalid enum value 'softmax'": with_value(
        [NETWORK | {"layers": [{"kind": "softmax", "shape": [10]}]}], "networks"
    ),
    "networks[0].layers[0]: the shape of a convolution's output has 3 numbers": with_value(
        [NETWORK | {"layers": [{"kind": "conv", "shape": [8]}]}], "networks"
    ),
    "tables[0]: a row of a table has a cell for each column": with_value(
        [TABLE | {"rows": [["a"], []]}], "tables"
    ),
    "tables[0].name: expected `str` matching regex '^[A-Za-z0-9_-]+\\\\Z'": with_value(
        [TABLE | {"name": "../a"}], "tables"
    ),
    "seconds: expected `float`, got `bool`": with_value(True, "seconds"),
    "started: invalid RFC3339 encoded datetime": with_value("yesterday", "started"),
    "profile: invalid enum value 'half'": with_value("half", "profile"),
    "made_from.device: invalid enum value 'abacus'": with_value("abacus", "made_from", "device"),
    "made_from: expected `object`, got `array`": with_value([], "made_from"),
    "it: object missing required field `cell_seconds`": without("cell_seconds"),
    "it is no JSON": with_value("\ud800", "device_name"),
    "it is no JSON ": with_value(float("nan"), "seconds"),
}


@pytest.fixture(scope="module")
def card(built):
    return raw_card(built.stored("one")) | {"networks": [NETWORK]}


def fault(card):
    """Why a card cannot be read; an empty text where it can."""
    try:
        read_card(json.dumps(card).encode(), Card)
    except CardFault as error:
        return str(error)
    return ""


@pytest.mark.parametrize("said", FAULTS)
def test_a_fault_is_named_with_its_place(card, said):
    changed = copy.deepcopy(card)
    FAULTS[said](changed)
    assert fault(changed) == said.strip()
    assert fault(card) == ""


def test_only_what_a_run_was_made_from_may_be_missing(card):
    former = {name: card["made_from"][name] for name in ("code", "data")}
    assert fault(card | {"made_from": former}) == ""


@pytest.mark.parametrize("content", [[], "card", 3, None, {}])
def test_another_thing_than_a_card_has_a_fault(content):
    assert fault(content)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b'{"seconds": 1e999}'])
def test_what_is_no_json_has_a_fault(content):
    with pytest.raises(CardFault):
        read_card(content, Card)


def test_what_a_run_writes_is_what_is_read(tmp_path, sample):
    """The teaching side cannot import the types of the publishing one: this holds it to them."""
    run = Run("lesson", seed=1, settings=Settings(runs=tmp_path))
    splits = normalise(run.loaded(sample.head(200)))
    model = SimpleDNN()
    config = TrainConfig(epochs=1, batch_size=64, learning_rate=1e-3)
    history = run.fit("net", model, splits, config)
    run.result("net", "A net", predict(model, splits.test), model, history)
    run.publish("net", model, splits)
    run.publish("compact", CompactCNN(), splits, title="With padding")
    digits = sample.test.images[:1]
    run.show(plots.image_grid(digits, ["a"], title="One", alt="One digit of the test."), "one")
    run.table([{"digit": "one", "count": 3, "share": None}], "counts", title="Counts")
    run.claim("There are three.", True)
    run.finish()
    written = raw_card(as_built(run.folder))
    read = msgspec.to_builtins(StoredRun(run.folder).card)
    started = datetime.fromisoformat(read.pop("started"))
    assert started == datetime.fromisoformat(written["started"])
    del read["made_from"]
    parts = ("data", "results", "networks", "figures", "tables", "claims", "trainings")
    assert all(read[part] for part in parts)
    assert shared(written, read) == read
    assert json.loads(msgspec.json.encode(read["networks"])) == written["networks"]


def shared(written, read):
    """Of what was written what was read, whatever else there is; it lacks what was made up."""
    if isinstance(read, dict):
        return {name: shared(written[name], read[name]) for name in read if name in written}
    if isinstance(read, list | tuple):
        return type(read)(shared(*pair) for pair in zip(written, read, strict=True))
    return written


def test_no_command_ends_in_a_traceback(project):
    """The card lacks what the page of results shows, and its checksums are right."""
    lacking = raw_card(project.stored("one"))["results"][0]
    del lacking["multiplications"]
    project.edit_stored("one", results=[lacking])
    why = "run.json: results[0]: object missing required field `multiplications`"
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
    said = (
        "its run card cannot be shown on a page: results[0]: object missing required field `title`"
    )
    assert page.failure.reason == said
    assert json.loads((project.store.failed("one").folder / "run.json").read_bytes())
