"""All markers, `<!-- lessons: NAME ARGUMENTS -->`, with what makes the exhibit in their place.

A new one is a module beside this one with a function that makes the exhibit, and an entry here.
It is made of runs, whose `card` is a `runs.card.Card`; `_words` says numbers and durations.
A marker stands alone on its line, so an exhibit is a block. What Markdown can say, a sentence or a
table, is Markdown: it is searched, and its links are checked. All else is HTML, from a template.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mnist_lessons.publishing.exhibits import (
    comparison,
    contents,
    data,
    datasets,
    draw,
    figure,
    gpu,
    home,
    mistakes,
    package,
    pairs,
    readings,
    run_cards,
    study,
    test_source,
)
from mnist_lessons.publishing.exhibits.sources import Sources

__all__ = ["MARKERS", "Marker", "files"]


@dataclass(frozen=True)
class Marker:
    """What stands in the place of a marker.

    Attributes:
        make: the exhibit, from the sources and the marker's arguments; HTML or Markdown.
        arguments: what must follow the name, for the author to see; a last one that ends with
            `...` stands for one or more.
        is_markdown: whether it is Markdown.
        has_scores: whether a page with it must say of which data and profile these are.
        problem: why the arguments are wrong; empty where they are right.
        files: what the exhibit loads, by address in the site.
    """

    make: Callable[..., str]
    arguments: tuple[str, ...] = ()
    is_markdown: bool = False
    has_scores: bool = False
    problem: Callable[..., str] = lambda *_: ""
    files: Callable[[Sources], Mapping[str, bytes]] = lambda _: {}

    def takes(self, count: int) -> bool:
        """Whether as many arguments may follow the name."""
        least = len(self.arguments)
        is_open = bool(self.arguments) and self.arguments[-1].endswith("...")
        return count == least or (is_open and count > least)


MARKERS: Mapping[str, Marker] = {
    "comparison": Marker(lambda sources: comparison.table(sources.runs, sources.study)),
    "contents": Marker(contents.block, problem=contents.problem),
    "costs": Marker(lambda sources: comparison.costs(sources.runs)),
    "curves": Marker(lambda sources: comparison.curves(sources.runs)),
    "data": Marker(lambda sources: data.block(sources.runs), is_markdown=True),
    "datasets": Marker(lambda _: datasets.block(), is_markdown=True),
    "draw": Marker(
        draw.block,
        ("LESSON/NETWORK ...",),
        has_scores=True,
        problem=draw.problem,
        files=draw.files,
    ),
    "errors": Marker(
        lambda sources: mistakes.block(sources.runs),
        has_scores=True,
        files=lambda sources: mistakes.files(sources.runs),
    ),
    "figure": Marker(figure.block, ("LESSON", "FIGURE"), problem=figure.problem),
    "gpu": Marker(lambda sources: gpu.block(sources.gpu), is_markdown=True),
    "home": Marker(
        home.block,
        ("LESSON/NETWORK", "ROW", "LESSON/NETWORK"),
        has_scores=True,
        problem=home.problem,
    ),
    "install": Marker(lambda sources: package.install(sources.distribution), is_markdown=True),
    "length": Marker(contents.length, is_markdown=True, has_scores=True),
    "package": Marker(lambda sources: package.files(sources.distribution), is_markdown=True),
    "pairs": Marker(lambda sources: pairs.block(sources.runs)),
    "readings": Marker(
        lambda sources: readings.block(sources.runs, sources.study, sources.gpu), is_markdown=True
    ),
    "runs": Marker(run_cards.block, has_scores=True),
    "study": Marker(lambda sources: study.block(sources.study), is_markdown=True),
    "test": Marker(test_source.block, ("FILE", "NAME"), problem=test_source.problem),
}


def files(sources: Sources) -> dict[str, bytes]:
    """What the exhibits load, by address in the site.

    Raises:
        BuildFailure: what a run left behind is damaged.
    """
    made: dict[str, bytes] = {}
    for marker in MARKERS.values():
        made |= marker.files(sources)
    return made
