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
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Literal

import platformdirs
import requests
import urllib3
from filelock import FileLock
from tqdm import tqdm

from mnist_lessons.errors import DataError, SettingError
from mnist_lessons.settings import Settings

__all__ = ["FILES", "MIRRORS", "Found", "Limits", "MnistFile", "cache_folder", "verified_files"]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_RAW = Path("MNIST") / "raw"
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)
_TOO_SLOW = "too slow: the time for this mirror is over"


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
            yield Found("download", target) if complete else Found("sample", None)


def _from_folder(folder: Path, stack: ExitStack) -> Path:
    raw = folder / _RAW
    if not os.path.isdir(raw):  # Path.is_dir raises where the folder may not be entered
        raise SettingError(
            f"MNIST_LESSONS_DATA: looked for {_RAW}/{FILES[0].name} (or .gz) in {folder}, "
            f"but there is no folder {raw}; set it to the folder that contains MNIST/raw"
        )
    if not _missing(folder):
        return folder
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
    for path, opened in ((raw / file.name, open), (raw / f"{file.name}.gz", gzip.open)):
        if not os.path.exists(path):
            continue
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
    raise SettingError(
        f"MNIST_LESSONS_DATA: looked for {file.name} (or {file.name}.gz) in {raw}, not found; "
        "set it to a folder that contains all four files in MNIST/raw"
    )


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
    import pooch  # here: on import it warns in a kernel that has no widgets

    deadline = time.monotonic() + limits.total
    partial = root / "partial"
    shutil.rmtree(partial, ignore_errors=True)  # a killed process leaves one behind
    partial.mkdir()
    (root / _RAW).mkdir(parents=True, exist_ok=True)
    try:
        for file in _missing(root):
            packed = pooch.retrieve(
                mirror + file.name + ".gz",
                known_hash=f"sha256:{file.packed_sha256}",
                fname=file.name + ".gz",
                path=partial,
                downloader=_Downloader(file, limits.stall, deadline),
            )
            unpacked = partial / file.name
            with gzip.open(packed, "rb") as stream:
                unpacked.write_bytes(_at_most(stream, file.size))
            unpacked.replace(root / _RAW / file.name)
    except (requests.RequestException, ValueError) as error:
        _say(f"{mirror} failed: {error}")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return not _missing(root)


@dataclass(frozen=True)
class _Downloader:
    """A pooch downloader that never waits for ever and never takes more than it asked for."""

    file: MnistFile
    stall: float
    deadline: float

    def __call__(self, url: str, output: str, _: object) -> None:
        size = self.file.packed_size
        with (
            self._answer(url) as response,
            tqdm(total=size, desc=self.file.name, unit="B", unit_scale=True) as bar,
            open(output, "wb") as stream,
        ):
            if response.status_code != requests.codes.ok:
                raise ValueError(f"HTTP status {response.status_code}")
            received = 0
            while chunk := self._chunk(response):
                received += len(chunk)
                if received > size:
                    raise ValueError(f"{self.file.name}.gz is larger than its {size:,} bytes")
                stream.write(chunk)
                bar.update(len(chunk))
            if received < size:
                raise ValueError(f"{self.file.name}.gz ended after {received:,} of {size:,} bytes")

    def _answer(self, url: str) -> requests.Response:
        # requests limits each wait, not their sum: addresses that are silent one after the
        # other, headers that come byte by byte. Only another thread can leave it alone.
        answer: Future[requests.Response] = Future()

        def ask() -> None:
            try:
                answer.set_result(
                    requests.get(url, stream=True, timeout=self.stall, allow_redirects=False)
                )
            except Exception as error:
                answer.set_exception(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            return answer.result(self.deadline - time.monotonic())
        except TimeoutError as error:
            raise ValueError(_TOO_SLOW) from error
        except OSError as error:  # also what is no fault of the disk: a CA bundle that is missing
            raise requests.ConnectionError(error) from error

    def _chunk(self, response: requests.Response) -> bytes:
        if time.monotonic() > self.deadline:
            raise ValueError(_TOO_SLOW)
        try:
            return bytes(response.raw.read1(1 << 16))
        except urllib3.exceptions.HTTPError as error:  # a stall, or a broken connection
            raise requests.ConnectionError(error) from error


def _full(folder: Path | str, error: OSError) -> DataError:
    return DataError(
        f"cannot store MNIST in {folder}: {error.strerror or error}; free 70 MB there, "
        "or set MNIST_LESSONS_DATA to a folder that has the files"
    )


def _say(message: str) -> None:
    print(f"mnist_lessons: {message}", file=sys.stderr)
