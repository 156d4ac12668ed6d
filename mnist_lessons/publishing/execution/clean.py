"""Remove from the store what no lesson of today can use."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.execution.plan import differences
from mnist_lessons.publishing.execution.today import Today
from mnist_lessons.publishing.runs.made_from import unsaid
from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.writing.form import problems
from mnist_lessons.publishing.writing.lessons import Lesson

__all__ = ["clean_store"]


def clean_store(project: Project, *, everything: bool) -> Iterator[tuple[str, int]]:
    """Remove runs of other code or versions, failed runs, and trainings that no run used.

    Args:
        project: the project.
        everything: remove the whole store.

    Yields:
        What was removed, and the bytes that this freed.

    Raises:
        BuildFailure: there is no lesson, or one that cannot be read; or all is to be removed
            while a lesson is running.
    """
    store = project.store
    if not store.folder.exists():
        return
    store.sweep()
    with FileLock(f"{store.folder}.lock"):
        if everything:
            if any((store.folder / "running").glob("*.lock")):
                raise BuildFailure("a lesson is running: end that first, or wait")
            yield "the store", _remove(store.folder)
            return
        lessons = {lesson.slug: lesson for lesson in read_lessons(project)}
        if unread := [
            problem for one in lessons.values() if one.fault for problem in problems(one)
        ]:
            raise BuildFailure("\n".join(unread))
        for folder in sorted((store.folder / "runs").glob("*/*")):
            slug, run = folder.parent.name, StoredRun(folder)
            if reason := _useless(project.root, lessons.get(slug), run):
                yield f"{slug}: a run ({reason})", _remove(folder)
        for folder in sorted((store.folder / "failed").glob("*")):
            yield f"{folder.name}: a run that failed", _remove(folder)
        for slug in lessons:
            full = [run for run in store.runs(slug) if run.card.profile == "full"]
            yield from _unused_checkpoints(store.checkpoints / slug, full)


def _useless(root: Path, lesson: Lesson | None, run: StoredRun) -> str:
    """Why no build can ever use a run, in its own profile and on its own device; or nothing."""
    if lesson is None:
        return "the lesson is gone"
    if damage := run.damage:
        return f"damaged: {damage}"
    then = run.card.made_from
    if former := unsaid(then):
        return "; ".join(former[:2])
    return "; ".join(differences(run, lesson, Today.of(then, root))[:2])


def _unused_checkpoints(folder: Path, runs: list[StoredRun]) -> Iterator[tuple[str, int]]:
    if not runs:
        return  # they may belong to a training that was interrupted
    oldest = min(run.card.started.timestamp() for run in runs)
    for checkpoint in sorted(folder.glob("*.pt")):
        if checkpoint.stat().st_mtime < oldest:
            yield f"{folder.name}: a training that no stored run used", _remove(checkpoint)


def _remove(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    if path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path)
    return size
