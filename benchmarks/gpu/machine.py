"""What computes here, without package metadata and Git."""

import contextlib
import os
import platform
import subprocess
from typing import Any

import numpy
import torch

from mnist_lessons.devices import device_name

__all__ = ["machine"]


def machine(device: torch.device) -> dict[str, Any]:
    """The card, its driver, the processor beside it, and versions."""
    found: dict[str, Any] = {
        "device": device.type,
        "card": device_name(device),
        "driver": _driver(),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "tf32_convolutions": torch.backends.cudnn.allow_tf32,
        "torch": torch.__version__,
        "triton": _triton(),
        "numpy": numpy.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": device_name(torch.device("cpu")),
        "cores": os.cpu_count(),
    }
    if device.type == "cuda":
        card = torch.cuda.get_device_properties(device)
        found["memory_gib"] = round(card.total_memory / 2**30, 1)
        found["multiprocessors"] = card.multi_processor_count
    return found


def _driver() -> str | None:
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(query, capture_output=True, text=True, check=True, timeout=20).stdout
        return said.splitlines()[0].strip() if said.strip() else None
    return None


def _triton() -> str | None:
    try:
        import triton
    except ImportError:
        return None
    return str(triton.__version__)
