"""Compare the seeds' loops with ours, and time how the site is built."""

import argparse
import json
import signal
import sys
from pathlib import Path

from benchmarks import building, loops
from mnist_lessons.errors import LessonError

__all__ = ["main"]


def main() -> None:
    """Measure, print the tables, write the JSON file if asked."""
    # Also where the shell that started this has said to ignore Ctrl-C, as in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    arguments = _arguments()
    parts = {}
    try:
        if arguments.part in ("loops", "both"):
            parts["loops"] = loops.compare(arguments.rounds, arguments.threads)
            print(parts["loops"])
        if arguments.part in ("building", "both"):
            parts["building"] = building.measure(arguments.rounds, arguments.repeats)
            print(parts["building"])
    except LessonError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from error
    except KeyboardInterrupt:
        print("\nbenchmarks: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    if arguments.json:
        rows = [row.as_json() for part in parts.values() for row in part.rows]
        report = {**{name: part.figures for name, part in parts.items()}, "rows": rows}
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "part", nargs="?", choices=["loops", "building", "both"], default="both", help="(both)"
    )
    parser.add_argument(
        "--rounds", type=_positive, default=3, help="pairs per network, and of executions (3)"
    )
    parser.add_argument(
        "--repeats", type=_positive, default=10, help="rebuilds, saves and plans (10)"
    )
    parser.add_argument(
        "--threads", type=_positive, nargs="+", default=[1, 2], help="for the loops (1 2)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    arguments = parser.parse_args()
    if arguments.json and not arguments.json.parent.is_dir():
        parser.error(f"argument --json: there is no folder {arguments.json.parent}")
    return arguments


def _positive(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 1000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000")
    return int(text)


if __name__ == "__main__":
    main()
