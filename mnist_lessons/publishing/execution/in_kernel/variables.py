"""Which variables of the environment were read."""

import os
import sys
from collections.abc import ItemsView, Iterator, ValuesView
from types import FrameType
from typing import Any, ClassVar

from mnist_lessons.publishing.execution.in_kernel.lesson_code import LessonCode

__all__ = ["Variables"]

_OF_THE_SYSTEM = ("os", "posixpath", "_collections_abc", "collections.abc")


class Variables(type(os.environ)):  # type: ignore[misc]  # its class has no public name
    """The environment, which notes what cells and modules of the project read of it.

    What they had set themselves before does not count.
    """

    read: ClassVar[set[str]] = set()
    _set: ClassVar[set[str]] = set()
    _lists: ClassVar[Any] = None
    code: ClassVar[LessonCode]

    def __getitem__(self, name: Any) -> Any:
        asker = _asker()
        # To copy all of them is not to read each.
        is_copy = asker is None or self._lists == (id(asker), asker.f_lasti)
        if isinstance(name, str | bytes) and asker and not is_copy and self.code.owns(asker):
            Variables.read |= {os.fsdecode(name)} - Variables._set
        return super().__getitem__(name)

    def __setitem__(self, name: Any, value: Any) -> None:
        super().__setitem__(name, value)
        Variables._set.add(os.fsdecode(name))

    def __delitem__(self, name: Any) -> None:
        super().__delitem__(name)
        Variables._set.add(os.fsdecode(name))

    def __iter__(self) -> Iterator[Any]:
        for name in super().__iter__():
            asker = _asker()
            Variables._lists = asker and (id(asker), asker.f_lasti)
            yield name


def _asker() -> FrameType | None:
    """Who asks the environment: the first outside of what belongs to it; None for a listing."""
    frame: FrameType | None = sys._getframe(2)
    while frame and frame.f_globals.get("__name__") in _OF_THE_SYSTEM:
        if frame.f_code.co_name == "expanduser":
            break  # where a home lies does not count: it is shown as ~
        if frame.f_code.co_name == "__iter__" and frame.f_code.co_argcount:
            self = frame.f_locals.get("self")
            if isinstance(self, ItemsView | ValuesView):
                return None
        frame = frame.f_back
    return frame
