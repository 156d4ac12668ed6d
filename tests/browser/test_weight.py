"""A lesson weighs little, and stands still while it comes, also over a slow line."""

import gzip

import pytest

# Adds up what jumped from the start of the page to now.
SHIFT = """() => new Promise(resolve => {
  let shift = 0;
  const add = entries => entries.forEach(entry => { shift += entry.value; });
  const observer = new PerformanceObserver(list => add(list.getEntries()));
  observer.observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
    add(observer.takeRecords());
    resolve(shift);
  })));
})"""
DECODED = """() => Promise.all([...document.images]
  .filter(image => image.checkVisibility()).map(image => image.decode()))"""
FRAME = "() => new Promise(requestAnimationFrame)"
SLOW = {"offline": False, "latency": 40, "downloadThroughput": 400_000, "uploadThroughput": 400_000}


def slowly(page):
    """Load the page again over a line of 3.2 Mbit/s, with nothing left of the first time."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.send("Network.emulateNetworkConditions", SLOW)
    page.reload(wait_until="networkidle")


def to_the_end(page):
    """Scroll down step by step, as a reader does, and wait for what that loads."""
    for top in range(0, page.evaluate("document.documentElement.scrollHeight"), 300):
        page.evaluate(f"scrollTo(0, {top})")
        page.evaluate(FRAME)
    page.wait_for_load_state("networkidle")
    page.evaluate(DECODED)  # or it fails: a picture is broken


def test_the_html_of_a_lesson_is_light(site, lesson):
    html = (site.folder / lesson / "index.html").read_bytes()
    assert len(gzip.compress(html, 9)) <= 20_000


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_first_visit_to_a_lesson_is_light(open_page, site, lesson, dark):
    page = open_page(lesson, dark=dark)
    loaded = {url.partition("#")[0] for url in page.sent if not url.startswith("data:")}
    files = [site.folder / url.removeprefix(site.address) for url in loaded]
    files = [file / "index.html" if file.is_dir() else file for file in files]
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in files}
    assert len(sizes) > 5
    largest = sorted(sizes.items(), key=lambda size: -size[1])
    assert sum(sizes.values()) <= 150_000, largest


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_while_a_lesson_loads(open_page, lesson, width):
    page = open_page(lesson, width=width)
    slowly(page)
    to_the_end(page)
    assert page.evaluate(SHIFT) <= 0.02
