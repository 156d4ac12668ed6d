"""What framing is worth to the program that readers download, on digits by other writers."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import joblib
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

from benchmarks.pens import placed
from benchmarks.rows import Part, Row
from mnist_lessons.data import Split, load_mnist
from mnist_lessons.evaluation import predict
from mnist_lessons.framing import ink
from mnist_lessons.pens import PenDigit, load_pens

__all__ = ["drawings", "measure", "program", "ways"]

_FILE = Path(__file__).parents[1] / "tutorials" / "your_own" / "your_digit.py"
_EPOCHS, _RATE = 4, 1e-3  # as the program trains
_SHARES = (0.9, 0.75, 0.5, 0.3)  # of the pad, filled by the longer side of a digit
_EACH = 10  # every tenth digit of the writers who may choose

_Prepare = Callable[[Tensor], Tensor]


def measure(rounds: int) -> Part:
    """Train its network on MNIST, and read scikit-learn's digits and, where there are any, pens'.

    Args:
        rounds: trainings, each with a seed of its own.
    """
    ours, train = program(), load_mnist().train
    models = [_trained(ours, train, seed) for seed in range(1, rounds + 1)]
    rows = []
    for name, images, labels in _digits():
        for way, prepare in ways(ours).items():
            prepared = torch.cat([prepare(image) for image in images])
            shown = Split(prepared, labels).to(ours.device)
            shares = [100 * predict(model, shown).score.accuracy for model in models]
            what = f"{len(labels):,} {name}, {way}"
            rows.append(Row(what, torch.get_num_threads(), shares, unit="%"))
    heading = [
        f"How the network of {_FILE.name} reads digits of people who wrote none of MNIST, after "
        f"{rounds} trainings.",
        "scikit-learn's test digits; E. Alpaydin, F. Alimoglu, Pen-Based Recognition of "
        "Handwritten Digits, 1998, DOI 10.24432/C5MG6K, CC BY 4.0: the writers who may choose.",
    ]
    return Part(heading, rows, {"rounds": rounds})


def program() -> ModuleType:
    """The program, as a module."""
    spec = importlib.util.spec_from_file_location(_FILE.stem, _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ways(ours: ModuleType) -> dict[str, _Prepare]:
    """How a drawing, ink (1, H, W) from 0 to 1, becomes an image (1, 1, 28, 28), by name."""
    return {
        "framed": lambda drawing: ours.frame(ours.strokes_of(drawing)),
        "a margin around": lambda drawing: F.pad(_shrunk(drawing, 20), (4, 4, 4, 4)),
        "as a whole": lambda drawing: _shrunk(drawing, 28),
    }


def drawings(digits: list[PenDigit], share: float) -> list[Tensor]:
    """Ink, float32 (1, 140, 140) each, 0 to 1, of digits that fill a share of the pad."""
    drawn = joblib.Parallel(n_jobs=joblib.cpu_count())(
        joblib.delayed(ink)(placed(digit.strokes, share)) for digit in digits
    )
    return [torch.tensor(one, dtype=torch.float32)[None] for one in drawn]


def _digits() -> Iterator[tuple[str, list[Tensor], Tensor]]:
    """A name, drawings and their labels, of each kind of digit that is at hand."""
    small, labels = load_digits(return_X_y=True)
    images = torch.tensor(small / 16, dtype=torch.float32).view(-1, 1, 8, 8)
    large = F.interpolate(images, (80, 80), mode="bicubic").clamp(0, 1)
    yield "digits of scikit-learn", list(large), torch.tensor(labels)
    if pens := load_pens():
        digits = list(pens.choosing[::_EACH])
        labels = torch.tensor([digit.digit for digit in digits])
        for share in _SHARES:
            yield f"pen digits at {share:.0%}", drawings(digits, share), labels


def _trained(ours: ModuleType, train: Split, seed: int) -> nn.Module:
    images = TensorDataset(train.images.unsqueeze(1) / 255, train.labels)
    torch.manual_seed(seed)
    model: nn.Module = ours.Net().to(ours.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=_RATE)
    for _ in range(_EPOCHS):
        ours.learn(model, images, optimiser)
    return model


def _shrunk(drawing: Tensor, side: int) -> Tensor:
    return F.interpolate(drawing[None], (side, side), mode="area")
