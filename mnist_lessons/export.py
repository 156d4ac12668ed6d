"""Store a trained network in few bytes, for a reader's browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import skip_init

from mnist_lessons.data import Split
from mnist_lessons.evaluation import evaluate, predict

__all__ = ["TOLERANCE", "StoredNetwork", "affine", "load", "store"]

TOLERANCE = 0.0005  # of accuracy: 0.05 points

# The smallest first; little-endian everywhere.
_TYPES = {"int8": "<i1", "float16": "<f2", "float32": "<f4"}
_AGREEMENT = 1e-3
_IMAGE = (1, 28, 28)

_Layer = dict[str, Any]


@dataclass(frozen=True)
class StoredNetwork:
    """A network as bytes, and what must be known to use them.

    Attributes:
        content: for each layer with weights, in order: where the storage is `int8`, the
            scale of each output row, float32; the bias, float32; and the weights row by row
            in the storage's type. Little-endian, without gaps.
        storage: `int8`, `float16` or `float32`.
        layers: `kind` (`flatten`, `linear`, `relu`, `conv`, `pool`), the output's `shape`
            for one image and, where there are weights, their shape as `weights`.
        accuracy: share of the images read correctly in full precision.
        stored_accuracy: the same, with the stored weights.
        count: number of these images.
    """

    content: bytes
    storage: str
    layers: list[_Layer]
    accuracy: float
    stored_accuracy: float
    count: int

    def __str__(self) -> str:
        return (
            f"{self.storage}, {len(self.content):,} bytes; {self.accuracy:.2%} of "
            f"{self.count:,} images before, {self.stored_accuracy:.2%} as stored"
        )

    def as_dict(self) -> dict[str, Any]:
        """All but the content, and its size as `bytes`, ready for JSON."""
        rest = {name: value for name, value in vars(self).items() if name != "content"}
        return {**rest, "bytes": len(self.content)}


def store(model: nn.Module, split: Split) -> StoredNetwork:
    """Store a network in as few bytes as keep its accuracy within 0.05 points.

    Tried in this order: 8 bits with a scale for each output row, half precision, full
    precision. The first that differs by at most `TOLERANCE` is taken. This chooses a way to
    write down one network, not a network.

    Args:
        model: made of Flatten, Linear, ReLU, Conv2d (stride 1, no padding), MaxPool2d(2) and
            dropout, used one after the other in the order in which it holds them.
        split: normalised images, float32 (N, 1, 28, 28), and labels, on any device.

    Raises:
        ValueError: the model is made of, or does, something else.
    """
    layers, weighted = _walked(model)
    _check_agreement(model, layers, weighted, split)
    accuracy = evaluate(model, split).accuracy
    for storage in _TYPES:
        content = b"".join(_packed(layer, storage) for layer in weighted)
        other = load({"layers": layers, "storage": storage}, content).to(split.images.device)
        stored = evaluate(other, split).accuracy
        # Some slack: a difference of two shares is not exact.
        if abs(stored - accuracy) <= TOLERANCE + 1e-9 or storage == "float32":
            break
    return StoredNetwork(content, storage, layers, accuracy, stored, len(split))


def load(description: Mapping[str, Any], content: bytes) -> nn.Sequential:
    """Make the network again, with the stored weights.

    Args:
        description: with `layers` and `storage`, as `store` returns them and `run.json` has
            them in `networks`.
        content: the bytes.

    Returns:
        In eval mode, on the CPU, float32.

    Raises:
        ValueError: there are more bytes or fewer than the layers need.
    """
    reader = _Reader(content)
    modules = [_module(layer, description["storage"], reader) for layer in description["layers"]]
    if reader.place != len(content):
        raise ValueError(f"{len(content):,} bytes, but the layers need {reader.place:,}")
    return nn.Sequential(*modules).eval()


def affine(raw: Tensor, images: Tensor) -> tuple[float, float]:
    """How bytes became what a network reads: `gain * byte + offset`.

    Args:
        raw: uint8 (N, 28, 28).
        images: float32 (N, 1, 28, 28), made from them.

    Returns:
        gain and offset.

    Raises:
        ValueError: the shapes do not belong together, or no such pair makes the images.
    """
    if images.shape != (len(raw), *_IMAGE):
        raise ValueError(
            f"images must have the shape {(len(raw), *_IMAGE)}, not {tuple(images.shape)}"
        )
    before = raw.cpu().flatten().double()
    after = images.detach().cpu().flatten().double()
    low, high = int(before.argmin()), int(before.argmax())
    spread = (before[high] - before[low]).item()
    gain = (after[high] - after[low]).item() / spread if spread else 0.0
    offset = (after[low] - gain * before[low]).item()
    worst = (before * gain + offset - after).abs().max().item()
    if not gain or not worst <= 1e-5 * max(1.0, after.abs().max().item()):
        raise ValueError(
            "the images are not gain * byte + offset of the test images that went through "
            "run.loaded, with one gain and one offset for all pixels"
        )
    return gain, offset


def _walked(model: nn.Module) -> tuple[list[_Layer], list[nn.Linear | nn.Conv2d]]:
    """The layers that do something in eval mode, and those of them with weights."""
    layers: list[_Layer] = []
    weighted: list[nn.Linear | nn.Conv2d] = []
    shape: tuple[int, ...] = _IMAGE
    for module in model.modules():
        if list(module.children()) or isinstance(module, nn.Dropout | nn.Dropout2d):
            continue
        kind = next((kind for kind, known in _KINDS.items() if known(module)), None)
        if kind is None:
            raise ValueError(
                f"{module} cannot be published; Flatten, Linear, ReLU, Conv2d (stride 1, no "
                "padding), MaxPool2d(2) and dropout can"
            )
        layer: _Layer = {"kind": kind}
        if isinstance(module, nn.Linear | nn.Conv2d):
            layer["weights"] = list(module.weight.shape)
            weighted.append(module)
        shape = _shape_after(layer, shape)
        layers.append({**layer, "shape": list(shape)})
    return layers, weighted


def _is_convolution(module: nn.Module) -> bool:
    return (
        isinstance(module, nn.Conv2d)
        and (module.stride, module.dilation, module.groups) == ((1, 1), (1, 1), 1)
        and module.padding in ((0, 0), "valid")
        and module.kernel_size[0] == module.kernel_size[1]
        and module.bias is not None
    )


def _is_pooling(module: nn.Module) -> bool:
    return (
        isinstance(module, nn.MaxPool2d)
        and module.kernel_size in (2, (2, 2))
        and module.stride in (2, (2, 2))
        and module.padding in (0, (0, 0))
        and module.dilation in (1, (1, 1))
        and not (module.ceil_mode or module.return_indices)
    )


_KINDS: dict[str, Callable[[nn.Module], bool]] = {
    "flatten": lambda module: (
        isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) == (1, -1)
    ),
    "linear": lambda module: isinstance(module, nn.Linear) and module.bias is not None,
    "relu": lambda module: isinstance(module, nn.ReLU),
    "conv": _is_convolution,
    "pool": _is_pooling,
}


def _shape_after(layer: _Layer, shape: Sequence[int]) -> tuple[int, ...]:
    kind = layer["kind"]
    if kind == "flatten":
        return (int(np.prod(shape)),)
    if kind == "relu":
        return tuple(shape)
    if kind == "linear" and tuple(shape) == (layer["weights"][1],):
        return (layer["weights"][0],)
    if kind == "conv" and len(shape) == 3 and shape[0] == layer["weights"][1]:
        less = layer["weights"][2] - 1
        return (layer["weights"][0], shape[1] - less, shape[2] - less)
    if kind == "pool" and len(shape) == 3:
        return (shape[0], shape[1] // 2, shape[2] // 2)
    raise ValueError(f"a layer {layer} cannot follow an output of shape {tuple(shape)}")


def _check_agreement(
    model: nn.Module, layers: list[_Layer], weighted: Sequence[nn.Module], split: Split
) -> None:
    """Make sure that the layers one after the other are all that the model does."""
    content = b"".join(_packed(layer, "float32") for layer in weighted)
    again = load({"layers": layers, "storage": "float32"}, content).to(split.images.device)
    ours, theirs = predict(again, split).logits, predict(model, split).logits
    if ours.shape != theirs.shape or not (ours - theirs).abs().max().item() <= _AGREEMENT:
        raise ValueError(
            "the layers of this model, one after the other, do not give its logits: its "
            "forward does something else"
        )


def _packed(layer: nn.Module, storage: str) -> bytes:
    weights = _array(layer.weight).reshape(len(layer.weight), -1)  # type: ignore[arg-type]
    bias = _array(layer.bias).tobytes()
    if storage != "int8":
        return bias + weights.astype(_TYPES[storage]).tobytes()
    largest = np.abs(weights).max(axis=1)
    scale = (np.where(largest > 0, largest, 1) / 127).astype("<f4")
    rounded = np.rint(weights / scale[:, None]).clip(-127, 127).astype(_TYPES[storage])
    return b"".join((scale.tobytes(), bias, rounded.tobytes()))


def _array(parameter: Any) -> NDArray[np.float32]:
    array: NDArray[np.float32] = parameter.detach().cpu().contiguous().numpy().astype("<f4")
    return array


class _Reader:
    """Takes arrays from the bytes, one after the other."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def take(self, kind: str, *shape: int) -> NDArray[np.float32]:
        count = int(np.prod(shape))
        end = self.place + count * np.dtype(kind).itemsize
        if end > len(self.content):
            raise ValueError(f"{len(self.content):,} bytes, but the layers need more")
        found = np.frombuffer(self.content, kind, count, self.place).astype(np.float32)
        self.place = end
        return found.reshape(shape)


def _module(layer: _Layer, storage: str, reader: _Reader) -> nn.Module:
    kind = layer["kind"]
    if kind == "flatten":
        return nn.Flatten()
    if kind == "relu":
        return nn.ReLU()
    if kind == "pool":
        return nn.MaxPool2d(2)
    outputs, inputs, *window = layer["weights"]
    scale = reader.take("<f4", outputs) if storage == "int8" else np.ones(1, dtype=np.float32)
    bias = reader.take("<f4", outputs)
    rows = reader.take(_TYPES[storage], *layer["weights"])
    rows = rows * scale.reshape(-1, *[1] * (len(window) + 1))
    # Not initialised: a lesson's random numbers must not depend on what it publishes.
    module: nn.Module = (
        skip_init(nn.Conv2d, inputs, outputs, window[0])
        if window
        else skip_init(nn.Linear, inputs, outputs)
    )
    weights = {"weight": torch.from_numpy(rows), "bias": torch.from_numpy(bias)}
    module.load_state_dict(weights)
    return module
