"""Figures and pages show a series in one way, and in colours that can be told apart."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from mnist_lessons.figures import palette
from mnist_lessons.figures.look import PRINT, VARIANTS, contrast
from mnist_lessons.figures.styles import reference_style, series_style

STYLES = Path(__file__).parents[2] / "docs" / "stylesheets" / "tables.css"
PAPER = {palette.LIGHT: "#ffffff", palette.DARK: "#1e2129"}


def channels(colour):
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def test_the_stylesheet_has_the_colours_of_the_figures():
    said = re.findall(r"--curve-(\d): (#\w{6});", STYLES.read_text("utf-8"))
    assert said == [
        (str(number), colour)
        for colours in (palette.LIGHT, palette.DARK)
        for number, colour in enumerate(colours)
    ]
    assert {look.series for look in (PRINT, *VARIANTS.values())} == set(PAPER)


@pytest.mark.parametrize("colours", PAPER, ids=["light", "dark"])
def test_colours_are_seen_on_their_paper_and_beside_one_another(colours):
    assert all(contrast(colour, PAPER[colours]) >= 4.5 for colour in colours)
    for one, other in combinations(map(channels, colours), 2):
        assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) >= 60


def test_a_kind_is_that_of_one_series_alone():
    kinds = [palette.kind(number) for number in range(36)]
    assert len(set(kinds)) == 36
    assert kinds[:6] == [(number, number) for number in range(6)]


def test_a_style_tells_the_same_as_the_palette():
    solid, dashed = (series_style(1, PRINT, part) for part in ("validation", "train"))
    assert solid["color"] == dashed["color"] == palette.LIGHT[1]
    assert solid["marker"] == dashed["marker"] == palette.MARKERS[1].name
    assert solid["linestyle"] == "-"
    for style, dashes in (
        (dashed, palette.TRAINING),
        (reference_style(PRINT), palette.REFERENCE),
    ):
        lengths = [part * style["linewidth"] for part in style["linestyle"][1]]
        assert lengths == pytest.approx(dashes)
