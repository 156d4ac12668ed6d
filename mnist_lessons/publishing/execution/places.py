"""What only one run, on one machine, knows of what a lesson prints: folders and addresses."""

import os
import re
import site
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

__all__ = ["Places", "machine_path"]

# Before an absolute path, which may be an address.
_BEGIN = r"(?:(?<![\w.~/-])|(?<=file://))"
# Places that exist on one machine only, whoever it belongs to.
_OF_A_MACHINE = re.compile(
    rf"""
      {_BEGIN} (?: /home/[\w.-]+ | /Users/[\w.-]+ | /root | /(?:private/)?var/folders ) (?= /)
    | /(?:ipykernel_\d+|site-packages)/
    | (?<!\w) [A-Za-z]:\\+Users\\+ \w+
    """,
    re.VERBOSE,
)
_TEMPORARY = re.compile(r"(/tmp/)(?:tmp[a-z0-9_]{8}|ipykernel_\d+)(?![\w])")


# An object's address, as in `<function f at 0x7f0123456789>`.
_ADDRESS = re.compile(r"(?<=\bat 0x)[0-9a-fA-F]{6,16}\b")


@dataclass(frozen=True)
class Places:
    """Folders with what stands for them.

    Attributes:
        names: what is shown for each folder, the longest folder first; empty for the project.
    """

    names: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, root: Path, environment: Mapping[str, str]) -> "Places":
        """The places that a kernel knows.

        Args:
            root: folder of the project.
            environment: of the kernel.
        """
        found: dict[str, str] = {}
        for folder, name in _known(root, environment):
            for path in {os.path.abspath(folder), os.path.realpath(folder)}:
                if len(Path(path).parts) > 1:
                    found.setdefault(path, name)
        longest_first = sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0]))
        return cls(tuple(longest_first))

    def neutral(self, text: str) -> str:
        """A text with the names of these places, the same on each machine and in each run."""
        text = _ADDRESS.sub("...", text)
        if "/" not in text and "\\" not in text:
            return text
        for folder, name in self.names:
            if folder in text:
                # The folder itself, or what lies in it.
                pattern = rf"{_BEGIN}{re.escape(folder)}(?:(?P<inside>/)|(?![\w.-]))"
                text = re.sub(pattern, partial(_replaced, name), text)
        return _TEMPORARY.sub(r"\1tmp", text)


def _replaced(name: str, found: re.Match[str]) -> str:
    if not name:
        return "" if found["inside"] else "."
    return f"{name}{found['inside'] or ''}"


def _known(root: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for variable, name in (
        ("MNIST_LESSONS_RUNS", "runs"),
        ("MNIST_LESSONS_CHECKPOINTS", "runs/checkpoints"),
        ("MNIST_LESSONS_DATA", "$MNIST_LESSONS_DATA"),
    ):
        if environment.get(variable):
            yield environment[variable], name
    installed = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    on_path = [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    for folder in [*installed, *on_path, *site.getsitepackages(), site.getusersitepackages()]:
        yield folder, "site-packages"
    for name in ("stdlib", "platstdlib"):
        yield sysconfig.get_path(name), f"python{sys.version_info.major}.{sys.version_info.minor}"
    yield str(root), ""
    for folder in (sys.prefix, sys.base_prefix):
        if folder not in ("/usr", "/usr/local"):  # where every machine has them
            yield folder, "python"
    yield environment.get("TMPDIR") or tempfile.gettempdir(), "/tmp"
    yield os.path.expanduser("~"), "~"


def machine_path(text: str) -> str:
    """The first path in a text that only the machine has that printed it; or nothing."""
    found = _OF_A_MACHINE.search(text)
    if found is None:
        return ""
    start = max(text.rfind(mark, 0, found.start()) for mark in " \n\t\"'(<[=:") + 1
    return re.split(r"[\s\"'<>)\]]", text[start:], maxsplit=1)[0][:120]
