"""Every page in a real browser: accessible, and readable at any width and size."""

import pytest

from benchmarks.browsing import violations, width_of_page

OUTSIDE = """() => [...document.querySelectorAll(
    ".md-content :is(h1, h2, h3, p, li, td, th, summary, figcaption, button, label)")]
  .filter(box => {
    const {left, right, width} = box.getBoundingClientRect();
    const scrolls = box.closest("pre, .md-typeset__scrollwrap, [role=region], .md-typeset__table");
    return width && !scrolls && (left < -1 || right > innerWidth + 1);
  }).map(box => box.outerHTML.slice(0, 200))"""
# Boxes with text of their own, of which a part cannot be reached; one-pixel boxes are for
# screen readers.
CUT = """() => [...document.querySelectorAll(".md-header *, .md-content *, .md-footer *")]
  .filter(box => box.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && box.clientWidth > 1 && box.clientHeight > 1
    && [...box.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .filter(box => {
    const {overflowX, overflowY} = getComputedStyle(box);
    const cuts = overflow => ["hidden", "clip"].includes(overflow);
    return cuts(overflowX) && box.scrollWidth > box.clientWidth + 1
      || cuts(overflowY) && box.scrollHeight > box.clientHeight + 1;
  }).map(box => box.outerHTML.slice(0, 200))"""
# Pairs of things in the header that lie on each other.
OVERLAPS = """() => {
  const parts = [...document.querySelectorAll(".md-header__inner > *, .md-header__option > label")]
    .filter(part => part.checkVisibility() && part.getBoundingClientRect().width)
    .filter(part => getComputedStyle(part).position === "static" || part.matches("label"));
  const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1;
  return parts.flatMap((one, place) => parts.slice(place + 1)
    .filter(other => !one.contains(other))
    .filter(other => !apart(one.getBoundingClientRect(), other.getBoundingClientRect()))
    .map(other => one.outerHTML.slice(0, 100) + " and " + other.outerHTML.slice(0, 100)));
}"""
SLOWEST = """() => Math.max(...[...document.querySelectorAll("*")].flatMap(tag =>
  ["", "::before", "::after"].flatMap(part => {
    const style = getComputedStyle(tag, part || null);
    return [...style.transitionDuration.split(","), ...style.animationDuration.split(",")]
      .map(parseFloat);
  })))"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_rule_of_accessibility_is_broken(open_page, address, dark, width):
    page = open_page(address, width=width, dark=dark)
    broken = violations(page)
    assert not broken, "\n\n".join(broken)


@pytest.mark.parametrize("width", [320, 390, 640])  # 640: a window of 1280 at 200%
def test_the_page_does_not_scroll_sideways(open_page, address, width):
    page = open_page(address, width=width)
    page.evaluate("scrollTo(10000, 0)")
    assert page.evaluate("scrollX") == 0
    assert width_of_page(page) == width
    assert page.evaluate(OUTSIDE) == []


def test_nothing_is_cut_off_at_200_percent(open_page, address):
    page = open_page(address, width=640, height=450, device_scale_factor=2)
    assert page.evaluate(CUT) == []
    assert page.evaluate(OVERLAPS) == []


def test_a_dark_page_is_dark_before_the_theme_has_loaded(browser, site, address):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.route("**/bundle.*.js", lambda route: route.abort())
    page.goto(site.address + address)
    assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"
    context.close()


def test_who_wants_no_motion_gets_none(open_page, address):
    page = open_page(address, reduced_motion="reduce")
    assert page.evaluate(SLOWEST) <= 0.01  # seconds
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
