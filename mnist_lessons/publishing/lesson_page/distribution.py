"""How readers get what a lesson imports: from the site, from GitHub, or as a file to fetch."""

from dataclasses import dataclass
from urllib.parse import urljoin

from mnist_lessons.publishing.runs.package import PINS, Package

__all__ = ["Distribution"]

_HERE = """\
# This notebook imports the package mnist_lessons. Where it is not installed, fetch the file
# {name} from the site that this notebook is from, into the folder of this notebook.
"""
_ELSEWHERE = "# Install the package that this notebook imports, unless it is there.\n"
_INSTALL = """\
import importlib.util

if importlib.util.find_spec("mnist_lessons") is None:
    %pip install --quiet "{requirement}"
"""


@dataclass(frozen=True)
class Distribution:
    """What a site offers to whoever runs its lessons elsewhere.

    Attributes:
        package: to download; None where there is none.
        address: of the site; empty where that is not known.
        colab: folder of the notebooks on GitHub, `OWNER/REPOSITORY/blob/BRANCH/FOLDER`, or empty.
        guide: the page of `docs/` that says how to run a lesson, or empty.
    """

    package: Package | None = None
    address: str = ""
    colab: str = ""
    guide: str = ""

    def install(self, commit: str) -> str:
        """The first cell of a notebook, which installs the package; empty where there is none.

        Args:
            commit: what is installed from GitHub; `main` where empty.
        """
        if self.package and self.address:
            return _cell(_ELSEWHERE, self.located(self.package.wheel))
        if self.colab:
            repository = "/".join(self.colab.split("/")[:2])
            where = f"git+https://github.com/{repository}@{commit or 'main'}"
            return _cell(_ELSEWHERE, f"mnist-lessons @ {where}")
        if self.package:
            name = self.package.wheel
            return _cell(_HERE.format(name=name), self.located(name))
        return ""

    def located(self, name: str) -> str:
        """Where a file of the package is to be had: its address, or itself where it was fetched."""
        if not self.address:
            return f"./{name}"
        return urljoin(f"{self.address.rstrip('/')}/", f"downloads/{name}")

    def files(self, downloads: str) -> dict[str, str]:
        """The address of each file of the package by its name, the wheel first.

        Args:
            downloads: folder of the files, as seen from the page that links them.
        """
        if self.package is None:
            return {}
        names = (self.package.wheel, self.package.archive, PINS)
        return {name: f"{downloads}{name}" for name in names}


def _cell(comment: str, requirement: str) -> str:
    return comment + _INSTALL.format(requirement=requirement).rstrip()
