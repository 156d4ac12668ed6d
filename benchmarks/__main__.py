"""Compare the seeds' loops with ours, time how the site is built, measure its runs and pages."""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.rows import Part
from mnist_lessons._files import output_file
from mnist_lessons.errors import LessonError

__all__ = ["main"]

_PARTS = ("loops", "building", "lessons", "pages")
# Not among `all`: they take long, or need data that no lesson does.
_APART = ("scale", "pens", "program")


def main() -> None:
    """Measure, print the tables, write the JSON file if asked."""
    if sys.argv[1:2] == ["gpu"]:
        from benchmarks.gpu.command import main as check_gpu

        check_gpu(sys.argv[2:])
        return
    # Also where the shell that started this has said to ignore Ctrl-C, as in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    arguments = _arguments()
    parts = {}
    try:
        for name, measure in _measures(arguments).items():
            parts[name] = measure()
            print(parts[name], flush=True)
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


def _measures(arguments: argparse.Namespace) -> dict[str, Callable[[], Part]]:
    """How to measure each part that was asked for.

    Raises:
        SettingError: there is no site to measure.
    """
    # Here: a machine with a GPU may have none of what these need.
    from benchmarks import building, lessons, loops, scale

    wanted = _PARTS if arguments.part == "all" else [arguments.part]
    measures: dict[str, Callable[[], Part]] = {
        "loops": partial(loops.compare, arguments.rounds, arguments.threads),
        "building": partial(building.measure, arguments.rounds, arguments.repeats),
        "lessons": partial(lessons.measure, arguments.site),
        "scale": partial(scale.measure, arguments.lessons, arguments.rounds),
    }
    if "pages" in wanted:
        from benchmarks import pages  # needs a browser

        measures["pages"] = partial(pages.measure, pages.checked_site(arguments.site))
    if "pens" in wanted:
        from benchmarks import pens  # needs what a site is made with

        measures["pens"] = partial(
            pens.measure, arguments.site, test=arguments.test, choose=arguments.choose
        )
    if "program" in wanted:
        from benchmarks import program  # needs what a site is made with

        measures["program"] = partial(program.measure, arguments.rounds)
    return {name: measures[name] for name in wanted}


def _arguments() -> argparse.Namespace:
    return _parser().parse_args()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog="What a GPU makes of it is a part by itself: python -m benchmarks gpu --help",
    )
    parser.add_argument(
        "part",
        nargs="?",
        choices=[*_PARTS, "all", *_APART],
        default="all",
        help="(all: without scale, which takes half an hour, pens and program)",
    )
    parser.add_argument("--site", type=Path, default="site", help="built site to measure (site)")
    parser.add_argument(
        "--rounds",
        type=_positive,
        default=3,
        help="pairs per network, of executions, trainings; of all that scale measures (3)",
    )
    parser.add_argument(
        "--repeats", type=_positive, default=10, help="rebuilds, saves and plans (10)"
    )
    parser.add_argument(
        "--lessons",
        type=_lessons,
        nargs="+",
        default=[7, 70, 700],
        help="how many, for scale (7 70 700)",
    )
    parser.add_argument(
        "--threads", type=_positive, nargs="+", default=[1, 2], help="for the loops (1 2)"
    )
    of_pens = parser.add_mutually_exclusive_group()
    of_pens.add_argument(
        "--test", action="store_true", help="pens: by the test writers, who choose nothing"
    )
    of_pens.add_argument(
        "--choose",
        action="store_true",
        help="pens: choose when each network is sure, for the page",
    )
    parser.add_argument(
        "--json", type=output_file, metavar="FILE", help="also write all figures here"
    )
    return parser


def _positive(text: str) -> int:
    return _whole_number(text, 1000)


def _lessons(text: str) -> int:
    return _whole_number(text, 999)


def _whole_number(text: str, most: int) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {most}")
    return int(text)


if __name__ == "__main__":
    main()
