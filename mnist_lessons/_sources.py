"""Hashes of Python code that stay the same when only comments or formatting change."""

import ast
import hashlib
import tokenize
import warnings
from pathlib import Path

__all__ = ["code_hash", "file_hash"]


def code_hash(source: str) -> str:
    """SHA-256 of what Python code does: comments, blank lines and formatting left out.

    Docstrings count: a program can print them. Text that is no Python, such as a cell with
    an IPython command, is hashed as it stands. The hash holds for one version of Python.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # such as of an unknown escape
            meaning = ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        meaning = source
    return hashlib.sha256(meaning.encode("utf-8", "surrogatepass")).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file: of what it does for Python code, of its bytes otherwise.

    Raises:
        OSError: it cannot be read.
    """
    if path.suffix == ".py":
        try:
            with tokenize.open(path) as stream:
                return code_hash(stream.read())
        except (SyntaxError, UnicodeDecodeError):
            pass  # no Python after all
    return hashlib.sha256(path.read_bytes()).hexdigest()
