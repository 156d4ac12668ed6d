"""What the Makefile installs is what the pins say, for whoever calls it first."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_each_python_package_has_one_pin_without_an_address():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    names = [re.sub(r"[-_.]+", "-", pin.partition("==")[0]).lower() for pin in pins]
    assert len(set(names)) == len(names)


def test_each_node_package_has_a_hash_and_no_address():
    asked = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name.removeprefix("node_modules/"): one for name, one in lock["packages"].items()}
    assert packages.pop("")["devDependencies"] == asked
    assert {name: packages[name]["version"] for name in asked} == asked
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert not any("resolved" in one for one in packages.values())


@pytest.fixture
def planned(tmp_path):
    """What make would do in a folder whose environment is of Python 3.11 and up to date."""
    for name in ("Makefile", "constraints.txt", "package-lock.json", "package.json"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, version in (
        (".venv/bin/python", "3.11.9"),
        ("python3.11", "3.11.9"),
        ("python3.12", "3.12.1"),
    ):
        python = tmp_path / name
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(f"#!/bin/sh\necho Python {version}\n", encoding="utf-8")
        python.chmod(0o755)
    for stamp in (".venv/.installed", "node_modules/.package-lock.json"):
        (tmp_path / stamp).parent.mkdir(exist_ok=True)
        (tmp_path / stamp).touch()

    def plan(*arguments):
        command = ["make", "--dry-run", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout

    plan.root = tmp_path
    return plan


def test_what_is_installed_is_not_installed_again(planned):
    for target in ("site", "check", "test", "test-all"):
        assert "install" not in planned(target).replace("node_modules", "")
    assert "install" not in planned("PYTHON=./python3.11", "test")
    (planned.root / "constraints.txt").touch()
    assert "clear" not in planned("PYTHON=./python3.11", "test")


@pytest.mark.parametrize("target", ["site", "test", "check"])
def test_another_python_gets_an_environment_of_its_own(target, planned):
    plan = planned("PYTHON=./python3.12", target)
    assert plan.index("venv --clear .venv") < plan.index("pip install")


@pytest.mark.parametrize("target", ["test", "test-all"])
def test_the_tests_look_for_a_browser_before_anything_else(target, planned):
    (planned.root / ".venv" / ".installed").unlink()
    plan = planned(target)
    assert plan.index("benchmarks.chromium") < plan.index("pip inst") < plan.index("pytest")


@pytest.mark.parametrize("target", ["check", "test", "test-all", "bench"])
def test_the_checkers_are_installed_again_when_their_lock_has_changed(target, planned):
    (planned.root / "node_modules" / ".package-lock.json").unlink()
    plan = planned(target)
    assert "npm ci" in plan
    assert "pip install" not in plan
