"""Pictures for those that show links: one of each lesson, and one of the site for other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File

from mnist_lessons.publishing.execution.prepare import LessonPage
from mnist_lessons.publishing.lesson_page.head import title
from mnist_lessons.publishing.lesson_page.picture import HEIGHT, WIDTH, kept, picture
from mnist_lessons.publishing.lesson_page.thumbnail import chosen_figure
from mnist_lessons.publishing.runs.store import StoredRun

__all__ = ["Pictures", "Shared"]

_NAME = "share.png"
_MOST = 6  # figures in that of the site


@dataclass(frozen=True)
class Shared:
    """What a page says of its picture.

    Attributes:
        address: of the file, with the host: whoever shows a link is elsewhere.
        alt: what it shows.
        width: in pixels.
        height: in pixels.
    """

    address: str
    alt: str
    width: int = WIDTH
    height: int = HEIGHT


class Pictures:
    """Made where the site has an address, each once.

    Attributes:
        are_wanted: whether to make any.
    """

    def __init__(self) -> None:
        self.are_wanted = True
        self._known: dict[str, Shared] = {}

    def of(self, lesson: str) -> Shared | None:
        """That of a lesson; that of the site where it has none, and for an empty name."""
        return self._known.get(lesson) or self._known.get("")

    def file_of_lesson(self, page: LessonPage, notebook: Any, config: MkDocsConfig) -> list[File]:
        """A picture of the figure that stands for a lesson; none where there is no such figure."""
        slug = page.lesson.slug
        figure = page.run and chosen_figure(page.run, notebook)
        content = page.run.content(f"{figure.name}.png") if page.run and figure else None
        if not figure or content is None:
            return []
        name = title(notebook) or slug
        alt = f"{name}. A figure: {figure.title}"
        return self._file(config, slug, f"tutorials/{slug}/{_NAME}", name, alt, [content])

    def file_of_site(
        self,
        runs: Mapping[str, StoredRun | None],
        notebooks: Mapping[str, Any],
        config: MkDocsConfig,
    ) -> list[File]:
        """A picture of the first lessons' figures."""
        found = [
            (run, figure)
            for slug, run in runs.items()
            if run and (figure := chosen_figure(run, notebooks[slug]))
        ]
        contents = [run.content(f"{figure.name}.png") or b"" for run, figure in found]
        figures = list(filter(None, contents))[:_MOST]
        name = config.site_name
        return self._file(config, "", _NAME, name, f"{name}: figures of the lessons", figures)

    def _file(
        self,
        config: MkDocsConfig,
        key: str,
        address: str,
        name: str,
        alt: str,
        figures: Sequence[bytes],
    ) -> list[File]:
        if not self.are_wanted or not config.site_url or not figures:
            return []
        aside = config.site_name if key else ""
        content = kept(
            Path(config.config_file_path).resolve().parent / ".cache" / "pictures" / (key or "_"),
            lambda: picture(name, aside, figures),
            name.encode(),
            aside.encode(),
            *figures,
        )
        self._known[key] = Shared(urljoin(f"{config.site_url.rstrip('/')}/", quote(address)), alt)
        return [File.generated(config, address, content=content)]
