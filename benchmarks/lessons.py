"""Where the time of a cold build goes: what each lesson's run took of a processor."""

import heapq
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.rows import Part, Row
from mnist_lessons.errors import SettingError

__all__ = ["measure", "two_cores"]

_MOST = 40  # minutes of a processor


def measure(site: Path) -> Part:
    """Read the run cards of a built site.

    A training that came from a checkpoint counts as if it had been done again.

    Raises:
        SettingError: there is no built site.
    """
    files = sorted(site.glob("tutorials/*/run.json"))
    if not files:
        raise SettingError(f"there is no lesson in {site}/tutorials/: build the site first")
    cards = [json.loads(file.read_bytes()) for file in files]
    minutes = [_minutes(card) for card in cards]
    rows = [
        Row(card["lesson"], card["threads"], [whole], unit="min", note=_note(card))
        for card, whole in zip(cards, minutes, strict=True)
    ]
    rows.sort(key=lambda row: -row.values[0])
    kinds = {(card["profile"], _dataset(card), card["device_name"]) for card in cards}
    # What is trained for less, or on fewer images, cannot miss the target.
    most = _MOST if all(kind[:2] == ("full", "MNIST") for kind in kinds) else None
    rows.append(Row("all", 1, [sum(minutes)], most, True, unit="min"))
    rows.append(Row("all, two at a time", 1, [two_cores(minutes)], unit="min"))
    told = (f"profile {profile}, {data} on {device}" for profile, data, device in sorted(kinds))
    heading = ["Where the time of a cold build goes, by the run cards of the site.", *told]
    figures = dict(zip((card["lesson"] for card in cards), minutes, strict=True))
    return Part(heading, rows, figures)


def two_cores(lengths: Sequence[float]) -> float:
    """When the last of some runs ends, if two run at a time and are begun in this order."""
    cores = [0.0, 0.0]
    for length in lengths:
        heapq.heapreplace(cores, cores[0] + length)
    return max(cores)


def _minutes(card: dict[str, Any]) -> float:
    return float((card["processor_seconds"] + card["reused_seconds"]) / 60)


def _dataset(card: dict[str, Any]) -> str:
    return str(card["data"]["dataset"]) if card["data"] else "no data"


def _note(card: dict[str, Any]) -> str:
    followed = sum(row["seconds"] for row in card["log"])
    whole = card["seconds"] + card["reused_seconds"]
    return f"{followed / whole:.0%} in trainings that are logged"
