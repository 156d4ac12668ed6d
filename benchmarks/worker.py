"""One contestant in a process of its own: `python -m benchmarks.worker`, JSON on stdout."""

import argparse
import importlib
import json
import resource
import sys
from pathlib import Path

import torch

__all__: list[str] = []


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _write_sample(folder: Path) -> None:
    """Write the sample as the files that the seeds read."""
    from mnist_lessons.data import load_mnist

    splits = load_mnist()
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    images = torch.cat([splits.train.images, splits.validation.images])
    labels = torch.cat([splits.train.labels, splits.validation.labels])
    for name, pixels, digits in (
        ("train", images, labels),
        ("t10k", splits.test.images, splits.test.labels),
    ):
        for kind, values in (("images", pixels), ("labels", digits.to(torch.uint8))):
            header = [2048 + values.ndim, *values.shape]
            content = b"".join(number.to_bytes(4, "big") for number in header)
            path = raw / f"{name}-{kind}-idx{values.ndim}-ubyte"
            path.write_bytes(content + values.numpy().tobytes())


def _compete(side: str, net: str, epochs: int, folder: Path) -> dict[str, object]:
    loops = importlib.import_module(f"benchmarks.{side}_loops")
    arguments = (folder, epochs) if side == "seed" else (epochs,)
    timed = list(getattr(loops, f"{net}_epochs")(*arguments))
    peak = _peak_bytes()
    kernels = getattr(loops, f"{net}_kernels")(timed[0]) if side == "our" else None
    return {"epochs": [epoch._asdict() for epoch in timed], "peak": peak, "kernels": kernels}


def main() -> None:
    """Run what the command line names and print what it measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["torch", "sample", "seed", "our"])
    parser.add_argument("net", choices=["cnn", "dnn"], nargs="?")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    result: dict[str, object] = {}
    if arguments.what == "torch":
        result = {"peak": _peak_bytes(), "torch": torch.__version__}
    elif arguments.what == "sample":
        _write_sample(arguments.folder)
    else:
        result = _compete(arguments.what, arguments.net, arguments.epochs, arguments.folder)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
