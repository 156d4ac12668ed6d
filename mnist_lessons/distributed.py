"""Train one model with several processes: `torchrun ... -m mnist_lessons.distributed`."""

import argparse
import importlib
import io
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any, NoReturn
from weakref import WeakSet

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from mnist_lessons._files import output_file, write_whole
from mnist_lessons.data import Split, load_mnist, normalise
from mnist_lessons.devices import select_device
from mnist_lessons.errors import LessonError, SettingError
from mnist_lessons.models import SimpleDNN
from mnist_lessons.settings import Settings
from mnist_lessons.training import OPTIMISERS, EpochRecord, TrainConfig, fit

__all__ = ["Shared", "main", "process_group"]

_WHAT = "Train a SimpleDNN in this process, or with all those that torchrun has started."
_DTYPES = {"float32": torch.float32, "float64": torch.float64}


class Shared(nn.Module):
    """A model that several processes train together, each with a share of every batch.

    Every process holds all weights and is given the whole batch. It computes the logits of its
    own share; the shares are then gathered, so that every process has all logits, one loss and
    one gradient of the logits. Each process takes that gradient back through its own share, and
    DistributedDataParallel averages what they find: the result is the gradient of the whole
    batch, but for rounding, also where the shares are unequal. The weights stay the same in all
    processes.

    What a layer does with a batch as a whole, it does here with a share. Batch normalisation
    takes mean and variance of the share, and keeps the running ones of process 0. Dropout draws
    in every process from the same seed: images in the same place of two shares lose the same
    units. So the weights are those of one process only where neither is used.

    S. Li et al., "PyTorch Distributed: Experiences on Accelerating Data Parallel Training",
    2020, arXiv:2006.15704.

    Args:
        model: on the device of this process; its weights become those of process 0. It is
            trained in place, and can be used alone, in any process, once training is over.

    Raises:
        ValueError: there is no process group.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.replica = DistributedDataParallel(model)
        _shared.add(self)

    def forward(self, images: Tensor) -> Tensor:
        """Map a batch (N, 1, 28, 28) to all its logits (N, 10), in every process."""
        rows = -(-len(images) // dist.get_world_size())  # of a share, rounded up
        share = images[rows * dist.get_rank() :][:rows]
        logits = self.replica(share)
        # All shares travel in one size; what fills up the last is cut off.
        padded = F.pad(logits, (0, 0, 0, rows - len(share)))
        everything: Tensor = _Gather.apply(padded)
        return everything[: len(images)]


_shared: WeakSet[Shared] = WeakSet()


class _Gather(torch.autograd.Function):
    """The shares of all processes (R, 10), one below the other (processes * R, 10)."""

    @staticmethod
    def forward(_: Any, share: Tensor) -> Tensor:
        everything = share.new_empty(dist.get_world_size() * len(share), *share.shape[1:])
        dist.all_gather_into_tensor(everything, share.contiguous())
        return everything

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        # Averaging divides by the number of processes, but the shares' gradients add up.
        own = gradient.chunk(dist.get_world_size())[dist.get_rank()]
        return own * dist.get_world_size()


@contextmanager
def process_group() -> Iterator[torch.device]:
    """Join the processes that torchrun has started; yield the device of this one.

    They talk through NCCL where each has a GPU of its own, else through gloo. `auto` takes GPUs
    where this machine has enough, else the CPU. A process whose launcher is killed ends. Every
    `Shared` ends with the group; the model in it stays.

    Raises:
        SettingError: `MNIST_LESSONS_DEVICE` asks for a device that processes cannot have each.
    """
    device = _own_device(Settings.from_environment().device)
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    elif _variable("LOCAL_WORLD_SIZE") == _variable("WORLD_SIZE"):
        # Processes of one machine need no network, nor the name that it has there.
        for _, name in socket.if_nameindex():
            if name in ("lo", "lo0"):
                os.environ.setdefault("GLOO_SOCKET_IFNAME", name)
    # PyTorch's optimisers import this. Where the group is there by then, something in it holds the
    # group, and with it gloo's threads.
    importlib.import_module("torch._dynamo")
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield device
    finally:
        # A replica holds the group, and with it gloo's threads. Where they still let go of a
        # tensor while the interpreter ends, they abort the process (pytorch/pytorch#190489).
        for shared in _shared:
            del shared.replica
        _shared.clear()
        dist.destroy_process_group()


def main(arguments: Sequence[str] | None = None) -> int:
    """Train a `SimpleDNN` in this process, or with all those that torchrun has started.

    Process 0 prints a line for each epoch. It may write a file for `torch.load`: a dictionary
    with the `weights`, a state of the model for each epoch, the untrained one first, and the
    `log`, the fields of each `EpochRecord`.

    Args:
        arguments: of the command line, those of this program where None.

    Returns:
        The exit status: 2 where an argument or a setting is wrong, 1 where the file cannot be
        written, after one line on stderr.
    """
    try:
        options = _options(arguments)
        if "WORLD_SIZE" not in os.environ:  # torchrun sets it
            _train(options, select_device(Settings.from_environment().device))
        else:
            with process_group() as device:
                _train(options, device)
    except LessonError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingError(message)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="python -m mnist_lessons.distributed", description=_WHAT)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=512, help="of all processes together")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--optimiser", default="adam", help=", ".join(OPTIMISERS))
    parser.add_argument("--dtype", default="float32", choices=_DTYPES)
    parser.add_argument("--images", type=int, help="train on the first ones alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=output_file, help="file for the weights and the log")
    options = parser.parse_args(arguments)
    try:
        options.config = TrainConfig(
            epochs=options.epochs,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            optimiser=options.optimiser,
            seed=options.seed,
        )
    except ValueError as error:
        raise SettingError(str(error)) from None
    if options.images is not None and options.images < 1:
        raise SettingError(f"images must be at least 1, not {options.images}")
    return options


def _train(options: argparse.Namespace, device: torch.device) -> None:
    splits = normalise(load_mnist().head(options.images)).to(device)
    dtype = _DTYPES[options.dtype]
    splits = replace(
        splits,
        train=Split(splits.train.images.to(dtype), splits.train.labels),
        validation=Split(splits.validation.images.to(dtype), splits.validation.labels),
    )
    torch.manual_seed(options.seed)
    model = SimpleDNN().to(device, dtype)
    together = dist.is_initialized()
    weights = []

    def note(record: EpochRecord) -> None:
        weights.append({name: value.cpu().clone() for name, value in model.state_dict().items()})
        if not together or dist.get_rank() == 0:
            print(_line(record), flush=True)

    trained = Shared(model) if together else model
    records = fit(trained, splits, options.config, after_epoch=note)
    if options.output and (not together or dist.get_rank() == 0):
        buffer = io.BytesIO()
        torch.save({"weights": weights, "log": [asdict(record) for record in records]}, buffer)
        write_whole(options.output, buffer.getbuffer())


def _line(record: EpochRecord) -> str:
    return (
        f"epoch {record.epoch}  validation loss {record.validation_loss:.4f}"
        f"  accuracy {record.validation_accuracy:.2%}  {record.seconds:.1f} s"
    )


def _own_device(asked: str) -> torch.device:
    local = _variable("LOCAL_RANK")
    if asked == "auto":
        enough = torch.cuda.device_count() >= _variable("LOCAL_WORLD_SIZE")
        asked = "cuda" if enough else "cpu"
    if asked not in ("cpu", "cuda"):
        raise SettingError(
            f"several processes cannot share the device {asked}: use auto, cpu or cuda "
            "(MNIST_LESSONS_DEVICE)"
        )
    return select_device(f"cuda:{local}" if asked == "cuda" else "cpu")


def _variable(name: str) -> int:
    """A number that torchrun tells its processes."""
    if name not in os.environ:
        raise SettingError(f"WORLD_SIZE is set, but not {name}: let torchrun start the processes")
    return int(os.environ[name])


def _end_with(launcher: int) -> None:
    # It ends its processes in time, but nobody ends them where it is killed itself.
    while os.getppid() == launcher:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
