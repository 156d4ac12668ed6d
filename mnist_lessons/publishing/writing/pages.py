"""The pages: those that are written by hand, and where a lesson's and what it names lie."""

import posixpath
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, set_exclusions
from mkdocs.utils import is_markdown_file, meta

from mnist_lessons.publishing.writing.scripts import no_yaml

__all__ = ["LessonFile", "WrittenPage", "on_site", "read_page", "written_pages"]

_FOLDER = "tutorials"


class LessonFile(File):
    """A script that is a page: `LessonsPlugin.on_page_read_source` makes its Markdown."""

    def is_documentation_page(self) -> bool:
        """Whatever its name ends with."""
        return True


class WrittenPage(NamedTuple):
    """A page of `docs/` as it stands now.

    Attributes:
        uri: its path below `docs/`.
        text: its Markdown, after blank lines in the place of front matter; what is no UTF-8 is
            replaced.
        fault: line, from 1, and reason where it cannot be read, or not all of it.
    """

    uri: str
    text: str
    fault: tuple[int, str] | None


def written_pages(
    config: MkDocsConfig, only: Collection[str] | None = None
) -> Iterator[WrittenPage]:
    """The pages of `docs/`, all or some by their URI, but for those that no site has."""
    docs = Path(config.docs_dir)
    paths = sorted(path for path in docs.rglob("*") if is_markdown_file(path.name))
    files = [
        File(path.relative_to(docs).as_posix(), config.docs_dir, config.site_dir, True)
        for path in paths
        if not path.is_dir()
    ]
    set_exclusions(files, config)
    for file in files:
        if not file.inclusion.is_excluded() and (only is None or file.src_uri in only):
            yield read_page(file)


def read_page(file: File) -> WrittenPage:
    """A page of `docs/`, though it may be unreadable or no UTF-8, which would end MkDocs."""
    fault = None
    try:
        content = file.content_bytes
        content.decode()
    except OSError as error:
        content, fault = b"", (1, f"it cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        fault = content.count(b"\n", 0, error.start) + 1, f"it is not UTF-8: {error.reason}"
    text = content.decode("utf-8-sig", errors="replace")
    fault = fault or _front_matter_fault(text)
    body, _ = meta.get_data(text)
    front_matter = text.count("\n") - body.count("\n")
    return WrittenPage(file.src_uri, "\n" * front_matter + body, fault)


def _front_matter_fault(text: str) -> tuple[int, str] | None:
    """Why MkDocs would show the front matter of a page as its first paragraph."""
    found = meta.YAML_RE.match(text)
    try:
        yaml.safe_load(found[1] if found else "")
    except yaml.YAMLError as error:
        return no_yaml(error, begins=2)
    return None


def on_site(site_url: str, directory_urls: bool = True) -> Callable[[str], str]:
    """A function that makes an address in a lesson's prose one of the site.

    Args:
        site_url: address of the site; it may be a folder of its host.
        directory_urls: whether a page is a folder, as `use_directory_urls` of MkDocs says.

    Returns:
        The function. It leaves alone what names no file of the site: an address with a scheme or
        a host, a place on the same page, a path from the host's root.
    """

    def address(written: str) -> str:
        scheme, host, path, query, place = urlsplit(written)
        if scheme or host or not path or path.startswith("/"):
            return written
        # A lesson is written as if it lay in a folder beside the other pages.
        source = posixpath.normpath(posixpath.join(_FOLDER, unquote(path)))
        is_lesson = posixpath.dirname(source) == _FOLDER and source.endswith(".py")
        page = (LessonFile if is_lesson else File)(source, None, "", directory_urls)
        return urljoin(f"{site_url.rstrip('/')}/", urlunsplit(("", "", page.url, query, place)))

    return address
