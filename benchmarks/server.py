"""A running `mkdocs serve` and what its log tells."""

import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.copies import Copy

__all__ = ["Server", "serving"]

_LIMIT = 60.0  # seconds
_LIMIT_OF_LESSON = 0.5  # seconds more for each
_LOOK_EVERY = 0.01  # seconds
_WHOLE = "Building documentation..."
_BEGUN = "Detected file changes"
_SHOWN = "Reloading browsers"


@dataclass(frozen=True)
class Server:
    """A server, and the lesson that is edited.

    Attributes:
        process: `mkdocs serve`.
        port: where it listens.
        script: the lesson; its first paragraph is edited.
        source: the lesson as it was.
        log: the file that gets what the server says.
        limit: seconds that it may take to show anything.
    """

    process: subprocess.Popen[str]
    port: int
    script: Path
    source: str
    log: Path
    limit: float

    def save(self, sentence: str) -> float:
        """Save the lesson with a new first sentence; the seconds until its page has that."""
        start = time.perf_counter()
        text = self.source.replace("\n#\n# ", f"\n#\n# {sentence} ", 1)
        self.script.write_text(text, encoding="utf-8")
        self.wait_until(lambda: sentence in self.page(), f"a page with {sentence!r}")
        return time.perf_counter() - start

    def wait_for_whole_site(self, before: int) -> None:
        """Wait until more than `before` builds of the whole site have begun."""
        self.wait_until(lambda: self.whole_sites > before, "a build of the whole site")

    def wait_for_rest(self) -> None:
        """Wait until each build that has begun is shown."""
        self.wait_until(lambda: self._said(_BEGUN) == self._said(_SHOWN), "the end of a build")

    def wait_until(self, happened: Callable[[], bool], what: str) -> None:
        """Look until something has happened.

        Raises:
            SystemExit: it does not happen, or the server has ended.
        """
        end = time.monotonic() + self.limit
        while not happened():
            if self.process.poll() is not None or time.monotonic() > end:
                tail = "\n".join(self.log.read_text(encoding="utf-8").splitlines()[-30:])
                raise SystemExit(f"\nbenchmarks: the server never showed {what}:\n{tail}")
            time.sleep(_LOOK_EVERY)

    def page(self) -> str:
        """The lesson's page; empty where there is none yet."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.limit)
        try:
            connection.request("GET", f"/tutorials/{self.script.stem}/")
            answer = connection.getresponse()
            return answer.read().decode() if answer.status == http.HTTPStatus.OK else ""
        except OSError:
            return ""
        finally:
            connection.close()

    def end(self) -> None:
        """End the server as Ctrl-C does.

        Raises:
            SystemExit: it fails.
        """
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(self.limit)
        if status:
            raise SystemExit(f"benchmarks: the server ended with status {status} after Ctrl-C")

    @property
    def processor_seconds(self) -> float:
        """Time of the processor that it has taken so far."""
        used = psutil.Process(self.process.pid).cpu_times()
        return used.user + used.system

    @property
    def whole_sites(self) -> int:
        """How many builds of the whole site have begun."""
        return self._said(_WHOLE)

    def _said(self, text: str) -> int:
        return self.log.read_text(encoding="utf-8").count(text)


@contextmanager
def serving(project: Copy, slug: str) -> Iterator[Server]:
    """A server that has just been started as `make serve` does it; it ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = project.root / "tutorials" / f"{slug}.py"
    source = script.read_text(encoding="utf-8")
    log = project.root.with_name("server.log")
    command = ("-P", "-m", "mkdocs", "serve", "--livereload", "-a", f"127.0.0.1:{port}")
    with log.open("w", encoding="utf-8") as stream:
        profile = {"MNIST_LESSONS_PROFILE": ""}
        with project.started(*command, stdout=stream, stderr=stream, **profile) as process:
            limit = _LIMIT + _LIMIT_OF_LESSON * len([*script.parent.glob("*.py")])
            yield Server(process, port, script, source, log, limit)
    script.write_text(source, encoding="utf-8")
