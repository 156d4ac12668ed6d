"""The home page: one screen says what this is, and its pad reads what one draws."""

import re

import pytest
from playwright.sync_api import expect

# A one, from the upper end to the lower, in shares of the pad.
ONE = [(0.5, 0.2), (0.5, 0.4), (0.5, 0.6), (0.5, 0.8)]
READS = re.compile(r"It reads \d, .*% sure.*\.|It is not sure: perhaps \d, or \d\.")
READY = "document.querySelector('[data-home][data-ready]')"
# What must be seen without scrolling; below what says that the site is a preview.
FIRST = """() => {
  document.querySelectorAll(".admonition").forEach(box => box.remove());
  return [...document.querySelectorAll(
    ".home h1, .home .md-button, .home-mistake img, .home-mistake p, .home-pad .draw-area")]
    .filter(box => box.checkVisibility())
    .map(box => box.getBoundingClientRect())
    .map(({top, bottom}) => top > 40 && bottom <= innerHeight);
}"""


@pytest.fixture
def page(open_page, until):
    """The home page, with a network that reads."""
    opened = open_page("")
    until(opened, READY)
    return opened


def answer(page):
    return page.locator("[data-answer]")


def live(page):
    return page.locator(".home-pad [aria-live]")


def draw_one(page):
    page.locator(".home-pad .draw-area").scroll_into_view_if_needed()
    box = page.locator(".home-pad .draw-area").bounding_box()
    first, *others = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in ONE]
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place)
    page.mouse.up()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_one_screen_has_all_that_a_stranger_asks(look_at, width, height):
    page = look_at("", width=width, height=height)
    assert page.evaluate(FIRST) == [True] * 6
    said = page.locator(".home-words").inner_text()
    for word in ("PyTorch", "handwritten digits", "people who know Python", "minutes", "notice"):
        assert word in said
    assert page.locator(".home-words .md-button").count() == 2


def test_what_was_meant_is_shown_to_who_asks(open_page):
    page = open_page("")
    meant = page.locator(".home-mistake details p")
    expect(meant).to_be_hidden()
    page.locator(".home-mistake summary").click()
    expect(meant).to_have_text(re.compile(r"An? \d\. One of the [\d,]+ mistakes? of the DNN among"))


def test_the_pad_reads_what_is_drawn_and_can_be_cleared(page):
    invitation = answer(page).inner_text()
    clear = page.locator("[data-clear]")
    expect(clear).to_be_hidden()
    draw_one(page)
    expect(answer(page)).to_have_text(READS)
    expect(live(page)).to_have_text(answer(page).inner_text())
    clear.click()
    expect(answer(page)).to_have_text(invitation)
    expect(clear).to_be_hidden()
    expect(page.locator(".home-pad .draw-area")).to_be_focused()


def test_the_network_comes_when_the_pad_is_seen(open_page, until):
    page = open_page("", width=390, height=300, wait_until="networkidle")
    loaded = [url for url in page.visit.sent if "/draw/" in url]
    assert loaded == []
    page.locator(".home-pad").scroll_into_view_if_needed()
    until(page, READY)
    assert any(url.endswith("/cnn_120.weights.bin") for url in page.visit.sent)


def test_a_digit_can_be_drawn_with_the_keyboard_alone(page, listen):
    area = page.locator(".home-pad .draw-area")
    area.focus()
    was_said = listen(live(page))
    page.keyboard.press("Space")
    was_said("The brush is down.")
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(answer(page)).to_have_text(READS)
    described = page.locator(f"#{area.get_attribute('aria-describedby')}")
    assert "arrows" in described.text_content()
    assert page.evaluate("scrollY") == 0


def test_the_pad_works_again_after_a_walk(open_home, until):
    page = open_home()
    page.locator(".home .md-button--primary").click()
    until(page, "!document.querySelector('.home')")
    page.go_back()
    until(page, READY)
    draw_one(page)
    expect(answer(page)).to_have_text(READS)


def test_without_javascript_a_picture_and_a_link_stand_there(open_page):
    page = open_page("", java_script_enabled=False)
    expect(page.locator(".home-pad")).to_be_hidden()
    expect(page.locator(".home-without img")).to_be_visible()
    expect(page.locator(".home-without a")).to_have_attribute("href", "errors/")


def test_a_network_that_does_not_come_is_told(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/cnn_120.weights.bin", lambda route: route.abort())
    page.goto(site.address)
    told = re.compile("The network could not be loaded")
    expect(answer(page)).to_have_text(told)
    expect(live(page)).to_have_text(told)
    draw_one(page)
    expect(page.locator("[data-clear]")).to_be_visible()
    expect(answer(page)).to_have_text(told)
    context.close()


def test_on_paper_there_is_nothing_to_press(look_at):
    page = look_at("", media="print")
    expect(page.locator(".home-pad")).to_be_hidden()
    expect(page.locator(".home-words .md-button").first).to_be_hidden()
    expect(page.locator(".home-mistake img")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_each_lesson_has_its_picture_in_the_palette_of_the_page(look_at, site, dark):
    page = look_at("", dark=dark)
    pictures = page.locator(".contents-picture img").filter(visible=True)
    assert pictures.count() == page.locator(".contents-lesson").count() > 1
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
        assert picture.get_attribute("src").endswith(f"{'dark' if dark else 'light'}.svg")
