"""Everything that decides what a training ends with, in one hash.

Where something may decide that cannot be put into the hash, there is no hash: the caller
must train again.
"""

import hashlib
import platform
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from mnist_lessons._origins import MAIN, Unknown, code_of, defined_in
from mnist_lessons._own_code import OwnCode, plain
from mnist_lessons.devices import device_name

__all__ = ["fingerprint", "structure"]

_PRECISE = (
    "backends",
    "backends.cuda.matmul",
    "backends.cudnn",
    "backends.cudnn.conv",
    "backends.mkldnn",
    "backends.mkldnn.conv",
    "backends.mkldnn.matmul",
)
_LEARNED_OR_NESTED = {"_buffers", "_modules", "_parameters", "training"}


def fingerprint(model: nn.Module, tensors: Sequence[Tensor], *others: object) -> str:
    """SHA-256 of a training before its first step.

    It covers the numbers and the structure of the model, the tensors, the text of the other
    objects, the code behind all of them, PyTorch, Python, the device and their settings.

    Args:
        model: fresh, on its device.
        tensors: what it is trained and measured on, at least one.
        others: objects whose class and `repr` decide the result.

    Raises:
        Unknown: something that may decide the result cannot be put into the hash.
    """
    words = (structure(model), others, _code(model, others), _machine(tensors[0].device))
    digest = hashlib.sha256(repr(words).encode("utf-8", "surrogatepass"))
    for tensor in (*model.state_dict().values(), *tensors):
        digest.update(repr((tensor.dtype, tensor.shape, tensor.stride())).encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def structure(model: nn.Module) -> str:
    """All of a model but its numbers and its mode: while it trains, this stays the same.

    Raises:
        Unknown: a part holds something that has no text or that `state_dict` leaves out.
    """
    lines: list[Any] = []
    for name, part in model.named_modules(remove_duplicate=False):
        if part._non_persistent_buffers_set:
            raise Unknown(f"{name}: a buffer that state_dict leaves out")
        told = {key: value for key, value in vars(part).items() if key not in _LEARNED_OR_NESTED}
        lines.append((name, type(part).__module__, type(part).__qualname__, plain(told)))
    storages: dict[int, int] = {}
    for name, value in model.state_dict(keep_vars=True).items():
        if not isinstance(value, Tensor):
            raise Unknown(f"{name}: {type(value)}")
        # Numbers that two layers share are trained by both.
        storage = storages.setdefault(value.untyped_storage().data_ptr(), len(storages))
        lines.append((name, value.shape, value.stride(), value.requires_grad, storage))
    return repr(lines)


def _code(model: nn.Module, others: Iterable[object]) -> tuple[object, ...]:
    """The code of all layers and of the other objects; of the main module what they need of it."""
    needed = {type(other).__module__ for other in others}
    kinds = list(dict.fromkeys(map(type, model.modules())))
    modules = {name for kind in kinds for name in defined_in(kind)}
    own = OwnCode()
    try:
        for kind in kinds:
            own.add(kind)
    except Unknown:
        return code_of(needed | modules), None
    return code_of(needed | modules - {MAIN} | own.modules), own.told


def _machine(device: torch.device) -> tuple[object, ...]:
    """What computes, and how it is set."""
    backends = torch.backends
    cudnn, mkldnn = backends.cudnn, backends.mkldnn
    return (
        platform.python_version(),
        torch.__version__,
        torch.version.git_version,
        torch.version.cuda,
        torch.version.hip,
        torch.__config__.show(),  # with the versions of its libraries
        device.type,
        device_name(device),
        backends.cpu.get_cpu_capability(),
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_autocast_enabled(device.type),
        mkldnn.enabled,
        cudnn.enabled,
        cudnn.benchmark,
        cudnn.deterministic,
        cudnn.version(),
        # Not torch.get_float32_matmul_precision: it fails where only one of these was set.
        *(attrgetter(f"{part}.fp32_precision")(torch) for part in _PRECISE),
    )
