"""What computed a result: device, versions, and the commit of the code."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import torch

from mnist_lessons._git import committed_state
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
    # An installed package may lie in somebody else's checkout.
    return committed_state(here) if (here / ".git").exists() else (None, False)
