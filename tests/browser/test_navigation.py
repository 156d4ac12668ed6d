"""From page to page without loading anew; each page then works as if opened by its address."""

import pytest

from tests.browser.addresses import LESSON, LESSONS, crossed

TITLE = "[document.title, document.querySelector('h1').textContent]"


@pytest.fixture
def follow(until):
    """Clicks a link of the navigation, and waits for its page."""

    def click(page, address):
        page.evaluate("document.querySelector('article').id = 'earlier'")
        page.locator(f".md-nav--primary a[href$='/{address}']").first.click()
        until(page, f"location.pathname.endsWith('/{address}')")
        until(page, "!document.querySelector('#earlier')")
        page.wait_for_load_state("networkidle")

    return click


def state(page):
    """What a reader finds on a page, but for what changes with time."""
    return page.evaluate(
        """() => ({
          title: document.title,
          head: document.querySelector("h1").textContent,
          code: document.querySelectorAll(".highlight pre > code").length,
          buttons: document.querySelectorAll(".highlight .md-code__nav [title^=Copy]").length,
          unnamed: document.querySelectorAll("nav.md-code__nav:not([aria-label])").length,
          images: document.querySelectorAll("article img").length,
          description: document.querySelector("meta[name=description]").content,
          active: document.querySelector(".md-nav--primary .md-nav__link--active").href})"""
    )


def test_a_walk_through_all_pages_loads_the_first_alone(open_home, follow, site):
    page = open_home()
    page.evaluate("window.marked = true")
    links = page.locator(".md-nav--primary a[href]").evaluate_all("all => all.map(a => a.href)")
    addresses = [link.removeprefix(site.address).partition("#")[0] for link in links]
    walked = [address for address in dict.fromkeys(addresses) if address]
    assert len(walked) >= 8
    for address in walked:
        follow(page, address)
        assert page.evaluate("window.marked"), f"{address} was loaded anew"


def test_a_lesson_is_the_same_by_a_click_and_by_its_address(
    open_page, open_home, until, follow, lesson
):
    opened = state(open_page(lesson))
    page = open_home()
    page.evaluate("window.marked = true")
    before = page.evaluate(TITLE)
    follow(page, lesson)
    until(page, "document.querySelectorAll('.md-code__nav').length")
    assert state(page) == opened
    assert opened["buttons"] == opened["code"] > 5
    assert opened["unnamed"] == 0
    page.go_back()
    until(page, f"String({TITLE}) === {','.join(before)!r}")
    assert page.evaluate("window.marked")


@pytest.mark.parametrize(("lesson", "dark"), crossed(LESSONS, [False, True], [LESSON]))
def test_figures_are_there_after_a_click(open_home, follow, site, lesson, dark):
    page = open_home(dark=dark)
    follow(page, lesson)
    images = page.locator("article img:visible")
    page_of = site.lesson(lesson.split("/")[1]).page
    open_ones = [one for one in page_of("figure") if not one.find_parent("details")]
    assert images.count() >= len(open_ones) >= 1
    for image in images.all():
        image.scroll_into_view_if_needed()
        image.evaluate("image => image.decode()")
        assert image.evaluate("image => image.naturalWidth") > 0
    shown = images.evaluate_all("all => all.map(image => image.currentSrc)")
    drawn = [name for name in shown if name.endswith(".svg")]
    assert drawn
    assert all((".dark." in name) == dark for name in drawn)


def test_the_palette_is_kept_and_changes_the_figures(open_home, follow):
    page = open_home()
    page.locator(".md-header__option label:visible").click()
    follow(page, LESSON)
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    shown = page.locator("article img:visible").evaluate_all("all => all.map(one => one.src)")
    assert any(".dark." in name for name in shown)
    page.locator(".md-header__option label:visible").click()
    shown = page.locator("article img:visible").evaluate_all("all => all.map(one => one.src)")
    assert not any(".dark." in name for name in shown)


def test_code_is_copied_without_its_links(open_home, until, follow):
    page = open_home(permissions=["clipboard-read", "clipboard-write"])
    follow(page, LESSON)
    block = page.locator(".highlight").first
    block.hover()
    block.locator(".md-code__nav [title^=Copy]").click()
    until(page, "navigator.clipboard.readText().then(text => text.trim() !== '')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("code").inner_text().strip()


@pytest.mark.parametrize(
    ("place", "sheet"), [("draw", "draw"), ("draw", "pad"), ("errors", "errors")]
)
def test_a_page_is_not_seen_before_its_stylesheet_has_come(open_page, until, place, sheet):
    page = open_page("credits/", wait_until="networkidle")  # which has none of its own
    asked = []
    name = f"{place}.css"
    page.route(f"**/{sheet}.css", lambda route: asked.append(route))
    page.locator(f".md-nav--primary a[href$='/{place}/']").first.click()
    page.locator(".own-style").wait_for(state="attached")
    shown = "getComputedStyle(document.querySelector('.own-style')).visibility"
    assert page.evaluate(shown) == "hidden"
    until(page, f"{shown} === 'visible'")  # it does not wait for ever
    asked[0].continue_()
    until(page, f"[...document.styleSheets].some(one => one.href?.endsWith('{name}'))")
    page.locator(".md-nav--primary a[href$='/credits/']").first.click()
    until(page, f"![...document.styleSheets].some(one => one.href?.endsWith('{name}'))")


TEXTS = "search/texts.json"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_texts_of_the_search_wait_for_the_first_letter(open_page, until, width):
    page = open_page("results/", width=width, wait_until="networkidle")
    if width == 390:
        page.locator(".md-header__button[for=__search]").click()
    page.locator(".md-search__input").focus()
    page.wait_for_load_state("networkidle")
    assert not [url for url in page.visit.sent if url.endswith(TEXTS)]
    page.keyboard.type("convolution")
    until(page, "document.querySelector('.md-search-result__link')")
    assert len([url for url in page.visit.sent if url.endswith(TEXTS)]) == 1
    page.keyboard.press("Control+a")
    page.keyboard.type("zzzz")
    until(page, "document.querySelector('.md-search-result__meta').textContent.includes('No')")


def test_an_address_can_hold_what_is_searched(open_page, until):
    page = open_page("?q=convolution")
    until(page, "document.querySelector('.md-search-result__link')")


def test_the_words_of_a_search_are_marked_on_a_page(open_page, until):
    page = open_page("results/?h=interval")
    until(page, "document.querySelector('article mark')")
    assert not [url for url in page.visit.sent if url.endswith(TEXTS)]


def test_a_search_that_could_not_load_its_texts_tries_again(browser, site, until):
    context = browser.new_context()
    page = context.new_page()
    context.route(f"**/{TEXTS}", lambda route: route.fulfill(status=503))
    with page.expect_console_message(lambda said: "texts.json: 503" in said.text):
        page.goto(f"{site.address}?q=convolution")
    context.unroute(f"**/{TEXTS}")
    page.keyboard.type("s")
    until(page, "document.querySelector('.md-search-result__link')")
    context.close()
