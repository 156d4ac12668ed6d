"""Where a lesson's page, and what its prose names, lie on the site."""

import posixpath
from collections.abc import Callable
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from mkdocs.structure.files import File

__all__ = ["LessonFile", "on_site"]

_FOLDER = "tutorials"


class LessonFile(File):
    """A script that is a page: `LessonsPlugin.on_page_read_source` makes its Markdown."""

    def is_documentation_page(self) -> bool:
        """Whatever its name ends with."""
        return True


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
