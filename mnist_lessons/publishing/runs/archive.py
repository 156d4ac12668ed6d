"""Carry stored runs from one machine to another, in one file."""

import gzip
import os
import re
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path

from mnist_lessons.errors import BuildFailure, SettingError
from mnist_lessons.publishing.runs.store import Store, StoredRun

__all__ = ["export_runs", "import_runs"]

_KEY = re.compile(r"[0-9a-f]{16}")


def export_runs(store: Store, file: Path) -> int:
    """Write all sound runs into a tar.gz file, complete or not at all; return their number.

    Raises:
        BuildFailure: nothing is stored.
        SettingError: the file is there, and is no exported one: it is left as it is.
        OSError: the file cannot be written.
    """
    runs = [StoredRun(folder) for folder in sorted((store.folder / "runs").glob("*/*"))]
    sound = [run for run in runs if not _left_out(run.folder.parent.name, run.damage)]
    if not sound:
        raise BuildFailure(f"there is nothing to export: no run in {store.folder}")
    if file.exists() and not _is_exported(file):
        raise SettingError(f"{file} is there, and is no file that `export` has written")
    with tempfile.TemporaryDirectory(prefix=".export-", dir=file.absolute().parent) as folder:
        partial = Path(folder, "runs.tar.gz")
        with tarfile.open(partial, "w:gz") as archive:
            for run in sound:
                archive.add(run.folder, arcname=run.folder.relative_to(store.folder).as_posix())
        os.replace(partial, file)
    return len(sound)


def _left_out(slug: str, damage: str) -> bool:
    """Whether a run is damaged; if so, say it."""
    if damage:
        print(f"{slug}: a damaged run is left out: {damage}", file=sys.stderr)
    return bool(damage)


def _is_exported(file: Path) -> bool:
    if not file.is_file():
        return False  # such as a device
    try:
        with tarfile.open(file, "r:gz") as archive:
            first = archive.next()
    except (tarfile.TarError, EOFError, OSError, zlib.error):
        return False
    return first is not None and first.name.startswith("runs/")


def import_runs(store: Store, file: Path) -> tuple[int, int]:
    """Add the runs of an exported file; return how many are new, and how many were known.

    Raises:
        SettingError: it is no exported file.
        BuildFailure: a run in it is damaged; the others have been added.
    """
    with store.staging() as staged:
        try:
            with tarfile.open(file, "r:gz") as archive:
                archive.extractall(staged, filter=_only_files)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise SettingError(f"{file} is no file that `export` has written: {error}") from error
        return _add(store, staged, file)


def _only_files(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    if not (member.isfile() or member.isdir()):
        raise tarfile.ReadError(f"{member.name} is no file")  # links lead elsewhere
    return tarfile.data_filter(member, folder)


def _add(store: Store, staged: Path, file: Path) -> tuple[int, int]:
    new = known = damaged = 0
    for folder in sorted((staged / "runs").glob("*/*")):
        slug, key = folder.parent.name, folder.name
        run = StoredRun(folder)
        is_named = _KEY.fullmatch(key) and not slug.startswith(".")
        if _left_out(slug, run.damage if is_named else "its folder has no name of a run"):
            damaged += 1
        elif StoredRun(store.folder / "runs" / slug / key).is_whole:
            known += 1
        else:
            kept = store.keep(slug, key, folder)
            if not kept.folder.is_relative_to(store.folder / "runs"):
                raise BuildFailure(f"{file}: nothing can be added to the store")
            new += 1
    if damaged:
        raise BuildFailure(f"{file}: damaged runs, left out: {damaged}; added: {new}")
    if not new and not known:
        raise SettingError(f"{file} holds no run")
    return new, known
