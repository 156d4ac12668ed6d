"""The index of the search, in two files."""

import json

from mnist_lessons.publishing.site.search_index import split_index

INDEX = {"config": {"lang": ["en"], "separator": " "}, "docs": [{"location": "", "text": "é"}]}


def test_texts_are_moved_out_of_the_index_where_the_site_loads_them_later(tmp_path):
    (tmp_path / "search").mkdir()
    index = tmp_path / "search" / "search_index.json"
    index.write_text(json.dumps(INDEX))
    split_index(tmp_path)
    assert json.loads(index.read_text()) == INDEX, "the theme's own search looks there"
    (tmp_path / "javascripts").mkdir()
    (tmp_path / "javascripts" / "search.js").touch()
    split_index(tmp_path)
    assert json.loads(index.read_text()) == {**INDEX, "docs": []}
    assert json.loads((tmp_path / "search" / "texts.json").read_text("utf-8")) == INDEX["docs"]


def test_a_site_without_a_search_is_left_alone(tmp_path):
    split_index(tmp_path)
    assert list(tmp_path.iterdir()) == []
