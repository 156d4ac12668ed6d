"""Tell code of the lesson, and of the project's modules, from that of others."""

import os
from types import FrameType

__all__ = ["LessonCode"]

# They list folders to find modules and distributions, and so may a module while it is imported;
# this file does to note what is in one.
_FINDERS = (
    "importlib._",
    "_frozen_importlib",
    "importlib.metadata",
    "importlib_metadata",
    "pkgutil",
    "pkg_resources",
    __name__.rpartition(".")[0],
)


class LessonCode:
    """Tells code of the lesson, and of the project's modules, from that of others.

    Args:
        script: name of the lesson's script.
        root: folder of the project.
    """

    def __init__(self, script: str, root: str) -> None:
        self._script, self._root = script, root.rstrip(os.sep) + os.sep

    def owns(self, frame: FrameType) -> bool:
        """Whether it is what a frame executes."""
        place = frame.f_code.co_filename
        if not place.startswith(self._root):
            return place == self._script
        parts = place.removeprefix(self._root).split(os.sep)
        return not any(part.startswith(".") or part == "site-packages" for part in parts)

    def asks(self, frame: FrameType | None) -> bool:
        """Whether it asks, and not an import, for what the code of a frame looks for."""
        while frame and not self.owns(frame):
            if frame.f_globals.get("__name__", "").startswith(_FINDERS):
                return False
            frame = frame.f_back
        return True
