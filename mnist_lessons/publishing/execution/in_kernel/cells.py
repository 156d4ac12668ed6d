"""Give cells the name and the lines of the script; mark where they display something."""

import linecache
import os
from typing import Any

__all__ = ["Cells", "Marks"]

_DISPLAYED = ("clear_output", "display_data", "error", "execute_result", "update_display_data")


class Cells:
    """Gives the code of cells the name and the lines of the script."""

    def __init__(self, compiler: Any, script: str, source: str, cells: list[tuple[str, int]]):
        self._script = script
        self._cells = list(cells)
        self._first = 1
        self._cache, self._parse = compiler.cache, compiler.ast_parse
        self._format = compiler.format_code_name
        # No date: it is not looked for on the disk, where it may have changed.
        lines = source.splitlines(keepends=True)
        self._names = {script, os.path.abspath(script)}
        for name in self._names:
            linecache.cache[name] = (len(source), None, lines, name)
        compiler.cache, compiler.ast_parse = self.cache, self.ast_parse
        compiler.format_code_name = self.format_code_name

    def cache(self, code: str, number: int = 0, raw_code: str | None = None) -> str:
        places = [place for place, cell in enumerate(self._cells) if cell[0] == (raw_code or code)]
        if not places:
            name: str = self._cache(code, number, raw_code=raw_code)
            return name
        self._first = self._cells[places[0]][1]
        del self._cells[: places[0] + 1]
        return self._script

    def ast_parse(self, source: str, filename: str = "<unknown>", *rest: Any, **more: Any) -> Any:
        if filename == self._script:
            source = "\n" * (self._first - 1) + source
        return self._parse(source, filename, *rest, **more)

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        said: tuple[str, str] | None = self._format(name)
        return ("File", self._script) if name in self._names else said


class Marks:
    """Marks in the output where something is displayed, before it is sent."""

    def __init__(self, session: Any, mark: str) -> None:
        self._session, self._send, self._mark = session, session.send, mark
        self._output = os.dup(1)  # a lesson may lead its own elsewhere
        session.send = self.send

    def send(
        self,
        stream: Any,
        message: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        *rest: Any,
        **more: Any,
    ) -> Any:
        if isinstance(message, str) and message in _DISPLAYED:
            message = self._session.msg(message, content=content, parent=parent)
        if isinstance(message, dict) and message.get("msg_type") in _DISPLAYED:
            number = message["header"]["msg_id"]
            os.write(self._output, f"{self._mark}{number}\x1b\\".encode())
        return self._send(stream, message, content, parent, ident, *rest, **more)
