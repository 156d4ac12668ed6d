"""Choose the device that tensors live on."""

import platform
from pathlib import Path

import torch

from mnist_lessons.errors import SettingError

__all__ = ["device_name", "select_device", "synchronise"]


def select_device(name: str = "auto") -> torch.device:
    """The device called `name`; only `auto` falls back: cuda, then mps, then cpu.

    Raises:
        SettingError: the device does not exist on this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    unknown = SettingError(f"device {name!r} is not auto, cpu, cuda, cuda:N or mps")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise unknown from error
    if device.type not in ("cpu", "cuda", "mps"):
        raise unknown
    # Read from the name: torch keeps a device's number in 8 bits, so that 256 becomes 0.
    number = int(name.partition(":")[2] or 0)
    if device.type == "cuda" and number >= torch.cuda.device_count():
        raise SettingError(
            f"device {name} was asked for, but this machine has {torch.cuda.device_count()} "
            "CUDA devices; use auto or cpu (MNIST_LESSONS_DEVICE)"
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise SettingError(
            "device mps was asked for, but this machine has none; use auto or cpu "
            "(MNIST_LESSONS_DEVICE)"
        )
    return device


def device_name(device: torch.device) -> str:
    """The maker's name of the device, such as a processor's model."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what was asked of it, so that a clock can be read."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
