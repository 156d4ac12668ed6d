"""What is wrong with the pages of a build, by page, with the lines to mend."""

import sys
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

from mnist_lessons.errors import BuildFailure, SettingError
from mnist_lessons.publishing.execution.prepare import LessonPage
from mnist_lessons.publishing.exhibits import markers
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.html.markdown_extension import formula_problems
from mnist_lessons.publishing.lesson_page import cells
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.site.bands import check_bands, read_bands
from mnist_lessons.publishing.writing.needs import problems_of_needs
from mnist_lessons.publishing.writing.pages import written_pages
from mnist_lessons.publishing.writing.values import stray_values

__all__ = ["PageProblems", "setting_error", "tell"]


class PageProblems:
    """Notes what is wrong with each page.

    Args:
        project: the project.
        pages: the lessons.
        sources: what exhibits are made of.
        only: the sources of the pages to look at; all where None.

    Attributes:
        of_bands: what is wrong with the file of bands.
    """

    def __init__(
        self,
        project: Project,
        pages: Iterable[LessonPage],
        sources: Sources,
        only: Collection[str] | None = None,
    ) -> None:
        self._project = project
        self._sources = sources
        self._all = [*pages]
        self._only = only
        self._pages = [page for page in self._all if only is None or page.lesson.uri in only]
        self._by_page: dict[str, list[str]] = {}
        self.of_bands: list[str] = []

    def of(self, uri: str) -> list[str]:
        """What is wrong with a page."""
        return self._by_page.get(uri, [])

    def all(self) -> list[str]:
        """What is wrong with the pages, in the order in which it was noted."""
        return [*chain.from_iterable(self._by_page.values())]

    def take(self, others: "PageProblems", uris: Iterable[str]) -> None:
        """Have of some pages what others note, in the place of what was noted before."""
        for uri in uris:
            self._by_page.pop(uri, None)
            self.note(uri, others.of(uri))

    def note(self, uri: str, problems: Iterable[str]) -> None:
        """Remember what is wrong with a page."""
        if problems := [*problems]:
            self._by_page.setdefault(uri, []).extend(problems)

    def look_at_needs(self) -> None:
        """Note which lesson needs one that there is not, or that needs it, too."""
        of_needs = problems_of_needs([page.lesson for page in self._all])
        for page in self._pages:
            self.note(page.lesson.uri, of_needs.get(page.lesson.slug, []))

    def look_at_numbers(self) -> None:
        """Note which lesson leaves its bands, and what is wrong with the file of bands."""
        slugs = [page.lesson.slug for page in self._all]
        try:
            bands = read_bands(self._project.tutorials, slugs)
        except BuildFailure as error:
            self.of_bands = [str(error)]
            return
        for page in self._pages:
            if page.run:
                slug = page.lesson.slug
                before = self._project.store.runs(slug) if slug in bands else []
                self.note(page.lesson.uri, check_bands(bands.get(slug, {}), page.run, before))

    def look_at_figures(self, notebooks: Mapping[str, Any]) -> None:
        """Note which figures stand in the way of publishing; notebooks by slug."""
        for page in self._pages:
            lesson = page.lesson
            try:
                if page.run:
                    cells.shown_files(notebooks[lesson.slug], page.run)
            except BuildFailure as error:
                self.note(lesson.uri, [f"{lesson.uri}: {error}"])

    def look_at_prose(self, config: MkDocsConfig) -> None:
        """Note each wrong marker and formula in the lessons and in the pages of `docs/`."""
        for page in self._pages:
            uri = page.lesson.uri
            for text, line_of in page.lesson.prose():
                for number, reason in self._wrong(text):
                    self.note(uri, [f"{uri}, line {line_of(number)}: {reason}"])
        name = Path(config.docs_dir).name
        for written in written_pages(config, self._only):
            faults = [written.fault] if written.fault else []
            for line, reason in [*faults, *stray_values(written.text), *self._wrong(written.text)]:
                self.note(written.uri, [f"{name}/{written.uri}, line {line}: {reason}"])

    def _wrong(self, text: str) -> list[tuple[int, str]]:
        """Lines, from 1, and reasons."""
        wrong = markers.problems(text, self._sources)
        return sorted([*wrong, *formula_problems(text)])


def tell(problem: str) -> None:
    """Say a problem while the site is served, or built."""
    # Not logged: MkDocs logs nothing twice, and counts it; in strict mode it shows no page then.
    print(f"error: {problem}", file=sys.stderr)


def setting_error(pages: list[LessonPage]) -> SettingError | None:
    """The wrong setting that a lesson met, if one did: it decides on the exit status."""
    for page in pages:
        if page.failure and page.failure.error == SettingError.__name__:
            return SettingError(page.failure.reason)
    return None
