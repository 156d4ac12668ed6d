"""What computed a result: device, versions, and the commit of the code."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import torch

from mnist_lessons.devices import device_name

__all__ = ["Machine", "machine"]

_PACKAGES = ("mnist-lessons", "torch", "torchvision", "numpy", "matplotlib", "scikit-learn")


class Machine(TypedDict):
    """The device, its threads, the versions, and the commit; None outside a Git checkout."""

    device: str
    device_name: str
    threads: int
    versions: dict[str, str]
    commit: str | None
    uncommitted_changes: bool


def machine(device: torch.device) -> Machine:
    """What computes here and now."""
    commit, changed = _commit()
    return Machine(
        device=str(device),
        device_name=device_name(device),
        threads=torch.get_num_threads(),
        versions={"python": platform.python_version()}
        | {package: version(package) for package in _PACKAGES},
        commit=commit,
        uncommitted_changes=changed,
    )


def _commit() -> tuple[str | None, bool]:
    """The commit of the checkout that this package is used from, and whether it was changed."""
    here = Path(__file__).resolve().parent.parent
    if not (here / ".git").exists():
        return None, False
    try:
        commit = _git(here, "rev-parse", "HEAD")
        return commit, bool(_git(here, "status", "--porcelain"))
    except (OSError, subprocess.CalledProcessError):
        return None, False


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
