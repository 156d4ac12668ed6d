"""Pages of the built site in a real browser; what goes wrong there fails the test."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_ROOT = Path(__file__).parents[2]
_LESSONS = [f"tutorials/{path.stem}/" for path in sorted((_ROOT / "tutorials").glob("*.py"))]
_DOCS = [path.stem for path in sorted((_ROOT / "docs").glob("*.md")) if path.stem != "index"]
_ADDRESSES = {"lesson": _LESSONS, "address": ["", "404.html", *_LESSONS, *map("{}/".format, _DOCS)]}

OpenPage = Callable[..., Page]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for an `address` each page in turn, or for a `lesson` each of these."""
    for name, addresses in _ADDRESSES.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, addresses)


# Not longer than a module: while Playwright runs, nothing else can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; without one, these tests fail."""
    found = [path for name in ("chromium", "google-chrome") if (path := shutil.which(name))]
    if not found:
        pytest.fail("there is no Chromium and no Chrome on the PATH: apt install chromium")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        running = playwright.chromium.launch(executable_path=found[0], args=flags)
        yield running
        running.close()


@pytest.fixture
def open_page(browser, site) -> Iterator[OpenPage]:
    """Opens pages of the site; at the end no browser may have complained of any.

    The address is below the site; `page.sent` has all that a page asked for. Keyword
    arguments other than these are Playwright's, of a new context.
    """
    problems: list[str] = []
    with ExitStack() as stack:

        def opened(
            address: str, *, width: int = 1280, height: int = 900, dark: bool = False, **options
        ) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                **options,
            )
            stack.callback(context.close)
            page = context.new_page()
            page.sent = []
            page.on("console", lambda said: _note(problems, said))
            page.on("pageerror", lambda error: problems.append(f"{address}: {error}"))
            page.on("request", lambda request: page.sent.append(request.url))
            page.goto(site.address + address, wait_until="networkidle")
            if dark:
                scheme = page.locator("body").get_attribute("data-md-color-scheme")
                assert scheme == "slate" or options.get("java_script_enabled") is False
            stack.callback(_same_host, problems, page.sent, site.address)
            return page

        yield opened
    assert problems == []


@pytest.fixture
def until() -> Callable[[Page, str], None]:
    """Waits until an expression of JavaScript holds; Playwright's own way needs `eval`."""

    def wait(page: Page, condition: str) -> None:
        end = time.monotonic() + 30
        while not page.evaluate(condition):
            assert time.monotonic() < end, condition
            page.wait_for_timeout(30)

    return wait


def _note(problems: list[str], said) -> None:
    # A refusal of the content security policy is told on the console, too.
    if said.type in ("error", "warning"):
        problems.append(f"{said.page.url if said.page else ''}: {said.text}")


def _same_host(problems: list[str], sent: list[str], address: str) -> None:
    here = urlsplit(address).netloc
    away = [url for url in sent if urlsplit(url).scheme in ("http", "https")]
    problems += [url for url in away if urlsplit(url).netloc != here]
