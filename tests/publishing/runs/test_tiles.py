"""A picture of tiles holds what was put into it."""

from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.publishing.runs.tiles import sprite, tiles_of


@given(st.lists(st.binary(min_size=784, max_size=784), max_size=12), st.integers(1, 7))
def test_a_sprite_holds_what_was_put_into_it(tmp_path_factory, tiles, columns):
    path = tmp_path_factory.mktemp("sprite") / "sprite.png"
    path.write_bytes(sprite(tiles, columns))
    assert tiles_of(path, columns, len(tiles)) == tiles
