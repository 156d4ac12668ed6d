"""The site as it was built last, of which a single page can be made again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment
from mkdocs.commands import build as mkdocs_build
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation

from mnist_lessons.publishing.site.content import Content

__all__ = ["BuiltSite"]


@dataclass(frozen=True)
class BuiltSite:
    """All that MkDocs knows of a site at the end of a build.

    Attributes:
        config: with which it was built.
        files: all of them, with their pages.
        nav: the navigation.
        env: the templates.
    """

    config: MkDocsConfig
    files: Files
    nav: Navigation
    env: Environment

    def pages_of(self, sources: Collection[Path]) -> list[File]:
        """The pages that are made of some files; none where one of these has no page."""
        known = {
            Path(file.abs_src_path): file
            for file in self.files.documentation_pages()
            if file.abs_src_path
        }
        return [known[source] for source in sources] if known.keys() >= {*sources} else []

    def make_again(self, files: Iterable[File], content: Content, site: Path) -> None:
        """Make pages anew from their sources, as a build does.

        Args:
            files: the sources.
            content: what the pages are made of now.
            site: where they are written, with what lies beside a lesson's page.
        """
        for file in files:
            self._make_page(file, site)
            lesson = content.lesson_of(file)
            for beside in content.files_of(lesson, self.config)[1:] if lesson else ():
                _lead_to(site, beside)
                beside.copy_file()

    def _make_page(self, file: File, site: Path) -> None:
        page, config = file.page, self.config
        assert page
        _lead_to(site, file)
        mkdocs_build._populate_page(page, config, self.files)
        env = config.plugins.on_env(self.env, config=config, files=Files([file]))
        pages = self.files.documentation_pages()
        mkdocs_build._build_page(page, config, pages, self.nav, env)
        page.validate_anchor_links(files=self.files, log_level=config.validation.links.anchors)


def _lead_to(site: Path, file: File) -> None:
    """Have a file written below another folder than that of its build."""
    file.dest_dir = str(site)
    file.abs_dest_path = str(site / file.dest_uri)  # which MkDocs keeps once it was asked for
