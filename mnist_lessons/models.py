"""The networks of the lessons. `forward` returns logits: no softmax, no loss inside."""

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
    Laurent Risser (FIDLE). With Adam, 128 epochs of batches of 512: about 97.7% of the
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
    (pytorch/examples). With Adagrad and batches of 64: about 97.3% of the 10,000 test
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
        parameters: number of trained numbers.
        multiplications: multiplications for one image.
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

    The model's weights and its train or eval mode stay as they are.
    """
    rows: list[LayerSummary] = []

    def note(layer: nn.Module, _: Any, output: Tensor) -> None:
        parameters = count_parameters(layer)
        shape = tuple(output.shape[1:])
        rows.append(LayerSummary(type(layer).__name__, shape, parameters, _products(layer, shape)))

    leaves = [module for module in model.modules() if not list(module.children())]
    handles = [leaf.register_forward_hook(note) for leaf in leaves]
    device = next(model.parameters()).device
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


def _products(layer: nn.Module, output_shape: tuple[int, ...]) -> int:
    if isinstance(layer, nn.Linear | nn.Conv2d):
        positions = output_shape[1:] if isinstance(layer, nn.Conv2d) else ()
        return layer.weight.numel() * int(torch.tensor(positions).prod())
    return 0
