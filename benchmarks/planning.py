"""One plan of the project in this folder, in a process of its own; JSON on stdout."""

import json
import sys
import time
from pathlib import Path

__all__: list[str] = []


def main() -> None:
    """Plan once, and print how long the imports and the plan took, in seconds."""
    start = time.perf_counter()
    from mnist_lessons.publishing.execution.plan import planned
    from mnist_lessons.publishing.runs.project import Project, read_lessons
    from mnist_lessons.settings import Settings

    imported = time.perf_counter()
    project = Project(Path.cwd())
    steps = planned(project, Settings.from_environment(), read_lessons(project))
    end = time.perf_counter()
    if not all(step.run for step in steps):
        sys.exit("the plan is to execute what is stored")
    print(json.dumps({"imports": imported - start, "plan": end - imported}))


if __name__ == "__main__":
    main()
