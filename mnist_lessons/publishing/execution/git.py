"""What Git says of the files that made a run."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

__all__ = ["committed_state"]


def committed_state(root: Path, files: Iterable[str]) -> tuple[str | None, bool]:
    """The commit that is checked out, and whether one of the files is not as it is there.

    Args:
        root: folder of the project.
        files: relative to it.

    Returns:
        None and False where `root` is no Git checkout, or Git is not to be had.
    """
    try:
        commit = _git(root, "rev-parse", "--verify", "HEAD")
        changed = _git(root, "status", "--porcelain", "--ignored", "--", *files)
    except (OSError, subprocess.CalledProcessError):
        return None, False
    return commit, bool(changed)


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
