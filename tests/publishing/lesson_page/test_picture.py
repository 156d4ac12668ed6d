"""The picture that is shown with a link: of one size, with its title and its figures in view."""

import io

import pytest
from PIL import Image

from mnist_lessons.publishing.lesson_page.picture import HEIGHT, WIDTH, kept, picture


def figure(colour, width=400, height=300):
    """A PNG file of one colour that lets the paper through around a part of it."""
    drawn = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    drawn.paste(colour, (width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    content = io.BytesIO()
    drawn.save(content, "PNG")
    return content.getvalue()


def opened(content):
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        return image.convert("RGB")


def colours(image):
    return {colour for _, colour in image.getcolors(1 << 20)}


def ink(image, left, right):
    """Columns of the band, between two, that letters have a part in."""
    band = opened(image).crop((left, 0, right, 140))
    return [x for x in range(band.width) if len(colours(band.crop((x, 0, x + 1, 140)))) > 1]


@pytest.mark.parametrize("size", [(400, 300), (1400, 300), (200, 900), (1, 1)])
def test_it_has_the_size_that_is_asked_for_and_the_whole_figure(size):
    image = opened(picture("A lesson", "The site", [figure("red", *size)]))
    assert image.size == (WIDTH, HEIGHT) == (1200, 630)
    assert {(255, 255, 255), (29, 43, 83)} <= colours(image), "paper, and the band of the title"
    below = image.crop((0, 140, WIDTH, HEIGHT))
    assert colours(below.crop((0, 0, WIDTH, 28))) == {(255, 255, 255)}
    assert (255, 0, 0) in colours(below) or size == (1, 1)


def test_the_colours_of_all_figures_are_kept():
    names = ["red", "lime", "blue", "cyan", "magenta"]
    image = opened(picture("All", "", [figure(name) for name in names]))
    found = colours(image)
    assert {(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 255), (255, 0, 255)} <= found


def test_a_long_title_gets_smaller_and_leaves_room_for_the_name_of_the_site():
    short, long = (picture(title, "The site", [figure("red")]) for title in ("One", "One " * 15))
    assert ink(short, 0, 300)[0] in range(44, 60)
    assert len(ink(long, 48, 900)) > 500
    aside = ink(picture("", "The site", [figure("red")]), 0, WIDTH)
    gap = [x for x in ink(long, 0, WIDTH) if aside[0] - 40 < x < aside[0]]
    assert not gap
    assert ink(long, aside[0], WIDTH) == [x - aside[0] for x in aside]


def test_the_same_figure_makes_the_same_bytes():
    one, same, other = (picture("A", "B", [figure(name)]) for name in ("red", "red", "blue"))
    assert one == same != other


def test_it_is_made_once_and_again_when_something_else_makes_it(tmp_path):
    made = []

    def make():
        made.append(len(made))
        return b"%d" % len(made)

    folder = tmp_path / "pictures" / "one"
    assert [kept(folder, make, b"a", b"b") for _ in range(3)] == [b"1"] * 3
    assert kept(folder, make, b"ab", b"") == b"2"
    assert len(list(folder.iterdir())) == 1, "the one of before is gone"
    assert kept(folder, make, b"a", b"b") == b"3"


def test_where_nothing_can_be_kept_it_is_made_each_time(tmp_path):
    (tmp_path / "file").touch()
    assert kept(tmp_path / "file" / "one", lambda: b"1", b"a") == b"1"
