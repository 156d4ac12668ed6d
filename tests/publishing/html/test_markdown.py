"""Any text of a run is shown as it is in Markdown."""

from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.publishing.html.markdown import inert
from tests.publishing.hostile import TABLE, html_of


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60))
def test_any_text_in_a_table_is_shown_as_it_is(text):
    table = f"| a | b |\n| --- | --- |\n| x{inert(text)}x | y |"
    soup = html_of(table)
    assert {tag.name for tag in soup.find_all(True)} == set(TABLE)
    first, second = soup("td")
    assert first.get_text().split() == f"x{' '.join(text.split())}x".split()
    assert second.get_text() == "y"


@given(st.text(alphabet="[]()<>*_`#!|\\&;:{}~^=\"'$@ ab1.-+", max_size=40))
def test_any_signs_in_a_heading_are_shown_as_they_are(text):
    soup = html_of(f"### x {inert(text)}")
    assert [tag.name for tag in soup.find_all(True)] == ["h3"]
    assert soup.h3.attrs.keys() == {"id"}
    assert soup.get_text().split() == f"x {text}".split()
