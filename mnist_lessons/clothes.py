"""Fashion-MNIST, pictures of clothes in MNIST's format.

H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
learning algorithms", 2017, arXiv:1708.07747.
"""

import torch

from mnist_lessons._datasets import CLOTHES, read_verified
from mnist_lessons._idx import array_of
from mnist_lessons.data import Split
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


def load_clothes(settings: Settings | None = None) -> Split | None:
    """Load the 10,000 test images of Fashion-MNIST, if they are to be had.

    Looked for in this order: `FashionMNIST/raw/` in the folder of `MNIST_LESSONS_DATA`, plain
    files or `.gz`; the user's cache folder; where Debian's package `dataset-fashion-mnist` puts
    them; two public mirrors, unless `MNIST_LESSONS_OFFLINE` is 1. What is downloaded, 4.4 MB, is
    kept in the cache. The SHA-256 of the content is checked at every load.

    Args:
        settings: read from the environment where None.

    Returns:
        uint8 images (10000, 28, 28) and int64 labels (10000,), numbers of `CLASSES`, on the
        CPU; None where no place has the two files.

    Raises:
        SettingError: a setting is unknown or out of range.
        DataError: a file in a folder is not Fashion-MNIST's, or the cache cannot be written.
    """
    from mnist_lessons._fetch import verified_files  # here: as in `data.load_mnist`

    with verified_files(settings or Settings.from_environment(), CLOTHES) as found:
        if found.root is None:
            return None
        images, labels = (
            torch.from_numpy(
                array_of(read_verified(CLOTHES, file, found.root / CLOTHES.folder), file.name)
            )
            for file in CLOTHES.files
        )
    return Split(images, labels.long())
