"""One `status` of the project in this folder, in a process of its own; JSON on stdout."""

import contextlib
import io
import json
import time

__all__: list[str] = []


def main() -> None:
    """Plan once; print the seconds of the imports and the plan, and the processor's of the plan.

    It ends with status 1 where something would run.
    """
    start = time.perf_counter()
    from mnist_lessons.publishing.commands import commands

    imported, processor = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        commands(["status"], standalone_mode=False)
    plan, used = time.perf_counter() - imported, time.process_time() - processor
    print(json.dumps({"imports": imported - start, "plan": plan, "processor": used}))


if __name__ == "__main__":
    main()
