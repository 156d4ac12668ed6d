"""Which lessons build on which: each name is that of a lesson, and none needs itself."""

from collections.abc import Iterator, Mapping, Sequence

from mnist_lessons.publishing.writing.lessons import Lesson

__all__ = ["problems_of_needs"]


def problems_of_needs(lessons: Sequence[Lesson]) -> dict[str, list[str]]:
    """What is wrong with what lessons say that they need, by their names, with the lines.

    Args:
        lessons: all that there are.
    """
    needs = {lesson.slug: lesson.needs for lesson in lessons}
    return {
        lesson.slug: [
            f"{lesson.uri}, line {lesson.places[0].marker}: {reason}"
            for reason in _faults(lesson.slug, needs)
        ]
        for lesson in lessons
        if lesson.needs
    }


def _faults(slug: str, needs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name in needs[slug]:
        if name not in needs:
            yield f"needs {name}, which is no lesson; there are {', '.join(needs)}"
        elif slug in _with_all_needed(name, needs):
            yield f"needs {name}, which needs {slug}" if name != slug else f"{name} needs itself"


def _with_all_needed(name: str, needs: Mapping[str, Sequence[str]]) -> set[str]:
    """A lesson, those that it needs, those that these need, and so on."""
    found, waiting = set(), [name]
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += needs.get(one, ())
    return found
