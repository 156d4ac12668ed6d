"""A lesson on paper: all of it is there, dark on white, also from a dark page."""

import io

import pytest
from pypdf import PdfReader

from tests.browser.addresses import LESSON, LESSONS, crossed

SHOWN = """() => [...document.querySelectorAll(".md-content img")]
  .filter(image => image.checkVisibility())"""


# Dark pages have more to lose on paper.
in_both_palettes = pytest.mark.parametrize(
    ("lesson", "dark"), crossed(LESSONS, [True, False], [LESSON]), scope="module"
)


def texts(page, selector):
    """The texts of what the selector finds and a reader sees."""
    found = page.locator(selector).filter(visible=True).all_inner_texts()
    return [text for text in found if text.strip()]


def lines(page, selector):
    """The lines of these texts, which a page of paper may end between."""
    return [line for text in texts(page, selector) for line in text.splitlines() if line.strip()]


def close(text):
    """A text without the spaces, which a line break on paper may add or take."""
    return "".join(text.split())


@in_both_palettes
def test_a_printed_lesson_has_all_of_its_text(look_at, lesson, dark):
    page = look_at(lesson, dark=dark, media="print")
    code = lines(page, ".highlight pre")
    outputs = lines(page, ".jp-OutputArea-output pre")
    captions = lines(page, "figcaption")
    reader = PdfReader(io.BytesIO(page.pdf(format="A4")))
    printed = close("".join(one.extract_text() for one in reader.pages))
    assert 5 <= len(reader.pages) <= 40
    for text in (code[0], code[-1], max(code, key=len), *outputs, *captions):
        assert close(text) in printed
    assert captions
    assert "Copied" not in printed
    assert "Skiptocontent" not in printed


def test_no_name_of_a_network_is_broken_within_a_word(open_page):
    page = open_page("results/")
    text = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages[0].extract_text()
    names = page.locator(".results-table").first.locator("tbody th a").all_inner_texts()
    assert len(names) == 11
    for name in names:
        assert set(name.split()) <= set(text.split())


@in_both_palettes
def test_paper_is_white(look_at, until, site, lesson, dark):
    page = look_at(lesson, dark=dark, media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgba(0, 0, 0, 0.87)"
    white = ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in white
    link = "getComputedStyle(document.querySelector('article p a')).color"
    until(page, f"{link} === 'rgb(31, 90, 166)'")  # not that of a dark page; it fades
    sources = page.evaluate(f"({SHOWN})().map(image => image.currentSrc || image.src)")
    drawn = site.lesson(lesson.split("/")[1]).card["figures"]
    assert len(sources) >= min(5, len(drawn)) >= 1
    assert [source for source in sources if ".dark." in source] == []
