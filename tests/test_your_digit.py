"""The program that readers download runs where torch and torchvision are, and nothing of ours."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from mnist_lessons.data import write_mnist
from mnist_lessons.photos import drawn_photo

PROGRAM = Path(__file__).parents[1] / "tutorials" / "your_own" / "your_digit.py"


def start(folder, *arguments):
    """Run Python in a folder, where it finds what is installed, and no project in development."""
    installed = Path(torch.__file__).parents[1]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "OMP_NUM_THREADS")}
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    return subprocess.run(
        # -S: what `.pth` files add to the path, as this project, is not added.
        [sys.executable, "-S", *map(str, arguments)],
        cwd=folder,
        env={**kept, **nowhere, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """An empty folder with the program alone."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copy(PROGRAM, folder)
    seen = start(folder, "-c", "import torch, torchvision, PIL; import mnist_lessons")
    assert seen.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'mnist_lessons'"
    return folder


@pytest.fixture(scope="module")
def trained(alone, sample, tmp_path_factory):
    """A folder in which it has been trained, on the sample; and what it said."""
    folder = tmp_path_factory.mktemp("trained")
    shutil.copy(alone / PROGRAM.name, folder)
    write_mnist(sample, folder / "data")
    done = start(folder, PROGRAM.name, "train")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_without_weights_it_says_what_to_do(alone):
    done = start(alone, PROGRAM.name, "read", "photo.jpg")
    assert done.returncode == 1
    assert done.stderr == "usage: python your_digit.py train, then read photo.jpg\n"
    assert [path.name for path in alone.iterdir()] == [PROGRAM.name]


@pytest.mark.slow
def test_it_trains_and_leaves_its_weights_alone(trained):
    folder, said = trained
    *epochs, test = said.splitlines()
    assert [line.split(":")[0] for line in epochs] == [f"epoch {n}" for n in (1, 2, 3, 4)]
    assert float(test.removeprefix("test ").removesuffix("%")) > 93
    left = {path.name for path in folder.iterdir()}
    assert {PROGRAM.name, "data", "your_digit.pt"} <= left
    assert "your_digit.pt.part" not in left


@pytest.mark.slow
def test_it_reads_photos(trained):
    folder, _ = trained
    names = [f"{digit}.{kind}" for digit, kind in ((2, "jpg"), (5, "png"), (6, "webp"))]
    for name in names:
        photo = Image.fromarray(drawn_photo(int(name[0]), seed=int(name[0])).numpy())
        photo.convert("RGB").save(folder / name)
        done = start(folder, PROGRAM.name, "read", name)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{name}: a {name[0]}, confidence ")


@pytest.mark.slow
def test_a_dark_corner_and_a_black_speck_are_no_ink(trained):
    folder, _ = trained
    Image.fromarray(drawn_photo(3, seed=143).numpy()).save(folder / "corner.png")
    pencil = 255 - 0.6 * (255 - drawn_photo(2, seed=2).double())
    pencil[40:52, 40:52] = 0
    Image.fromarray(pencil.byte().numpy()).save(folder / "speck.png")
    for name, digit in (("corner.png", 3), ("speck.png", 2)):
        done = start(folder, PROGRAM.name, "read", name)
        assert done.stdout.startswith(f"{name}: a {digit},")


@pytest.mark.slow
def test_a_photo_that_a_phone_holds_sideways_is_turned(trained):
    folder, _ = trained
    upright = Image.fromarray(drawn_photo(2, seed=2).numpy())
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    upright.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg", exif=exif)
    done = start(folder, PROGRAM.name, "read", "turned.jpg")
    assert done.stdout.startswith("turned.jpg: a 2,")


@pytest.mark.slow
def test_what_it_cannot_read_ends_it_with_one_line(trained):
    folder, _ = trained
    Image.new("RGB", (300, 400), (200, 190, 180)).save(folder / "blank.jpg")
    drawn = Image.new("RGBA", (300, 300))  # transparent, as from a program to draw with
    drawn.paste((0, 0, 0, 255), (140, 50, 160, 250))
    drawn.save(folder / "drawn.png")
    for name, reason in (
        ("missing.jpg", "No such file or directory: 'missing.jpg'"),
        (PROGRAM.name, f"cannot identify image file '{PROGRAM.name}'"),
        ("blank.jpg", "blank.jpg: no dark digit on bright paper"),
        ("drawn.png", "drawn.png: no dark digit on bright paper"),
    ):
        done = start(folder, PROGRAM.name, "read", name)
        assert done.returncode == 1
        [line] = done.stderr.splitlines()
        assert line.endswith(reason)
