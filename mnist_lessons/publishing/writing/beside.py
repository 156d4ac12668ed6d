"""Files in TOML beside the lessons: a table for each lesson that they name."""

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from mnist_lessons.errors import BuildFailure

__all__ = ["read_tables"]


def read_tables(path: Path, slugs: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """The tables of a file, by lesson; none without that file.

    Args:
        path: of the file.
        slugs: of all lessons; None where others look at the names.

    Raises:
        BuildFailure: it is no TOML, or names no lesson.
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig")) if path.exists() else {}
    except OSError as error:
        raise BuildFailure(f"{name}: it cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BuildFailure(f"{name}: {error}") from error
    for slug, table in tables.items():
        if not isinstance(table, dict):
            raise BuildFailure(f"{name}: {slug} belongs below the [name] of a lesson")
        if slugs is not None and slug not in slugs:
            raise BuildFailure(f"{name}: [{slug}] is no lesson; there are {', '.join(slugs)}")
    return tables
