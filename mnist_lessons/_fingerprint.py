"""Everything that decides what a training ends with, in one hash.

Where something may decide that cannot be put into the hash, there is no hash: the caller
must train again.
"""

import ast
import hashlib
import importlib.util
import inspect
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from operator import attrgetter
from pathlib import Path
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn

from mnist_lessons._sources import code_hash
from mnist_lessons.devices import device_name

__all__ = ["Unknown", "fingerprint", "structure"]

# A file that was changed later is not what this process runs.
_STARTED = time.time()
_BY_VERSION = {*sys.stdlib_module_names, "torch"}
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


class Unknown(Exception):
    """Something that may decide the result of a training cannot be put into words."""


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
    modules = {name for part in model.modules() for name in _defined_in(type(part))}
    modules |= {type(other).__module__ for other in others}
    words = (structure(model), others, _code(modules), _machine(tensors[0].device))
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
        lines.append((name, type(part).__module__, type(part).__qualname__, _plain(told)))
    storages: dict[int, int] = {}
    for name, value in model.state_dict(keep_vars=True).items():
        if not isinstance(value, Tensor):
            raise Unknown(f"{name}: {type(value)}")
        # Numbers that two layers share are trained by both.
        storage = storages.setdefault(value.untyped_storage().data_ptr(), len(storages))
        lines.append((name, value.shape, value.stride(), value.requires_grad, storage))
    return repr(lines)


def _plain(value: object) -> str:
    """The text of a value that is nothing but its text."""
    if value is None or isinstance(
        value, bool | int | float | complex | str | bytes | torch.dtype | torch.device
    ):
        return repr(value)
    if isinstance(value, dict):
        return repr([(_plain(key), _plain(value[key])) for key in value])
    if isinstance(value, list | tuple):
        return repr([_plain(part) for part in value])
    if isinstance(value, set | frozenset):
        return repr(sorted(map(_plain, value)))
    raise Unknown(f"{type(value)} has no text")


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


def _code(modules: Iterable[str]) -> list[tuple[str, str]]:
    """Hashes of some modules and of those that they import, by name.

    Python itself, PyTorch and other installed packages are left out.
    """
    waiting = {name for name in modules if not _by_version(name)}
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        found[name], imported = _read(_source(name), name)
        waiting |= {other for other in imported if _path(other)} - set(found)
    return sorted(found.items())


def _by_version(name: str) -> bool:
    return name.partition(".")[0] in _BY_VERSION


def _defined_in(kind: type) -> Iterator[str]:
    """The modules of a class and of its bases: all of its code is there."""
    for base in kind.__mro__:
        name = base.__module__
        found: object = sys.modules.get(name)
        for part in base.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is not base:  # made in a function, or by text that is in no file
            raise Unknown(f"{base} is not in its module")
        if _by_version(name):
            continue
        functions = [value for value in vars(base).values() if isinstance(value, FunctionType)]
        if not all(_is_in(inspect.unwrap(f).__code__.co_filename, name) for f in functions):
            raise Unknown(f"{base} has functions from elsewhere")
        yield name


def _is_in(place: str, name: str) -> bool:
    """Whether code that was compiled from `place` is part of the source of a module."""
    if _cells(name) is not None:
        return sys.modules["IPython"].get_ipython().compile.format_code_name(place) is not None
    path = _path(name)
    return path is not None and os.path.exists(place) and os.path.samefile(place, path)


def _source(name: str) -> str:
    if (cells := _cells(name)) is not None:
        return "\n".join(cells)
    path = _path(name)
    if path is None:
        raise Unknown(f"the source of {name} is not known")
    try:
        changed = path.stat()
        if max(changed.st_mtime, changed.st_ctime) > _STARTED:
            raise Unknown(f"{path} has changed since this process began")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unknown(f"cannot read {path}") from error


def _cells(name: str) -> list[str] | None:
    """All that a notebook has executed so far; None where `name` is a file."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and name == "__main__" else None
    if shell is None or hasattr(sys.modules[name], "__file__"):  # the latter: %run of a script
        return None
    return list(shell.history_manager.input_hist_parsed)


def _path(name: str) -> Path | None:
    """The file of a module that somebody may edit: none for what is installed or not there."""
    if _by_version(name):
        return None
    root = name.partition(".")[0]
    if name == "__main__":
        origin = getattr(sys.modules[name], "__file__", None)
    else:
        try:
            # The root first: to look into a package is to import it.
            spec = importlib.util.find_spec(root)
            if spec is None or _is_installed(root, spec.origin):
                return None
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return None
        origin = spec.origin if spec else None
    return Path(origin) if origin and origin.endswith(".py") else None


def _is_installed(root: str, origin: str | None) -> bool:
    parts = Path(origin).parts if origin else ()
    return root != __package__ and ("site-packages" in parts or "dist-packages" in parts)


@cache
def _read(source: str, name: str) -> tuple[str, frozenset[str]]:
    """The hash of a module's source, and what it may import: modules, or names inside of one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise Unknown(f"{name} is no Python") from error
    package = getattr(sys.modules.get(name), "__package__", None) or ""
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            with suppress(ImportError):
                origin = "." * node.level + (node.module or "")
                origin = importlib.util.resolve_name(origin, package)
                imported |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return code_hash(source), frozenset(imported)
