"""What the code of a program's own classes comes to: their functions, and what these name.

A lesson that defines its network is the main module of its run. All of that module would be too
much: a network would be trained again for each figure that has changed before it.
"""

import builtins
import dis
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

import torch

from mnist_lessons._origins import MAIN, Unknown, by_version, defined_in, path_of

__all__ = ["OwnCode", "plain"]

# Such a name, and what a function imports or assigns outside itself, may lead anywhere.
_LEADS_ANYWHERE = {"__import__", "compile", "eval", "exec", "globals", "locals", "vars"}
_LEADS_ELSEWHERE = {"IMPORT_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"}
_READS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
# Python's own notes of a class.
_NOTES = {"__dict__", "__weakref__", "__module__", "__qualname__", "__doc__"}
_NOTES |= {"__annotations__", "__firstlineno__", "__static_attributes__"}
_NOTES |= {"__annotate_func__", "__annotations_cache__"}


class OwnCode:
    """The code of classes of the main module, as far as it decides what their objects do.

    Attributes:
        told: texts that change when that code does, also by a value that it names.
        modules: the other modules whose code belongs to it.
    """

    def __init__(self) -> None:
        self.told: list[object] = []
        self.modules: set[str] = set()
        self._seen: dict[int, object] = {}

    def add(self, thing: object) -> None:
        """Take in a class, a function or a value, and all that it names.

        Raises:
            Unknown: it names something whose text is not known, or that may be anything.
        """
        if id(thing) in self._seen:
            self.told.append(list(self._seen).index(id(thing)))
        elif isinstance(thing, type):
            self._class(thing)
        elif isinstance(thing, FunctionType):
            self._function(thing)
        elif isinstance(thing, ModuleType):
            self._module(thing)
        elif isinstance(thing, staticmethod | classmethod):
            self._parts(thing, type(thing).__name__, thing.__func__)
        elif isinstance(thing, property):
            self._parts(thing, "property", thing.fget, thing.fset, thing.fdel)
        elif isinstance(thing, BuiltinFunctionType) and isinstance(
            thing.__self__, ModuleType | type | None
        ):
            self.told.append(thing.__qualname__)
        else:
            self.told.append(plain(thing))

    def _parts(self, thing: object, *parts: object) -> None:
        self._seen[id(thing)] = thing  # it lives on, so that no other has its id
        for part in parts:
            self.add(part)

    def _class(self, kind: type) -> None:
        if by_version(kind.__module__):
            self.told.append((kind.__module__, kind.__qualname__))
            return
        names = set(defined_in(kind))
        self.told.append((kind.__module__, kind.__qualname__))
        if MAIN not in names:
            self.modules |= names
            return
        own = {name: value for name, value in vars(kind).items() if name not in _NOTES}
        self._parts(kind, type(kind), *kind.__bases__, *own, *own.values())

    def _function(self, function: FunctionType) -> None:
        if hasattr(function, "__wrapped__") or vars(function):
            raise Unknown(f"{function.__qualname__} is not all of its code")
        module = function.__globals__["__name__"]
        self.told.append((module, function.__qualname__))
        if module != MAIN:
            if function.__closure__:
                raise Unknown(f"{function.__qualname__} holds values of its own")
            self._of_module(module)
            return
        code = function.__code__
        self.told.append(_text(code))
        defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items()]
        enclosed = [cell.cell_contents for cell in function.__closure__ or ()]
        named = [_named(name, function) for name in _names(code)]
        self._parts(function, *defaults, *enclosed, *named)

    def _module(self, module: ModuleType) -> None:
        name = module.__name__
        if name == MAIN or (hasattr(module, "__path__") and path_of(name)):
            raise Unknown(f"what is taken from {name} is not known")
        self.told.append(name)
        self._of_module(name)

    def _of_module(self, name: str) -> None:
        if path_of(name):  # else it is known by its version
            self.modules.add(name)


def _text(code: CodeType) -> list[object]:
    """All of a function's code that decides what it does: not where it stands."""
    constants = [
        _text(value) if isinstance(value, CodeType) else "..." if value is ... else plain(value)
        for value in code.co_consts
    ]
    arguments = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return [code.co_code, code.co_exceptiontable, code.co_flags, arguments, names, constants]


def _names(code: CodeType) -> Iterator[str]:
    """The names outside a function that it reads, in the functions within it, too."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in _LEADS_ELSEWHERE:
            raise Unknown(f"{code.co_name} imports, or assigns outside itself")
        if instruction.opname in _READS:
            yield str(instruction.argval)
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _names(value)


def _named(name: str, function: FunctionType) -> object:
    if name in function.__globals__:
        return function.__globals__[name]
    if name in _LEADS_ANYWHERE or not hasattr(builtins, name):
        raise Unknown(f"what {name} is in {function.__qualname__} is not known")
    return name


def plain(value: object) -> str:
    """The text of a value that is nothing but its text."""
    if value is None or isinstance(
        value, bool | int | float | complex | str | bytes | torch.dtype | torch.device
    ):
        return repr(value)
    if isinstance(value, dict):
        return repr([(plain(key), plain(value[key])) for key in value])
    if isinstance(value, list | tuple):
        return repr([plain(part) for part in value])
    if isinstance(value, set | frozenset):
        return repr(sorted(map(plain, value)))
    raise Unknown(f"{type(value)} has no text")
