"""The figures of a run as files beside its page, and the HTML that shows them."""

import re
from collections.abc import Mapping
from pathlib import Path

from mnist_lessons.errors import BuildFailure
from mnist_lessons.figures.look import VARIANTS
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.admission import problem_of_drawing

__all__ = ["figure_files", "figure_html"]

_NAME = re.compile(r"[A-Za-z0-9_-]+")


def figure_files(folder: Path, name: object, picture: bytes) -> dict[str, bytes]:
    """The files that a page needs for a figure, by name; none where the run left no drawings.

    Args:
        folder: of the run.
        name: of the figure; of any type, as a notebook has it.
        picture: the PNG file that the notebook shows; drawings of another one are not taken.

    Raises:
        BuildFailure: a drawing could do more than be seen.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return {}
    drawn = {f"{name}{ending}": folder / f"{name}{ending}" for ending in VARIANTS}
    same = folder / f"{name}.png"
    if not all(path.is_file() for path in (*drawn.values(), same)) or same.read_bytes() != picture:
        return {}
    files = {file: path.read_bytes() for file, path in drawn.items()}
    for file, content in files.items():
        if problem := problem_of_drawing(file, content):
            raise BuildFailure(problem)
    data = folder / f"{name}.csv"
    return files | ({data.name: data.read_bytes()} if data.is_file() else {})


def figure_html(
    name: str, files: Mapping[str, bytes], *, alt: str, title: str, folder: str = ""
) -> str:
    """A figure for a page in all its variants; only what is shown is loaded.

    Args:
        name: of the figure.
        files: what `figure_files` returned.
        alt: what the figure shows, in words.
        title: its caption.
        folder: where the files are, as seen from the page, with a slash at its end.
    """

    schemes: dict[str, list[dict[str, object]]] = {"light": [], "dark": []}
    for ending, look in VARIANTS.items():
        width, height = _size(files[f"{name}{ending}"])
        drawing = {"address": f"{folder}{name}{ending}", "width": width, "height": height}
        schemes[look.scheme].append({**drawing, "media": look.media})
    data = f"{folder}{name}.csv" if f"{name}.csv" in files else ""
    return render("figure.html", schemes=schemes, alt=alt, title=title, data=data)


def _size(content: bytes) -> tuple[int, int]:
    from mnist_lessons.publishing.runs.inert_svg import size_of

    return size_of(content)
