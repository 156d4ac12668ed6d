"""What the package promises to whoever imports it."""

import ast
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

import mnist_lessons

ROOT = Path(mnist_lessons.__file__).parent
MODULES = sorted(path for path in ROOT.rglob("*.py") if not path.name.startswith("_"))


def parts(path):
    """The public names that a module defines, those of private modules, and its `__all__`."""
    defined, passed_on, declared = set(), set(), None
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        source = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if source.startswith(("mnist_lessons._", "mnist_lessons.figures")):
            passed_on |= {alias.name for alias in node.names}
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                defined.add(target.id)
                if target.id == "__all__":
                    declared = ast.literal_eval(node.value)
    return {name for name in defined if not name.startswith("_")}, passed_on, declared


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_all_is_there_and_complete_and_sorted(path):
    defined, passed_on, declared = parts(path)
    assert declared is not None
    assert defined <= set(declared) <= defined | passed_on
    # Constants, then classes, then functions, as the linter sorts them.
    assert declared == sorted(
        declared, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )


def test_the_modules_of_the_lessons_are_all_checked():
    names = {path.stem for path in MODULES if path.parent == ROOT}
    assert {"data", "devices", "errors", "evaluation", "models", "plots"} <= names
    assert {"runlog", "settings", "training"} <= names


def test_importing_what_builds_the_site_does_not_import_torch():
    code = """
import importlib, pkgutil, sys
import mnist_lessons
assert mnist_lessons.__version__
import mnist_lessons.publishing as publishing
for module in pkgutil.walk_packages(publishing.__path__, "mnist_lessons.publishing."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print([name for name in ("torch", "torchvision", "sklearn") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def test_no_module_is_re_exported_by_the_package():
    code = "import mnist_lessons, sys; print([n for n in sys.modules if 'mnist_lessons.' in n])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        (
            ["augmentation", "calibration", "clothes", "corruptions", "data", "devices", "pens",
             "runlog"],
            ["torchvision", "torch._dynamo", "sklearn", "mlxtend", "pooch", "requests", "IPython"],
        ),
        # A machine with PyTorch and nothing else can read the images and train the recipes.
        (
            ["augmentation", "data", "devices", "evaluation", "models", "studies", "training"],
            ["torchvision", "platformdirs", "pooch", "mlxtend", "requests", "filelock", "tqdm",
             "matplotlib", "sklearn", "PIL"],
        ),
    ],
    ids=["a lesson's beginning", "training"],
)  # fmt: skip
def test_what_is_not_needed_yet_is_not_imported(modules, unwanted):
    """Each kernel, script and test pays for what it imports, torchvision alone for 2 seconds."""
    code = f"""
import importlib, sys
import torch  # itself needs some of them
known = set(sys.modules)
for name in {modules}:
    importlib.import_module(f"mnist_lessons.{{name}}")
print([name for name in {unwanted} if name in set(sys.modules) - known])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def test_html_stands_in_templates():
    """No f-string of what publishes builds a tag, but for the curves, which are numbers."""
    tag = re.compile(r"(?<!\?P)</?[a-z][a-z0-9]*[\s>/]")
    found = []
    for path in sorted((ROOT / "publishing").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parts = [node.values for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        texts = [part.value for part in chain(*parts) if isinstance(part, ast.Constant)]
        if any(map(tag.search, map(str, texts))):
            found.append(path.relative_to(ROOT).as_posix())
    assert found == ["publishing/html/curves.py"]


def test_a_module_has_one_job_that_its_first_line_says_and_no_function_is_long():
    for path in sorted((ROOT / "publishing").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        assert ast.get_docstring(tree), path
        assert source.count("\n") < 250, path
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines <= 40, f"{path}: {node.name} has {lines} lines"
