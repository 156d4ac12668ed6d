"""What made a run, and why it must be made again: what has changed since.

A stored run is reused while everything that made it is unchanged: what the code cells do,
the files of this project that the kernel imported or read, and the folders that it listed,
the environment variables that its cells read, Python and the imported distributions,
the build of torch, the data, the profile, the kind of device, the number of threads, and the
environment variables that change arithmetic. All of that is in its `run.json`, under
`made_from`.

One more reason is a field of `runs.made_from.MadeFrom`, filled by `made_from` and compared in
`Reasons.against`; `docs/write.md` names it under "What runs again, and when". What a user or a
machine may choose comes from `today.Today`, so that it can be another day's; what is so, such as
Python's version, is asked here.
"""

import hashlib
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from typing import cast

from mnist_lessons._datasets import checksums
from mnist_lessons._sources import file_hash
from mnist_lessons.publishing.execution.installed import distributions, torch_build, version
from mnist_lessons.publishing.execution.project_files import hash_now, hash_of_names, read_now
from mnist_lessons.publishing.execution.today import ARITHMETIC, Today, kind_of
from mnist_lessons.publishing.execution.used import Used, own_files
from mnist_lessons.publishing.runs.made_from import Device, MadeFrom, unsaid
from mnist_lessons.publishing.writing.lessons import Lesson

__all__ = ["Reasons", "changed_cells", "made_from"]

_ROUNDS = 100_000
# Variables that count already, or that the build sets for its kernels.
_COUNTED = (*ARITHMETIC, "MNIST_LESSONS_", "OMP_NUM_THREADS", "PYTHON", "IPYTHONDIR", "JPY_")


def made_from(
    lesson: Lesson, today: Today, device: str, used: Used, missing_data: Sequence[str] = ()
) -> MadeFrom:
    """Everything that made a run.

    Args:
        lesson: as it was when it was executed.
        today: what it was executed with.
        device: the device that it ran on.
        used: what the kernel used of the project.
        missing_data: names of the datasets that it did without.
    """
    files = own_files(used.modules, today.root)
    packages = distributions(used.modules, today.root)
    reads = {name: read_now(today.root, name) for name in used.files if name not in files}
    for folder, inside in used.folders.items():
        reads[folder] = hash_of_names(today.root, folder, inside, used.written)
    environment = today.environment or {}
    variables = [name for name in used.variables if not name.startswith(_COUNTED)]
    return MadeFrom(
        code=lesson.code_hashes(),
        files={name: file_hash(today.root / name) for name in files},
        reads=reads,
        writes=list(used.written),
        variables={name: _disguised(name, environment.get(name)) for name in variables},
        python=platform.python_version(),
        packages={name: version(name) or "" for name in packages},
        torch_build=torch_build() if "torch" in packages else "",
        data=today.data,
        missing_data=sorted(missing_data),
        profile=today.profile,
        device=cast(Device, kind_of(device)) or None,  # it may have failed before it said so
        best_device=today.best_device,
        threads=today.threads,
        settings=dict(today.settings),
    )


class Reasons:
    """Compares runs with today; reads each file and each version once."""

    def __init__(self, today: Today) -> None:
        self.today = today
        self._hash = cache(lambda name: hash_now(today.root / name))
        self._read = cache(lambda name, written: read_now(today.root, name, written))
        self._version = cache(version)
        self._torch_build = cache(torch_build)

    def against(self, then: MadeFrom, lesson: Lesson) -> list[str]:
        """Each reason why a run is no longer true, in a few words; none where it still is."""
        # A run of a former version says less: it is compared as far as it goes.
        return [
            *unsaid(then),
            *self._of_code(then, lesson),
            *self._of_reading(then),
            *self._of_variables(then),
            *_changed(then.packages or {}, self._version),
            *_changed({"build of torch": then.torch_build or ""}, lambda _: self._build(then)),
            *self._of_circumstances(then),
            *self._of_settings(then),
        ]

    def _of_code(self, then: MadeFrom, lesson: Lesson) -> Iterator[str]:
        python = platform.python_version()
        if then.python and then.python != python:
            # The hashes of code hold for one version of Python.
            yield f"Python {then.python} -> {python}"
            return
        if then.code is not None:
            yield from _of_cells(then.code, lesson.code_hashes())
        for name, before in (then.files or {}).items():
            if (now := self._hash(name)) != before:
                yield f"{name} {'changed' if now else 'is gone'}"

    def _of_reading(self, then: MadeFrom) -> Iterator[str]:
        for name, before in (then.reads or {}).items():
            now = self._read(name, frozenset(then.writes))
            if now != before:
                yield f"{name} " + (
                    "is gone" if now is None else "is there now" if before is None else "changed"
                )

    def _of_variables(self, then: MadeFrom) -> Iterator[str]:
        environment = self.today.environment
        if environment is None:
            return
        for name, before in (then.variables or {}).items():
            value = environment.get(name)
            if _disguised(name, value) != before:
                # What it was may be a secret: a run says no value.
                yield f"{name} " + (
                    "is unset" if value is None else "is set now" if before is None else "changed"
                )

    def _build(self, then: MadeFrom) -> str:
        # A lesson without torch does not depend on it.
        return self._torch_build() or "" if then.torch_build else ""

    def _of_circumstances(self, then: MadeFrom) -> Iterator[str]:
        today = self.today
        if then.data is not None and then.data != today.data:
            yield f"data {_dataset(then.data)} -> {_dataset(today.data)}"
        # Not the other way round: a run with the data is good where they are not to be had.
        yield from (
            f"{name} missing -> there" for name in then.missing_data if name in today.extras
        )
        for name in ("profile", "threads"):
            before, now = getattr(then, name), getattr(today, name)
            if before is not None and before != now:
                yield f"{name} {before} -> {now}"
        # On a machine whose GPU torch cannot use, `auto` gives the CPU, now as before.
        fallback = today.device == "auto" and then.best_device == today.best_device
        if then.device is not None and then.device not in today.devices and not fallback:
            yield f"device {then.device} -> {today.devices[0]}"

    def _of_settings(self, then: MadeFrom) -> Iterator[str]:
        if then.settings is None:
            return
        now = self.today.settings
        names = sorted(then.settings.keys() | now.keys())
        before = {name: then.settings.get(name, "unset") for name in names}
        yield from _changed(before, lambda name: now.get(name, "unset"))


@cache
def _disguised(name: str, value: str | None) -> str | None:
    """What tells one value from another, slow enough that none can be guessed from it."""
    if value is None:
        return None
    secret = os.fsencode(value)
    return hashlib.pbkdf2_hmac("sha256", secret, os.fsencode(name), _ROUNDS).hex()


def changed_cells(then: Sequence[str], now: Sequence[str]) -> list[int]:
    """The numbers, from 1, of the code cells that are others than in a run, from their hashes."""
    return [number for number, (a, b) in enumerate(zip_longest(then, now), start=1) if a != b]


def _of_cells(then: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    changed = changed_cells(then, now)
    if len(then) != len(now):
        yield f"{len(now)} code cells, not {len(then)}"
    elif changed:
        cells = "cell" if len(changed) == 1 else "cells"
        yield f"code {cells} {', '.join(map(str, changed))} changed"


def _changed(then: Mapping[str, str], now: Callable[[str], str | None]) -> Iterator[str]:
    for name, before in then.items():
        if (today := now(name)) != before:
            yield f"{name} {before} -> {today or 'missing'}"


def _dataset(checksum: str) -> str:
    names = {known: name for name, known in checksums().items()}
    return names.get(checksum, checksum[:8])
