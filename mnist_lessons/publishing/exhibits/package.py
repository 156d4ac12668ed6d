"""The package on a page: each of its files with its SHA-256, and how it is installed."""

from mnist_lessons.publishing.html.markdown import Markdown, inert, table
from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.lesson_page.distribution import Distribution
from mnist_lessons.publishing.runs.package import PINS

__all__ = ["files", "install"]

_NONE = "This copy of the project has no package to download."
_INSTALL = """\
```bash
python3 -m venv .venv
. .venv/bin/activate          # on Windows: .venv\\Scripts\\activate
pip install {wheel} --constraint {pins}
```"""


def files(distribution: Distribution) -> str:
    """The files of the package, and from which commit they are, as Markdown."""
    package = distribution.package
    if package is None:
        return _NONE
    what = {
        package.wheel: "the package, for pip",
        package.archive: "all sources: lessons, package, pages, tests",
        PINS: "the versions of all packages",
    }
    rows = [
        (link, what[name], Markdown(fragment("of_commit", package.sha256[name])))
        for name, link in _links(distribution).items()
    ]
    return f"{table(('file', 'what', 'SHA-256'), rows)}\n\n{_commit(distribution)}"


def install(distribution: Distribution) -> str:
    """The commands that install the package, as Markdown; what to fetch before, if anything."""
    package = distribution.package
    if package is None:
        return _NONE
    wheel, pins = map(distribution.located, (package.wheel, PINS))
    commands = _INSTALL.format(wheel=wheel, pins=pins)
    if distribution.address:
        return commands
    links = _links(distribution)
    fetch = f"Fetch {links[package.wheel]} and {links[PINS]} into an empty folder. In that folder:"
    return f"{fetch}\n\n{commands}"


def _links(distribution: Distribution) -> dict[str, Markdown]:
    """A link to each file, from a page beside the folder of the files."""
    addresses = distribution.files("downloads/")
    return {name: Markdown(f"[{inert(name)}]({where})") for name, where in addresses.items()}


def _commit(distribution: Distribution) -> str:
    package = distribution.package
    if not (package and package.commit):
        return "They were made outside of a Git checkout."
    commit = fragment("of_commit", package.commit[:12])
    changed = ", with changes that are not in it" if package.uncommitted_changes else ""
    return f"They are of commit {commit}{changed}."
