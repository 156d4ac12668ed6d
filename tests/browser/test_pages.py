"""Every page in a real browser: accessible, and readable at any width and size."""

import pytest

from benchmarks.browsing import violations, width_of_page
from tests.browser.addresses import KINDS

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
# The width of an A4 page within the margins of the theme, at 96 dots an inch.
PAPER = 718
# What is printed, but not as a whole.
CUT_ON_PAPER = """() => [...document.querySelectorAll(".md-content *")]
  .filter(box => box.checkVisibility() && box.clientWidth > 1)
  .filter(box => box.getBoundingClientRect().right > innerWidth + 1
    || getComputedStyle(box).overflowX !== "visible" && box.scrollWidth > box.clientWidth + 1)
  .map(box => box.outerHTML.slice(0, 200))"""
# Printed text that must be scrolled sideways.
SIDEWAYS = """() => [...document.querySelectorAll(".jp-OutputArea-output pre")]
  .filter(box => box.checkVisibility() && box.scrollWidth > box.clientWidth)
  .map(box => box.textContent)"""
SLOWEST = """() => Math.max(...[...document.querySelectorAll("*")].flatMap(tag =>
  ["", "::before", "::after"].flatMap(part => {
    const style = getComputedStyle(tag, part || null);
    return [...style.transitionDuration.split(","), ...style.animationDuration.split(",")]
      .map(parseFloat);
  })))"""

OF_DEVICE = "Emulation.setDeviceMetricsOverride"

# What is the theme's, or of a stylesheet, is the same on all pages of a kind.
of_each_kind = pytest.mark.parametrize("address", KINDS, scope="module")


@pytest.fixture
def magnified(look_at):
    """Looks at a page in a window of 1280 by 900 at 200%."""
    sessions = []

    def magnify(address):
        page = look_at(address, width=640, height=450)
        sessions.append(page.context.new_cdp_session(page))
        size = {"width": 640, "height": 450, "mobile": False}
        sessions[0].send(OF_DEVICE, {**size, "deviceScaleFactor": 2})
        page.evaluate("new Promise(requestAnimationFrame)")
        return page

    yield magnify
    for session in sessions:
        session.send("Emulation.clearDeviceMetricsOverride")
        session.detach()


# Structure does not depend on the palette, nor contrast on the width.
@of_each_kind
def test_colours_stand_out_in_the_dark(look_at, address):
    broken = violations(look_at(address, dark=True), "of colour")
    assert not broken, "\n\n".join(broken)


def test_no_rule_of_accessibility_is_broken(look_at, address):
    broken = violations(look_at(address), "all")
    assert not broken, "\n\n".join(broken)


@of_each_kind
def test_nor_is_one_on_a_phone(look_at, address):
    broken = violations(look_at(address, width=390), "not of colour")
    assert not broken, "\n\n".join(broken)


# What only a phone shows, as the button of the navigation, is the same on all pages.
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("place", ["", "results/", "404.html"])
def test_texts_stand_out_on_a_phone(look_at, place, dark):
    broken = violations(look_at(place, width=390, dark=dark), "of colour")
    assert not broken, "\n\n".join(broken)


def test_the_page_does_not_scroll_sideways(look_at, address):
    for width in (320, 390, 640):  # 640: a window of 1280 at 200%
        page = look_at(address, width=width)
        page.evaluate("scrollTo(10000, 0)")
        assert page.evaluate("scrollX") == 0
        assert width_of_page(page) == width
        assert page.evaluate(OUTSIDE) == []


def test_no_line_of_output_is_cut_off_at_1280_pixels(look_at, lesson):
    assert look_at(lesson, width=1280).evaluate(SIDEWAYS) == []


def test_nothing_is_cut_off_at_200_percent(magnified, address):
    page = magnified(address)
    assert page.evaluate("devicePixelRatio") == 2
    assert page.evaluate(CUT) == []
    assert page.evaluate(OVERLAPS) == []


def test_nothing_is_cut_off_on_paper(look_at, address):
    page = look_at(address, width=PAPER, height=1000, media="print")
    assert page.evaluate(CUT_ON_PAPER) == []


@of_each_kind
def test_who_wants_no_motion_gets_none(look_at, address):
    page = look_at(address, reduced_motion="reduce")
    assert page.evaluate(SLOWEST) <= 0.01  # seconds
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


@of_each_kind
def test_a_dark_page_is_dark_before_the_theme_has_loaded(browser, site, address):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.route("**/bundle.*.js", lambda route: route.abort())
    page.goto(site.address + address)
    assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"
    context.close()
