"""What Git says of the code that made a result."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

__all__ = ["committed_state"]


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
