"""Fashion-MNIST: found on this machine, verified, or said to be missing."""

import gzip
import hashlib
import random
import struct

import pytest
import torch

from mnist_lessons._datasets import CLOTHES, DataFile
from mnist_lessons._fetch import cache_folder, expected_extras
from mnist_lessons.clothes import CLASSES, load_clothes
from mnist_lessons.errors import DataError
from mnist_lessons.settings import Settings

IMAGES, LABELS = (file.name for file in CLOTHES.files)
RAW = CLOTHES.folder


@pytest.fixture
def contents(monkeypatch, tmp_path):
    """Two small files in the format of the two real ones, which the module takes for them."""
    noise = random.Random(0)
    made = {
        IMAGES: struct.pack(">4I", 2051, 30, 28, 28) + noise.randbytes(30 * 784),
        LABELS: struct.pack(">2I", 2049, 30) + bytes(noise.choices(range(10), k=30)),
    }
    files = tuple(
        DataFile(name, len(one), hashlib.sha256(one).hexdigest(), 0, "")
        for name, one in made.items()
    )
    monkeypatch.setitem(vars(CLOTHES), "files", files)
    monkeypatch.setitem(vars(CLOTHES), "package", tmp_path / "debian")
    return made


def write(folder, contents, packed=()):
    folder.mkdir(parents=True)
    for name, content in contents.items():
        if name in packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def places(tmp_path, small_mnist):
    """Where the files are looked for, in this order."""
    mine = small_mnist.write(tmp_path / "mine")
    settings = Settings(data=mine, offline=True)
    return settings, (mine / RAW, cache_folder() / RAW, tmp_path / "debian")


def is_right(split, contents):
    pixels = bytes(split.images.flatten().tolist())
    return (pixels, bytes(split.labels.tolist())) == (contents[IMAGES][16:], contents[LABELS][8:])


@pytest.mark.parametrize(
    ("place", "packed"),
    [(0, ()), (0, (IMAGES,)), (0, (IMAGES, LABELS)), (1, ()), (2, ()), (2, (IMAGES, LABELS))],
)
def test_the_files_are_read_wherever_they_are(place, packed, contents, places):
    settings, folders = places
    assert expected_extras(settings) == set()
    write(folders[place], contents, packed)
    assert expected_extras(settings) == {"Fashion-MNIST"}
    split = load_clothes(settings)
    assert (split.images.dtype, split.images.shape) == (torch.uint8, (30, 28, 28))
    assert (split.labels.dtype, split.labels.shape) == (torch.int64, (30,))
    assert is_right(split, contents)


def test_the_first_folder_with_both_files_is_taken(contents, places):
    settings, folders = places
    write(folders[0], {LABELS: contents[LABELS]})
    write(folders[1], contents)
    write(folders[2], dict.fromkeys(contents, b"never opened"))
    assert is_right(load_clothes(settings), contents)


def test_without_a_folder_of_ones_own_the_cache_is_read(contents, places):
    _, folders = places
    assert load_clothes() is None
    write(folders[1], contents)
    assert is_right(load_clothes(), contents)


def test_where_there_is_none_that_is_said_and_nothing_is_made(contents, places, capfd):
    settings, folders = places
    assert load_clothes(settings) is None
    write(folders[0], {IMAGES: contents[IMAGES]})
    assert load_clothes(settings) is None
    assert not folders[1].exists()
    assert capfd.readouterr() == ("", ""), "it is for the lesson to say so"


def test_a_damaged_copy_in_the_cache_is_no_obstacle(contents, places):
    """It is fetched again, as MNIST is; here what the system has comes first."""
    settings, folders = places
    write(folders[1], {**contents, LABELS: b"damaged"})
    assert load_clothes(settings) is None
    write(folders[2], contents, contents)
    assert is_right(load_clothes(settings), contents)


@pytest.mark.parametrize("wrong", [IMAGES, LABELS])
def test_a_single_changed_bit_is_refused(wrong, contents, places):
    settings, folders = places
    changed = bytearray(contents[wrong])
    changed[100 % len(changed)] ^= 1
    write(folders[0], {**contents, wrong: bytes(changed)})
    with pytest.raises(DataError, match=f"{wrong} is not Fashion-MNIST's"):
        load_clothes(settings)


@pytest.mark.parametrize("change", [lambda one: one[:-1], lambda one: one + b"\0"])
def test_a_file_of_another_length_is_refused(change, contents, places):
    settings, folders = places
    write(folders[0], {**contents, IMAGES: change(contents[IMAGES])})
    with pytest.raises(DataError, match="is not Fashion-MNIST's"):
        load_clothes(settings)


@pytest.mark.parametrize(
    "broken", [b"no gzip", gzip.compress(bytes(5_000))[:-9]], ids=["no gzip", "cut off"]
)
def test_a_broken_archive_is_refused_in_words(broken, contents, places):
    settings, folders = places
    write(folders[0], {LABELS: contents[LABELS]})
    (folders[0] / f"{IMAGES}.gz").write_bytes(broken)
    with pytest.raises(DataError, match="cannot read"):
        load_clothes(settings)


def test_the_real_clothes_are_ten_kinds_of_a_thousand_each(mnist_folder):
    """Where the tests are given a folder of data that has them."""
    split = load_clothes(Settings(data=mnist_folder, offline=True))
    if split is None:
        pytest.skip("Fashion-MNIST is not on this machine")
    assert split.images.shape == (10_000, 28, 28)
    assert torch.bincount(split.labels).tolist() == [1_000] * len(CLASSES)
