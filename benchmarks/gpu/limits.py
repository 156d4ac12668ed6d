"""What limits a way of training: the kernels, or the host that cannot start them fast enough."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from benchmarks.gpu.bench import Bench
from benchmarks.gpu.races import RACES, Race, network
from benchmarks.gpu.together import Together, replayed
from mnist_lessons.training import fit

__all__ = ["kernels_among", "measure", "summary"]

_WATCHED = (ProfilerActivity.CPU, ProfilerActivity.CUDA)
_DEVICE = DeviceType.CUDA
_BOUND = 0.8  # share of the time from which on it is the kernels
_TOP = 6
_ROUNDS = 3
_LARGE = next(one for one in RACES if one.batch_size == 256)


def measure(bench: Bench, way: str) -> dict[str, Any]:
    """Watch some steps of `fit` or `graph`, with the lesson's batches and with larger ones.

    The time of a step is taken without the profiler, which slows the host.

    Raises:
        Skipped: there is no CUDA.
        RuntimeError: the profiler saw no kernel.
    """
    bench.need_cuda()
    found = []
    for one in (RACES[0], _LARGE):
        steps, prepare, run = (_by_fit if way == "fit" else _by_graph)(bench, one)
        rounds = []
        for _ in range(1 + _ROUNDS):
            prepare()
            rounds.append(run())
        prepare()
        with profile(activities=_WATCHED) as watched:
            run()
        kernels = kernels_among(watched.events(), _DEVICE)
        wall = statistics.median(rounds[1:]) / steps * 1e6
        found.append({"batch_size": one.batch_size, **summary(kernels, steps, wall)})
        bench.say(_told(found[-1]))
    return {"way": way, "steps": found}


def kernels_among(events: Iterable[Any], device: DeviceType) -> list[tuple[str, float]]:
    """Name and microseconds of what ran on a device; spans that only group others left out."""
    return [
        (event.name, event.time_range.elapsed_us())
        for event in events
        if event.device_type == device and not event.is_user_annotation
    ]


def summary(kernels: Iterable[tuple[str, float]], steps: int, wall: float) -> dict[str, Any]:
    """What the kernels of some steps say.

    Args:
        kernels: name and microseconds of each.
        steps: in which they ran.
        wall: microseconds of a step.

    Raises:
        RuntimeError: there is no kernel.
    """
    total: dict[str, float] = defaultdict(float)
    number = 0
    for name, microseconds in kernels:
        total[name] += microseconds
        number += 1
    if not number:
        raise RuntimeError("the profiler saw no kernel")
    busy = sum(total.values()) / steps
    longest = sorted(total.items(), key=lambda one: -one[1])[:_TOP]
    return {
        "microseconds": round(wall, 1),
        "kernel_microseconds": round(busy, 1),
        "kernels": round(number / steps, 1),
        "share": round(busy / wall, 3),
        "limit": "kernels" if busy / wall >= _BOUND else "launches",
        "top": [
            {"kernel": name[:120], "microseconds": round(time / steps, 1)} for name, time in longest
        ],
    }


_Watch = tuple[int, Callable[[], object], Callable[[], float]]  # steps; prepare; run, in seconds


def _by_fit(bench: Bench, one: Race) -> _Watch:
    """One epoch of `fit` with as many steps as are to be watched, and hardly any measuring."""
    config = replace(one.config(bench), epochs=1, measured_images=1)
    few = bench.standardised.head(bench.sizes.profiled_steps * config.batch_size)
    few = replace(few, validation=few.validation[:1])
    model = network()

    def run() -> float:
        return fit(model, few, config)[-1].seconds

    return math.ceil(len(few.train) / config.batch_size), lambda: None, run


def _by_graph(bench: Bench, one: Race) -> _Watch:
    training = Together(network, bench.standardised.train, one.config(bench))
    replay = replayed(training, [0])
    training.shuffle([0])
    steps = min(bench.sizes.profiled_steps, training.steps)

    def run() -> float:
        return bench.seconds(lambda: [replay() for _ in range(steps)])

    return steps, lambda: training.start([0]), run


def _told(found: dict[str, Any]) -> str:
    return (
        f"batches of {found['batch_size']}: {found['microseconds']:.0f} us a step, "
        f"{found['kernel_microseconds']:.0f} of them in {found['kernels']:.0f} kernels: "
        f"limited by {found['limit']}"
    )
