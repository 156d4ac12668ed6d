"""What computed a result: device, versions, and the commit of the code."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import torch

from mnist_lessons._git import committed_state
from mnist_lessons.devices import device_name

__all__ = ["Code", "Machine", "code", "machine"]

_PACKAGES = ("mnist-lessons", "torch", "torchvision", "numpy", "matplotlib", "scikit-learn")


class Code(TypedDict):
    """The commit of this package, None outside a Git checkout, and whether it was changed since."""

    commit: str | None
    uncommitted_changes: bool


class Machine(Code):
    """The device, its threads, the versions, and the commit."""

    device: str
    device_name: str
    threads: int
    versions: dict[str, str]


def machine(device: torch.device) -> Machine:
    """What computes here and now."""
    return Machine(
        device=str(device),
        device_name=device_name(device),
        threads=torch.get_num_threads(),
        versions={"python": platform.python_version()}
        | {package: version(package) for package in _PACKAGES},
        **code(),
    )


def code() -> Code:
    """The state of the checkout that this package is used from."""
    here = Path(__file__).resolve().parent.parent
    # An installed package may lie in somebody else's checkout.
    commit, changed = committed_state(here) if (here / ".git").exists() else (None, False)
    return Code(commit=commit, uncommitted_changes=changed)
