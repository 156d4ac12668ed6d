"""A figure of a lesson on any page."""

from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.lesson_page.figures import figure_files, figure_html

__all__ = ["block", "problem"]


def block(sources: Sources, lesson: str, name: str) -> str:
    """The HTML of a figure; empty where its lesson has no run yet.

    Raises:
        BuildFailure: a drawing could do more than be seen.
    """
    run = sources.lessons[lesson]
    if run is None:
        return ""
    noted = next(figure for figure in run.card.figures if figure.name == name)
    files = figure_files(run, name, run.content(f"{name}.png") or b"")
    folder = f"{sources.tutorials}{lesson}/"
    return figure_html(name, files, alt=noted.alt, title=noted.title, folder=folder)


def problem(sources: Sources, lesson: str, name: str) -> str:
    """Why there is no such figure; empty where there is, or may be once its lesson has run."""
    if lesson not in sources.lessons:
        return f"no lesson {lesson}; there are {', '.join(sources.lessons)}"
    run = sources.lessons[lesson]
    there = [figure.name for figure in run.card.figures] if run else [name]
    if name in there:
        return ""
    return f"{lesson} shows no figure {name!r}; it shows {', '.join(there) or 'none'}"
