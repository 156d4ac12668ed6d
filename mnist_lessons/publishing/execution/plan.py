"""Decide which lessons must run, and say why.

A stored run is reused while everything that made it is unchanged: what the code cells do,
the files of this project that the kernel imported or read, and the folders that it listed,
the environment variables that its cells read, Python and the imported distributions,
the build of torch, the data, the profile, the kind of device, the number of threads, and the
environment variables that change arithmetic. All of that is in its `run.json`, under
`made_from`.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from mnist_lessons._datasets import checksums
from mnist_lessons._sources import file_hash
from mnist_lessons.publishing.execution.project_files import (
    RECORDS,
    hash_now,
    hash_of_names,
    own_name,
    read_now,
)
from mnist_lessons.publishing.execution.used import Used
from mnist_lessons.publishing.runs.card import DEVICES, unsaid
from mnist_lessons.publishing.runs.store import Store, StoredRun
from mnist_lessons.publishing.writing.lessons import Lesson
from mnist_lessons.settings import Profile

__all__ = ["Now", "Step", "differences", "made_from", "own_files", "plan"]

_MOST_REASONS = 4
_ROUNDS = 100_000
# Besides the number of threads, which is recorded by itself.
_ARITHMETIC = (
    "ATEN_",
    "CUBLAS_",
    "DNNL_",
    "KMP_",
    "MKL_",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_",
    "OPENBLAS_",
    "PYTHONHASHSEED",
    "PYTHONOPTIMIZE",
    "PYTORCH_",
    "TORCH_",
)
# Variables that count already, or that the build sets for its kernels.
_COUNTED = (*_ARITHMETIC, "MNIST_LESSONS_", "OMP_NUM_THREADS", "PYTHON", "IPYTHONDIR", "JPY_")


@dataclass(frozen=True, kw_only=True)
class Now:
    """What a run would be made from today, besides its code.

    Attributes:
        root: folder of the project.
        profile: `full` or `preview`.
        device: `auto`, or the device that is asked for.
        best_device: kind of the best device of this machine: `cuda`, `mps` or `cpu`.
        threads: number of threads of a kernel, in decimal.
        data: checksum of the images.
        extras: names of the datasets to be had that a lesson can do without.
        settings: environment variables that change arithmetic.
        environment: all variables, of which cells may read some; None: those of each run.
    """

    root: Path
    profile: Profile
    device: str
    best_device: str
    threads: str
    data: str
    extras: frozenset[str] = frozenset()
    settings: Mapping[str, str] = field(
        default_factory=lambda: {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(_ARITHMETIC)
        }
    )
    environment: Mapping[str, str] | None = field(default_factory=lambda: {**os.environ})

    @property
    def devices(self) -> tuple[str, ...]:
        """The kinds of device whose runs will do, the best first.

        A run made on a GPU is good on a machine without one, not the other way round.
        """
        if self.device != "auto":
            return (_kind(self.device),)
        return DEVICES[: DEVICES.index(self.best_device) + 1]


@dataclass(frozen=True)
class Step:
    """What a build does with a lesson, and why.

    Attributes:
        lesson: the lesson.
        now: what a run would be made from today.
        run: the run to reuse, or None.
        reasons: why it must run; empty where a run is reused.
        last: the newest run of this lesson in this profile, on this data and kind of device, to
            judge the time left.
    """

    lesson: Lesson
    now: Now
    run: StoredRun | None
    reasons: tuple[str, ...] = ()
    last: StoredRun | None = None

    def __str__(self) -> str:
        if self.run:
            card = self.run.card
            return f"{self.lesson.slug}: reuse (run of {card['started'][:10]}, {card['device']})"
        shown = list(self.reasons[:_MOST_REASONS])
        if more := len(self.reasons) - len(shown):
            shown.append(f"and {more} more")
        return f"{self.lesson.slug}: run ({'; '.join(shown)})"

    @property
    def last_seconds(self) -> list[float]:
        """How long each code cell took last time; empty where nothing is known."""
        return list(self.last.card["cell_seconds"]) if self.last else []

    def again(self) -> "Step":
        """The same step, but to run what is stored."""
        return self if not self.run else replace(self, run=None, reasons=("asked for again",))


def plan(store: Store, lessons: Sequence[Lesson], now: Now) -> list[Step]:
    """For each lesson the stored run that is still true, or why there is none."""
    today = _Today(now)
    return [_step(store, lesson, today) for lesson in lessons]


def differences(run: StoredRun, lesson: Lesson, now: Now) -> list[str]:
    """What has changed since a run was made; nothing if it is still true."""
    return list(_Today(now).differences(run, lesson))


def made_from(
    lesson: Lesson, now: Now, device: str, used: Used, missing_data: Sequence[str] = ()
) -> dict[str, Any]:
    """Everything that made a run.

    Args:
        lesson: as it was when it was executed.
        now: what it was executed with.
        device: the device that it ran on.
        used: what the kernel used of the project.
        missing_data: names of the datasets that it did without.
    """
    files = own_files(used.modules, now.root)
    packages = {name: _version(name) for name in _distributions(used.modules, now.root)}
    reads = {name: read_now(now.root, name) for name in used.files if name not in files}
    for folder, inside in used.folders.items():
        reads[folder] = hash_of_names(now.root, folder, inside, used.written)
    environment = now.environment or {}
    variables = [name for name in used.variables if not name.startswith(_COUNTED)]
    return {
        "code": lesson.code_hashes(),
        "files": {name: file_hash(now.root / name) for name in files},
        "reads": reads,
        "writes": list(used.written),
        "variables": {name: _disguised(name, environment.get(name)) for name in variables},
        "python": platform.python_version(),
        "packages": packages,
        "torch_build": _torch_build() if "torch" in packages else None,
        "data": now.data,
        "missing_data": sorted(missing_data),
        "profile": now.profile,
        "device": _kind(device),
        "best_device": now.best_device,
        "threads": now.threads,
        "settings": dict(now.settings),
    }


class _Today:
    """Compares runs with today; reads each file and each version once."""

    def __init__(self, now: Now) -> None:
        self.now = now
        self._hash = cache(lambda name: hash_now(now.root / name))
        self._read = cache(lambda name, written: read_now(now.root, name, written))
        self._version = cache(_version)
        self._torch_build = cache(_torch_build)

    def differences(self, run: StoredRun, lesson: Lesson) -> Iterator[str]:
        then = run.card["made_from"]
        # A run of a former version lacks something: it is compared as far as it goes.
        yield from unsaid(then)
        yield from self._of_code(then, lesson)
        yield from self._of_reading(then)
        yield from _changed("", then.get("packages", {}), self._version)
        if build := then.get("torch_build"):
            yield from _changed("", {"build of torch": build}, lambda _: self._torch_build())
        yield from self._of_circumstances(then)
        yield from self._of_settings(then)

    def _of_code(self, then: Mapping[str, Any], lesson: Lesson) -> Iterator[str]:
        python = platform.python_version()
        if then.get("python", python) != python:
            # The hashes of code hold for one version of Python.
            yield f"Python {then['python']} -> {python}"
            return
        if "code" in then:
            yield from _changed_cells(then["code"], lesson.code_hashes())
        for name, before in then.get("files", {}).items():
            if (today := self._hash(name)) != before:
                yield f"{name} {'changed' if today else 'is gone'}"

    def _of_reading(self, then: Mapping[str, Any]) -> Iterator[str]:
        for name, before in then.get("reads", {}).items():
            today = self._read(name, frozenset(then.get("writes", ())))
            if today != before:
                yield f"{name} " + (
                    "is gone" if today is None else "is there now" if before is None else "changed"
                )
        variables = then.get("variables", {}) if self.now.environment is not None else {}
        for name, before in variables.items():
            value = (self.now.environment or {}).get(name)
            if _disguised(name, value) != before:
                # What it was may be a secret: a run says no value.
                yield f"{name} " + (
                    "is unset" if value is None else "is set now" if before is None else "changed"
                )

    def _of_circumstances(self, then: Mapping[str, Any]) -> Iterator[str]:
        now = self.now
        if then.get("data", now.data) != now.data:
            yield f"data {_dataset(then['data'])} -> {_dataset(now.data)}"
        # Not the other way round: a run with the data is good where they are not to be had.
        for name in then.get("missing_data", ()):
            if name in now.extras:
                yield f"{name} missing -> there"
        for name in ("profile", "threads"):
            if then.get(name, getattr(now, name)) != getattr(now, name):
                yield f"{name} {then[name]} -> {getattr(now, name)}"
        # On a machine whose GPU torch cannot use, `auto` gives the CPU, now as before.
        fallback = now.device == "auto" and then.get("best_device") == now.best_device
        if then.get("device", now.devices[0]) not in now.devices and not fallback:
            yield f"device {then['device']} -> {now.devices[0]}"

    def _of_settings(self, then: Mapping[str, Any]) -> Iterator[str]:
        if "settings" in then:
            now = self.now.settings
            names = sorted(then["settings"].keys() | now.keys())
            before = {name: then["settings"].get(name, "unset") for name in names}
            yield from _changed("", before, lambda name: now.get(name, "unset"))


@cache
def _disguised(name: str, value: str | None) -> str | None:
    """What tells one value from another, slow enough that none can be guessed from it."""
    if value is None:
        return None
    secret = os.fsencode(value)
    return hashlib.pbkdf2_hmac("sha256", secret, os.fsencode(name), _ROUNDS).hex()


def _step(store: Store, lesson: Lesson, today: _Today) -> Step:
    now = today.now
    true: list[StoredRun] = []
    closest: list[str] = []
    last = None
    for run in store.runs(lesson.slug):
        if last is None and _takes_as_long(run, now):
            last = run
        changed = list(today.differences(run, lesson))
        if not changed and run.is_whole:
            true.append(run)
        changed = changed or [f"its stored run is damaged: {run.damage}"]
        if not closest or len(changed) < len(closest):
            closest = changed
    if not true:
        damaged = [f"its stored run is damaged: {why}" for why in store.unreadable(lesson.slug)]
        reasons = closest or damaged or ["no stored run"]
        return Step(lesson, now, None, tuple(reasons), last)
    best = min(true, key=lambda run: DEVICES.index(run.card["made_from"]["device"]))
    return Step(lesson, now, best, last=last)


def _takes_as_long(run: StoredRun, now: Now) -> bool:
    """Whether a run had the profile, the data and the kind of device that one would have now."""
    then = run.card["made_from"]
    device = now.best_device if now.device == "auto" else _kind(now.device)
    fell_back = now.device == "auto" and then.get("best_device") == device
    same_device = then.get("device") == device or fell_back
    return same_device and (then.get("profile"), then.get("data")) == (now.profile, now.data)


def _changed_cells(then: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    if len(then) != len(now):
        yield f"{len(now)} code cells, not {len(then)}"
        return
    changed = [
        number for number, pair in enumerate(zip(then, now, strict=True), 1) if len({*pair}) > 1
    ]
    if changed:
        cells = "cell" if len(changed) == 1 else "cells"
        yield f"code {cells} {', '.join(map(str, changed))} changed"


def _changed(what: str, then: Mapping[str, str], now: Any) -> Iterator[str]:
    for name, before in then.items():
        if (today := now(name)) != before:
            yield f"{what}{name} {before} -> {today or 'missing'}"


def _dataset(checksum: str) -> str:
    names = {known: name for name, known in checksums().items()}
    return names.get(checksum, checksum[:8])


def _kind(device: str) -> str:
    return device.partition(":")[0]


def own_files(modules: Mapping[str, str | None], root: Path) -> list[str]:
    """The files of this project among a kernel's modules, relative to its root.

    The records of a study belong to the package in whose folder they lie.
    """
    found = set()
    for file in modules.values():
        path = Path(file or "")
        # Some modules of torch have the name of a file that does not exist.
        if path.is_absolute() and path.is_file() and (name := own_name(path.resolve(), root)):
            found.add(name)
            if path.name == "__init__.py":
                records = (root / name).parent.glob(f"*{RECORDS}")
                found |= {other.relative_to(root).as_posix() for other in records}
    return sorted(found)


def _distributions(modules: Mapping[str, str | None], root: Path) -> list[str]:
    """The installed distributions to which the modules belong, this project's excluded."""
    own = {Path(name).parts[0].removesuffix(".py") for name in own_files(modules, root)}
    tops = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - own
    if not tops:  # to list all files of all distributions takes a second
        return []
    known = importlib.metadata.packages_distributions()
    return sorted({dist for top in tops for dist in known.get(top, ())})


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _torch_build() -> str | None:
    """Version and build of torch, such as `2.15.0+cu130`, read without importing it."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    build = runpy.run_path(str(Path(spec.origin).with_name("version.py")))
    return f"{build['__version__']} {build['git_version']}"
