"""The page of results: sorting, and tables and curves that fit any screen."""

import pytest

HEADS = "th:has(.results-name)"


def table(page, name):
    return page.get_by_role("region", name=name)


def column(page, name, inside="Trained networks"):
    """The texts of a column, from top to bottom."""
    names = table(page, inside).locator(HEADS).all_inner_texts()
    place = next(number for number, text in enumerate(names) if text.strip().startswith(name))
    rows = table(page, inside).locator("tbody tr")
    return [row.locator("th, td").nth(place).inner_text() for row in rows.all()]


def number(text):
    """Where one is lacking, a dash stands, which is sorted as 0."""
    known = text.replace("\N{EN DASH}", "0").replace("\N{PLUS-MINUS SIGN}", "").replace(",", "")
    return float(known.split()[0].rstrip("%"))


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        *(("Trained networks", name) for name in ("test accuracy", "luck of the images")),
        ("Trained networks", "luck of the seed"),
        *(("What the networks", name) for name in ("parameters", "epochs", "seconds per epoch")),
    ],
)
def test_a_column_sorts_both_ways(open_page, inside, name):
    page = open_page("results/")
    head = table(page, inside).locator(HEADS).filter(has_text=name).first
    button = table(page, inside).get_by_role("button", name=name).first
    button.click()
    values = [number(text) for text in column(page, name, inside)]
    assert values == sorted(values)
    assert head.get_attribute("aria-sort") == "ascending"
    button.click()
    assert [number(text) for text in column(page, name, inside)] == sorted(values, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"


def test_texts_sort_too_and_by_keyboard(open_page):
    page = open_page("results/")
    networks = table(page, "Trained networks")
    networks.get_by_role("button", name="luck of the seed").click()
    networks.get_by_role("button", name="network").focus()
    page.keyboard.press("Enter")
    names = [text.split("\n")[0].lower() for text in column(page, "network")]
    assert names == sorted(names)
    assert page.locator("[aria-sort]").count() == 1


def test_the_best_stands_first_and_without_javascript_it_is_a_plain_table(open_page):
    page = open_page("results/", java_script_enabled=False)
    values = [number(text) for text in column(page, "test accuracy")]
    assert len(values) == 11
    assert values == sorted(values, reverse=True)
    assert page.locator(".results-table button").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_no_table_must_be_scrolled_sideways(open_page, width):
    page = open_page("results/", width=width)
    boxes = page.locator(".results").filter(visible=True)
    assert boxes.count() == 4, "networks, pairs, costs, runs"
    wide = "boxes => boxes.map(box => box.scrollWidth > box.clientWidth ? box.ariaLabel : '')"
    assert not any(boxes.evaluate_all(wide))


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
