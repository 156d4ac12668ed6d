"""A lesson weighs little, and stands still while it comes, also over a slow line."""

import pytest

from benchmarks.browsing import compressed, layout_shift, load_slowly


def test_the_html_of_a_lesson_is_light(site, lesson):
    assert 0 < compressed(site.folder / lesson / "index.html") <= 30_000


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_first_visit_to_a_lesson_is_light(open_page, site, lesson, dark):
    page = open_page(lesson, dark=dark, wait_until="networkidle")
    sizes = page.visit.weight(site.folder)
    assert len(sizes) > 5
    largest = sorted(sizes.items(), key=lambda size: -size[1])
    assert sum(sizes.values()) <= 150_000, largest


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_while_a_lesson_loads(open_page, lesson, width):
    page = open_page(lesson, width=width)
    load_slowly(page)
    assert layout_shift(page) <= 0.02
