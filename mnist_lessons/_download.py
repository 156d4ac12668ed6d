"""Download one file of a dataset from a mirror, never waiting for ever, never taking too much."""

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3
from tqdm import tqdm

from mnist_lessons._datasets import DataFile

__all__ = ["DownloadFailed", "download"]

_TOO_SLOW = "too slow: the time for this mirror is over"


class DownloadFailed(Exception):
    """A mirror did not give the file."""


def download(mirror: str, file: DataFile, folder: Path, *, stall: float, deadline: float) -> Path:
    """Download the gzipped file into a folder, and check it.

    Args:
        mirror: address of the folder on the mirror, with a slash at its end.
        file: which file.
        folder: receives it.
        stall: how long to wait for a byte, in seconds.
        deadline: when to stop in any case, by `time.monotonic()`.

    Raises:
        DownloadFailed: the mirror is silent, too slow, or has something else.
        OSError: the file cannot be stored.
    """
    import pooch  # here: on import it warns in a kernel that has no widgets

    try:
        path = pooch.retrieve(
            mirror + file.name + ".gz",
            known_hash=f"sha256:{file.packed_sha256}",
            fname=file.name + ".gz",
            path=folder,
            downloader=_Downloader(file, stall, deadline),
        )
    except (requests.RequestException, ValueError) as error:
        raise DownloadFailed(_cause(error)) from error
    return Path(path)


def _cause(error: Exception) -> object:
    """What went wrong first, without what requests and urllib3 wrap it in."""
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    return getattr(error, "reason", error)


@dataclass(frozen=True)
class _Downloader:
    """A pooch downloader that never waits for ever and never takes more than it asked for."""

    file: DataFile
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
