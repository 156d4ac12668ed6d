"""Folders for work in progress, which vanish however the process ends."""

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["staging", "swap"]

_HERE = -100  # AT_FDCWD: paths are relative to the working directory
_EXCHANGE = 2  # RENAME_EXCHANGE


@contextmanager
def staging(parent: Path, prefix: str, guard: Path) -> Iterator[Path]:
    """A new empty folder below `parent`, gone when the block ends.

    It is locked while it is in use. What killed processes left behind under the same
    prefix, and whose lock the system has released, is removed first.

    Args:
        parent: folder of the new folder; made where it is missing.
        prefix: of the new folder's name.
        guard: a lock file that all who use this parent and prefix share.

    Raises:
        OSError: `parent` cannot be written to.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with FileLock(guard):
        for path in list(parent.glob(f"{prefix}*")):
            _remove_unlocked(path.with_name(path.name.removesuffix(".lock")))
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        lock = FileLock(f"{folder}.lock")
        lock.acquire()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def swap(new: Path, place: Path) -> None:
    """Put a folder in the place of another, which ends up where the new one was.

    One step on Linux; elsewhere two, between which there is nothing in that place.

    Raises:
        OSError: the folders are not on one file system, or cannot be moved.
    """
    if not place.exists():
        os.replace(new, place)
    elif not _exchange(new, place):
        old = new.with_name(new.name + "-old")
        os.replace(place, old)
        try:
            os.replace(new, place)
        except BaseException:
            os.replace(old, place)
            raise
        os.replace(old, new)


def _remove_unlocked(folder: Path) -> None:
    lock = FileLock(f"{folder}.lock")
    with suppress(Timeout, OSError):
        lock.acquire(timeout=0)
        shutil.rmtree(folder, ignore_errors=True)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two paths in one step; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)
