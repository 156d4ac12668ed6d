"""The code as readers download it: the package's wheel, an archive of the sources, the pins."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from mnist_lessons._git import commit_time, committed_state
from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.runs.staging import staging, swap

__all__ = ["PINS", "Package", "package_of"]

PINS = "constraints.txt"
_PROJECT = "pyproject.toml"
_SUMS = "SHA256SUMS"
_TOLD = "package.json"
# In a process of its own: the backend reads the folder and the date from there.
_BACKEND = """\
import sys
from flit_core import buildapi

buildapi.build_wheel(sys.argv[1])
buildapi.build_sdist(sys.argv[1])
"""


@dataclass(frozen=True)
class Package:
    """Files to download, for who has no repository.

    Attributes:
        contents: of the wheel, the archive and the pins, by name.
        commit: of the code; None where there is no Git checkout.
        uncommitted_changes: whether some of it is not as it is in that commit.
    """

    contents: Mapping[str, bytes]
    commit: str | None = None
    uncommitted_changes: bool = False

    @property
    def wheel(self) -> str:
        """The name of the file that pip installs."""
        return self._ending(".whl")

    @property
    def archive(self) -> str:
        """The name of the file with all sources: lessons, package, pages, tests."""
        return self._ending(".tar.gz")

    @cached_property
    def sha256(self) -> dict[str, str]:
        """SHA-256 of each file, by name."""
        return {
            name: hashlib.sha256(content).hexdigest() for name, content in self.contents.items()
        }

    @property
    def files(self) -> dict[str, bytes]:
        """All that a site offers, by address: the files, and what `sha256sum --check` reads."""
        sums = "".join(f"{digest}  {name}\n" for name, digest in self.sha256.items())
        files = {**self.contents, _SUMS: sums.encode()}
        return {f"downloads/{name}": content for name, content in files.items()}

    def _ending(self, end: str) -> str:
        return next(name for name in self.contents if name.endswith(end))


@dataclass(frozen=True)
class _MadeFrom:
    """What decides on each byte of the files."""

    sources: str
    date: int
    commit: str | None


def package_of(project: Project) -> Package | None:
    """The package as the project stands now, made only where that has changed.

    The same sources and commit make the same bytes, in any folder and on any day.

    Returns:
        None where the project describes no package: a copy may lack `pyproject.toml`.

    Raises:
        BuildFailure: it cannot be made.
    """
    root = project.root
    if not (root / _PROJECT).is_file():
        return None
    try:
        names = [*_sources(root)]
        made_from = _made_from(root, names)
        return _kept(root, made_from) or _made(root, names, made_from)
    except (OSError, LookupError, ValueError) as error:
        raise BuildFailure(f"the package cannot be made from {_PROJECT}: {error}") from error


def _sources(root: Path) -> Iterator[str]:
    """The files that the archive holds, by their names, in order."""
    told = tomllib.loads((root / _PROJECT).read_text(encoding="utf-8"))
    own = told["project"]
    licences, package = own["license-files"], own["name"].replace("-", "_")
    included = told["tool"]["flit"]["sdist"]["include"]
    patterns = [_PROJECT, own["readme"], package, *licences, *included]
    found = {path for pattern in patterns for path in root.glob(pattern)}
    yield from sorted(name for path in found for name in _files(path, root))


def _files(path: Path, root: Path) -> Iterator[str]:
    if path.is_file():
        yield path.relative_to(root).as_posix()
    for folder, folders, names in os.walk(path):
        folders[:] = filter(_is_source, folders)
        yield from (
            Path(folder, name).relative_to(root).as_posix() for name in names if _is_source(name)
        )


def _is_source(name: str) -> bool:
    """Whether what lies in a folder of sources is one, and not a cache that a tool has made."""
    return name != "__pycache__" and not name.startswith(".")


def _made_from(root: Path, names: list[str]) -> _MadeFrom:
    sources = hashlib.sha256()
    for name in names:
        content = (root / name).read_bytes()
        sources.update(f"{name}\0{len(content)}\0".encode())
        sources.update(content)
    # Of an unpacked archive, each file has the date of the commit.
    commit, date = commit_time(root) or (None, int((root / _PROJECT).stat().st_mtime))
    return _MadeFrom(sources.hexdigest(), int(os.environ.get("SOURCE_DATE_EPOCH", date)), commit)


def _kept(root: Path, made_from: _MadeFrom) -> Package | None:
    """What was made from the same sources before."""
    folder = _place(root)
    try:
        told = json.loads((folder / _TOLD).read_bytes())
        if told["made_from"] != asdict(made_from):
            return None
        contents = {name: (folder / name).read_bytes() for name in told["sha256"]}
        package = Package(contents, made_from.commit, told["uncommitted_changes"])
        return package if package.sha256 == told["sha256"] else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _made(root: Path, names: list[str], made_from: _MadeFrom) -> Package:
    place = _place(root)
    with staging(place.parent, f"{place.name}-in-progress-", place.with_suffix(".lock")) as scratch:
        folder = scratch / place.name
        folder.mkdir()
        _ask_backend(_copied(root, names, scratch / "sources"), folder, made_from.date)
        (folder / PINS).write_bytes((root / PINS).read_bytes())
        contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        _, changed = committed_state(root, names) if made_from.commit else (None, False)
        package = Package(contents, made_from.commit, changed)
        told = {
            "made_from": asdict(made_from),
            "sha256": package.sha256,
            "uncommitted_changes": changed,
        }
        (folder / _TOLD).write_text(json.dumps(told), encoding="utf-8")
        swap(folder, place)
    return package


def _copied(root: Path, names: list[str], folder: Path) -> Path:
    """A folder with the sources and nothing else: the backend packs whatever lies there."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, folder / name)
    return folder


def _ask_backend(root: Path, folder: Path, date: int) -> None:
    """Have the build backend write the wheel and the archive into a folder."""
    process = subprocess.run(
        [sys.executable, "-P", "-c", _BACKEND, folder],
        cwd=root,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(date)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise BuildFailure(f"the package cannot be made:\n{process.stderr.strip()}")


def _place(root: Path) -> Path:
    return root / ".cache" / "downloads"
