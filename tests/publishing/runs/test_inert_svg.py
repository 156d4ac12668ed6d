"""A drawing is published only if a browser that opens it can do nothing but show it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons import plots
from mnist_lessons.publishing.runs.admission import problem_of_drawing
from mnist_lessons.publishing.runs.inert_svg import NotInert, size_of

SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
START = f'<svg {SPACES} width="30" height="20">'
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def file(content, start=START):
    return f"{start}{content}</svg>".encode()


def test_what_our_figures_are_made_of_is_inert():
    images = torch.arange(2 * 784).reshape(2, 28, 28)
    figure = plots.image_grid(
        images, ["1 < 2", "url(x)"], title="Two", alt="Two images, of no meaning.", wrong=[0, 1]
    )
    for name, content in figure.files("two").items():
        if name.endswith(".svg"):
            width, height = size_of(content)
            assert 0 < height < width


@pytest.mark.parametrize(
    "content",
    [
        "",
        '<g><path d="M 0 0 L 1 1" style="fill: none; stroke: #fff"/></g>',
        '<defs><clipPath id="a"><rect width="1"/></clipPath></defs><g clip-path="url(#a)"/>',
        '<use xlink:href="#a" x="1" transform="rotate(-90 1.5 2e3) scale(1, 2)"/>',
        f'<image href="{PIXEL}" style="image-rendering:pixelated"/>',
        "<style>text{font-family:-apple-system,Arial}</style><text>url(http://x) @import</text>",
    ],
)
def test_a_drawing_is_published(content):
    assert size_of(file(content)) == (30, 20)
    assert problem_of_drawing("a.svg", file(content)) is None


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "foreign": '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
    "html": '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
    "no namespace": '<g xmlns=""><text/></g>',
    "handler": '<g onload="alert(1)"/>',
    "namespaced handler": '<g xmlns:a="http://www.w3.org/2000/svg" a:onload="alert(1)"/>',
    "link": '<a xlink:href="javascript:alert(1)"><text>x</text></a>',
    "set": '<g><set attributeName="href" to="javascript:alert(1)"/></g>',
    "animation": '<g><animate attributeName="x" onbegin="alert(1)"/></g>',
    "use of another file": '<use xlink:href="other.svg#a"/>',
    "use of data": f'<use href="{PIXEL}"/>',
    "image from another host": '<image href="https://example.org/a.png"/>',
    "image of a file": '<image xlink:href="secret.png"/>',
    "svg in an image": '<image href="data:image/svg+xml;base64,AAAA"/>',
    "javascript in an image": '<image href="javascript:alert(1)"/>',
    "filled from elsewhere": '<rect style="fill: url(https://example.org/#a)"/>',
    "clipped by a file": '<g clip-path="url(other.svg#a)"/>',
    "quoted url": "<rect style=\"fill: url('https://example.org/a')\"/>",
    "escaped url": r'<rect style="fill: u\72l(https://example.org/a)"/>',
    "image set": "<rect style=\"background: image-set('https://example.org/a' 1x)\"/>",
    "import": "<style>@import 'https://example.org/a.css';</style>",
    "font": "<style>@font-face{src:local(x)}</style>",
    "nested style": "<style>a{}<g/>b{background:url(//example.org)}</style>",
    "moves": '<g transform="url(https://example.org)"/>',
    "filter": '<filter id="a"><feImage href="https://example.org/a"/></filter>',
    "unknown": '<rect href2="x"/>',
    "stylesheet": '<?xml-stylesheet href="https://example.org/a.css"?>',
    "comment": "<!-- <script>alert(1)</script> -->",
    "cdata": "<style><![CDATA[a{}]]></style>",
    "entity": "<text>&other;</text>",
    "open": "<g>",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_drawing_that_could_do_more_is_refused(kind):
    with pytest.raises(NotInert):
        size_of(file(HOSTILE[kind]))
    told = problem_of_drawing("curve.svg", file(HOSTILE[kind]))
    assert told.startswith("the figure curve.svg could do more")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<html></html>",
        b'<?xml version="1.0"?>' + file(""),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + file("<text>&a;</text>"),
        file("", "<svg >"),
        file("", f'<svg {SPACES} onload="alert(1)" width="1" height="1">'),
        file("", f'<svg {SPACES} width="100%" height="20">'),
        file("", f'<svg {SPACES} width="0" height="20">'),
        file("", f'<svg {SPACES} width="30">'),
        file("", f'<svg {SPACES} width="99999" height="20">'),
        file("").decode().encode("utf-16"),
        file("\xff\xfe").decode().encode("latin-1"),
        file("") + file(""),
    ],
)
def test_what_is_no_drawing_of_a_known_size_is_refused(content):
    assert problem_of_drawing("a.svg", content)


@given(st.binary(max_size=300))
def test_whatever_a_file_holds_it_is_read_or_refused(content):
    for begun in (content, file("").removesuffix(b"</svg>") + content):
        told = problem_of_drawing("a.svg", begun)
        assert told is None or told.startswith("the figure a.svg could do more")
