"""What the check on a GPU recorded (`python -m benchmarks gpu`), as a section of a page."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mnist_lessons.errors import DataError
from mnist_lessons.publishing.html.markdown import Markdown, code, inert, table

__all__ = ["block"]

_RECIPES = ("dnn", "cnn", "dnn-decayed", "compact-normalised")
_GOALS = (1.0, 0.3)  # seconds to 99% that were hoped for
_WAYS = {
    "fit": "`fit`, as in the lessons",
    "loop": "a loop that never waits for the device",
    "graph": "a CUDA graph of the step",
    "compile": "`torch.compile`",
    "compile-graph": "a CUDA graph of the compiled step",
}
_NETWORKS = {"dnn": "the fully connected network", "cnn": "the convolutional network"}


def block(file: Path) -> str:
    """The section as Markdown, its heading included; empty where there is no record.

    Raises:
        DataError: the file is no record of the check, or that of a rehearsal.
    """
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {file.name}: {error}") from error
    try:
        return _section(record, file.name)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise DataError(
            f"{file.name} is no record of the GPU check ({type(error).__name__}: {error}); "
            "make it anew with make gpu, or remove it"
        ) from error


def _section(record: Mapping[str, Any], name: str) -> str:
    if record["rehearsal"]:
        raise DataError(f"{name} is of a rehearsal, which measures nothing; remove it")
    done = {part["name"]: part["result"] for part in record["parts"] if part["outcome"] == "done"}
    blocks = (
        _machine(record),
        _accuracy([done[name] for name in _RECIPES if name in done]),
        _races([done[name] for name in _WAYS if name in done]),
        _limits([done[name] for name in ("limit-fit", "limit-graph") if name in done]),
        _many([done[name] for name in ("many-dnn", "many-cnn") if name in done]),
        _unfinished(record),
    )
    return "\n\n".join(["## On a GPU", *filter(None, blocks)])


def _machine(record: Mapping[str, Any]) -> str:
    machine = record["machine"]
    versions = ", ".join(
        f"{title} {inert(str(machine[key]))}"
        for title, key in (("driver", "driver"), ("PyTorch", "torch"), ("CUDA", "cuda"))
        if machine.get(key)
    )
    commit = record.get("commit")
    of = f"commit {code(str(commit)[:12])}, " if commit else ""
    return (
        f"Measured on one **{inert(machine['card'])}** ({versions}) on "
        f"{inert(record['started'][:10])}, with the code of {of}"
        f"hash {code(record['code'][:12])}."
    )


def _accuracy(results: Sequence[Mapping[str, Any]]) -> str:
    if not results:
        return ""
    rows = [
        (
            result["recipe"],
            str(len(result["seeds"])),
            split,
            f"{one['mean']:.2%}",
            f"{one['cpu_mean']:.2%}",
            f"{one['limits'][0]:.2%} to {one['limits'][1]:.2%}",
            "yes" if one["within"] else Markdown("**no**"),
            "yes"
            if result["same_bits"]
            else Markdown(f"**no** (needed: {inert(result['needed'])})"),
            f"{statistics.fmean(result['seconds']):.1f}",
        )
        for result in results
        for split in ("validation", "test")
        if (one := result.get(split))
    ]
    head = (
        "recipe", "seeds", "images", "accuracy", "on the CPU", "limits", "within them",
        "same seed, same bits", "seconds",
    )  # fmt: skip
    return (
        "Recipes of the [recorded study](tutorials/beyond.py), trained again: first those of the "
        "first steps. The limits are the mean of the five seeds on the CPU, plus and minus "
        "four times their standard deviation. That is wide: five seeds tell their standard "
        "deviation only roughly.\n\n" + table(head, rows, right=(1, 3, 4, 5, 8))
    )


def _races(results: Sequence[Mapping[str, Any]]) -> str:
    if not results:
        return ""
    rows = []
    for result in results:
        best = result["best"]
        if best is None:
            rows.append((_way(result["way"]), "", "", Markdown("not reached"), "", ""))
        else:
            rows.append(
                (
                    _way(result["way"]),
                    f"{best['batch_size']:,}",
                    str(best["epochs"]),
                    Markdown(f"**{best['mean_seconds']:.3f}**"),
                    f"{best['accuracy']:.2%}",
                    f"{best['warm_up']:.1f}",
                )
            )
    head = ("way", "batch", "epochs", "seconds", "accuracy", "warm-up, seconds")
    seeds = {len(one["seconds"]) for result in results for one in result["tried"]}
    return (
        f"**How soon does the small CNN read {results[0]['goal']:.0%} of the validation images?** "
        f"Of each way, the fastest recipe whose mean over {_numbers(seeds)} seeds reaches it. "
        "The seconds are of training alone, with the images on the device; warming up, which "
        "includes compiling, is not in them.\n\n"
        + table(head, rows, right=range(1, 6))
        + f"\n\n{_verdict(results)}"
    )


def _verdict(results: Sequence[Mapping[str, Any]]) -> str:
    times = [result["best"]["mean_seconds"] for result in results if result["best"]]
    if not times:
        return "No way reached it."
    said = [f"{goal:g} s {'is reached' if min(times) <= goal else 'is missed'}" for goal in _GOALS]
    fastest = "The fastest takes" if len(results) > 1 else "It takes"
    return f"{fastest} {min(times):.3f} s: of what was hoped for, {' and '.join(said)}."


def _limits(results: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            _way(result["way"]),
            f"{one['batch_size']:,}",
            f"{one['microseconds']:.0f}",
            f"{one['kernel_microseconds']:.0f}",
            f"{one['kernels']:.0f}",
            f"{one['share']:.0%}",
            one["limit"],
        )
        for result in results
        for one in result["steps"]
    ]
    if not rows:
        return ""
    head = ("way", "batch", "µs a step", "µs in kernels", "kernels", "share", "limited by")
    return (
        "**What limits a step?** The kernels themselves, or the host, which launches them one by "
        "one: PyTorch's profiler tells how long they run.\n\n"
        + table(head, rows, right=range(1, 6))
    )


def _many(results: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            _NETWORKS.get(result["network"], result["network"]),
            f"{result['epochs']} epochs, batches of {result['batch_size']}",
            f"{result['apart']['per_second']:.2f}",
            _spread(result["apart"]),
            f"{result['together']['models']:,}",
            f"{result['together']['per_second']:.2f}",
            _spread(result["together"]),
        )
        for result in results
    ]
    if not rows:
        return ""
    head = (
        "network", "recipe", "one by one, a second", "their accuracy", "at once",
        "at once, a second", "their accuracy",
    )  # fmt: skip
    return (
        "**How many trainings a second?** Networks that differ in their seeds alone are trained as "
        "one batch of networks (`torch.func`), each with its own order of the images. Accuracy is "
        "that of the validation images, mean and standard deviation.\n\n"
        + table(head, rows, right=range(2, 7))
    )


def _spread(one: Mapping[str, Any]) -> str:
    return f"{one['accuracy']:.2%} (± {one['spread']:.2%})"


def _unfinished(record: Mapping[str, Any]) -> str:
    lines = [
        f"- {inert(part['title'])}: {inert(part['reason'])}"
        for part in record["parts"]
        if part["outcome"] != "done"
    ]
    if not record["complete"]:
        lines.append("- what came after: the check was cut off")
    return "\n".join(["Not measured:", "", *lines]) if lines else ""


def _way(name: str) -> Markdown:
    return Markdown(_WAYS[name])


def _numbers(values: Iterable[int]) -> str:
    return " or ".join(str(value) for value in sorted(values))
