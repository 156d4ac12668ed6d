"""The figures of a run as files beside its page, and the HTML that shows them."""

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.runs.admission import problem_of_drawing
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["figure_files", "figure_html", "with_figures"]

_ENDINGS = (".svg", ".dark.svg", ".narrow.svg", ".narrow.dark.svg")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PLACE = re.compile(r"<!-- lessons: figure (\S+) (\S+) -->")
_NARROW = "(max-width: 37.5em)"  # below it, the text of a wide figure would be too small


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
    drawn = {f"{name}{ending}": folder / f"{name}{ending}" for ending in _ENDINGS}
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
    """A figure for a page in both palettes, wide or narrow; only what is shown is loaded.

    Args:
        name: of the figure.
        files: what `figure_files` returned.
        alt: what the figure shows, in words.
        title: its caption.
        folder: where the files are, as seen from the page, with a slash at its end.
    """

    def picture(scheme: str, ending: str) -> str:
        wide, narrow = f"{name}{ending}", f"{name}.narrow{ending}"
        return (
            f'<picture class="{scheme}"><source media="{_NARROW}" '
            f'srcset="{folder}{narrow}" {_size(files[narrow])}>'
            f'<img src="{folder}{wide}" alt="{html.escape(alt)}" {_size(files[wide])} '
            'loading="lazy" decoding="async"></picture>'
        )

    pictures = picture("only-light", ".svg") + picture("only-dark", ".dark.svg")
    file = f"{name}.csv"
    link = f'<span data-search-exclude> <a href="{folder}{file}" download>Data (CSV)</a></span>'
    data = link if file in files else ""
    caption = f"<figcaption>{html.escape(title)}{data}</figcaption>" if title or data else ""
    return f'<figure class="lesson-figure">{pictures}{caption}</figure>'


def with_figures(page: str, runs: Sequence[StoredRun], tutorials: str) -> str:
    """A page with figures of lessons in the place of `<!-- lessons: figure LESSON NAME -->`.

    Args:
        page: HTML.
        runs: of the lessons; where one has no run yet, its figures are left out.
        tutorials: folder of the lessons' pages, as seen from this page.

    Raises:
        BuildFailure: a run has shown no such figure, or a drawing could do more than be seen.
    """
    by_lesson = {run.card.lesson: run for run in runs}

    def figure(found: re.Match[str]) -> str:
        lesson, name = found.groups()
        run = by_lesson.get(lesson)
        if run is None:
            return ""
        noted = {one.name: one for one in run.card.figures}
        if name not in noted:
            raise BuildFailure(f"{lesson} shows no figure {name!r}; it shows {', '.join(noted)}")
        alt, title = noted[name].alt, noted[name].title
        files = figure_files(run.folder, name, (run.folder / f"{name}.png").read_bytes())
        return figure_html(name, files, alt=alt, title=title, folder=f"{tutorials}{lesson}/")

    return _PLACE.sub(figure, page)


def _size(content: bytes) -> str:
    from mnist_lessons.publishing.runs.inert_svg import size_of

    width, height = size_of(content)
    return f'width="{width}" height="{height}"'
