"""Prepare a kernel for a lesson.

- A cell is executed as the script would be: `exit()` ends it, `ls` is no command.
- A cell's code has the name and the lines of the script, in warnings and tracebacks.
- What `atexit` is asked to do is done at the end.
- Where something is displayed, a mark in the output says so: text and figures keep their order.
- What the kernel itself logs is not printed among what the lesson says.
- Which files of the project were opened, which folders were listed, and which variables were
  read, can be asked for.
"""

import json
import logging
import os
import sys

from IPython import get_ipython

from mnist_lessons.publishing.execution.in_kernel.cells import Cells, Marks
from mnist_lessons.publishing.execution.in_kernel.ending import End
from mnist_lessons.publishing.execution.in_kernel.files import Files
from mnist_lessons.publishing.execution.in_kernel.lesson_code import LessonCode
from mnist_lessons.publishing.execution.in_kernel.script import be_like_a_script
from mnist_lessons.publishing.execution.in_kernel.variables import Variables

__all__ = ["Watch", "prepare"]


class Watch:
    """What a kernel has imported, read and written."""

    def __init__(self, script: str, root: str, apart: list[str]) -> None:
        self._end = End()
        Variables.code = LessonCode(script, root)
        self._files = Files(Variables.code, root, apart)
        for environment in (os.environ, getattr(os, "environb", os.environ)):
            environment.__class__ = Variables

    def report(self) -> str:
        """All of it, as JSON, as soon as the lesson has come to its end."""
        self._end.come()
        modules = sys.modules.copy().items()
        return json.dumps(
            {
                "modules": [[name, getattr(module, "__file__", None)] for name, module in modules],
                **self._files.report(),
                "variables": sorted(Variables.read),
            },
            default=str,
        )


def prepare(
    *,
    script: str,
    source: str,
    cells: list[tuple[str, int]],
    mark: str,
    root: str,
    apart: list[str],
) -> None:
    """Prepare this kernel for a lesson.

    Args:
        script: name of the lesson's script.
        source: its text.
        cells: source and first line of each code cell.
        mark: begins each mark in the output, which the number of a message and `ESC \\` end.
        root: folder of the project.
        apart: folders whose files do not count, absolute and without links.
    """
    shell = get_ipython()
    assert shell is not None
    be_like_a_script(shell)
    sys.argv = [script]
    Cells(shell.compile, script, source, cells)
    Marks(shell.kernel.session, mark)
    # It would write into a cell what only the kernel could mend; `Client` keeps ipykernel quiet.
    logging.getLogger("tornado").setLevel(logging.CRITICAL)
    shell.kernel.lesson_watch = Watch(script, root, apart)
