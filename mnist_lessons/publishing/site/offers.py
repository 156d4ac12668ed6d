"""What a site offers to whoever runs its lessons elsewhere: made once, also in a server's life."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.runs.package import package_of
from mnist_lessons.publishing.runs.project import Project

__all__ = ["Offers"]

_GUIDE = "run.md"


class Offers:
    """The package and the site's address.

    Attributes:
        distribution: how readers get the package.
    """

    def __init__(self) -> None:
        self.distribution = Distribution()

    def make(self, project: Project, config: MkDocsConfig) -> list[str]:
        """Make the package, unless that was done; return why it cannot be made, or nothing."""
        problems = []
        package = self.distribution.package
        try:
            package = package or package_of(project)
        except BuildFailure as error:
            problems = [str(error)]
        guide = _GUIDE if Path(config.docs_dir, _GUIDE).is_file() else ""
        colab = str(config.extra.get("colab") or "")
        self.distribution = Distribution(package, config.site_url or "", colab, guide)
        return problems

    def files(self, config: MkDocsConfig) -> list[File]:
        """What is to be downloaded, in the folder `downloads/` of the site."""
        package = self.distribution.package
        return [
            File.generated(config, address, content=content)
            for address, content in (package.files if package else {}).items()
        ]
