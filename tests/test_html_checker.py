"""The checker of HTML and SVG finds what it is there for, and nothing in a sound page."""

import pytest

from benchmarks.browsing import html_errors

PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Planted</title></head>
<body>
<h1>Planted</h1>
{}
</body>
</html>
"""
LINE = 6  # of what is planted
# What is planted, and a word of the message about it.
FAULTS = {
    "an id twice": ('<p id="a">1</p><p id="a">2</p>', "Duplicate ID"),
    "a picture without a text": ('<img src="a.png">', "alt"),
    "a block in a span": ("<p><span><div>1</div></span></p>", "not permitted"),
    "a block in a paragraph": ("<p>1 <div>2</div> 3</p>", "Stray end tag"),
    "a block in a heading": ("<h2><p>1</p></h2>", "not permitted"),
    "no item in a list": ("<ul><p>1</p></ul>", "not permitted"),
    "an element that is not closed": ("<div><section><h2>1</h2></div>", "Unclosed element"),
    "an end without a start": ("<p>1</p></section>", "Stray end tag"),
    "an overlap": ("<p><b><i>1</b></i></p>", "Unclosed element"),
    "an obsolete element": ("<center>1</center>", "deprecated"),
    "an obsolete attribute": ('<table align="center"><tr><td>1</td></tr></table>', "deprecated"),
    "an unknown element": ("<foo>1</foo>", "not a valid element name"),
    "an unknown attribute": ('<p colour="red">1</p>', 'no attribute "colour"'),
    "an attribute twice": ('<p class="a" class="b">1</p>', "duplicated"),
    "an impossible value": ('<input type="txet" aria-label="a">', "invalid value"),
    "an unknown ARIA attribute": ('<p aria-lable="a">1</p>', 'no attribute "aria-lable"'),
    "an impossible ARIA value": ('<button aria-expanded="maybe">1</button>', '"maybe"'),
    "an ARIA number that is none": ('<h2 aria-level="two">1</h2>', '"two"'),
    "an unknown role": ('<p role="buton">1</p>', 'no role "buton"'),
    "an empty role": ('<p role="">1</p>', 'no role ""'),
    "an ARIA reference to nothing": ('<p aria-describedby="b">1</p>', "missing id"),
    "a label for nothing": ('<label for="b">1</label>', "missing id"),
    "a switch that is not the theme's": (
        '<label>1 <input type="checkbox" class="switch" autocomplete="off"></label>',
        "autocomplete",
    ),
    "a control without a label": ('<input type="text" name="q">', "does not have a <label>"),
    "a button in a link": ('<a href="/"><button type="button">1</button></a>', "not permitted"),
    "a link in a link": ('<a href="/">1 <a href="/b">2</a></a>', "not permitted"),
    "a character that there is not": ("<p>&unknown;</p>", "Unrecognized character reference"),
    "an element that no drawing has": ("<svg><foo/></svg>", "no element <foo>"),
    "an attribute that no drawing has": ('<svg><rect fil="red"/></svg>', 'no attribute "fil"'),
    "an id twice, once in a drawing": ('<p id="a">1</p><svg><g id="a"/></svg>', "Duplicate ID"),
    "an element that no formula has": ("<math><mfoo>1</mfoo></math>", "no element <mfoo>"),
}
# Faults of the whole page: what is replaced, and a word of the message.
MISSING = {
    "no language": (' lang="en"', "lang"),
    "no title": ("<title>Planted</title>", "title"),
    "no document type": ("<!doctype html>", "doctype"),
}
SOUND = """\
<p id="a" lang="fr" data-of="b" hidden>1 &amp; 2 &lt; 3</p>
<label>Name <input type="text" name="q" autocomplete="off" autocorrect="off"></label>
<button type="button" aria-expanded="false" aria-controls="a">More</button>
<input type="checkbox" role="switch" aria-label="Switch">
<picture><source srcset="a.svg" width="9" height="9"><img src="a.png" alt="One"></picture>
<svg viewBox="0 0 1 1" role="img" aria-label="A curve"><title>A</title><defs><clipPath id="c"><path
d="M0 0h1" stroke-width="2"/></clipPath></defs><g clip-path="url(#c)"><text x="0">1</text></g></svg>
<math display="block"><mfrac><mi>a</mi><msup><mi>b</mi><mn>2</mn></msup></mfrac></math>
<table><caption>Rows</caption><tr><th scope="col">1</th></tr><tr><td>2</td></tr></table>
<dl><dt>A</dt><dd>B</dd></dl>
<details><summary>More</summary><p>1</p></details>"""
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g>{}</g></svg>\n'


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    """What the checker says of files that have one fault each, and of two that are sound."""
    folder = tmp_path_factory.mktemp("planted")
    pages = {name: PAGE.format(planted) for name, (planted, _) in FAULTS.items()}
    pages |= {name: PAGE.format("<p>1</p>").replace(out, "") for name, (out, _) in MISSING.items()}
    for name, page in pages.items():
        below = folder / name
        below.mkdir()
        (below / "index.html").write_text(page, encoding="utf-8")
    (folder / "sound.html").write_text(PAGE.format(SOUND), encoding="utf-8")
    drawings = {"sound": "<path/>", "unclosed": "\n<path>", "unknown": "<pth/>", "entity": "&nbsp;"}
    for name, inside in drawings.items():
        (folder / f"{name}.svg").write_text(DRAWING.format(inside), encoding="utf-8")
    return [error.removeprefix(f"{folder}/") for error in html_errors(folder)]


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_where_it_is(name, errors):
    expected = FAULTS[name][1]
    assert any(e.startswith(f"{name}/index.html:{LINE}: ") and expected in e for e in errors)


@pytest.mark.parametrize("name", MISSING)
def test_what_a_page_lacks_is_missed(name, errors):
    assert any(e.startswith(f"{name}/index.html:") and MISSING[name][1] in e for e in errors)


def test_a_drawing_is_xml_with_elements_that_there_are(errors):
    assert any(e.startswith("unclosed.svg:2: ") and "mismatched tag" in e for e in errors)
    assert any(e.startswith("entity.svg:1: ") and "undefined entity" in e for e in errors)
    assert any(e.startswith("unknown.svg:1: ") and "<pth>" in e for e in errors)


def test_nothing_is_found_in_what_is_sound(errors):
    assert [error for error in errors if error.startswith("sound.")] == []


def test_a_folder_without_a_page_is_no_valid_site(tmp_path):
    with pytest.raises(ValueError, match="no page"):
        html_errors(tmp_path)
