"""The Chromium or Chrome that opens the pages: `python -m benchmarks.chromium` installs one.

Of the standard library only, for any Python 3: the Makefile runs it before all else.
"""

import os
import shutil
import subprocess
import sys

__all__ = ["MISSING", "find", "install"]

MISSING = (
    "there is no Chromium and no Chrome to open the pages in: install one, "
    "on Debian by `apt-get install chromium-headless-shell` as root, elsewhere from https://www.google.com/chrome/"
)
# The one without windows opens a page in a fifth of the time. Chrome comes before chromium-browser,
# which may only stand for a package of another kind.
_WITHOUT_WINDOWS = "chromium-headless-shell"
_NAMES = (
    _WITHOUT_WINDOWS,
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "chromium-browser",
)
# Where it lies on macOS and on Windows.
_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "~/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Google\Chrome\Application\chrome.exe",
    r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
    r"%LocalAppData%\Chromium\Application\chrome.exe",
)


def find() -> str:
    """The path of an installed Chromium or Chrome; empty if there is none."""
    places = (os.path.expanduser(os.path.expandvars(place)) for place in _PLACES)
    return next(filter(None, map(shutil.which, (*_NAMES, *places))), "")


def install() -> None:
    """Install Chromium with apt-get if no browser is there, and if that needs no password.

    Raises:
        SystemExit: there is still none; says how to get one.
    """
    if find():
        return
    as_root = _as_root()
    if shutil.which("apt-get") and as_root is not None:
        apt_get = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
        # Where the update fails, the lists that are there may do.
        subprocess.run([*apt_get, "update"], stdin=subprocess.DEVNULL, check=False)
        for package in (_WITHOUT_WINDOWS, "chromium"):
            if not find():
                print(f"Installing {package} with apt-get, to open the pages in.", flush=True)
                command = [*apt_get, "install", "--yes", package]
                subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    if not find():
        sys.exit(MISSING[0].upper() + MISSING[1:])


def _as_root() -> "list[str] | None":
    """What to write before a command that root must run; None where that needs a password."""
    if not hasattr(os, "geteuid"):  # Windows
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if asked.returncode == 0:
            return ["sudo", "-n"]
    return None


if __name__ == "__main__":
    install()
