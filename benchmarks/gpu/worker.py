"""The process that measures: says what it runs on, then one JSON line for each part asked for.

`python -m benchmarks.gpu.worker FOLDER`; the names of the parts come in on stdin, line by line.
"""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

# CUPTI, by which the profiler sees kernels, may fail with CUDA graphs when it is ended and begun
# again; PyTorch itself sets these where it makes graphs.
os.environ.setdefault("TEARDOWN_CUPTI", "0")
os.environ.setdefault("DISABLE_CUPTI_LAZY_REINIT", "1")

import torch

from benchmarks.gpu import limits, many, races, trainings
from benchmarks.gpu.bench import FULL, REHEARSAL, Bench
from benchmarks.gpu.machine import machine
from benchmarks.gpu.parts import RECIPES, Skipped
from mnist_lessons.data import read_mnist
from mnist_lessons.errors import LessonError, SettingError

__all__ = ["MEASURES", "main", "open_bench", "outcome"]

MEASURES: dict[str, Callable[[Bench], dict[str, Any]]] = {
    **{name: lambda bench, name=name: trainings.measure(bench, name) for name in RECIPES},
    **{
        way: lambda bench, way=way: races.race(bench, way)
        for way in ("fit", "loop", "graph", "compile", "compile-graph")
    },
    **{
        f"limit-{way}": lambda bench, way=way: limits.measure(bench, way)
        for way in ("fit", "graph")
    },
    **{
        f"many-{name}": lambda bench, name=name: many.measure(bench, name)
        for name in ("dnn", "cnn")
    },
}
"""What measures each part, by its name."""


def main() -> None:
    """Answer until stdin ends; where nothing can be measured here, say so and end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rehearse", action="store_true")
    arguments = parser.parse_args()
    # Whatever a library prints goes to stderr: stdout is for answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(**content: Any) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    try:
        bench = open_bench(arguments.data, rehearse=arguments.rehearse)
    except LessonError as error:
        answer(outcome="failed", reason=str(error), status=error.exit_status)
        return
    answer(machine=machine(bench.device), data=bench.mnist.provenance.checksum)
    for line in sys.stdin:
        answer(**outcome(bench, line.strip()))


def open_bench(data: Path, *, rehearse: bool) -> Bench:
    """The images and the device.

    Raises:
        DataError: the folder does not have the full MNIST.
        SettingError: there is no CUDA here, and this is no rehearsal.
    """
    mnist = read_mnist(data)
    if not torch.cuda.is_available() and not rehearse:
        raise SettingError(
            f"PyTorch {torch.__version__} finds no CUDA device here; --rehearse tries the command "
            "on the CPU, with tiny sizes"
        )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return Bench.of(mnist, device, REHEARSAL if rehearse else FULL)


def outcome(bench: Bench, name: str) -> dict[str, Any]:
    """What came of a part: its result, why there is none, or how it failed."""
    try:
        return {"outcome": "done", "result": MEASURES[name](bench)}
    except Skipped as reason:
        return {"outcome": "skipped", "reason": str(reason)}
    except Exception as error:
        return {
            "outcome": "failed",
            "reason": f"{type(error).__name__}: {error}",
            "traceback": traceback.format_exc(),
        }


if __name__ == "__main__":
    main()
