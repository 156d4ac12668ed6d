"""Download one file of a dataset from a mirror, never waiting for ever, never taking too much."""

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3
from tqdm import tqdm

__all__ = ["DownloadFailed", "Published", "download"]

_TOO_SLOW = "too slow: the time for this mirror is over"


class DownloadFailed(Exception):
    """A mirror did not give the file."""


@dataclass(frozen=True)
class Published:
    """A file as a mirror has it; without a SHA-256, the size is the most that it may have."""

    name: str
    size: int
    sha256: str = ""


def download(mirror: str, file: Published, folder: Path, *, stall: float, deadline: float) -> Path:
    """Download a file into a folder, and check its size and SHA-256.

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
    address, path = mirror + file.name, folder / file.name
    fetch = _Downloader(file, stall, deadline)
    try:
        if file.sha256:
            import pooch  # here: on import it warns in a kernel that has no widgets

            known = f"sha256:{file.sha256}"
            pooch.retrieve(address, known, path.name, path=folder, downloader=fetch)
        else:
            fetch(address, str(path))
    except (requests.RequestException, ValueError) as error:
        raise DownloadFailed(_cause(error)) from error
    return path


def _cause(error: Exception) -> object:
    """What went wrong first, without what requests and urllib3 wrap it in."""
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    return getattr(error, "reason", error)


@dataclass(frozen=True)
class _Downloader:
    """A pooch downloader that never waits for ever and never takes more than it asked for."""

    file: Published
    stall: float
    deadline: float

    def __call__(self, url: str, output: str, _: object = None) -> None:
        name, size = self.file.name, self.file.size
        with (
            self._answer(url) as response,
            tqdm(
                total=size if self.file.sha256 else None, desc=name, unit="B", unit_scale=True
            ) as bar,
            open(output, "wb") as stream,
        ):
            if response.status_code != requests.codes.ok:
                raise ValueError(f"HTTP status {response.status_code}")
            received = 0
            while chunk := self._chunk(response):
                received += len(chunk)
                if received > size:
                    raise ValueError(f"{name} is larger than its {size:,} bytes")
                stream.write(chunk)
                bar.update(len(chunk))
            if self.file.sha256 and received < size:
                raise ValueError(f"{name} ended after {received:,} of {size:,} bytes")

    def _answer(self, url: str) -> requests.Response:
        # requests limits each wait, not their sum: addresses that are silent one after the
        # other, headers that come byte by byte. Only another thread can leave it alone.
        answer: Future[requests.Response] = Future()

        def ask() -> None:
            try:
                answer.set_result(
                    requests.get(
                        url,
                        headers={"Accept-Encoding": "identity"},  # the file as it is
                        stream=True,
                        timeout=self.stall,
                        allow_redirects=False,
                    )
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
