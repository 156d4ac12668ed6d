"""The networks of the lessons. `forward` returns logits: no softmax, no loss inside."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

__all__ = [
    "CompactCNN",
    "ImprovedCNN",
    "LayerSummary",
    "SimpleDNN",
    "count_parameters",
    "summarise",
]


class SimpleDNN(nn.Module):
    """A fully connected network: 784 pixels, two hidden layers, 10 logits.

    89,610 parameters with the default sizes. The architecture is that of PMNIST1 by
    Laurent Risser (FIDLE). With Adam, 128 epochs of batches of 512: about 97.8% of the
    10,000 test images.

    Args:
        hidden: number of units in each hidden layer.
    """

    def __init__(self, hidden: tuple[int, ...] = (100, 100)) -> None:
        super().__init__()
        sizes = (784, *hidden)
        layers: list[nn.Module] = [nn.Flatten()]
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], 10))

    def forward(self, images: Tensor) -> Tensor:
        """Map images, float32 (N, 1, 28, 28), to logits, float32 (N, 10)."""
        logits: Tensor = self.layers(images)
        return logits


class ImprovedCNN(nn.Module):
    """A small convolutional network: two convolutions, two linear layers, 10 logits.

    21,840 parameters. The architecture is that of the first MNIST example of PyTorch
    (pytorch/examples). With Adagrad and batches of 64: about 97.2% of the 10,000 test
    images after 3 epochs, 99.0% after 120.

    Args:
        dropout: probability with which a channel or a unit is switched off in training, 0 to 1.
    """

    def __init__(self, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 10, kernel_size=5),  # (N, 10, 24, 24)
            nn.MaxPool2d(2),  # (N, 10, 12, 12)
            nn.ReLU(),
            nn.Conv2d(10, 20, kernel_size=5),  # (N, 20, 8, 8)
            nn.Dropout2d(dropout),
            nn.MaxPool2d(2),  # (N, 20, 4, 4)
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # (N, 320)
            nn.Linear(320, 50),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(50, 10),
        )
        # Channels beside each other in memory: pooling is vectorised on a CPU.
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Map images, float32 (N, 1, 28, 28), to logits, float32 (N, 10)."""
        logits: Tensor = self.classifier(self.features(images))
        return logits


class CompactCNN(nn.Module):
    """Six small convolutions, each with batch normalisation, and one linear layer: 10 logits.

    72,666 parameters. Trained for 24 epochs as the recorded study says (`compact`): about 99.7% of
    the 10,000 test images. The mean over all places that is left for each channel replaces large
    linear layers (M. Lin, Q. Chen, S. Yan, "Network in network", 2013, arXiv:1312.4400); batch
    normalisation is that of S. Ioffe and C. Szegedy, 2015, arXiv:1502.03167.

    Args:
        batch_norm: False leaves out the batch normalisation, and gives each convolution a bias.
    """

    def __init__(self, *, batch_norm: bool = True) -> None:
        super().__init__()

        def block(inputs: int, outputs: int, padding: int, pool: bool = False) -> list[nn.Module]:
            convolution = nn.Conv2d(inputs, outputs, 3, padding=padding, bias=not batch_norm)
            norm = [nn.BatchNorm2d(outputs)] if batch_norm else []
            return [convolution, *([nn.MaxPool2d(2)] if pool else []), *norm, nn.ReLU()]

        self.layers = nn.Sequential(
            *block(1, 16, padding=0),  # (N, 16, 26, 26)
            *block(16, 16, padding=0, pool=True),  # (N, 16, 12, 12)
            *block(16, 32, padding=1),
            *block(32, 32, padding=1, pool=True),  # (N, 32, 6, 6)
            *block(32, 64, padding=1),
            *block(64, 64, padding=0),  # (N, 64, 4, 4)
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),  # (N, 64)
            nn.Linear(64, 10),
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Map images, float32 (N, 1, 28, 28), to logits, float32 (N, 10)."""
        logits: Tensor = self.layers(images)
        return logits


@dataclass(frozen=True)
class LayerSummary:
    """One layer: what it returns for one image, and what it costs.

    Attributes:
        name: class of the layer.
        output_shape: shape of its output, without the batch.
        parameters: number of trained numbers that no layer before has used.
        multiplications: multiplications for one image, of linear and convolutional layers; 0
            for others.
    """

    name: str
    output_shape: tuple[int, ...]
    parameters: int
    multiplications: int


def count_parameters(model: nn.Module) -> int:
    """Number of trained numbers in a model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def summarise(
    model: nn.Module, image_shape: tuple[int, ...] = (1, 28, 28)
) -> tuple[LayerSummary, ...]:
    """Run one empty image through the model and note what each layer does, in order.

    A layer that is run twice is noted twice. Each parameter is counted once, where it is used
    first, so that the rows add up to `count_parameters`; what belongs to no layer, or to one that
    is not run, counts for the innermost module around it, in a row of its own.

    The model's weights and its train or eval mode stay as they are.
    """
    rows: list[LayerSummary] = []
    counted: set[nn.Parameter] = set()

    def note(module: nn.Module, _: Any, output: Any) -> None:
        new = {each for each in module.parameters() if each.requires_grad} - counted
        if new or _is_layer(module):
            counted.update(new)
            shape = _shape_of(output)
            parameters = sum(each.numel() for each in new)
            rows.append(
                LayerSummary(type(module).__name__, shape, parameters, _products(module, shape))
            )

    handles = [module.register_forward_hook(note) for module in _modules(model)]
    device = next((each.device for each in (*model.parameters(), *model.buffers())), None)
    # Modules can be in different modes (a frozen part, say): each gets its own back.
    modes = [(module, module.training) for module in model.modules()]
    try:
        with torch.inference_mode():
            model.eval()(torch.zeros(1, *image_shape, device=device))
    finally:
        for module, mode in modes:
            module.training = mode
        for handle in handles:
            handle.remove()
    return tuple(rows)


def _modules(model: nn.Module) -> list[nn.Module]:
    """A model's layers and what they are nested in, each once."""
    found = {model: None}
    if not _is_layer(model):
        for child in model.children():
            found |= dict.fromkeys(_modules(child))
    return list(found)


def _is_layer(module: nn.Module) -> bool:
    # A linear layer with a parametrised weight has modules inside, and is a layer all the same.
    return isinstance(module, nn.Linear | nn.Conv2d) or not list(module.children())


def _shape_of(output: Any) -> tuple[int, ...]:
    """The shape without the batch: of the first tensor where there are several."""
    while isinstance(output, tuple | list) and output:
        output = output[0]
    return tuple(output.shape[1:]) if isinstance(output, Tensor) else ()


def _products(layer: nn.Module, output_shape: tuple[int, ...]) -> int:
    """Multiplications of a linear or a convolutional layer, at all places of its output."""
    if isinstance(layer, nn.Linear):
        return layer.weight.numel() * math.prod(output_shape[:-1])
    if isinstance(layer, nn.Conv2d):
        return layer.weight.numel() * math.prod(output_shape[1:])
    return 0
