"""The settings that come from environment variables, read and checked in one place."""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from mnist_lessons.errors import SettingError

__all__ = ["Profile", "Settings"]

Profile = Literal["full", "preview"]

_PREFIX = "MNIST_LESSONS_"
_NAMES = ("CHECKPOINTS", "DATA", "DEVICE", "OFFLINE", "PROFILE", "RUNS")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:(0|[1-9][0-9]?))?")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment asks for.

    Attributes:
        checkpoints: folder for trainings that can go on where they were
            (`MNIST_LESSONS_CHECKPOINTS`); None: `checkpoints` in `runs`.
        data: folder with `MNIST/raw/` inside (`MNIST_LESSONS_DATA`), or None.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps` (`MNIST_LESSONS_DEVICE`).
        offline: never open a network connection (`MNIST_LESSONS_OFFLINE`, `0` or `1`).
        of_build: a build has looked for the data, and said what it found; it sets this itself
            (`MNIST_LESSONS_OFFLINE=build`).
        profile: `full`, `preview`, or None where unset (`MNIST_LESSONS_PROFILE`).
        runs: folder that receives what a lesson leaves behind (`MNIST_LESSONS_RUNS`).
    """

    checkpoints: Path | None = None
    data: Path | None = None
    device: str = "auto"
    offline: bool = False
    of_build: bool = False
    profile: Profile | None = None
    runs: Path = Path("runs")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the `MNIST_LESSONS_*` variables; an empty one counts as unset.

        Raises:
            SettingError: a variable is unknown or its value is outside its range.
        """
        variables = os.environ if environment is None else environment
        for name in variables:
            if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in _NAMES:
                raise SettingError(_unknown(name))
        values = {name: variables.get(_PREFIX + name, "") for name in _NAMES}
        return cls(
            checkpoints=_path(values["CHECKPOINTS"]) if values["CHECKPOINTS"] else None,
            data=_path(values["DATA"]).absolute() if values["DATA"] else None,
            device=_one_of("DEVICE", values["DEVICE"] or "auto"),
            offline=_one_of("OFFLINE", values["OFFLINE"] or "0") != "0",
            of_build=values["OFFLINE"] == "build",
            profile=cast(Profile | None, _one_of("PROFILE", values["PROFILE"]) or None),
            runs=_path(values["RUNS"] or "runs"),
        )

    def checkpoints_of(self, name: str) -> Path:
        """Folder for the trainings of one lesson or study, an absolute path."""
        return (self.checkpoints or self.runs / "checkpoints").absolute() / name


_RANGES = {
    "DEVICE": (_DEVICE, "auto, cpu, cuda, cuda:N (N from 0 to 99) or mps"),
    "OFFLINE": (re.compile(r"[01]|build"), "0 or 1"),
    "PROFILE": (re.compile(r"(full|preview)?"), "full or preview"),
}


def _path(value: str) -> Path:
    # Path.expanduser raises where there is no such user; this leaves the name as it is.
    return Path(os.path.expanduser(value))


def _one_of(name: str, value: str) -> str:
    pattern, meaning = _RANGES[name]
    if pattern.fullmatch(value):
        return value
    raise SettingError(f"{_PREFIX}{name}={value!r} is not a valid value: use {meaning}")


def _unknown(name: str) -> str:
    known = [_PREFIX + other for other in _NAMES]
    close = difflib.get_close_matches(name.removeprefix(_PREFIX), _NAMES, n=1)
    hint = f"did you mean {_PREFIX}{close[0]}?" if close else f"the settings are {', '.join(known)}"
    return f"unknown setting {name}: {hint}"
