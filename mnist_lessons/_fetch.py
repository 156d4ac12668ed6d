"""Find the verified files of a dataset on this machine, or fetch them.

Sources, in order: the folder in `MNIST_LESSONS_DATA`, the user's cache folder, two public
mirrors over https. Where none of them has the files, the caller falls back on the sample.
This module knows nothing of torch: the site's build uses it too.
"""

import errno
import gzip
import hashlib
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs
from filelock import FileLock

from mnist_lessons._datasets import MNIST, DataFile, Dataset, place_of, read_verified
from mnist_lessons.errors import DataError, SettingError
from mnist_lessons.settings import Settings

__all__ = [
    "Found",
    "Limits",
    "cache_folder",
    "expected_dataset",
    "verified_files",
]

_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True)
class Limits:
    """How long a mirror may take: seconds without a byte, and seconds in all."""

    stall: float = 10.0
    total: float = 60.0


@dataclass(frozen=True)
class Found:
    """Where the verified files are; `root` is None where only the sample is left."""

    source: Literal["folder", "cache", "download", "sample"]
    root: Path | None


def cache_folder() -> Path:
    """The user's cache folder for the four files."""
    return platformdirs.user_cache_path("mnist-lessons")


def expected_dataset(settings: Settings) -> str:
    """The dataset that `verified_files` will most likely find; reads and fetches nothing.

    Raises:
        SettingError: `MNIST_LESSONS_DATA` does not hold the four files.
    """
    if settings.data is not None:
        _check_folder(MNIST, settings.data)
    elif settings.offline and not _is_complete(MNIST, cache_folder()):
        return "sample of MNIST"
    return "MNIST"


@contextmanager
def verified_files(
    settings: Settings, *, mirrors: Sequence[str] = MNIST.mirrors, limits: Limits = Limits()
) -> Iterator[Found]:
    """Yield where the four verified files lie; the place may vanish when the block ends.

    Raises:
        SettingError: `MNIST_LESSONS_DATA` does not hold the four files.
        DataError: a file in it is not MNIST's, or the cache cannot be written (full disk).
    """
    with ExitStack() as stack:
        if settings.data is not None:
            yield Found("folder", _from_folder(MNIST, settings.data, stack))
            return
        cache = cache_folder()
        if not _missing(MNIST, cache):
            yield Found("cache", cache)
        elif settings.offline:
            _say("MNIST_LESSONS_OFFLINE=1, and no complete MNIST in the user's cache folder")
            yield Found("sample", None)
        else:
            target = _writable(MNIST, cache, stack)
            complete = _download_missing(MNIST, target, mirrors, limits)
            if not complete:
                _say(
                    "MNIST could not be downloaded: set MNIST_LESSONS_DATA to a folder that has "
                    "the files, or MNIST_LESSONS_OFFLINE=1 to use the sample without trying"
                )
            yield Found("download", target) if complete else Found("sample", None)


def _check_folder(dataset: Dataset, folder: Path) -> None:
    raw = folder / dataset.folder
    if not os.path.isdir(raw):  # Path.is_dir raises where the folder may not be entered
        raise SettingError(
            f"MNIST_LESSONS_DATA: looked for {dataset.folder}/{dataset.files[0].name} (or .gz) in "
            f"{folder}, but there is no folder {raw}; set it to the folder that contains "
            f"{dataset.folder}"
        )
    for file in dataset.files:
        if place_of(file, raw) is None:
            raise SettingError(
                f"MNIST_LESSONS_DATA: looked for {file.name} (or {file.name}.gz) in {raw}, not "
                f"found; set it to a folder that contains all four files in {dataset.folder}"
            )


def _is_complete(dataset: Dataset, root: Path) -> bool:
    """Whether the files are there with their sizes; their content is not read."""
    raw = root / dataset.folder
    try:
        return all((raw / file.name).stat().st_size == file.size for file in dataset.files)
    except OSError:
        return False


def _from_folder(dataset: Dataset, folder: Path, stack: ExitStack) -> Path:
    _check_folder(dataset, folder)
    if not _missing(dataset, folder):
        return folder
    contents = {file.name: read_verified(dataset, file, folder) for file in dataset.files}
    unpacked = _temporary_folder(dataset, stack)
    try:
        (unpacked / dataset.folder).mkdir(parents=True)
        for name, content in contents.items():
            (unpacked / dataset.folder / name).write_bytes(content)
    except OSError as error:
        raise _full(dataset, unpacked, error) from error
    return unpacked


def _missing(dataset: Dataset, root: Path) -> list[DataFile]:
    raw = root / dataset.folder
    return [file for file in dataset.files if not _is_verified(raw / file.name, file)]


def _is_verified(path: Path, file: DataFile) -> bool:
    try:
        if path.stat().st_size != file.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except OSError:
        return False


def _writable(dataset: Dataset, cache: Path, stack: ExitStack) -> Path:
    """The cache itself, or a temporary folder where the cache is read-only."""
    try:
        (cache / dataset.folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache / dataset.folder):
            return cache
    except OSError as error:
        if error.errno not in (*_READ_ONLY, errno.ENOTDIR, errno.EEXIST):
            raise _full(dataset, cache, error) from error
        _say(f"cannot write to the cache {cache} ({error.strerror}): nothing will be kept")
        return _temporary_folder(dataset, stack)


def _temporary_folder(dataset: Dataset, stack: ExitStack) -> Path:
    try:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mnist-lessons-")))
    except OSError as error:
        raise _full(dataset, "a temporary folder", error) from error


def _download_missing(dataset: Dataset, root: Path, mirrors: Sequence[str], limits: Limits) -> bool:
    """Fetch what is not there yet; only one process at a time does it."""
    try:
        with FileLock(root / "download.lock"):
            return any(_from_mirror(dataset, mirror, root, limits) for mirror in mirrors)
    except OSError as error:
        raise _full(dataset, root, error) from error


def _from_mirror(dataset: Dataset, mirror: str, root: Path, limits: Limits) -> bool:
    from mnist_lessons._download import DownloadFailed, download  # a site's build needs it rarely

    deadline = time.monotonic() + limits.total
    partial = root / "partial"
    shutil.rmtree(partial, ignore_errors=True)  # a killed process leaves one behind
    partial.mkdir()
    (root / dataset.folder).mkdir(parents=True, exist_ok=True)
    try:
        for file in _missing(dataset, root):
            packed = download(mirror, file, partial, stall=limits.stall, deadline=deadline)
            unpacked = partial / file.name
            with gzip.open(packed, "rb") as stream:
                unpacked.write_bytes(stream.read(file.size))
            unpacked.replace(root / dataset.folder / file.name)
    except DownloadFailed as error:
        _say(f"{mirror} failed: {error}")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return not _missing(dataset, root)


def _full(dataset: Dataset, folder: Path | str, error: OSError) -> DataError:
    size = math.ceil(sum(file.size + file.packed_size for file in dataset.files) / 1e6)
    return DataError(
        f"cannot store {dataset.name} in {folder}: {error.strerror or error}; free {size} MB "
        "there, or set MNIST_LESSONS_DATA to a folder that has the files"
    )


def _say(message: str) -> None:
    print(f"mnist_lessons: {message}", file=sys.stderr)
