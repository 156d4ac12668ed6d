"""Which files belong to the project: none in a hidden folder, an environment or a built site."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from mnist_lessons._sources import file_hash
from mnist_lessons.publishing.writing.known import KNOWN

__all__ = [
    "RECORDS",
    "code_of_project",
    "hash_now",
    "hash_of_names",
    "own_folder",
    "own_name",
    "read_now",
    "signature",
]

RECORDS = ".jsonl"
_BY_OTHERS = ("__pycache__", ".egg-info", "site-packages")
_SITE = "site"


def own_name(path: Path, root: Path) -> str | None:
    """The name of a file of the project relative to its root; None for any other path.

    A file in a hidden folder, such as the store, is none of the project.

    Args:
        path: absolute.
        root: absolute, without links.
    """
    if not path.is_relative_to(root):
        return None
    name = path.relative_to(root)
    if any(part.startswith(".") for part in name.parts[:-1]) or name.parts[:1] == (_SITE,):
        return None
    if any(part.endswith(_BY_OTHERS) for part in name.parts):
        return None
    folders = [root.joinpath(*name.parts[:depth]) for depth in range(1, len(name.parts))]
    return None if any(map(_is_environment, folders)) else name.as_posix()


def own_folder(path: Path, root: Path) -> str | None:
    """The same for a folder of the project, with a slash at the end of its name."""
    name = own_name(path / "_", root)
    return None if name is None else name.removesuffix("_") or "./"


def code_of_project(root: Path) -> Iterator[Path]:
    """The files below `root` that a lesson could import, and the records of studies."""
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if not (name.startswith(".") or _is_environment(Path(folder, name)))
        ]
        yield from (Path(folder, name) for name in files if name.endswith((".py", RECORDS)))


def signature(path: Path) -> tuple[int, ...]:
    """What changes when a file is written; empty where there is none."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def hash_now(path: Path) -> str | None:
    """The hash of a file, made anew only when it was written; None where it cannot be read."""
    return _hash(path, signature(path))


@lru_cache(maxsize=4096)
def _hash(path: Path, _: tuple[int, ...]) -> str | None:
    try:
        content = path.read_bytes()
        [found] = KNOWN.answer(f"hash of {path}", content, lambda: [file_hash(path)])
    except OSError:
        return None
    return found


def _content_hash(path: Path) -> str | None:
    """SHA-256 of a file's bytes, made anew only when it was written; None where there is none."""
    return _content(path, signature(path))


@lru_cache(maxsize=4096)
def _content(path: Path, _: tuple[int, ...]) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def read_now(root: Path, name: str, written: Collection[str] = ()) -> str | None:
    """What tells whether a file has changed that was read, or a folder that was listed.

    Args:
        root: folder of the project, absolute.
        name: relative to it; that of a folder has a slash at its end.
        written: names of what the lesson itself has made.
    """
    if not name.endswith("/"):
        return _content_hash(root / name)
    try:
        inside = os.listdir(root / name)
    except OSError:
        inside = []
    return hash_of_names(root, name, inside, written)


def hash_of_names(root: Path, folder: str, inside: Iterable[str], written: Collection[str]) -> str:
    """SHA-256 of the names in a folder: of those that count, and that the lesson did not make."""
    found = [name for name in inside if not name.startswith(".")]
    paths = {name: root / folder / name for name in found if not name.endswith(_BY_OTHERS)}
    counted = sorted(
        os.fsencode(name)
        for name, path in paths.items()
        if path != root / _SITE
        and path.relative_to(root).as_posix() not in written
        and not _is_environment(path)
    )
    return hashlib.sha256(b"\0".join(counted)).hexdigest()


def _is_environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").is_file()
