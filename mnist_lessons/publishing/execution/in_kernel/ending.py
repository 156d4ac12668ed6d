"""What is to be done at the end of a lesson."""

import atexit
import sys
import threading
from typing import Any

__all__ = ["End"]

_OF_THE_KERNEL = ("IPython", "comm", "ipykernel", "jupyter_client", "tornado", "zmq")


class End:
    """What `atexit` is asked to do at the end, since a kernel is ended before it does."""

    def __init__(self) -> None:
        self._wanted: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = []
        self._register, self._unregister = atexit.register, atexit.unregister
        atexit.register, atexit.unregister = self.register, self.unregister

    def register(self, function: Any, /, *arguments: Any, **named: Any) -> Any:
        asker: str = sys._getframe(1).f_globals.get("__name__", "")
        if asker.partition(".")[0] in _OF_THE_KERNEL:  # it is still needed
            return self._register(function, *arguments, **named)
        self._wanted.append((function, arguments, named))
        return function

    def unregister(self, function: Any, /) -> None:
        self._unregister(function)
        self._wanted = [wanted for wanted in self._wanted if wanted[0] != function]

    def come(self) -> None:
        """Wait for the threads for which a script would wait, then do what is wanted."""
        threading._shutdown()  # type: ignore[attr-defined]  # what Python does at its end
        while self._wanted:
            function, arguments, named = self._wanted.pop()
            function(*arguments, **named)
