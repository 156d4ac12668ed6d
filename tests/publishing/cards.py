"""Run cards as they are written: that of a stored run, and small whole ones for tests."""

import json
from pathlib import Path
from typing import Any

import msgspec

from mnist_lessons.publishing.runs.card import Card
from mnist_lessons.publishing.runs.store import StoredRun

CARD: dict[str, Any] = {
    "lesson": "one",
    "status": "finished",
    "profile": "full",
    "started": "2026-11-01T10:00:00+00:00",
    "seconds": 75.0,
    "processor_seconds": 70.0,
    "reused_seconds": 0.0,
    "seed": 1,
    "device": "cpu",
    "device_name": "a processor",
    "threads": 1,
    "versions": {"python": "3.11.7", "torch": "2.15.0"},
    "commit": "0123456789abcdef",
    "uncommitted_changes": False,
    "data": {
        "dataset": "MNIST",
        "source": "a test",
        "sizes": {"train": 55_000, "validation": 5_000, "test": 10_000},
        "sha256": {"images": "abc"},
        "licence": "none",
        "is_sample": False,
        "checksum": "abc",
    },
    "missing_data": [],
    "values": {},
    "results": [],
    "networks": [],
    "figures": [],
    "log": [],
    "made_from": {},
    "cell_seconds": [1.0],
}
RESULT: dict[str, Any] = {
    "key": "net",
    "title": "A net",
    "fit": "net",
    "epochs": 2,
    "loss": 0.1,
    "correct": 9_770,
    "count": 10_000,
    "accuracy": 0.977,
    "interval": [0.974, 0.98],
    "parameters": 7_850,
    "multiplications": 7_840,
    "seconds_per_epoch": 1.5,
}
EPOCH: dict[str, Any] = {
    "fit": "net",
    "epoch": 1,
    "train_loss": 0.2,
    "validation_loss": 0.3,
    "validation_accuracy": 0.95,
    "train_count": 10_000,
    "validation_count": 5_000,
}
NETWORK: dict[str, Any] = {
    "key": "net",
    "title": "A net",
    "name": "convolutional network",
    "gain": 1.0,
    "offset": 0.0,
    "storage": "int8",
    "layers": [{"kind": "conv", "weights": [8, 1, 5, 5], "shape": [8, 24, 24]}],
    "accuracy": 0.977,
    "stored_accuracy": 0.976,
    "count": 10_000,
    "bytes": 10,
}
TABLE: dict[str, Any] = {
    "name": "networks",
    "title": "The networks",
    "columns": [{"name": "network", "is_number": False}],
    "rows": [["DNN"], ["CNN"]],
    "text": "The networks\nnetwork\n-------\nDNN\nCNN",
    "data": "networks.csv",
}


def raw_card(run: StoredRun) -> dict[str, Any]:
    """The content of its `run.json`, as it is written."""
    card: dict[str, Any] = json.loads((run.folder / "run.json").read_bytes())
    return card


def whole(card: dict[str, Any]) -> dict[str, Any]:
    """A card as it is written; what the test does not say of it is filled in."""
    parts = {"results": RESULT, "networks": NETWORK, "log": EPOCH}
    filled = {**CARD, **card}
    filled |= {name: [{**usual, **one} for one in filled[name]] for name, usual in parts.items()}
    if filled["data"] is not None:
        filled["data"] = {**CARD["data"], **filled["data"]}
    return filled


def card_with(**card: Any) -> Card:
    """The same as it is read."""
    return msgspec.convert(whole(card), Card)


def run_with(folder: Path, card: dict[str, Any]) -> StoredRun:
    """A run in a folder that has nothing but its card."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(whole(card)), encoding="utf-8")
    return StoredRun(folder)


def as_built(folder: Path) -> StoredRun:
    """A run that no build has made, with the parts of the card that a build adds."""
    path = folder / "run.json"
    added = {name: CARD[name] for name in ("made_from", "cell_seconds")}
    path.write_text(json.dumps(json.loads(path.read_bytes()) | added), encoding="utf-8")
    return StoredRun(folder)
