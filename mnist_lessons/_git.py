"""What Git says of the code that made a result."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

__all__ = ["commit_time", "committed_state"]


def commit_time(root: Path) -> tuple[str, int] | None:
    """The commit that is checked out, and when it was made, in seconds since 1970.

    Args:
        root: folder of the project.

    Returns:
        None where `root` is no Git checkout, or Git is not to be had.
    """
    if not (root / ".git").exists():
        return None  # a folder within somebody else's checkout
    try:
        commit, seconds = _git(root, "log", "-1", "--format=%H %ct").split()
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return commit, int(seconds)


def committed_state(root: Path, files: Iterable[str] | None = None) -> tuple[str | None, bool]:
    """The commit that is checked out, and whether what made a result is not as it is there.

    Args:
        root: folder of the project.
        files: those that made the result, relative to `root`, ignored ones too; all that Git
            knows or could know where None.

    Returns:
        None and False where `root` is no Git checkout, or Git is not to be had.
    """
    asked = ["status", "--porcelain"] + (["--ignored", "--", *files] if files is not None else [])
    try:
        return _git(root, "rev-parse", "--verify", "HEAD"), bool(_git(root, *asked))
    except (OSError, subprocess.CalledProcessError):
        return None, False


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
