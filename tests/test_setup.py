"""What the Makefile installs is what the pins say, for whoever calls it first."""

import json
import re
from pathlib import Path

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
