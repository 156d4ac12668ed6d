"""The figures of a run as files beside its page, and the HTML that shows them."""

import re
from collections.abc import Mapping

from mnist_lessons.errors import BuildFailure
from mnist_lessons.figures.look import VARIANTS
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.admission import problem_of_drawing
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["figure_files", "figure_html"]

_NAME = re.compile(r"[A-Za-z0-9_-]+")


def figure_files(run: StoredRun, name: object, picture: bytes) -> dict[str, bytes]:
    """The files that a page needs for a figure, by name; none where the run left no drawings.

    Args:
        run: the run.
        name: of the figure; of any type, as a notebook has it.
        picture: the PNG file that the notebook shows; drawings of another one are not taken.

    Raises:
        BuildFailure: a drawing could do more than be seen.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return {}
    names = [f"{name}{ending}" for ending in VARIANTS]
    files = {file: content for file in names if (content := run.content(file)) is not None}
    if len(files) < len(names) or run.content(f"{name}.png") != picture:
        return {}
    for file, content in files.items():
        if problem := problem_of_drawing(file, content):
            raise BuildFailure(problem)
    data = run.content(f"{name}.csv")
    return files if data is None else files | {f"{name}.csv": data}


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
