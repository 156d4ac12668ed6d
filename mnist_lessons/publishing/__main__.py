"""The command line: `python -m mnist_lessons.publishing --help`."""

import signal
import sys
from types import FrameType


def _like_ctrl_c(number: int, frame: FrameType | None) -> None:
    # asyncio has a handler of its own for Ctrl-C, which ends what is running in good order.
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(number, frame)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _like_ctrl_c)
    try:  # imports take a while too, and Ctrl-C may come at any moment
        from mnist_lessons.publishing.commands import commands

        commands(prog_name="python -m mnist_lessons.publishing")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
