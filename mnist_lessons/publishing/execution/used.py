"""What a lesson used of the project while it ran: modules, files, folders, variables."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mnist_lessons.publishing.execution.project_files import RECORDS, own_folder, own_name

__all__ = ["Used", "own_files"]


@dataclass(frozen=True)
class Used:
    """What a kernel says of what it has used.

    Attributes:
        modules: file of each module, None for those without.
        files: names of the files of the project that were opened to be read, and not written,
            with their signature at that time; empty for one that was not there.
        folders: names of the folders of the project that were listed, each with a slash at its
            end, and what lay in them at that time.
        written: names of what the lesson itself has made in these folders.
        variables: names of the environment variables that cells read.
    """

    modules: Mapping[str, str | None] = field(default_factory=dict)
    files: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    @classmethod
    def reported(cls, report: str, root: Path) -> "Used":
        """Read a kernel's report; `root` is the project, absolute and without links."""
        said = json.loads(report)
        written = {name for path in said["written"] for name in _names(path, root)}
        files = {
            name: tuple(signature)
            for path, signature in sorted(said["read"].items())
            for name in _names(path, root)
            if name not in written
        }
        own = {*said["written"]}
        modules = {name: file for name, file in said["modules"] if file not in own}
        folders = {
            name: tuple(inside)
            for path, inside in sorted(said["listed"].items())
            for name in _names(path, root, own_folder)
            if path not in own or Path(path).is_dir()  # else it was made, and removed again
        }
        in_folders = {name for name in written if f"{Path(name).parent.as_posix()}/" in folders}
        variables = tuple(said["variables"])
        return cls(modules, files, folders, tuple(sorted(in_folders)), variables)


def _names(
    path: str, root: Path, name_in: Callable[[Path, Path], str | None] = own_name
) -> set[str]:
    """The names of a file or folder in the project: of a link, and of what it leads to."""
    followed = Path(path).resolve()
    return {name for each in (Path(path), followed) if (name := name_in(each, root))}


def own_files(modules: Mapping[str, str | None], root: Path) -> list[str]:
    """The files of this project among a kernel's modules, relative to its root.

    The records of a study belong to the package in whose folder they lie.
    """
    found = set()
    for file in modules.values():
        path = Path(file or "")
        # Some modules of torch have the name of a file that does not exist.
        if path.is_absolute() and path.is_file() and (name := own_name(path.resolve(), root)):
            found.add(name)
            if path.name == "__init__.py":
                records = (root / name).parent.glob(f"*{RECORDS}")
                found |= {other.relative_to(root).as_posix() for other in records}
    return sorted(found)
