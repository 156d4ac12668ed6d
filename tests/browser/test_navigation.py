"""From page to page without loading anew; each page then works as if opened by its address."""

import pytest

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


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_figures_are_there_after_a_click(open_home, follow, site, lesson, dark):
    page = open_home(dark=dark)
    follow(page, lesson)
    images = page.locator("article img:visible")
    figures = site.lesson(lesson.split("/")[1]).card["figures"]
    assert images.count() >= min(5, len(figures)) >= 3
    for image in images.all():
        image.scroll_into_view_if_needed()
        image.evaluate("image => image.decode()")
        assert image.evaluate("image => image.naturalWidth") > 0
    shown = images.evaluate_all("all => all.map(image => image.currentSrc)")
    drawn = [name for name in shown if name.endswith(".svg")]
    assert drawn
    assert all((".dark." in name) == dark for name in drawn)


def test_the_palette_is_kept_and_changes_the_figures(open_home, follow, lesson):
    page = open_home()
    page.locator(".md-header__option label:visible").click()
    follow(page, lesson)
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    shown = page.locator("article img:visible").evaluate_all("all => all.map(one => one.src)")
    assert any(".dark." in name for name in shown)
    page.locator(".md-header__option label:visible").click()
    shown = page.locator("article img:visible").evaluate_all("all => all.map(one => one.src)")
    assert not any(".dark." in name for name in shown)


def test_code_is_copied_without_its_links(open_home, until, follow, lesson):
    page = open_home(permissions=["clipboard-read", "clipboard-write"])
    follow(page, lesson)
    block = page.locator(".highlight").first
    block.hover()
    block.locator(".md-code__nav [title^=Copy]").click()
    until(page, "navigator.clipboard.readText().then(text => text.trim() !== '')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("code").inner_text().strip()


INDEX = "search/search_index.json"


@pytest.mark.parametrize("reach", ["focus", "hover", "phone"])
def test_the_index_of_the_search_waits_until_somebody_reaches_for_it(open_page, reach):
    width = 390 if reach == "phone" else 1280
    page = open_page("results/", width=width, wait_until="networkidle")
    assert not [url for url in page.visit.sent if url.endswith(INDEX)]
    with page.expect_request(lambda request: request.url.endswith(INDEX)):
        if reach == "focus":
            page.locator(".md-search__input").focus()
        elif reach == "hover":
            page.locator(".md-search__form").hover()
        else:
            page.locator(".md-header__button[for=__search]").click()


def test_an_address_can_hold_what_is_searched(open_page, until):
    page = open_page("?q=convolution")
    until(page, "document.querySelector('.md-search-result__link')")
