"""A project that describes a small package, for tests of what there is to download."""

from pathlib import Path

DESCRIBED = """\
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
[project]
name = "small-lessons"
description = "A test"
readme = "README.md"
requires-python = ">=3.11"
license = "MIT"
license-files = ["LICENSE"]
dynamic = ["version"]
[tool.flit.sdist]
include = ["tutorials", "constraints.txt"]
"""
FILES = {
    "pyproject.toml": DESCRIBED,
    "README.md": "Read me.\n",
    "LICENSE": "Do as you please.\n",
    "constraints.txt": "a==1\n",
    "small_lessons/__init__.py": '__version__ = "1.2"\n',
    "small_lessons/records.json": "[1, 2]\n",
    "tutorials/notes.md": "To be had, too.\n",
    ".gitignore": ".cache\n__pycache__\nignored.py\n",
    "notes.txt": "Of no use to anybody else.\n",
}


def write_package(root: Path) -> None:
    """Add the files of the package to a folder."""
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
