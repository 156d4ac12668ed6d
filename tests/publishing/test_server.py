"""The server follows the author, also through a lesson that fails."""

import contextlib
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

LIMIT = 120


@dataclass(frozen=True)
class Server:
    """A running `mkdocs serve`."""

    project: Any
    process: subprocess.Popen[str]
    address: str
    log: Path

    def wait_for(self, text: str, *, without: str = "\0") -> str:
        """The page of lesson `one` as soon as it contains a text."""
        end = time.monotonic() + LIMIT
        while True:
            page = self._page()
            if text in page and without not in page:
                return page
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.2)

    def _page(self) -> str:
        address = f"{self.address}/tutorials/one/"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=LIMIT) as page:
            return page.read().decode()
        return ""


@pytest.fixture
def server(project, tmp_path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    log = tmp_path / "server.log"
    command = ("-P", "-m", "mkdocs", "serve", "--livereload", "-a", address)
    with log.open("w") as stream:
        process = project.python(*command, stdout=stream, stderr=stream, MNIST_LESSONS_PROFILE="")
    try:
        yield Server(project, process, f"http://{address}", log)
    finally:
        process.kill()
        process.wait()


def test_the_server_follows_the_author_and_ends_on_ctrl_c(server):
    project = server.project
    server.wait_for("output of one")
    assert project.executed == [], "a stored preview is enough"

    project.write("one", prose="Better prose.")
    server.wait_for("Better prose.")
    assert project.executed == []

    project.write("one", prose="Better prose.", code="print('another', 'output')")
    page = server.wait_for("another output")
    assert "output of one" not in page
    assert project.executed == ["one"]

    project.write("one", code="print('so far')\nraise ValueError('no such luck')")
    page = server.wait_for("code cell 2 of 3 failed: ValueError: no such luck")
    assert "This lesson did not run" in page
    assert server.process.poll() is None

    project.write("one", code="print('mended', 'again')")
    server.wait_for("mended again", without="did not run")
    assert "two" not in project.executed

    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=LIMIT) == 0
    assert 'File "' not in server.log.read_text()
