"""Whether each link of a built site leads somewhere."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

__all__ = ["broken_links"]

_ATTRIBUTES = ("href", "src", "srcset", "poster", "data")


def broken_links(folder: Path, address: str = "") -> tuple[int, list[tuple[str, str, str]]]:
    """The links, images, scripts and downloads of all pages that lead nowhere.

    A link to another host must be `https`; whether it is there is not asked.

    Args:
        folder: the site.
        address: where it will be: a link that begins so leads into the folder.

    Returns:
        The number of links, and for each that is broken its page, itself, and why.
    """
    folder = folder.resolve()
    links: list[tuple[str, str]] = []
    places: dict[str, set[str]] = {}
    for file in sorted(folder.rglob("*.html")):
        page = file.relative_to(folder).as_posix()
        tags = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").find_all(True)
        places[page] = {str(tag["id"]) for tag in tags if tag.has_attr("id")}
        links += [
            (page, str(tag[name])) for tag in tags for name in _ATTRIBUTES if tag.has_attr(name)
        ]
    broken = [
        (page, link, problem)
        for page, link in links
        if (problem := _problem(folder, places, page, _local(link, address)))
    ]
    return len(links), broken


def _local(link: str, address: str) -> str:
    is_own = bool(address) and link.startswith(address)
    return f"/{link.removeprefix(address)}" if is_own else link


def _problem(folder: Path, places: dict[str, set[str]], page: str, link: str) -> str | None:
    url = urlsplit(link)
    if url.scheme == "data":
        return None
    if url.scheme or url.netloc:
        away = url.scheme == "https" and url.hostname not in ("localhost", "127.0.0.1")
        return None if away else "neither here nor on the web"
    path = unquote(url.path)
    here = folder / page
    base = folder if path.startswith("/") else here.parent
    file = (base / path.lstrip("/")).resolve() if path else here
    if file.is_dir():
        file /= "index.html"
    if not file.is_file() or not file.is_relative_to(folder):
        return "no such file"
    if not url.fragment or file.suffix != ".html":
        return None
    there = unquote(url.fragment) in places[file.relative_to(folder).as_posix()]
    return None if there else "no such place on that page"
