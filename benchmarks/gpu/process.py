"""The measuring process, seen from the command: ask for a part, wait no longer than allowed."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["WORKER", "Overrun", "Process"]

WORKER = ("-m", "benchmarks.gpu.worker")
"""What Python is to run, before the options."""

_PATIENCE = 5.0  # seconds
_ROOT = Path(__file__).parents[2]


class Overrun(Exception):
    """No answer came in time; the process has been ended."""


class Process:
    """A `worker` that is running.

    Args:
        options: of its command line.
    """

    def __init__(self, options: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *WORKER, *options],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # What it starts (compilers) ends with it; a new session could outlive this one.
            process_group=0,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")  # it has ended

    def ask(self, part: str, seconds: float) -> dict[str, Any]:
        """The answer for a part.

        Raises:
            Overrun: it did not come in so many seconds.
        """
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # it has ended: `answer` says so
            self._process.stdin.write(f"{part}\n")
            self._process.stdin.flush()
        return self.answer(seconds)

    def answer(self, seconds: float) -> dict[str, Any]:
        """The next answer; a failure where the process ends without one.

        Raises:
            Overrun: it did not come in so many seconds.
        """
        try:
            line = self._answers.get(timeout=max(seconds, 0))
        except queue.Empty:
            self.end()
            raise Overrun(f"stopped after {seconds:.0f} s without a result") from None
        if not line:
            self.end()
            status = self._process.returncode
            return {"outcome": "failed", "reason": f"the process ended with status {status}"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """End it, and whatever it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join(_PATIENCE)
        if not self._listener.is_alive():  # else something holds the pipe still
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):  # what was written, and not yet read
                    assert pipe
                    pipe.close()
