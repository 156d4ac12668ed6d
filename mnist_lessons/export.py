"""Store a trained network in few bytes, for a reader's browser."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import skip_init
from torch.nn.utils.fusion import fuse_conv_bn_weights

from mnist_lessons.data import Split
from mnist_lessons.evaluation import evaluate, predict

__all__ = ["TOLERANCE", "StoredNetwork", "gain_and_offset", "load", "store"]

TOLERANCE = 0.0005  # of accuracy: 0.05 points

# The smallest first; little-endian everywhere.
_TYPES = {"int8": "<i1", "float16": "<f2", "float32": "<f4"}
_AGREEMENT = 1e-3
_IMAGE = (1, 28, 28)
_NO_WEIGHTS = torch.empty(0)
_POOLING = ("pool", "average_pool", "global_average_pool")

_WITHOUT_WEIGHTS: dict[str, Callable[[], nn.Module]] = {
    "flatten": nn.Flatten,
    "relu": nn.ReLU,
    "pool": lambda: nn.MaxPool2d(2),
    "average_pool": lambda: nn.AvgPool2d(2),
    "global_average_pool": lambda: nn.AdaptiveAvgPool2d(1),
}


@dataclass(frozen=True)
class StoredNetwork:
    """A network as bytes, and what must be known to use them.

    Attributes:
        content: for each layer with weights, in order: where the storage is `int8`, the
            scale of each output row, float32; the bias, float32; and the weights row by row
            in the storage's type. Little-endian, without gaps.
        storage: `int8`, `float16` or `float32`.
        layers: `kind` (`flatten`, `linear`, `relu`, `conv`, `scale_shift` for each channel,
            `pool`, `average_pool`, `global_average_pool`), the output's `shape` for one image
            and, where there are any, the shape of the weights as `weights` and the rows of
            zeros around a convolution's input as `padding`.
        accuracy: share of the images read correctly in full precision.
        stored_accuracy: the same, with the stored weights.
        count: number of these images.
    """

    content: bytes
    storage: str
    layers: list[dict[str, Any]]
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

    Batch normalisation becomes part of the convolution before it where that is exact: right
    behind it, or behind a pooling that is, if no channel is scaled by zero or less. Elsewhere
    it is stored as a scale and a shift of each channel.

    Args:
        model: made of Flatten, Linear, ReLU, Conv2d (square, stride 1, as many zeros on each
            side), BatchNorm2d with running statistics, MaxPool2d(2), AvgPool2d(2),
            AdaptiveAvgPool2d(1) and dropout, used one after the other in the order in which it
            holds them.
        split: normalised images, float32 (N, 1, 28, 28), and labels, on any device.

    Raises:
        ValueError: the model is made of, or does, something else.
    """
    layers = _layers(model)
    described = _described(layers)
    _check_agreement(model, described, _packed(layers, "float32"), split)
    accuracy = evaluate(model, split).accuracy
    for storage in _TYPES:
        content = _packed(layers, storage)
        other = load({"layers": described, "storage": storage}, content).to(split.images.device)
        stored = evaluate(other, split).accuracy
        # Some slack: a difference of two shares is not exact.
        if abs(stored - accuracy) <= TOLERANCE + 1e-9 or storage == "float32":
            break
    return StoredNetwork(content, storage, described, accuracy, stored, len(split))


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


def gain_and_offset(raw: Tensor, images: Tensor) -> tuple[float, float]:
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
            "the images are not gain * byte + offset of the validation images that went through "
            "run.loaded, with one gain and one offset for all pixels"
        )
    return gain, offset


@dataclass(frozen=True, eq=False)
class _Layer:
    """A layer as it is stored, but in full precision.

    Attributes:
        kind: as in `StoredNetwork.layers`.
        weight: float32, on the CPU; each element along its first axis makes a row.
        bias: float32, one number for each row.
        padding: as in `StoredNetwork.layers`.
    """

    kind: str
    weight: Tensor = _NO_WEIGHTS
    bias: Tensor = _NO_WEIGHTS
    padding: int = 0


def _layers(model: nn.Module) -> list[_Layer]:
    """What does something in eval mode, in order."""
    layers: list[_Layer] = []
    for module in model.modules():
        if list(module.children()) or isinstance(module, nn.Dropout | nn.Dropout2d):
            continue
        layer = _layer(module)
        if layer is None:
            raise ValueError(
                f"{module} cannot be published; Flatten, Linear, ReLU, Conv2d (square, stride 1, "
                "as many zeros on each side), BatchNorm2d with running statistics, MaxPool2d(2), "
                "AvgPool2d(2), AdaptiveAvgPool2d(1) and dropout can"
            )
        place = _where_to_fold(layer, layers)
        if place is None:
            layers.append(layer)
        else:
            layers[place] = _folded(layers[place], layer)
    return layers


def _layer(module: nn.Module) -> _Layer | None:
    """None for what cannot be stored."""
    match module:
        case nn.Flatten(start_dim=1, end_dim=-1):
            return _Layer("flatten")
        case nn.ReLU():
            return _Layer("relu")
        case nn.Linear():
            return _Layer("linear", *_weights(module.weight, module.bias))
        case nn.Conv2d(stride=(1, 1), dilation=(1, 1), groups=1, padding_mode="zeros"):
            if (padding := _padding(module)) is not None:
                return _Layer("conv", *_weights(module.weight, module.bias), padding)
        case nn.BatchNorm2d(running_mean=Tensor() as mean, running_var=Tensor() as variance):
            # As if behind a convolution that takes each channel once.
            ones = torch.ones_like(mean).unsqueeze(1)
            scale, shift = fuse_conv_bn_weights(
                ones, None, mean, variance, module.eps, module.weight, module.bias
            )
            return _Layer("scale_shift", *_weights(scale.flatten(), shift))
        case nn.AdaptiveAvgPool2d(output_size=1 | (1, 1)):
            return _Layer("global_average_pool")
        case nn.AvgPool2d(divisor_override=None) if _halves(module):
            return _Layer("average_pool")
        case nn.MaxPool2d(dilation=1 | (1, 1), return_indices=False) if _halves(module):
            return _Layer("pool")
    return None


def _padding(convolution: nn.Conv2d) -> int | None:
    """Rows of zeros around the input; None where the sides or the kernel are not alike."""
    match convolution.kernel_size, convolution.padding:
        case (height, width), _ if height != width:
            return None
        case _, "valid":
            return 0
        case (size, _), "same" if size % 2:
            return size // 2
        case _, (int() as padding, other) if padding == other:
            return padding
    return None


def _halves(pooling: nn.MaxPool2d | nn.AvgPool2d) -> bool:
    return (
        pooling.kernel_size in (2, (2, 2))
        and pooling.stride in (2, (2, 2))
        and pooling.padding in (0, (0, 0))
        and not pooling.ceil_mode
    )


def _weights(weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
    if bias is None:
        bias = weight.new_zeros(len(weight))
    return weight.detach().float().cpu(), bias.detach().float().cpu()


def _where_to_fold(layer: _Layer, before: Sequence[_Layer]) -> int | None:
    """The place of the convolution that can scale and shift its output itself."""
    if layer.kind != "scale_shift":
        return None
    place = len(before) - 1
    # The largest, or the mean, of numbers may be taken first if their order stays.
    while place >= 0 and before[place].kind in _POOLING and (layer.weight > 0).all():
        place -= 1
    found = place >= 0 and before[place].kind == "conv"
    return place if found and len(before[place].bias) == len(layer.bias) else None


def _folded(convolution: _Layer, after: _Layer) -> _Layer:
    weight = convolution.weight * after.weight[:, None, None, None]
    return replace(convolution, weight=weight, bias=convolution.bias * after.weight + after.bias)


def _described(layers: Sequence[_Layer]) -> list[dict[str, Any]]:
    """What `StoredNetwork.layers` says of them."""
    described: list[dict[str, Any]] = []
    shape: tuple[int, ...] = _IMAGE
    for layer in layers:
        told: dict[str, Any] = {"kind": layer.kind}
        if layer.bias.numel():
            told["weights"] = list(layer.weight.shape)
        if layer.padding:
            told["padding"] = layer.padding
        shape = _shape_after(told, shape)
        described.append({**told, "shape": list(shape)})
    return described


def _shape_after(layer: Mapping[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    match layer, shape:
        case {"kind": "relu"}, _:
            return shape
        case {"kind": "flatten"}, _:
            return (math.prod(shape),)
        case {"kind": "linear", "weights": [outputs, inputs]}, (length,) if length == inputs:
            return (outputs,)
        case {"kind": "conv", "weights": [outputs, inputs, size, _]}, (maps, height, width) if (
            maps == inputs
        ):
            more = 2 * layer.get("padding", 0) + 1 - size
            return (outputs, height + more, width + more)
        case {"kind": "scale_shift", "weights": [channels]}, (maps, _, _) if maps == channels:
            return shape
        case {"kind": "pool" | "average_pool"}, (maps, height, width):
            return (maps, height // 2, width // 2)
        case {"kind": "global_average_pool"}, (maps, _, _):
            return (maps, 1, 1)
    raise ValueError(f"a layer {layer} cannot follow an output of shape {shape}")


def _check_agreement(
    model: nn.Module, layers: list[dict[str, Any]], content: bytes, split: Split
) -> None:
    """Make sure that the layers one after the other are all that the model does."""
    again = load({"layers": layers, "storage": "float32"}, content).to(split.images.device)
    with _precise_convolutions():
        ours, theirs = predict(again, split).logits, predict(model, split).logits
    if ours.shape != theirs.shape or not (ours - theirs).abs().max().item() <= _AGREEMENT:
        raise ValueError(
            "the layers of this model, one after the other, do not give its logits: its "
            "forward does something else"
        )


@contextmanager
def _precise_convolutions() -> Iterator[None]:
    """Without TF32: CUDA would round folded weights and others to 10 bits, and see a difference."""
    backends: Any = torch.backends
    convolution = backends.cudnn.conv
    before = convolution.fp32_precision
    convolution.fp32_precision = "ieee"
    try:
        yield
    finally:
        convolution.fp32_precision = before


def _packed(layers: Sequence[_Layer], storage: str) -> bytes:
    return b"".join(_rows(layer, storage) for layer in layers if layer.bias.numel())


def _rows(layer: _Layer, storage: str) -> bytes:
    weights = layer.weight.reshape(len(layer.weight), -1).numpy()
    bias = layer.bias.numpy().astype("<f4").tobytes()
    if storage != "int8":
        return bias + weights.astype(_TYPES[storage]).tobytes()
    largest = np.abs(weights).max(axis=1)
    scale = (np.where(largest > 0, largest, 1) / 127).astype("<f4")
    rounded = np.rint(weights / scale[:, None]).clip(-127, 127).astype(_TYPES[storage])
    return b"".join((scale.tobytes(), bias, rounded.tobytes()))


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


def _module(layer: Mapping[str, Any], storage: str, reader: _Reader) -> nn.Module:
    if layer["kind"] in _WITHOUT_WEIGHTS:
        return _WITHOUT_WEIGHTS[layer["kind"]]()
    rows, *row = layer["weights"]
    scale = reader.take("<f4", rows) if storage == "int8" else np.ones(1, dtype=np.float32)
    bias = reader.take("<f4", rows)
    weight = reader.take(_TYPES[storage], rows, *row) * scale.reshape(-1, *[1] * len(row))
    module = _uninitialised(layer)
    weights = {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)}
    # Not strict: batch normalisation keeps the mean of 0 and the variance of 1 it begins with.
    module.load_state_dict(weights, strict=False)
    return module


def _uninitialised(layer: Mapping[str, Any]) -> nn.Module:
    """Without random numbers: those of a lesson must not depend on what it publishes."""
    rows, *row = layer["weights"]
    module: nn.Module
    if layer["kind"] == "scale_shift":
        module = nn.BatchNorm2d(rows, eps=0)
    elif layer["kind"] == "conv":
        module = skip_init(nn.Conv2d, row[0], rows, row[1], padding=layer.get("padding", 0))
    else:
        module = skip_init(nn.Linear, row[0], rows)
    return module
