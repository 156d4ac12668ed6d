"""The site without a mouse: what is focused is seen, and all can be reached and used."""

import re

import pytest

from tests.browser.addresses import LESSON, LESSONS, crossed

# What has the focus, and whether a reader sees that. A hidden switch shows it on its label.
# A box that is taller than the window is looked for where it is in sight.
FOCUS = """async () => {
  await new Promise(requestAnimationFrame);
  const focused = document.activeElement;
  if (focused === document.body) return null;
  const labels = [...(focused.labels || [])].filter(label => label.closest(".md-header"));
  const box = focused.matches("[type=radio], [type=checkbox]") && labels.length
    ? focused.matches(".md-option") ? focused.nextElementSibling : labels[0] : focused;
  const style = getComputedStyle(box);
  const framed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
    || style.boxShadow !== "none";
  const inSight = () => {
    let opacity = 1;
    for (let one = box; one; one = one.parentElement) opacity *= getComputedStyle(one).opacity;
    const {left, right, top, bottom} = box.getClientRects()[0] || box.getBoundingClientRect();
    const there = document.elementFromPoint(
      (Math.max(left, 0) + Math.min(right, innerWidth)) / 2,
      (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2);
    return right - left > 1 && bottom - top > 1 && opacity > 0.1 && there !== document.body
      && (box.contains(there) || Boolean(there?.contains(box)));
  };
  for (let frame = 0; frame < 30 && !inSight(); frame++) await new Promise(requestAnimationFrame);
  return {html: focused.outerHTML.slice(0, 160), framed, seen: inSight()};
}"""
SCHEME = "document.body.dataset.mdColorScheme"
LINKS = ".md-search-result__link"


def tab_to(page, selector):
    """Press Tab until the focus is on what the selector finds; at most 200 times."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab never reaches {selector}")


def search_for(page, words):
    """Enter words, but for the last letter at once: each letter brings a list of its own."""
    page.keyboard.insert_text(words[:-1])
    page.keyboard.type(words[-1])


def telling_words(site, lesson):
    """Four words of a section of a lesson that fewest pages have, and the section's id."""
    texts = [set(words_of(page.article)) for page in site.pages.values()]

    def rare(head):
        words = dict.fromkeys(words_of(head.find_next_sibling()))
        return sorted((sum(word in text for text in texts), word) for word in words)[:4]

    heads = [
        head
        for head in site.pages[f"{lesson}index.html"].article("h2")
        if head.find_next_sibling().name == "p" and len(rare(head)) == 4
    ]
    head = min(heads, key=rare)
    return " ".join(word for _, word in rare(head)), head["id"]


def words_of(part):
    return re.findall(r"[a-z]{4,}", part.get_text(" ").lower())


# 640: a window of 1280 at 200%
@pytest.mark.parametrize(("lesson", "width"), crossed(LESSONS, [1280, 640], [LESSON]))
def test_the_focus_is_always_seen(open_page, lesson, width):
    page = open_page(lesson, width=width, reduced_motion="reduce")
    stops = []
    for _ in range(500):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None:
            break
        stops.append(stop)
    else:
        pytest.fail("Tab never comes to the end of the page")
    assert len(stops) > 50
    assert [stop for stop in stops if not (stop["framed"] and stop["seen"])] == []


def test_the_first_stop_skips_to_the_content(open_page, until):
    page = open_page(LESSON)
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to content"
    box = skip.bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    until(page, "location.hash")
    in_article = "Boolean(document.activeElement.closest('article'))"
    for _ in range(2):  # a busy browser may go to that place after the first Tab, and undo it
        page.keyboard.press("Tab")
        page.wait_for_timeout(500)
        if page.evaluate(in_article):
            break
    assert page.evaluate(in_article)


def test_the_palette_is_switched(open_page):
    page = open_page(LESSON)
    assert page.evaluate(SCHEME) == "default"
    tab_to(page, ".md-option")
    assert page.locator(":focus").get_attribute("aria-label") == "Switch to the dark page"
    page.keyboard.press("Enter")
    assert page.evaluate(SCHEME) == "slate"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    assert page.evaluate(SCHEME) == "slate", "it is remembered"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    tab_to(page, ".md-option")
    page.keyboard.press("Enter")
    assert page.evaluate(SCHEME) == "default"


@pytest.mark.parametrize(("lesson", "way"), crossed(LESSONS, ["slash", "tab"], [LESSON]))
def test_search_finds_a_section_by_its_telling_words(open_home, until, site, lesson, way):
    page = open_home()
    words, section = telling_words(site, lesson)
    found = f"{{0}}.hash === '#{section}' && {{0}}.pathname.endsWith('/{lesson}')"
    if way == "slash":
        page.keyboard.press("/")
    else:
        tab_to(page, ".md-search__input")
    search_for(page, words)
    # Another lesson may have a section of this name.
    until(page, f"[...document.querySelectorAll('{LINKS}')].some(a => {found.format('a')})")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
        if page.evaluate(found.format("document.activeElement")):
            break
    assert page.evaluate(found.format("document.activeElement")), words
    assert page.evaluate(FOCUS)["framed"]
    page.keyboard.press("Enter")
    until(page, f"location.pathname.endsWith('/{lesson}') && scrollY > 0")
    until(page, "!document.querySelector('#__search').checked")
    top = f"document.getElementById('{section}').getBoundingClientRect().top"
    until(page, f"{top} >= 0 && {top} < innerHeight")


@pytest.mark.parametrize("name", ["load_mnist", "wilson_interval"])
def test_search_finds_a_name_of_the_package_in_the_reference(open_home, until, name):
    page = open_home()
    page.keyboard.press("/")
    search_for(page, name)
    until(page, f"document.querySelector('{LINKS}')")
    first = f"[...document.querySelectorAll('{LINKS}')].filter(a => a.hash)[0]"
    until(page, f"{first}.hash.endsWith('.{name}')")
    assert page.evaluate(f"{first}.pathname").endswith("/reference/")
    assert page.evaluate(f"{first}.checkVisibility()")
    page.keyboard.press("Escape")
    assert not page.evaluate("document.querySelector('#__search').checked")


def test_a_link_of_the_navigation_is_followed(open_home, until):
    page = open_home()
    tab_to(page, f".md-nav--primary a[href*='{LESSON}']")
    assert page.evaluate(FOCUS)["framed"]
    page.keyboard.press("Enter")
    until(page, f"location.pathname.endsWith('/{LESSON}')")
    until(page, "document.querySelectorAll('article .highlight').length > 5")


def test_the_drawer_of_a_narrow_window_is_opened_and_closed(open_home, until):
    page = open_home(width=390)
    opened = "document.querySelector('#__drawer').checked"
    tab_to(page, "button[aria-label=Navigation]")
    assert page.evaluate(FOCUS)["framed"]
    for key, wanted in (("Space", True), ("Enter", False), ("Space", True)):
        page.keyboard.press(key)
        assert page.evaluate(opened) == wanted
        assert page.evaluate("document.activeElement.ariaExpanded") == str(wanted).lower()
    tab_to(page, f".md-nav--primary a[href*='{LESSON}']")
    until(page, "document.activeElement.getBoundingClientRect().left >= 0")
    page.keyboard.press("Enter")
    until(page, f"location.pathname.endsWith('/{LESSON}') && !{opened}")
