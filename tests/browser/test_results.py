"""The page of results: sorting, and a table and curves that fit any screen."""

import pytest

HEADS = ".results-table th[data-kind]"


def column(page, name):
    """The texts of a column, from top to bottom."""
    names = page.locator(HEADS).all_inner_texts()
    place = next(number for number, text in enumerate(names) if text.strip().startswith(name))
    rows = page.locator(".results-table").first.locator("tbody tr")
    return [row.locator("th, td").nth(place).inner_text() for row in rows.all()]


def number(text):
    return float(text.split()[0].replace(",", "").rstrip("%"))


@pytest.mark.parametrize(
    "name", ["test accuracy", "95% interval", "parameters", "seconds per epoch", "epochs", "seed"]
)
def test_a_column_sorts_both_ways(open_page, name):
    page = open_page("results/")
    head = page.locator(HEADS).filter(has_text=name)
    button = page.locator(HEADS).get_by_role("button", name=name)
    button.click()
    values = [number(text) for text in column(page, name)]
    assert values == sorted(values)
    assert head.get_attribute("aria-sort") == "ascending"
    button.click()
    assert [number(text) for text in column(page, name)] == sorted(values, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"


def test_texts_sort_too_and_by_keyboard(open_page):
    page = open_page("results/")
    page.locator(HEADS).get_by_role("button", name="epochs").click()
    page.locator(HEADS).get_by_role("button", name="network").focus()
    page.keyboard.press("Enter")
    assert column(page, "network") == sorted(column(page, "network"))
    assert page.locator("[aria-sort]").count() == 1


def test_without_javascript_it_is_a_plain_table(open_page):
    page = open_page("results/", java_script_enabled=False)
    assert len(column(page, "network")) == 5
    assert page.locator(".results-table button").count() == 0


def test_on_a_phone_the_table_scrolls_in_its_own_box(open_page):
    page = open_page("results/", width=320)
    box = page.get_by_role("region", name="Trained networks")
    box.focus()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    before = page.locator(".results-table tbody th").first.bounding_box()
    box.evaluate("box => box.scrollTo(10000, 0)")
    assert page.locator(".results-table tbody th").first.bounding_box() == before
    assert page.locator(".results-table tbody td").nth(7).is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def light(colour):
    """Relative luminance of `rgb(r, g, b)`."""
    shares = [float(part) / 255 for part in colour[4:-1].split(",")[:3]]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_lines_stand_out_and_differ_in_light_and_dark(open_page, dark):
    page = open_page("results/", dark=dark)
    ground = light(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    styles = (
        page.locator(".results-curves svg")
        .first.locator("g.curve")
        .evaluate_all(
            "groups => groups.map(group => [getComputedStyle(group).stroke, "
            "group.lastChild.getAttribute('points')?.split(' ').map(one => one.split(','))])"
        )
    )
    # Markers differ by their corners around the first, of which a disc has none.
    shapes = {
        tuple(
            (round(float(x) - float(corners[0][0])), round(float(y) - float(corners[0][1])))
            for x, y in corners
        )
        if corners
        else None
        for _, corners in styles
    }
    assert len(styles) == len({colour for colour, _ in styles}) == len(shapes)
    for colour, _ in styles:
        low, high = sorted((light(colour), ground))
        assert (high + 0.05) / (low + 0.05) >= 3


def test_curves_can_be_read_on_a_phone(open_page):
    page = open_page("results/", width=390)
    for chart in page.locator(".results-curves svg").all():
        box = chart.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    text = page.locator(".results-curves text").first
    assert text.evaluate("text => text.getBoundingClientRect().height") >= 11
