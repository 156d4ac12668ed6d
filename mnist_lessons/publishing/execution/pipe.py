"""What a kernel prints, in the order in which it came: one pipe, as a terminal has one screen.

Whatever is displayed besides puts a mark into it: see `in_kernel/cells.py`.
"""

import asyncio
import os
import re
from collections.abc import Callable
from contextlib import suppress

__all__ = ["MARKED", "Output"]

# The messages of a kernel before which it marks the place.
MARKED = ("clear_output", "display_data", "error", "execute_result", "update_display_data")
_CHUNK = 1 << 16


class Output:
    """The reading end of a pipe, and what has come through it.

    Args:
        mark: begins each mark, which `ESC \\` ends.
        received: called with each piece that comes, without marks.
    """

    def __init__(self, mark: str, received: Callable[[bytes], None]) -> None:
        self._mark = re.compile(re.escape(mark.encode()) + rb"(?P<number>[^\x1b]*)\x1b\\")
        self._received = received
        self._waiting = bytearray()
        self._reads: int | None = None
        self._writes: int | None = None
        self._is_stopped = False

    def open(self) -> int:
        """Make the pipe, and read it while the event loop runs; return its writing end."""
        self._reads, self._writes = os.pipe()
        os.set_blocking(self._reads, False)
        asyncio.get_running_loop().add_reader(self._reads, self._read)
        return self._writes

    def began(self) -> None:
        """Leave the writing end to the process that was started with it."""
        if self._writes is not None:
            os.close(self._writes)
            self._writes = None

    def stop(self) -> None:
        """Read no more, however much there is: whoever writes waits, and will be ended."""
        if self._reads is not None and not self._is_stopped:
            self._is_stopped = True
            with suppress(RuntimeError):  # the loop has ended
                asyncio.get_running_loop().remove_reader(self._reads)

    def close(self) -> None:
        """Close the pipe."""
        self.began()
        self.stop()
        if self._reads is not None:
            os.close(self._reads)
            self._reads = None

    def text_until(self, number: str | None) -> str:
        """Take what came before the mark of a message, or all that has come until now."""
        while self._read():
            pass
        end, begin = len(self._waiting), len(self._waiting)
        if number is not None:
            for found in self._mark.finditer(self._waiting):
                if found["number"] == number.encode():
                    end, begin = found.span()
                    break
            else:
                return ""  # it is not among what was marked: nothing is known of its place
        content = self._mark.sub(b"", self._waiting[:end])
        del self._waiting[:begin]
        return content.decode(errors="replace")

    def _read(self) -> bool:
        if self._reads is None or self._is_stopped:
            return False
        try:
            content = os.read(self._reads, _CHUNK)
        except BlockingIOError:
            return False
        if not content:  # all who could write have ended
            self.stop()
            return False
        self._waiting += content
        if printed := self._mark.sub(b"", content):
            self._received(printed)
        return True
