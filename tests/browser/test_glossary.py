"""What a word means is shown on hover, on focus and at the first tap; it always leads there."""

import shutil
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from benchmarks.browsing import Visit, violations, width_of_page
from benchmarks.static import serving_folder

DOCS = Path(__file__).parents[2] / "docs"
WORD = '<a class="word" href="../../glossary/#{}">{}</a>'
LOSS, RATE = WORD.format("loss", "loss"), WORD.format("rate", "learning rate")
LESSON = f"""\
# A lesson

The {LOSS} and the [other lesson](other.md).

{"Much is said before the next word. " * 40} {RATE} and {RATE}
"""
GLOSSARY = """\
# Glossary

## Learning rate { #rate }

How large the [steps](#loss) are.

*taux*{ lang=fr }

## Loss { #loss }

What training makes small.

*perte*{ lang=fr }
"""
CONFIG = """\
site_name: Words
site_url: {address}
theme:
  name: material
  font: false
  features: [navigation.instant]
  palette:
    - {{media: "(prefers-color-scheme: light)", scheme: default}}
    - {{media: "(prefers-color-scheme: dark)", scheme: slate}}
plugins: []
markdown_extensions: [attr_list]
extra_css: [stylesheets/extra.css]
extra_javascript: [{{path: javascripts/site.js, type: module}}]
"""
MEANING = ".meaning"
WAIT = 600  # milliseconds, in which a meaning comes or goes that is not to


@pytest.fixture(scope="module")
def first_lesson(tmp_path_factory):
    """The first lesson of a site below another one, with the scripts and styles of ours."""
    root = tmp_path_factory.mktemp("words")
    docs = root / "docs"
    for name in ("assets", "javascripts", "stylesheets"):
        shutil.copytree(DOCS / name, docs / name)
    pages = {"index": "# Home", "glossary": GLOSSARY}
    pages |= {"tutorials/lesson": LESSON, "tutorials/other": f"# Another\n\nIts {LOSS}."}
    for name, text in pages.items():
        (docs / f"{name}.md").parent.mkdir(exist_ok=True)
        (docs / f"{name}.md").write_text(text, encoding="utf-8")
    site = root / "served" / "below"
    site.mkdir(parents=True)
    with serving_folder(site.parent) as host:
        config = root / "mkdocs.yml"
        config.write_text(CONFIG.format(address=f"{host}below/"), encoding="utf-8")
        build(load_config(str(config), site_dir=str(site)))
        yield f"{host}below/tutorials/lesson/"


@pytest.fixture
def visit(browser, first_lesson):
    """Opens the lesson; at the end the browser may have complained of nothing."""
    visits = []

    def opened(**options):
        visits.append(Visit(browser, first_lesson, wait_until="networkidle", **options))
        return visits[-1]

    yield opened
    for one in visits:
        one.close()
    assert [problem for one in visits for problem in one.problems] == []


def described(word):
    """What is said of a word beside its name."""
    place = word.get_attribute("aria-describedby")
    return word.page.locator(f"#{place}").inner_text() if place else ""


def test_a_meaning_comes_on_hover_and_stays_for_the_pointer(visit):
    opened = visit()
    page, meaning = opened.page, opened.page.locator(MEANING)
    loss, rate = page.locator(".word[href$='#loss']"), page.locator(".word[href$='#rate']").first
    loss.hover()
    meaning.wait_for()
    assert described(loss) == "Loss\nWhat training makes small."
    meaning.hover()
    page.wait_for_timeout(WAIT)
    assert meaning.is_visible()
    rate.hover()
    meaning.get_by_text("How large the steps are.").wait_for()
    assert not described(loss)
    assert meaning.get_by_role("link").all_inner_texts() == ["In the glossary"]
    page.mouse.move(2, 2)
    meaning.wait_for(state="hidden")
    assert not described(rate)
    assert [url.endswith("/below/glossary/") for url in opened.sent].count(True) == 1


def test_a_pointer_that_passes_by_is_shown_nothing(visit):
    page = visit().page
    page.locator(".word").first.hover()
    page.mouse.move(2, 2)
    page.wait_for_timeout(WAIT)
    assert not page.locator(MEANING).is_visible()


def test_a_focus_that_goes_on_is_shown_nothing(visit):
    """Its box would lie upon the links that come next."""
    page = visit().page
    page.locator(".word").first.focus()
    page.keyboard.press("Tab")  # from a word that was focused by a key
    page.keyboard.press("Shift+Tab")
    page.locator(".word:focus-visible").evaluate("word => word.blur()")
    page.wait_for_timeout(WAIT)
    assert not page.locator(MEANING).is_visible()


def test_a_meaning_comes_with_the_focus_and_goes_with_it_or_escape(visit):
    page = visit().page
    meaning = page.locator(MEANING)
    page.locator("article").evaluate("article => { article.tabIndex = -1; article.focus(); }")
    page.keyboard.press("Tab")
    meaning.wait_for()
    page.locator("h1").hover()
    page.wait_for_timeout(WAIT)
    assert meaning.is_visible()
    assert described(page.locator(".word:focus"))
    page.keyboard.press("Escape")
    assert not meaning.is_visible()
    assert not described(page.locator(".word:focus"))
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    meaning.wait_for()
    page.keyboard.press("Tab")
    assert not meaning.is_visible()
    page.keyboard.press("Shift+Tab")
    meaning.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/below/glossary/#loss")


@pytest.fixture
def phone(visit):
    """The lesson on a telephone."""
    return visit(width=390, height=800, has_touch=True, is_mobile=True).page


def test_the_first_tap_shows_a_meaning_and_the_second_leads_to_the_glossary(phone):
    meaning = phone.locator(MEANING)
    word = phone.locator(".word").first
    word.tap()
    meaning.wait_for()
    assert "/lesson/" in phone.url
    # As on telephones where a tap moves no focus.
    phone.locator("h1").dispatch_event("pointerdown", {"pointerType": "touch"})
    assert not meaning.is_visible()
    word.tap()
    meaning.wait_for()
    word.tap()
    phone.wait_for_url("**/below/glossary/#loss")


def test_so_does_the_link_below_the_meaning(phone):
    phone.locator(".word").last.tap()
    phone.get_by_role("link", name="In the glossary").tap()
    phone.wait_for_url("**/below/glossary/#rate")


def test_without_the_glossary_a_word_is_a_link(browser, first_lesson):
    visit = Visit(browser, first_lesson, wait_until="networkidle", has_touch=True)
    page = visit.page
    page.route(
        "**/glossary/",
        lambda route: (
            route.abort() if route.request.resource_type == "fetch" else route.continue_()
        ),
    )
    page.locator(".word").first.hover()
    page.wait_for_timeout(WAIT)
    assert not page.locator(MEANING).is_visible()
    page.locator(".word").first.tap()
    page.wait_for_url("**/below/glossary/#loss")
    visit.close()
    assert all("ERR_FAILED" in problem for problem in visit.problems)


@pytest.mark.parametrize("width", [1280, 390])
def test_no_meaning_leaves_the_window(visit, width):
    page = visit(width=width, height=500).page
    for word in page.locator(".word").all():
        word.evaluate("word => word.scrollIntoView({block: 'end'})")
        word.hover()
        page.locator(MEANING).wait_for()
        box = page.locator(MEANING).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 500
        assert width_of_page(page) == width
        page.keyboard.press("Escape")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_meaning_is_accessible(visit, dark):
    page = visit(dark=dark).page
    page.locator(".word").first.hover()
    page.locator(MEANING).wait_for()
    found = [problem for problem in violations(page) if "meaning" in problem or "word" in problem]
    assert not found, "\n\n".join(found)


def test_a_page_that_the_theme_puts_in_place_shows_meanings_fetched_before(visit):
    opened = visit()
    page = opened.page
    page.evaluate("window.marked = true")
    page.locator(".word").first.hover()
    page.locator(MEANING).wait_for()
    page.get_by_role("link", name="other lesson").click()
    page.wait_for_url("**/other/")
    page.locator("h1", has_text="Another").wait_for()
    page.locator(".word").hover()
    page.locator(MEANING).wait_for()
    assert page.evaluate("window.marked")
    assert [url.endswith("/below/glossary/") for url in opened.sent].count(True) == 1
