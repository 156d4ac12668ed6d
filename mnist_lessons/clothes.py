"""Fashion-MNIST, pictures of clothes in MNIST's format, where this machine has them.

H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
learning algorithms", 2017, arXiv:1708.07747. Nothing is downloaded here.
"""

import gzip
import hashlib
import os
import zlib
from pathlib import Path

import torch

from mnist_lessons._fetch import cache_folder
from mnist_lessons._idx import array_of
from mnist_lessons.data import Split
from mnist_lessons.errors import DataError
from mnist_lessons.settings import Settings

__all__ = ["CLASSES", "load_clothes"]

CLASSES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
"""Names of the ten kinds of clothes, in the order of their labels."""

_RAW = Path("FashionMNIST") / "raw"
_DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # its package dataset-fashion-mnist
# Size and SHA-256 of the content: Debian has compressed the files anew.
_FILES = {
    "t10k-images-idx3-ubyte": (
        7_840_016,
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    "t10k-labels-idx1-ubyte": (
        10_008,
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}


def load_clothes(settings: Settings | None = None) -> Split | None:
    """Load the 10,000 test images of Fashion-MNIST from a folder of this machine, if it has one.

    Looked for, in this order, as plain files or as `.gz`: `FashionMNIST/raw/` in the folder of
    `MNIST_LESSONS_DATA`, the same in the user's cache folder, and where Debian's package
    `dataset-fashion-mnist` puts them. The SHA-256 of their content is checked.

    Args:
        settings: read from the environment where None.

    Returns:
        uint8 images (10000, 28, 28) and int64 labels (10000,), numbers of `CLASSES`, on the
        CPU; None where no folder has the two files.

    Raises:
        SettingError: a setting is unknown or out of range.
        DataError: a file is not Fashion-MNIST's, or cannot be read.
    """
    data = (settings or Settings.from_environment()).data
    roots = [data, cache_folder()] if data else [cache_folder()]
    for folder in [*(root / _RAW for root in roots), _DEBIAN]:
        places = {name: _find(folder, name) for name in _FILES}
        found = [_read(path, *_FILES[name]) for name, path in places.items() if path]
        if len(found) == len(_FILES):
            pixels, kinds = (
                torch.from_numpy(array_of(content, name))
                for name, content in zip(_FILES, found, strict=True)
            )
            return Split(pixels, kinds.long())
    return None


def _find(folder: Path, name: str) -> Path | None:
    places = (folder / name, folder / f"{name}.gz")
    return next((place for place in places if os.path.isfile(place)), None)


def _read(path: Path, size: int, sha256: str) -> bytearray:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = bytearray(stream.read(size + 1))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}; replace it by a fresh copy") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{path} is not Fashion-MNIST's: SHA-256 {found[:12]}..., expected {sha256[:12]}... "
            f"({size:,} bytes); replace it by a fresh copy, or remove it"
        )
    return content
