"""What a lesson records for its limits, as far as its text tells before it runs."""

import ast
from collections.abc import Iterator

from mnist_lessons.publishing.writing.beside import read_tables
from mnist_lessons.publishing.writing.known import KNOWN
from mnist_lessons.publishing.writing.lessons import Lesson

__all__ = ["BANDS", "problems_of_bands"]

BANDS = "bands.toml"  # beside the lessons
_MAY_BE_ANY = "*"


def problems_of_bands(lesson: Lesson) -> list[str]:
    """Each limit of a lesson, whose form is right, for a value that it will not record.

    Raises:
        BuildFailure: `bands.toml` is no TOML.
    """
    path = lesson.script.with_name(BANDS)
    limits = read_tables(path).get(lesson.slug)
    if not limits:
        return []
    recorded = KNOWN.answer(
        f"values of {lesson.script.name}", lesson.source, lambda: sorted(set(_recorded(lesson)))
    )
    if _MAY_BE_ANY in recorded:
        return []
    there = ", ".join(recorded) or "none"
    return [
        f"{path.parent.name}/{BANDS}: [{lesson.slug}] {name}: the lesson records no such value; "
        f"there are {there}"
        for name in limits
        if name not in recorded
    ]


def _recorded(lesson: Lesson) -> Iterator[str]:
    """The names that `run.record` and `run.result` are given."""
    if b"start_run" not in lesson.source:
        yield _MAY_BE_ANY  # it writes the card of its run itself
    for node in ast.walk(ast.parse(lesson.plain)):
        match node:
            case ast.Call(func=ast.Attribute(attr="record"), keywords=values):
                yield from (value.arg or _MAY_BE_ANY for value in values)
            case ast.Call(
                func=ast.Attribute(attr="result"), args=[ast.Constant(value=str(key)), *_]
            ):
                yield f"{key}.test_accuracy"
            case ast.Call(func=ast.Attribute(attr="result")):
                yield _MAY_BE_ANY
            case ast.Call(args=arguments) if any(map(_is_run, arguments)):
                yield _MAY_BE_ANY  # another function may record, too


def _is_run(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Name) and argument.id == "run"
