"""Digits as pen strokes: found on this machine or made from UCI's archive, verified, or missing."""

import gzip
import hashlib
import json
import random
import shutil
import subprocess
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from benchmarks.static import serving_folder
from mnist_lessons._datasets import PENS, DataFile
from mnist_lessons._fetch import cache_folder, expected_extras
from mnist_lessons.errors import DataError
from mnist_lessons.pens import CHOOSING_WRITERS, TEST_WRITERS, PenDigit, Pens, load_pens
from mnist_lessons.settings import Settings

NAMES = CHOOSE, TEST = "choose.jsonl", "test.jsonl"
TRA, TES = "pendigits-orig.tra.Z", "pendigits-orig.tes.Z"
ZIP = PENS.archive.name
HEADER = """ .INCLUDE dene.doc
.COORD X Y
.LEXICON "0" "1" "2" "3" "4" "5" "6" "7" "8" "9"
.HIERARCHY DIGIT
"""


def drawn(rng, writer):
    return PenDigit(
        rng.randrange(10),
        writer,
        [
            [[rng.randrange(501), rng.randrange(501)] for _ in range(rng.randint(1, 6))]
            for _ in range(rng.randint(1, 3))
        ],
    )


def lines(digits):
    return "".join(json.dumps(vars(digit), separators=(",", ":")) + "\n" for digit in digits)


def unipen(digits):
    """As UCI has them: strokes counted through, two spaces in a comment, y upwards."""
    text, strokes = [HEADER], 0
    for number, one in enumerate(digits):
        last = strokes + len(one.strokes) - 1
        owned = f"{strokes}-{last}" if last > strokes else f"{strokes}"
        text.append(f'.SEGMENT DIGIT {owned} ? "{one.digit}"\n')
        text.append(f".COMMENT {one.digit}  {(one.writer - 1) % 30 + 1}  {number}\n")
        for stroke in one.strokes:
            points = "".join(f" {x:3d}  {500 - y:3d} \n" for x, y in stroke)
            text.append(f".PEN_DOWN\n{points}.PEN_UP\n.DT 100\n")
        strokes = last + 1
    return "".join(text).encode()


def compressed(content):
    """In the format of Unix `compress`, without saving a byte.

    Each byte is a code of 9 bits. The code that clears the table comes before a tenth bit is
    needed, and at the end of a whole number of groups of eight codes.
    """
    blocks = [content[begin : begin + 247] for begin in range(0, len(content), 247)]
    packed = []
    for block in blocks:
        codes = [*block, 256] if len(block) == 247 else [*block]
        bits = sum(code << 9 * place for place, code in enumerate(codes))
        packed.append(bits.to_bytes((9 * len(codes) + 7) // 8, "little"))
    return b"\x1f\x9d\x90" + b"".join(packed)


def write_archive(path, members):
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.fixture
def pens(monkeypatch):
    """Few digits that stand for all of them while a test runs."""
    rng = random.Random(0)
    made = Pens(
        [drawn(rng, writer) for writer in (12, 30, 1, 12)],
        [drawn(rng, writer) for writer in (42, 31, 42)],
    )
    files = tuple(
        DataFile(name, len(text), hashlib.sha256(text.encode()).hexdigest())
        for name, text in zip(NAMES, map(lines, (made.choosing, made.test)), strict=True)
    )
    monkeypatch.setitem(vars(PENS), "files", files)
    return made


@pytest.fixture
def members(pens):
    """What is in UCI's archive: also digits by test writers that are left to others."""
    rng = random.Random(1)
    first, *rest = pens.test
    everybody = [drawn(rng, 36), first, drawn(rng, 44), *rest, drawn(rng, 33)]
    return {
        "pendigits-orig.names": b"Pen-Based Recognition of Handwritten Digits",
        TES: compressed(unipen(everybody)),
        TRA: compressed(unipen(pens.choosing)),
    }


def write(folder, pens, packed=()):
    folder.mkdir(parents=True, exist_ok=True)
    for name, digits in zip(NAMES, (pens.choosing, pens.test), strict=True):
        if name in packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(lines(digits).encode()))
        else:
            (folder / name).write_bytes(lines(digits).encode())


@pytest.fixture
def mine(tmp_path, small_mnist):
    """The folder `pens` in that of `MNIST_LESSONS_DATA`, and the settings that name it."""
    data = small_mnist.write(tmp_path / "mine")
    (data / "pens").mkdir()
    return data / "pens", Settings(data=data, offline=True)


@pytest.fixture
def uci(tmp_path, monkeypatch):
    """The folder of a web server on this machine that stands for UCI."""
    folder = tmp_path / "uci"
    folder.mkdir()
    with serving_folder(folder) as address:
        monkeypatch.setitem(vars(PENS), "mirrors", (address,))
        yield folder


def test_the_writers_are_divided():
    """The other five of the 44 are for those who test the page anew."""
    assert not set(CHOOSING_WRITERS) & set(TEST_WRITERS)
    assert {*CHOOSING_WRITERS, *TEST_WRITERS, 33, 36, 38, 41, 44} == set(range(1, 45))


@pytest.mark.parametrize("packed", [(), (CHOOSE,), NAMES])
def test_ones_own_files_come_first(packed, pens, mine):
    folder, settings = mine
    assert expected_extras(settings) == set()
    write(folder, pens, packed)
    (folder / ZIP).write_bytes(b"never opened")
    write(cache_folder() / "pens", Pens([], []))
    assert expected_extras(settings) == {"Pendigits"}
    assert load_pens(settings) == pens


def test_ones_own_archive_is_read(pens, members, mine):
    folder, settings = mine
    write(folder, Pens([], []))
    (folder / CHOOSE).unlink()  # with one of the two files alone nothing can be done
    write_archive(folder / ZIP, members)
    assert expected_extras(settings) == {"Pendigits"}
    assert load_pens(settings) == pens
    assert not cache_folder().exists()


def test_the_cache_comes_second(pens, mine):
    _, settings = mine
    write(cache_folder() / "pens", pens)
    assert load_pens(settings) == pens
    assert load_pens() == pens


def test_where_there_are_none_nothing_is_said_or_made(pens, mine, uci, capfd):
    _, settings = mine
    assert load_pens(settings) is None
    assert not cache_folder().exists()
    assert capfd.readouterr() == ("", "")


def test_the_archive_is_fetched_once_and_the_digits_are_kept(pens, members, uci):
    write_archive(uci / ZIP, members)
    assert load_pens(Settings(offline=False)) == pens
    assert {path.name for path in cache_folder().rglob("*") if path.is_file()} <= {
        *NAMES,
        "download.lock",
    }
    (uci / ZIP).unlink()
    assert load_pens(Settings(offline=False)) == pens


def test_the_writers_of_the_second_file_may_be_numbered_on(pens, members, mine):
    folder, settings = mine
    text = unipen(pens.test).decode()
    for digit in pens.test:
        text = text.replace(f"  {digit.writer - 30}  ", f"  {digit.writer}  ")
    write_archive(folder / ZIP, {**members, TES: compressed(text.encode())})
    assert load_pens(settings) == pens


def truncated(path, members):
    write_archive(path, members)
    path.write_bytes(path.read_bytes()[:-100])


def a_web_page(path, members):
    path.write_text("<html>Please accept the terms of this hotel.</html>")


def too_large(path, members):
    with path.open("wb") as file:
        file.truncate(PENS.archive.most + 1)


def a_foreign_archive(path, members):
    write_archive(path, {"readme.txt": b"something else"})


def with_uncompressed_text(path, members):
    write_archive(path, {**members, TRA: HEADER})


def with_half_a_member(path, members):
    write_archive(path, {**members, TES: members[TES][:150]})


def with_foreign_text(path, members):
    write_archive(path, {**members, TRA: compressed(b"1,2,3\n" * 50)})


def without_a_comment(path, members):
    text = unipen([PenDigit(1, 1, [[[1, 2]]])]).replace(b".COMMENT", b".NOTE")
    write_archive(path, {**members, TRA: compressed(text)})


def with_half_a_point(path, members):
    text = unipen([PenDigit(1, 1, [[[1, 2]]])]).replace(b" 498 ", b"")
    write_archive(path, {**members, TRA: compressed(text)})


def with_other_digits(path, members):
    write_archive(path, {**members, TRA: members[TES]})


def with_a_member_too_large(path, members):
    write_archive(path, {**members, TRA: bytes(8_000_001)})


def with_a_changed_byte(path, members):
    write_archive(path, members)
    content = bytearray(path.read_bytes())
    content[content.index(TRA.encode()) + len(TRA) + 30] ^= 1
    path.write_bytes(content)


DAMAGES = [
    (truncated, "File is not a zip file"),
    (a_web_page, "File is not a zip file"),
    (a_foreign_archive, "it has no pendigits-orig.tra.Z"),
    (with_a_member_too_large, "it has no pendigits-orig.tra.Z of at most"),
    (with_uncompressed_text, "its pendigits-orig.tra.Z is damaged"),
    (with_half_a_member, "its pendigits-orig.tes.Z is damaged"),
    (with_foreign_text, "does not give Pendigits's choose.jsonl"),
    (without_a_comment, "its pendigits-orig.tra.Z is damaged"),
    (with_half_a_point, "its pendigits-orig.tra.Z is damaged"),
    (with_other_digits, "does not give Pendigits's choose.jsonl"),
    (with_a_changed_byte, "replace it by a fresh copy"),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_a_damaged_archive_of_ones_own_is_named_in_one_line(damage, said, members, mine):
    folder, settings = mine
    damage(folder / ZIP, members)
    with pytest.raises(DataError, match="replace it by a fresh copy") as caught:
        load_pens(settings)
    assert said in str(caught.value)
    assert str(folder / ZIP) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (truncated, "File is not a zip file"),
        (with_half_a_member, "its pendigits-orig.tes.Z is damaged"),
        (with_other_digits, "does not give Pendigits's choose.jsonl"),
        (too_large, "is larger than its 10,000,000 bytes"),
    ],
)
def test_where_uci_is_at_fault_that_is_said_and_nothing_is_kept(damage, said, members, uci, capfd):
    damage(uci / ZIP, members)
    assert load_pens(Settings(offline=False)) is None
    error = capfd.readouterr().err
    (address,) = PENS.mirrors
    assert f"mnist_lessons: {address} failed: " in error
    assert said in error
    assert "Pendigits could not be downloaded: set MNIST_LESSONS_DATA" in error
    assert not [*cache_folder().rglob("*.jsonl")]


def test_a_single_changed_point_is_refused(pens, mine):
    folder, settings = mine
    write(folder, pens)
    (folder / TEST).write_text(lines(pens.test).replace("[[[", "[[[1", 1))
    with pytest.raises(DataError, match=r"is not Pendigits's test\.jsonl"):
        load_pens(settings)


def test_the_archives_of_these_tests_are_what_gzip_reads(members):
    """It reads what `compress` has written, too."""
    program = shutil.which("gzip")
    assert program, "a system without gzip"
    unpacked = subprocess.run([program, "-dc"], input=members[TES], capture_output=True, check=True)
    assert unpacked.stdout.startswith(HEADER.encode())
    assert compressed(unpacked.stdout) == members[TES]


@pytest.fixture
def real(mnist_folder):
    """The digits themselves, where the tests are given a folder of data that has them."""
    found = load_pens(Settings(data=mnist_folder, offline=True))
    if found is None:
        pytest.skip("the pen digits are not on this machine")
    return found


def test_the_real_pens_are_those_of_the_division(real):
    assert (len(real.choosing), len(real.test)) == (7_494, 2_249)
    assert {digit.writer for digit in real.choosing} == set(CHOOSING_WRITERS)
    assert {digit.writer for digit in real.test} == set(TEST_WRITERS)
    points = [point for digit in real.choosing for stroke in digit.strokes for point in stroke]
    assert all(min(point) >= 0 and max(point) <= 500 for point in points)


@pytest.mark.slow
def test_the_real_pens_come_out_of_ucis_form_byte_for_byte(real, mine):
    folder, settings = mine
    members = {TRA: real.choosing, TES: real.test}
    write_archive(
        folder / ZIP, {name: compressed(unipen(digits)) for name, digits in members.items()}
    )
    assert load_pens(settings) == real
