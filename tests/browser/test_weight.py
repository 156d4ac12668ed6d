"""A page weighs little, and stands still while it comes, also over a slow line."""

import pytest

from benchmarks.browsing import compressed, layout_shift, load_slowly
from tests.browser.addresses import LESSON, LESSONS, crossed

HOME = ""
NETWORK = 60_000  # bytes at most of the one that the pad of the home page asks


def test_the_html_of_a_lesson_is_light(site, lesson):
    assert 0 < compressed(site.folder / lesson / "index.html") <= 36_000


def visited(open_page, site, address, dark):
    """Compressed bytes of each file of a first visit, the largest first."""
    page = open_page(address, dark=dark, wait_until="networkidle")
    sizes = page.visit.weight(site.folder)
    assert len(sizes) > 5
    return dict(sorted(sizes.items(), key=lambda size: -size[1]))


@pytest.mark.parametrize(("lesson", "dark"), crossed(LESSONS, [False, True], [LESSON]))
def test_a_first_visit_to_a_lesson_is_light(open_page, site, lesson, dark):
    sizes = visited(open_page, site, lesson, dark)
    assert sum(sizes.values()) <= 150_000, sizes


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_so_is_one_to_the_home_page_with_its_pad_and_pictures(open_page, site, dark):
    sizes = visited(open_page, site, HOME, dark)
    assert sum(sizes.values()) <= 150_000, sizes
    assert sizes["draw/improved_cnn/cnn_120.weights.bin"] <= NETWORK


@pytest.mark.parametrize(("lesson", "width"), crossed(LESSONS, [1280, 390], [LESSON]))
def test_nothing_jumps_while_a_lesson_loads(open_page, lesson, width):
    page = open_page(lesson, width=width)
    load_slowly(page)
    assert layout_shift(page) <= 0.02


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_while_the_home_page_loads(open_page, width):
    page = open_page(HOME, width=width)
    load_slowly(page)
    assert layout_shift(page) <= 0.02
