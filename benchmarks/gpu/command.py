"""The command line of the GPU check."""

import argparse
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu.parts import PARTS, Part
from benchmarks.gpu.process import Overrun, Process
from benchmarks.gpu.record import RECORD, Record, code_hash
from mnist_lessons._files import output_file

__all__ = ["main"]

_START = 90.0  # seconds that a process may take to import PyTorch, load the images and find CUDA
_END = 5.0  # seconds that are left at the end


def main(arguments: Sequence[str]) -> None:
    """Measure part after part; write the record after each.

    Raises:
        SystemExit: with 1 where a part failed or a check was missed, with 2 where nothing can be
            measured here, with 130 after Ctrl-C.
    """
    options = _options(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        check = _Check(options)
        try:
            check.run()
        finally:
            check.end()
    except OSError as error:
        sys.exit(f"benchmarks: {error}")
    except KeyboardInterrupt:
        print("\nbenchmarks: interrupted; what was measured is recorded", file=sys.stderr)
        raise SystemExit(130) from None
    sys.exit(check.conclude())


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks gpu",
        description="Train, time and profile the lessons' networks on a GPU, and record it.",
    )
    parser.add_argument(
        "--data",
        type=_folder,
        required=True,
        metavar="FOLDER",
        help="has MNIST/raw/ with all files",
    )
    parser.add_argument(
        "--output", type=output_file, metavar="FILE",
        help="the record, JSON (mnist_lessons/studies/gpu.json, which the site shows)",
    )  # fmt: skip
    parser.add_argument("--commit", default="", help="of this code, where Git cannot be asked")
    parser.add_argument(
        "--minutes", type=_minutes, default=8.0, help="that it may take in all, 0.1 to 60 (8)"
    )
    parser.add_argument(
        "--rehearse", action="store_true",
        help="try the command with tiny sizes, on the CPU where there is no CUDA; measures nothing",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    if options.output is None:
        if options.rehearse:
            parser.error("--rehearse needs --output: it measures nothing that a site could show")
        options.output = RECORD
    return options


def _folder(text: str) -> Path:
    if not (text and Path(text).is_dir()):
        raise argparse.ArgumentTypeError(f"there is no folder {text!r}, with MNIST/raw/ inside")
    return Path(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0.1 <= minutes <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.1 to 60")
    return minutes


class _Check:
    """The parts, one after the other, in the time that there is."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._start = time.monotonic()
        self._process: Process | None = None
        self._record: Record | None = None

    def run(self) -> None:
        """Do each part for which there is time.

        Raises:
            SystemExit: nothing can be measured here.
        """
        hello = self._begin()
        if "machine" not in hello:
            print(f"benchmarks: {hello['reason']}", file=sys.stderr)
            raise SystemExit(hello.get("status", 1))
        self._record = Record(
            self._options.output,
            rehearsal=self._options.rehearse,
            machine=hello["machine"],
            data=hello["data"],
            commit=self._options.commit or None,
            code=code_hash(),
        )
        for part in PARTS:
            left = self._left
            print(f"[{left:5.0f} s left] {part.title}", file=sys.stderr, flush=True)
            start = time.monotonic()
            outcome = self._outcome(part, left)
            if outcome["outcome"] != "done":
                print(f"    {outcome['outcome']}: {outcome['reason']}", file=sys.stderr, flush=True)
            named = {"name": part.name, "title": part.title}
            seconds = round(time.monotonic() - start, 1)
            self._record.add({**named, "seconds": seconds, **outcome})
        self._record.close(time.monotonic() - self._start)

    def conclude(self) -> int:
        """Tell what came of it; the exit status."""
        assert self._record
        parts = self._record.parts
        unfinished = [one for one in parts if one["outcome"] != "done"]
        for one in unfinished:
            print(f"{one['outcome']}: {one['title']}: {one['reason']}")
        missed = [] if self._options.rehearse else list(_missed(parts))
        for line in missed:
            print(f"missed: {line}")
        done = len(parts) - len(unfinished)
        print(f"{done} of {len(parts)} parts done; the record is {self._options.output}")
        failed = any(one["outcome"] == "failed" for one in parts)
        return int(failed or bool(missed))

    def end(self) -> None:
        """Leave no process behind."""
        if self._process:
            self._process.end()
            self._process = None

    @property
    def _left(self) -> float:
        return self._start + 60 * self._options.minutes - _END - time.monotonic()

    def _begin(self) -> dict[str, Any]:
        """Start a process; what it says of the machine, or why nothing can be measured."""
        options = [str(self._options.data.absolute())]
        self._process = Process(options + ["--rehearse"] * self._options.rehearse)
        try:
            return self._process.answer(min(_START, self._left))
        except Overrun as error:
            return {"outcome": "failed", "reason": f"PyTorch was not ready: {error}"}

    def _outcome(self, part: Part, left: float) -> dict[str, Any]:
        if left < part.least:
            reason = f"takes {part.least:.0f} s at the least, and {max(left, 0):.0f} s are left"
            return {"outcome": "skipped", "reason": reason}
        if self._process is None:  # the part before has ended it
            hello = self._begin()
            if "machine" not in hello:
                self.end()
                return {"outcome": "failed", "reason": hello["reason"]}
        assert self._process
        try:
            answer = self._process.ask(part.name, min(part.most, self._left))
        except Overrun as error:
            answer = {"outcome": "failed", "reason": str(error)}
        if answer["outcome"] == "failed":
            self.end()  # CUDA may be in a bad state
        return answer


def _missed(parts: Iterable[dict[str, Any]]) -> Iterator[str]:
    for part in parts:
        for reason in part.get("result", {}).get("missed", []):
            yield f"{part['title']}: {reason}"
