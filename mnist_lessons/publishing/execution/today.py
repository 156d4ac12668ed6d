"""What a run would be made from today, besides its code; told without torch, and without images."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mnist_lessons._datasets import checksums
from mnist_lessons._fetch import expected_dataset, expected_extras
from mnist_lessons.errors import SettingError
from mnist_lessons.publishing.runs.made_from import DEVICES, MadeFrom
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.settings import Profile, Settings

__all__ = ["ARITHMETIC", "Today", "best_device", "kind_of", "threads", "today"]

# Beginnings of the names of variables that change arithmetic, besides the number of threads.
ARITHMETIC = (
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


@dataclass(frozen=True, kw_only=True)
class Today:
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
            name: value for name, value in sorted(os.environ.items()) if name.startswith(ARITHMETIC)
        }
    )
    environment: Mapping[str, str] | None = field(default_factory=lambda: {**os.environ})

    @property
    def devices(self) -> tuple[str, ...]:
        """The kinds of device whose runs will do, the best first.

        A run made on a GPU is good on a machine without one, not the other way round.
        """
        if self.device != "auto":
            return (kind_of(self.device),)
        return DEVICES[: DEVICES.index(self.best_device) + 1]

    @classmethod
    def of(cls, then: MadeFrom, root: Path) -> "Today":
        """A day on which a run would be made as it was then: its own code alone may differ.

        Args:
            then: what the run was made from, nothing of it unsaid.
            root: folder of the project, absolute and without links.
        """
        assert then.profile
        assert then.device
        assert then.best_device is not None
        assert then.threads is not None
        assert then.data is not None
        return cls(
            root=root,
            profile=then.profile,
            device=then.device,
            best_device=then.best_device,
            threads=then.threads,
            data=then.data,
            settings=then.settings or {},
            environment=None,
        )


def today(
    project: Project,
    settings: Settings,
    *,
    profile: Profile | None = None,
    dataset: str | None = None,
    extras: frozenset[str] | None = None,
) -> Today:
    """What a run would be made from now.

    Args:
        project: the project.
        settings: of this process.
        profile: that of the settings where None, and `full` where that is unset.
        dataset: what the lessons will read; where None, what is expected to be found.
        extras: names of the datasets besides it; where None, what is expected to be found.

    Raises:
        SettingError: `MNIST_LESSONS_DATA` does not hold the four files, or the number of
            threads is wrong.
    """
    return Today(
        root=project.root.resolve(),
        profile=profile or settings.profile or "full",
        device=settings.device,
        best_device=best_device(),
        threads=str(threads()),
        data=checksums()[dataset or expected_dataset(settings)],
        extras=expected_extras(settings) if extras is None else extras,
    )


def threads() -> int:
    """Threads of a kernel: `OMP_NUM_THREADS`, or 1.

    Raises:
        SettingError: it is no number from 1 to 1024.
    """
    # One thread a lesson: the same bits on any number of cores, and no waiting for a
    # busy neighbour; the cores are used by several lessons at once.
    asked = os.environ.get("OMP_NUM_THREADS", "1")
    if not (asked.isdecimal() and 1 <= int(asked) <= 1024):
        raise SettingError(f"OMP_NUM_THREADS={asked!r}: use a whole number from 1 to 1024")
    return int(asked)


def best_device() -> str:
    """The kind of device that torch's `auto` will most likely choose, told without torch."""
    if Path("/dev/nvidia0").exists() or (sys.platform == "win32" and shutil.which("nvidia-smi")):
        return "cuda"
    is_apple = sys.platform == "darwin" and os.uname().machine == "arm64"
    return "mps" if is_apple else "cpu"


def kind_of(device: str) -> str:
    """The kind of a device, such as `cuda` of `cuda:1`."""
    return device.partition(":")[0]
