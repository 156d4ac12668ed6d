"""The browser of the tests is found, or installed without a question, or asked for in one line."""

import os
import shutil
from pathlib import Path

import pytest

from benchmarks import chromium

PLACES = chromium._PLACES

APT_GET = """\
echo "$0 $*" >> "$CALLS"
[ "$DEBIAN_FRONTEND" = noninteractive ] || exit 1
case "$1" in
  update) exit 100 ;; # no network: the lists that are there may do
  install) [ "$3" = "$MISSING" ] && exit 100; cp "$0" "$(dirname "$0")/$3" ;;
esac
"""
SHELL = "chromium-headless-shell"
SUDO = """\
[ "$1" = -n ] || { echo "sudo asks for a password" >> "$CALLS"; exit 1; }
shift
exec "$@"
"""
NO_SUDO = "exit 1\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing on its PATH but the given programs; returns what apt-get was told."""
    calls = tmp_path / "calls"
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("cp", "dirname", "env", "true"):
        (programs / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("CALLS", str(calls))
    monkeypatch.setattr(chromium, "_PLACES", ())

    def made(user: int, **scripts: str):
        monkeypatch.setattr(os, "geteuid", lambda: user)
        for name, script in scripts.items():
            program = programs / name.replace("_", "-")
            program.write_text(f"#!/bin/sh\n{script}")
            program.chmod(0o755)
        return lambda: calls.read_text().splitlines() if calls.exists() else []

    return made


@pytest.mark.parametrize("user", [0, 1000], ids=["root", "sudo without a password"])
def test_apt_get_installs_it_and_says_so(user, machine, capfd):
    told = machine(user, apt_get=APT_GET, sudo=SUDO if user else NO_SUDO)
    chromium.install()
    assert [line.split()[1:] for line in told()] == [["update"], ["install", "--yes", SHELL]]
    assert Path(chromium.find()).name == SHELL
    out, err = capfd.readouterr()
    assert f"Installing {SHELL} with apt-get" in out
    assert err == ""
    chromium.install()
    assert len(told()) == 2, "it is installed once"


def test_where_that_package_is_not_known_the_whole_browser_serves(machine, monkeypatch):
    machine(0, apt_get=APT_GET)
    monkeypatch.setenv("MISSING", SHELL)
    chromium.install()
    assert Path(chromium.find()).name == "chromium"


@pytest.mark.parametrize(
    ("user", "scripts"),
    [
        (1000, {"apt_get": APT_GET, "sudo": NO_SUDO}),
        (1000, {"apt_get": APT_GET}),
        (1000, {"sudo": SUDO}),
        (0, {}),
    ],
    ids=["sudo with a password", "no sudo", "no apt-get", "root without apt-get"],
)
def test_where_it_cannot_be_installed_one_line_says_how_to_get_it(user, scripts, machine, capfd):
    told = machine(user, **scripts)
    with pytest.raises(SystemExit) as ended:
        chromium.install()
    assert told() == []
    assert f"apt-get install {SHELL}" in ended.value.code  # a text: printed, with status 1
    assert "\n" not in ended.value.code
    assert capfd.readouterr() == ("", "")


def test_a_failed_installation_is_no_success(machine):
    machine(0, apt_get="exit 100\n")
    with pytest.raises(SystemExit, match="no Chromium and no Chrome"):
        chromium.install()


@pytest.mark.parametrize(
    "name", [SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
)
def test_any_that_is_there_serves(name, machine):
    told = machine(0, apt_get=APT_GET, **{name: ""})
    chromium.install()
    assert told() == []
    assert Path(chromium.find()).name == name


def test_chrome_is_found_in_a_folder_of_its_own(machine, tmp_path, monkeypatch):
    machine(1000)
    place = next(place for place in PLACES if place.startswith("~"))
    browser = tmp_path / place.removeprefix("~/")
    browser.parent.mkdir(parents=True)
    browser.touch(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(chromium, "_PLACES", [place])
    assert chromium.find() == str(browser)
