"""What a run card must hold so that every page can show it, in one place.

A schema is a `Kind`, a tuple of alternatives, a list with the schema of its items, or a dict:
either of the names that must be there (those with `?` may be missing), or of any names, as
`{str: schema}`.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["DEVICES", "MADE_FROM", "Kind", "fault", "fault_of_failure", "unsaid"]

# The kinds of device, the best first.
DEVICES = ("cuda", "mps", "cpu")


@dataclass(frozen=True)
class Kind:
    """What a single value must be, in words and as a test."""

    words: str
    test: Callable[[Any], bool]


def _is_text(value: object) -> bool:
    # Half a surrogate pair can be written as JSON, but not as a page.
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: object) -> bool:
    # What is more cannot be a float, with which pages reckon.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**53


def _is_date(value: object) -> bool:
    with suppress(ValueError):
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    return False


_TEXT = Kind("a text", _is_text)
_NUMBER = Kind("a number", _is_number)
_COUNT = Kind("a count", _is_count)
_SHARE = Kind("a share from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1)
_FLAG = Kind("true or false", lambda value: isinstance(value, bool))
_DATE = Kind("a date", _is_date)
_NONE = Kind("null", lambda value: value is None)
_DEVICE = Kind(f"one of {', '.join(DEVICES)}", lambda value: value in DEVICES)
_PROFILE = Kind("full or preview", lambda value: value in ("full", "preview"))
_STORAGE = Kind("int8, float16 or float32", lambda value: value in ("int8", "float16", "float32"))
_PAIR = Kind(
    "a pair of shares",
    lambda value: isinstance(value, list) and len(value) == 2 and all(map(_SHARE.test, value)),
)
_LAYER = Kind(
    "a layer with its kind and shape",
    lambda value: (
        isinstance(value, dict)
        and _is_text(value.get("kind"))
        and isinstance(shape := value.get("shape"), list)
        and all(map(_is_count, shape))
        and (value["kind"] != "conv" or len(shape) == 3)
    ),
)

_TEXTS = {str: _TEXT}
# What a run was made from, with the words for a run of a former version, which lacks some.
MADE_FROM: dict[str, tuple[Any, str]] = {
    "code": ([_TEXT], "what its code was"),
    "files": (_TEXTS, "which files it imported"),
    "reads": ({str: (_TEXT, _NONE)}, "which files it read"),
    "variables": ({str: (_TEXT, _NONE)}, "which environment variables it read"),
    "python": (_TEXT, "which Python ran it"),
    "packages": (_TEXTS, "which packages it imported"),
    "torch_build": ((_TEXT, _NONE), "which build of torch it had"),
    "data": (_TEXT, "which data it had"),
    "profile": (_PROFILE, "its profile"),
    "device": (_DEVICE, "its kind of device"),
    "best_device": (_TEXT, "the best device of its machine"),
    "threads": (_TEXT, "its number of threads"),
    "settings": (_TEXTS, "which variables that change arithmetic were set"),
}
_DATA = {
    "dataset": _TEXT,
    "source": _TEXT,
    "sizes": {str: _COUNT},
    "sha256": _TEXTS,
    "licence": _TEXT,
    "is_sample": _FLAG,
    "checksum": _TEXT,
}
_RESULT = {
    "key": _TEXT,
    "title": _TEXT,
    "fit?": (_TEXT, _NONE),
    "epochs": _COUNT,
    "loss": (_NUMBER, _NONE),
    "correct": _COUNT,
    "count": _COUNT,
    "accuracy": _SHARE,
    "interval": _PAIR,
    "parameters": _COUNT,
    "multiplications": _COUNT,
    "seconds_per_epoch": _NUMBER,
}
_NETWORK = {
    "key": _TEXT,
    "title": _TEXT,
    "gain": _NUMBER,
    "offset": _NUMBER,
    "storage": _STORAGE,
    "layers": [_LAYER],
    "accuracy": _SHARE,
    "stored_accuracy": _SHARE,
    "count": _COUNT,
    "bytes": _COUNT,
}
_FIGURE = {"name": _TEXT, "title": _TEXT, "alt": _TEXT, "data?": (_TEXT, _NONE)}
_ROW = {
    "fit": _TEXT,
    "epoch": _COUNT,
    "train_loss": (_NUMBER, _NONE),
    "validation_loss": (_NUMBER, _NONE),
    "validation_accuracy": _SHARE,
    "train_count": _COUNT,
    "validation_count": _COUNT,
}
_CARD = {
    "lesson": _TEXT,
    "status": _TEXT,
    "profile": _PROFILE,
    "started": _DATE,
    "seconds": _NUMBER,
    "reused_seconds?": _NUMBER,
    "device": _TEXT,
    "device_name": _TEXT,
    "threads": _COUNT,
    "seed": _NUMBER,
    "versions": _TEXTS,
    "commit": (_TEXT, _NONE),
    "uncommitted_changes": _FLAG,
    "data": (_DATA, _NONE),
    "values": {str: (_NUMBER, _NONE)},
    "results": [_RESULT],
    "networks?": [_NETWORK],
    "figures": [_FIGURE],
    "log": [_ROW],
    "made_from": {f"{name}?": schema for name, (schema, _) in MADE_FROM.items()}
    | {"missing_data?": [_TEXT], "writes?": [_TEXT]},
    "cell_seconds": [_NUMBER],
}
_FAILURE = {
    "lesson": _TEXT,
    "cell": _COUNT,
    "cells": _COUNT,
    "line": _COUNT,
    "reason": _TEXT,
    "traceback": _TEXT,
    "error": _TEXT,
}


def fault(card: object) -> str:
    """What keeps pages from showing a run card, such as `results[0].accuracy is missing`.

    Empty where nothing does. A run of a former version may lack some of what it was made from.
    """
    return next(_faults(card, _CARD, ""), "")


def fault_of_failure(card: object) -> str:
    """The same for what must be known of a run that failed."""
    made_from = {"code": [_TEXT], "reads?": MADE_FROM["reads"][0], "writes?": [_TEXT]}
    failed = {"failure": _FAILURE, "made_from": made_from}
    return next(_faults(card, failed, ""), "")


def unsaid(made_from: dict[str, Any]) -> list[str]:
    """What a run of a former version does not say of what it was made from."""
    return [
        f"the stored run does not say {words}"
        for name, (_, words) in MADE_FROM.items()
        if name not in made_from
    ]


def _faults(value: Any, schema: Any, where: str) -> Iterator[str]:
    if isinstance(schema, Kind):
        if not schema.test(value):
            yield f"{where} is {_shown(value)}, not {schema.words}"
    elif isinstance(schema, tuple):
        found = [list(_faults(value, one, where)) for one in schema]
        if all(found):
            yield found[0][0]
    elif isinstance(schema, list):
        if not isinstance(value, list):
            yield f"{where} is {_shown(value)}, not a list"
            return
        for number, item in enumerate(value):
            yield from _faults(item, schema[0], f"{where}[{number}]")
    elif not isinstance(value, dict):
        yield f"{where or 'it'} is {_shown(value)}, not an object"
    elif str in schema:
        for name, item in value.items():
            yield from _faults(name, _TEXT, f"a name in {where}")
            yield from _faults(item, schema[str], f"{where}.{name}")
    else:
        for name, inner in schema.items():
            bare = name.removesuffix("?")
            place = f"{where}.{bare}".lstrip(".")
            if bare in value:
                yield from _faults(value[bare], inner, place)
            elif bare == name:
                yield f"{place} is missing"


def _shown(value: object) -> str:
    words = "null" if value is None else ascii(value)
    return words if len(words) <= 40 else f"{words[:40]}..."
