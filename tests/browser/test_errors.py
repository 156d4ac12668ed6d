"""The error browser, used with a mouse, by keyboard, by touch, and without JavaScript."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from benchmarks.browsing import violations, width_of_page

SECTION = ".errors-network:not([hidden])"


@pytest.fixture
def open_errors(open_page):
    """Opens the page, and waits until its list is a browser."""

    def opened(place="", **options):
        page = open_page(f"errors/{place}", **options)
        page.locator(".errors.is-ready").wait_for()
        return page

    return opened


@pytest.fixture
def errors(open_errors):
    """The page as it opens on an ordinary screen."""
    return open_errors()


def shown(page):
    """The texts of the mistakes that the list shows."""
    items = page.locator(f"{SECTION} .errors-list > li:visible")
    return [" ".join(text.split()) for text in items.all_inner_texts()]


def count(page):
    return page.get_by_role("status").inner_text()


def heading(page):
    return " ".join(
        page.locator("dialog.errors-dialog").get_by_role("heading").inner_text().split()
    )


def largest_cell(page):
    """The cell of the matrix with the most frequent mistake, and its pair."""
    cells = page.locator(f"{SECTION} .errors-matrix td[data-pair]")
    counts = [int(text) for text in cells.all_inner_texts()]
    cell = cells.nth(counts.index(max(counts)))
    return cell.get_by_role("button"), cell.get_attribute("data-pair"), max(counts)


def test_without_javascript_it_is_a_list_of_all_mistakes(open_page):
    page = open_page("errors/", java_script_enabled=False)
    sections = page.locator(".errors-network")
    assert sections.count() == 5
    for section in sections.all():
        assert section.is_visible()
        told = int(section.locator("p").first.inner_text().split()[0])
        assert section.locator(".errors-list > li").count() == told > 0
    assert page.locator(".errors button").count() == 0, "none that does nothing"


def test_mistakes_are_sorted_by_confidence(errors):
    sure = [re.search(r"(> )?(\d+\.\d)%$", text) for text in shown(errors)]
    values = [float(found[2]) + bool(found[1]) for found in sure]
    assert values == sorted(values, reverse=True)


def test_one_network_is_shown_at_a_time(errors):
    buttons = errors.get_by_role("group", name="Network").get_by_role("button")
    for button in buttons.all():
        button.click()
        title = errors.locator(SECTION).get_by_role("heading", level=2)
        assert title.inner_text() == button.inner_text()
        assert button.get_attribute("aria-pressed") == "true"
        assert count(errors) == f"{len(shown(errors))} of {len(shown(errors))} mistakes"
    assert errors.locator('[aria-label="Network"] [aria-pressed="true"]').count() == 1


def test_a_cell_of_the_matrix_filters_and_gives_up_again(errors):
    every = len(shown(errors))
    cell, (true, read), times = largest_cell(errors)
    cell.click()
    assert len(shown(errors)) == times
    assert all(text.startswith(f"{true} read as {read},") for text in shown(errors))
    assert count(errors) == f"{times} of {every} mistakes: {true} read as {read}"
    assert errors.get_by_role("combobox", name="True digit").input_value() == true
    assert errors.get_by_role("combobox", name="Read as").input_value() == read
    assert cell.get_attribute("aria-pressed") == "true"
    cell.click()
    assert len(shown(errors)) == every
    assert cell.get_attribute("aria-pressed") == "false"


def test_two_selects_filter(errors):
    every = len(shown(errors))
    cell, (true, read), times = largest_cell(errors)
    errors.get_by_role("combobox", name="Read as").select_option(read)
    assert {text[len("1 read as ")] for text in shown(errors)} == {read}
    assert count(errors).endswith(f"of {every} mistakes: another digit read as {read}")
    errors.get_by_role("combobox", name="True digit").select_option(true)
    assert len(shown(errors)) == times
    assert cell.get_attribute("aria-pressed") == "true"
    errors.get_by_role("button", name="Show all").click()
    assert len(shown(errors)) == every


def test_a_filter_stays_when_the_network_changes(errors):
    errors.get_by_role("combobox", name="True digit").select_option("8")
    errors.get_by_role("group", name="Network").get_by_role("button").nth(1).click()
    assert {text[0] for text in shown(errors)} <= {"8"}
    assert ": a true 8 read as another digit" in count(errors)


def test_keys_move_through_the_mistakes_and_open_them(errors):
    texts = shown(errors)
    errors.get_by_role("button", name="Show all").focus()
    errors.keyboard.press("Tab")
    expect(errors.locator(":focus")).to_have_text(texts[0])
    errors.keyboard.press("ArrowRight")
    errors.keyboard.press("ArrowRight")
    errors.keyboard.press("ArrowLeft")
    expect(errors.locator(":focus")).to_have_text(texts[1])
    left = errors.evaluate("document.activeElement.getBoundingClientRect().left")
    errors.keyboard.press("ArrowDown")
    below = errors.evaluate("document.activeElement.getBoundingClientRect().left")
    assert left == below
    errors.keyboard.press("ArrowUp")
    expect(errors.locator(":focus")).to_have_text(texts[1])
    assert errors.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    errors.keyboard.press("End")
    expect(errors.locator(":focus")).to_have_text(texts[-1])
    errors.keyboard.press("Home")
    errors.keyboard.press("Enter")
    assert heading(errors) == texts[0]
    errors.keyboard.press("ArrowRight")
    assert heading(errors) == texts[1]
    errors.keyboard.press("Escape")
    assert not errors.locator("dialog.errors-dialog").is_visible()
    expect(errors.locator(":focus")).to_have_text(texts[1])


def test_a_mistake_is_shown_with_its_ten_doubts(errors):
    errors.locator(f"{SECTION} .errors-open").nth(2).click()
    dialog = errors.locator("dialog.errors-dialog")
    rows = dialog.locator("tbody tr")
    rows.first.wait_for()
    assert rows.count() == 10
    cells = [row.locator("th, td").all_inner_texts() for row in rows.all()]
    true, read = re.match(r"(\d) read as (\d)", heading(errors)).groups()
    assert {row[3]: row[0] for row in cells if row[3]} == {"true digit": true, "read": read}
    assert heading(errors).endswith(cells[int(read)][2])
    values = [float(re.search(r"\d+\.\d", row[2])[0]) for row in cells]
    assert sum(values) == pytest.approx(100, abs=1.5)
    widths = [row.locator(".errors-bar span").bounding_box()["width"] for row in rows.all()]
    assert widths.index(max(widths)) == int(read)


def test_a_reader_sees_the_true_pixels(errors, site):
    errors.locator(f"{SECTION} .errors-open").nth(1).click()
    errors.locator(".errors-doubts").wait_for()
    seen = Image.open(io.BytesIO(errors.locator(".errors-picture svg").screenshot()))
    data = json.loads((site.root / "site/errors/errors.json").read_text())
    name = errors.locator(SECTION).get_attribute("data-network")
    column, row = data["networks"][name][1][0] % data["columns"], None
    row = data["networks"][name][1][0] // data["columns"]
    with Image.open(site.root / "site/errors/digits.png") as sheet:
        tile = sheet.crop((column * 28, row * 28, column * 28 + 28, row * 28 + 28))
    size = seen.width / 28
    assert size >= 6, "large"
    middles = [int((place + 0.5) * size) for place in range(28)]
    pixels = np.asarray(seen.convert("L")).astype(int)[np.ix_(middles, middles)]
    assert np.abs(pixels - np.asarray(tile).astype(int)).max() <= 3


def test_previous_and_next_stay_within_the_filter(errors):
    cell, (true, read), times = largest_cell(errors)
    cell.click()
    errors.locator(f"{SECTION} .errors-open:visible").first.click()
    dialog = errors.locator("dialog.errors-dialog")
    assert dialog.get_by_role("button", name="Previous").is_disabled()
    for _ in range(times - 1):
        dialog.get_by_role("button", name="Next").press("Enter")
        assert heading(errors).startswith(f"{true} read as {read},")
    assert dialog.get_by_role("button", name="Next").is_disabled()
    last = heading(errors)
    for key, where in (("Enter", last), ("ArrowRight", last), ("ArrowLeft", None)):
        errors.keyboard.press(key)
        assert (heading(errors) == where) == (where is not None)
    errors.keyboard.press("ArrowRight")
    dialog.get_by_role("button", name="Close").click()
    expect(errors.locator(":focus")).to_have_text(shown(errors)[-1])


@pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (1280, True), (390, True), (320, False)]
)
def test_it_is_accessible_while_it_is_used(open_errors, width, dark):
    page = open_errors(width=width, dark=dark, has_touch=width < 1000)
    cell, _, _ = largest_cell(page)
    press = cell.tap if width < 1000 else cell.click
    press()
    for opened in (False, True):
        if opened:
            image = page.locator(f"{SECTION} .errors-open:visible").first
            (image.tap if width < 1000 else image.click)()
            page.locator(".errors-doubts").wait_for()
        assert violations(page) == []
        assert width_of_page(page) <= width
    box = page.locator("dialog.errors-dialog").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_it_works_again_after_a_walk_through_the_site(open_home):
    page = open_home()
    for _ in range(2):
        page.get_by_role("link", name="Browse the errors").first.click()
        page.wait_for_selector(".errors.is-ready")
        cell, _, times = largest_cell(page)
        cell.click()
        assert len(shown(page)) == times
        page.locator(f"{SECTION} .errors-open:visible").first.click()
        page.locator(".errors-doubts").wait_for()
        assert page.locator("dialog.errors-dialog").count() == 1
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Results").first.click()
        page.wait_for_selector(".results-table button")
    page.go_back()
    page.wait_for_selector(".errors.is-ready")


def network_shown(page):
    return page.locator(SECTION).get_attribute("data-network")


def test_an_address_names_a_network_and_a_filter(open_errors):
    page = open_errors("#errors-improved-cnn-cnn-3", wait_until="networkidle")
    assert network_shown(page) == "improved-cnn-cnn-3"
    page.evaluate("location.hash = '#errors-improved-cnn-cnn-120:8:any'")
    # The theme fetches the page once more: wait for the new one.
    expect(page.locator(f".is-ready {SECTION}")).to_have_attribute(
        "data-network", "improved-cnn-cnn-120"
    )
    expect(page.get_by_role("status")).to_contain_text(": a true 8 read as another digit")
    page = open_errors("#errors-improved-cnn-cnn-120:<b>:9")
    assert ": another digit read as 9" in count(page)
    heading = page.locator(SECTION).get_by_role("heading", level=2)
    assert 0 < heading.bounding_box()["y"] < 300


def test_a_link_to_a_network_leads_to_its_heading(open_home):
    page = open_home()
    page.evaluate(
        """() => {
            const link = document.querySelector('.md-content a[href$="errors/"]');
            link.href += "#errors-improved-cnn-cnn-120";
            link.click();
        }"""
    )
    heading = page.locator(f".is-ready {SECTION}").get_by_role("heading", level=2)
    heading.wait_for()
    assert network_shown(page) == "improved-cnn-cnn-120"
    page.wait_for_timeout(500)
    assert 0 < heading.bounding_box()["y"] < 300


def test_what_is_shown_is_found_again_with_back(open_errors):
    page = open_errors(wait_until="networkidle")
    assert "#" not in page.url, "as long as nothing was chosen"
    page.get_by_role("group", name="Network").get_by_role("button").nth(1).click()
    page.get_by_role("combobox", name="Read as").select_option("9")
    name, told = network_shown(page), count(page)
    page.get_by_role("link", name="Results").first.click()
    page.wait_for_selector(".results-table button")
    page.go_back()
    page.wait_for_selector(".errors.is-ready")
    assert (network_shown(page), count(page)) == (name, told)
    for _ in range(2):
        page.reload()
        assert (network_shown(page), count(page)) == (name, told)


def test_the_matrix_is_one_stop_for_the_keyboard(errors):
    errors.get_by_role("group", name="Network").get_by_role("button").last.focus()
    cells = errors.locator(f"{SECTION} .errors-matrix button")
    for _ in range(2):
        errors.keyboard.press("Tab")
    expect(cells.first).to_be_focused()
    errors.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    errors.keyboard.press("End")
    expect(cells.last).to_be_focused()
    errors.keyboard.press("ArrowUp")
    pair = errors.evaluate("document.activeElement.parentElement.dataset.pair")
    assert pair[1] == cells.last.evaluate("cell => cell.parentElement.dataset.pair[1]")
    errors.keyboard.press("Enter")
    assert count(errors).endswith(f": {pair[0]} read as {pair[1]}")
    errors.keyboard.press("Tab")
    expect(errors.get_by_role("combobox", name="True digit")).to_be_focused()


def test_no_image_under_the_focus_is_hidden_by_the_header(errors):
    errors.locator(f"{SECTION} .errors-open").first.focus()
    errors.keyboard.press("End")
    header = errors.locator(".md-header").bounding_box()["height"]
    for _ in range(6):
        errors.keyboard.press("ArrowUp")
        top = errors.evaluate("document.activeElement.getBoundingClientRect().top")
        assert top >= header


def test_on_a_phone_a_chosen_cell_brings_its_images_into_sight(open_errors):
    page = open_errors(width=390, height=700, has_touch=True)
    cell, _, _ = largest_cell(page)
    cell.tap()
    for seen in (page.get_by_role("status"), page.locator(f"{SECTION} .errors-open:visible").first):
        assert seen.bounding_box()["y"] < 700


def test_words_of_a_search_leave_names_and_numbers_alone(open_errors):
    page = open_errors("?h=improvedcnn+3+epochs")
    page.wait_for_selector("mark")
    names = page.get_by_role("group", name="Network").get_by_role("button").all_inner_texts()
    headings = page.locator(".errors-network > h2").all_text_contents()
    assert names == [heading.strip() for heading in headings]
    marks = page.locator(f"{SECTION} .errors-list mark")
    colours = marks.evaluate_all("all => all.map((one) => getComputedStyle(one).backgroundColor)")
    assert set(colours) <= {"rgba(0, 0, 0, 0)"}
