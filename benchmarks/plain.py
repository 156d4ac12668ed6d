"""The same site without lessons: plain Markdown pages in their place."""

import json
import re
import shutil
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.copies import Copy
from mnist_lessons.publishing.writing.lessons import discover

__all__ = ["plain_copy"]


def plain_copy(built: Copy, root: Path) -> Copy:
    """The site with each lesson as a Markdown page, with its figures and what it offers beside it.

    Args:
        built: a copy of the project, of which the site has been built.
        root: the new folder.
    """
    shutil.copytree(built.root / "docs", root / "docs")
    shutil.copytree(built.root / "mnist_lessons", root / "mnist_lessons")
    shutil.copy(built.root / "mkdocs.yml", root)
    lessons = {lesson.slug: lesson for lesson in discover(built.root / "tutorials")}
    for slug, lesson in lessons.items():
        published = built.root / "site" / "tutorials" / slug / f"{slug}.ipynb"
        notebook = json.loads(published.read_text(encoding="utf-8"))
        folder = root / "docs" / "tutorials" / slug
        folder.mkdir(parents=True)
        for name, offered in lesson.offered().items():
            (folder / name).write_bytes(offered)
        content = "\n\n".join(_parts(notebook, folder))
        folder.with_suffix(".md").write_text(content, encoding="utf-8")
    link = rf"\b({'|'.join(lessons)})\.py(?=[)#]|$)"
    for page in [root / "mkdocs.yml", *(root / "docs").rglob("*.md")]:
        _replace(link, r"\1.md", page)
    _replace(r"^ *- lessons\n", "", root / "mkdocs.yml")
    return replace(built, root=root)


def _parts(notebook: dict[str, Any], folder: Path) -> Iterator[str]:
    """The Markdown of a notebook, cell by cell; its pictures are written into a folder."""
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        yield source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                figure = folder / f"figure-{len(list(folder.iterdir()))}.png"
                figure.write_bytes(b64decode("".join(data["image/png"])))
                yield f"![{output['metadata']['image/png']['alt']}]({folder.name}/{figure.name})"
            else:
                text = "".join(output.get("text") or data["text/plain"])
                yield f"```text\n{text.rstrip()}\n```"


def _replace(pattern: str, replacement: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    file.write_text(changed, encoding="utf-8")
