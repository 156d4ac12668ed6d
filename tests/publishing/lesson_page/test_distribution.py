"""Where readers get the package: the first cell of a notebook, and links."""

import ast

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.runs.package import Package

WHEEL = "small-1-py3-none-any.whl"
PACKAGE = Package(dict.fromkeys(("constraints.txt", WHEEL, "small-1.tar.gz"), b""))
COLAB = "o/r/blob/pages/f"


@pytest.mark.parametrize(
    ("distribution", "installed"),
    [
        (Distribution(PACKAGE, "https://x.org/m"), f"https://x.org/m/downloads/{WHEEL}"),
        (Distribution(PACKAGE, "https://x.org/m/", COLAB), f"https://x.org/m/downloads/{WHEEL}"),
        (Distribution(PACKAGE, colab=COLAB), "mnist-lessons @ git+https://github.com/o/r@abc"),
        (Distribution(None, "https://x.org/", COLAB), "mnist-lessons @ git+https://github.com/o/r@abc"),
        (Distribution(PACKAGE), f"./{WHEEL}"),
    ],
)  # fmt: skip
def test_a_notebook_installs_the_package_where_it_is_not(distribution, installed):
    cell = distribution.install("abc")
    [_, test] = ast.parse(TransformerManager().transform_cell(cell)).body
    assert ast.unparse(test.test) == "importlib.util.find_spec('mnist_lessons') is None"
    [magic] = [node for node in ast.walk(test) if isinstance(node, ast.Call)][1:2]
    assert [argument.value for argument in magic.args] == ["pip", f'install --quiet "{installed}"']


def test_a_site_without_address_names_the_file_to_fetch():
    comment = Distribution(PACKAGE).install("").partition("\nimport")[0]
    assert WHEEL in comment
    assert "fetch" in comment


def test_a_cell_of_main_where_no_commit_is_known():
    assert "o/r@main" in Distribution(colab=COLAB).install("")


def test_without_a_package_there_is_nothing():
    assert Distribution(address="https://x.org/").install("abc") == ""
    assert Distribution().files("downloads/") == {}


def test_the_files_begin_with_what_is_installed():
    links = Distribution(PACKAGE).files("../downloads/")
    assert [*links] == [WHEEL, "small-1.tar.gz", "constraints.txt"]
    assert links[WHEEL] == f"../downloads/{WHEEL}"
