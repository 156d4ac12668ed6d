"""The package on a page: its files with their sums, and the commands that install it."""

import hashlib

import pytest

from mnist_lessons.publishing.exhibits import package as exhibit
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.runs.package import Package

WHEEL = "small-1-py3-none-any.whl"
CONTENTS = {"constraints.txt": b"a==1", WHEEL: b"wheel", "small-1.tar.gz": b"sources"}
PACKAGE = Package(CONTENTS, "0123456789abcdef")


def test_each_file_is_linked_and_has_its_sum():
    _, _, *rows = exhibit.files(Distribution(PACKAGE)).partition("\n\n")[0].splitlines()
    assert len(rows) == len(CONTENTS)
    for name, content in CONTENTS.items():
        [row] = [row for row in rows if f"[{name.replace('_', '&#95;')}](downloads/{name})" in row]
        assert hashlib.sha256(content).hexdigest() in row


@pytest.mark.parametrize(
    ("package", "told"),
    [
        (PACKAGE, 'of commit <code class="of-commit">0123456789ab</code>.'),
        (Package(CONTENTS, "0123456789abcdef", True), "</code>, with changes that are not in it."),
        (Package(CONTENTS), "outside of a Git checkout"),
    ],
)
def test_it_is_said_of_which_commit_they_are(package, told):
    assert told in exhibit.files(Distribution(package))


def test_pip_installs_from_the_site_where_its_address_is_known():
    told = exhibit.install(Distribution(PACKAGE, "https://x.org/m/"))
    there = "https://x.org/m/downloads"
    assert f"pip install {there}/{WHEEL} --constraint {there}/constraints.txt\n" in told
    assert "Fetch" not in told


def test_else_the_files_to_fetch_first_are_named():
    fetch, _, commands = exhibit.install(Distribution(PACKAGE)).partition("\n\n")
    assert f"(downloads/{WHEEL})" in fetch
    assert "(downloads/constraints.txt)" in fetch
    assert f"pip install ./{WHEEL} --constraint ./constraints.txt\n" in commands


def test_without_a_package_a_page_says_so():
    assert exhibit.files(Distribution()) == exhibit.install(Distribution())
    assert "no package" in exhibit.files(Distribution())
