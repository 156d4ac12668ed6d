"""Pages of the built site in a real browser; what goes wrong there fails the test."""

import json
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.browsing import Visit, chromium
from tests.browser.addresses import LESSONS, PAGES

_ADDRESSES = {"lesson": LESSONS, "address": PAGES}

# What a change of the window brings about.
_SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

expect.set_options(timeout=30_000)  # ms: a machine may be busy

# What a screen reader says stands there for a moment only.
_LISTEN = """live => {
  window.heard = [];
  new MutationObserver(() => heard.push(live.textContent)).observe(live, {childList: true});
}"""

OpenPage = Callable[..., Page]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for an `address` each page in turn, or for a `lesson` each of these.

    All tests of a module that ask for the same follow one another. A test may choose its own.
    """
    chosen = [str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize")]
    for name, addresses in _ADDRESSES.items():
        if name in metafunc.fixturenames and not any(name in names for names in chosen):
            metafunc.parametrize(name, addresses, scope="module")


# Not longer than a module: while Playwright runs, nothing else can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; without one, these tests fail."""
    with chromium() as running:
        yield running


@pytest.fixture
def open_page(browser, site) -> Iterator[OpenPage]:
    """Opens pages of the site; at the end no browser may have complained of any.

    The address is below the site; `page.visit` knows all that a page asked for. Keyword
    arguments are those of a `Visit`.
    """
    visits: list[Visit] = []

    def opened(address: str, *, dark: bool = False, **options) -> Page:
        visit = Visit(browser, site.address + address, dark=dark, **options)
        visits.append(visit)
        visit.page.visit = visit
        if dark:
            scheme = visit.page.locator("body").get_attribute("data-md-color-scheme")
            assert scheme == "slate" or options.get("java_script_enabled") is False
        return visit.page

    yield opened
    for visit in visits:
        visit.close()
    _assert_nothing_wrong(visits)


@pytest.fixture
def open_home(open_page) -> Callable[..., Page]:
    """Opens the first page, and waits until the theme knows which links it follows by itself."""
    return lambda **options: open_page("", wait_until="networkidle", **options)


@pytest.fixture(scope="module")
def _visited(browser, site) -> Iterator[Callable[[str, bool], Visit]]:
    """The visit of a page in a palette, which lasts until that of another is wanted."""
    last: dict[tuple[str, bool], Visit] = {}

    def visited(address: str, dark: bool) -> Visit:
        if (address, dark) not in last:
            close()
            last[address, dark] = Visit(
                browser, site.address + address, dark=dark, wait_until="networkidle"
            )
            # A busy browser may rest before it has run the script that gives this its name.
            last[address, dark].page.wait_for_selector(".md-search[aria-label]", state="attached")
        return last[address, dark]

    def close() -> None:
        for visit in last.values():
            visit.close()
        last.clear()

    yield visited
    close()


@pytest.fixture
def look_at(_visited) -> Iterator[OpenPage]:
    """The same for tests that only look: they share one visit of a page in a palette.

    Each finds the page at its top and in a window of the size that it wants.
    """
    visits: list[Visit] = []

    def seen(
        address: str, *, width: int = 1280, height: int = 900, dark: bool = False, **media: str
    ) -> Page:
        visit = _visited(address, dark)
        visits.append(visit)
        page = visit.page
        page.emulate_media(**{"media": "screen", "reduced_motion": "no-preference", **media})
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        page.evaluate(_SETTLED)
        return page

    yield seen
    _assert_nothing_wrong(visits)


@pytest.fixture
def until() -> Callable[[Page, str], None]:
    """Waits until an expression of JavaScript holds; Playwright's own way needs `eval`."""

    def wait(page: Page, condition: str) -> None:
        end = time.monotonic() + 30
        while not page.evaluate(condition):
            assert time.monotonic() < end, condition
            page.wait_for_timeout(30)

    return wait


@pytest.fixture
def listen(until) -> Callable[[Locator], Callable[[str], None]]:
    """Listens to a live region from now on; what it returns waits until a text has been said."""

    def begin(live: Locator) -> Callable[[str], None]:
        live.evaluate(_LISTEN)
        return lambda text: until(live.page, f"heard.includes({json.dumps(text)})")

    return begin


def _assert_nothing_wrong(visits: list[Visit]) -> None:
    assert [problem for visit in visits for problem in visit.problems] == []
    assert [url for visit in visits for url in visit.sent_away()] == []
