"""What the home page shows first: a mistake that a network is sure of, and a pad to draw on.

`docs/javascripts/home.js` makes the pad work, with one network of those that `draw` publishes.
"""

from base64 import b64encode
from typing import Any

from mnist_lessons._words import a, count, percent
from mnist_lessons.publishing.exhibits import draw
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.html.templates import render
from mnist_lessons.publishing.runs.networks import Mistake, Mistakes, mistakes_of, name_of
from mnist_lessons.publishing.runs.tiles import sprite

__all__ = ["block", "problem"]


def block(sources: Sources, errs: str, row: str, reads: str) -> str:
    """The HTML of both.

    Args:
        sources: the project, and the runs of its lessons.
        errs: the network whose mistake is shown, `LESSON/KEY`.
        row: of the test image, from 0, that is shown where the network is as sure of it as of any
            that it reads wrong; else the mistake is shown that it is surest of.
        reads: the network of the pad, `LESSON/KEY`.

    Raises:
        BuildFailure: what a run has published is damaged.
    """
    lesson, _, key = errs.partition("/")
    run = sources.lessons[lesson]
    mistakes = mistakes_of(run, key) if run else None
    return render(
        "home.html",
        mistake=_shown(mistakes, int(row)) if mistakes and mistakes.all else None,
        name=name_of(run.card, key) if run else "",
        network=reads if sources.lessons[reads.partition("/")[0]] else "",
        example=draw.example(sources, reads),
    )


def problem(sources: Sources, errs: str, row: str, reads: str) -> str:
    """Why the arguments are wrong; empty where they are right."""
    if not row.isdecimal():
        return f"{row} is no row of the test images"
    return draw.problem(sources, errs, reads)


def _shown(mistakes: Mistakes, row: int) -> dict[str, Any]:
    surest = mistakes.all[0]
    wanted = (one for one in mistakes.all if one.row == row and _sure(one) == _sure(surest))
    mistake = next(wanted, surest)
    return {
        "image": b64encode(sprite([mistake.pixels], 1)).decode(),
        "read": mistake.read,
        "sure": _sure(mistake).replace("> ", "more than "),
        "true": a(mistake.true),
        "many": count(len(mistakes.all), "mistake"),
        "among": f"{mistakes.count:,} test images",
    }


def _sure(mistake: Mistake) -> str:
    return percent(mistake.chances[mistake.read] / 1_000)
