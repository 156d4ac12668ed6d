"""Find the verified files of a dataset on this machine, or fetch them.

Sources, in order: the folder in `MNIST_LESSONS_DATA`, the user's cache folder, a package of the
system where there is one, two public mirrors. Where none of them has MNIST, the caller falls back
on the sample; where none has an extra, it does without.
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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs
from filelock import FileLock

from mnist_lessons._datasets import (
    EXTRAS,
    MNIST,
    DataFile,
    Dataset,
    place_of,
    read_archive,
    read_verified,
)
from mnist_lessons.errors import DataError, SettingError
from mnist_lessons.settings import Settings

__all__ = [
    "Found",
    "Limits",
    "cache_folder",
    "expected_dataset",
    "expected_extras",
    "say",
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
    """The data folder that has the verified files; `root` is None where they are nowhere."""

    source: Literal["folder", "cache", "package", "download", "nowhere"]
    root: Path | None


def cache_folder() -> Path:
    """The user's cache folder for the files of all datasets."""
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


def expected_extras(settings: Settings) -> frozenset[str]:
    """The names of the datasets besides MNIST that `verified_files` will most likely find."""
    return frozenset(
        dataset.name
        for dataset in EXTRAS
        if not settings.offline
        or _is_complete(dataset, cache_folder())
        or (settings.data and _is_there(dataset, settings.data / dataset.folder))
        or (dataset.package and _is_there(dataset, dataset.package))
    )


@contextmanager
def verified_files(
    settings: Settings,
    dataset: Dataset = MNIST,
    *,
    mirrors: Sequence[str] | None = None,
    limits: Limits = Limits(),
) -> Iterator[Found]:
    """Yield where the verified files of a dataset lie; the place may vanish when the block ends.

    Args:
        settings: where to look, and whether to download.
        dataset: which.
        mirrors: those of the dataset where None.
        limits: of each mirror.

    Raises:
        SettingError: `MNIST_LESSONS_DATA` does not hold the four files of MNIST.
        DataError: a file in it is another one, or the cache cannot be written (full disk).
    """
    with ExitStack() as stack:
        given, cache = settings.data, cache_folder()
        if given and dataset not in EXTRAS:
            _check_folder(dataset, given)
        if given and _is_there(dataset, given / dataset.folder):
            yield Found("folder", _plain(dataset, given, stack))
        elif not _missing(dataset, cache):
            yield Found("cache", cache)
        elif dataset.package and _is_there(dataset, dataset.package):
            yield Found("package", _unpacked(dataset, dataset.package, stack))
        elif settings.offline:
            if dataset not in EXTRAS and not settings.of_build:
                say(
                    f"MNIST_LESSONS_OFFLINE=1, and no complete {dataset.name} in the user's cache "
                    "folder"
                )
            yield Found("nowhere", None)
        else:
            target = _writable(dataset, cache, stack)
            known = dataset.mirrors if mirrors is None else mirrors
            complete = _download_missing(dataset, target, known, limits)
            if not complete:
                instead = "to go on without" if dataset in EXTRAS else "to use the sample without"
                say(
                    f"{dataset.name} could not be downloaded: set MNIST_LESSONS_DATA to a folder "
                    f"that has the files, or MNIST_LESSONS_OFFLINE=1 {instead} trying"
                )
            yield Found("download", target) if complete else Found("nowhere", None)


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


def _is_there(dataset: Dataset, folder: Path) -> bool:
    """Whether a folder has all files, plain or gzipped, or their archive; neither is read."""
    return _has_files(dataset, folder) or bool(
        dataset.archive and os.path.exists(folder / dataset.archive.name)
    )


def _has_files(dataset: Dataset, folder: Path) -> bool:
    return all(place_of(file, folder) for file in dataset.files)


def _plain(dataset: Dataset, root: Path, stack: ExitStack) -> Path:
    """A data folder with the verified files, plain: the given one, where it has them so."""
    if not _missing(dataset, root):
        return root
    return _unpacked(dataset, root / dataset.folder, stack)


def _unpacked(dataset: Dataset, folder: Path, stack: ExitStack) -> Path:
    """A temporary data folder with the verified files, plain."""
    contents: Mapping[str, bytes | bytearray]
    if dataset.archive and not _has_files(dataset, folder):
        contents = read_archive(dataset, dataset.archive, folder / dataset.archive.name)
    else:
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
        say(f"cannot write to the cache {cache} ({error.strerror}): nothing will be kept")
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
    from mnist_lessons._download import DownloadFailed  # a site's build needs it rarely

    deadline = time.monotonic() + limits.total
    partial = root / "partial"
    shutil.rmtree(partial, ignore_errors=True)  # a killed process leaves one behind
    partial.mkdir()
    (root / dataset.folder).mkdir(parents=True, exist_ok=True)
    try:
        for name, content in _downloaded(dataset, mirror, root, partial, limits.stall, deadline):
            unpacked = partial / name
            unpacked.write_bytes(content)
            unpacked.replace(root / dataset.folder / name)
    except (DownloadFailed, DataError) as error:
        say(f"{mirror} failed: {error}")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return not _missing(dataset, root)


def _downloaded(
    dataset: Dataset, mirror: str, root: Path, partial: Path, stall: float, deadline: float
) -> Iterator[tuple[str, bytes]]:
    """Each file that is missing: its name and content."""
    from mnist_lessons._download import Published, download

    if archive := dataset.archive:
        wanted = Published(archive.name, archive.most)
        path = download(mirror, wanted, partial, stall=stall, deadline=deadline)
        yield from read_archive(dataset, archive, path).items()
        return
    for file in _missing(dataset, root):
        wanted = Published(f"{file.name}.gz", file.packed_size, file.packed_sha256)
        path = download(mirror, wanted, partial, stall=stall, deadline=deadline)
        with gzip.open(path, "rb") as stream:
            yield file.name, stream.read(file.size)


def _full(dataset: Dataset, folder: Path | str, error: OSError) -> DataError:
    packed = dataset.archive.most if dataset.archive else 0
    size = math.ceil(sum((file.size + file.packed_size for file in dataset.files), packed) / 1e6)
    return DataError(
        f"cannot store {dataset.name} in {folder}: {error.strerror or error}; free {size} MB "
        "there, or set MNIST_LESSONS_DATA to a folder that has the files"
    )


def say(message: str) -> None:
    """Tell the user a line on stderr, with the name of this package before it."""
    # In one write: where stderr has no buffer, Ctrl-C may come between the text and its end.
    sys.stderr.write(f"mnist_lessons: {message}\n")
