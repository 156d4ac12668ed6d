"""Every address in prose is found, however it is written, and nothing else is touched."""

import re

import pytest

from mnist_lessons.publishing.writing.addresses import with_addresses
from mnist_lessons.publishing.writing.pages import on_site

SITE = "https://x.org/m"


def moved(text):
    """The text with its addresses on the site."""
    return with_addresses(text, on_site(f"{SITE}/"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[x](a.py)", "[x]({}/tutorials/a/)"),
        ('[x](a.py "A title")', '[x]({}/tutorials/a/ "A title")'),
        ("[x](a.py 'A (title)')", "[x]({}/tutorials/a/ 'A (title)')"),
        ("[x]( a.py\n  (title) )", "[x]( {}/tutorials/a/\n  (title) )"),
        ("[x](<a.py>)", "[x]({}/tutorials/a/)"),
        ("[x](<a b.py>)", "[x]({}/tutorials/a%20b/)"),
        ("[x](a_(b).py)", "[x]({}/tutorials/a_%28b%29/)"),
        (r"[x](a_\(b.py)", "[x]({}/tutorials/a_%28b/)"),
        ("[a `b` *c* [d]](a.py)", "[a `b` *c* [d]]({}/tutorials/a/)"),
        (r"[x\]](a.py)", r"[x\]]({}/tutorials/a/)"),
        ("![x](../assets/a.svg)", "![x]({}/assets/a.svg)"),
        ("[![x](b.png)](a.py)", "[![x]({}/tutorials/b.png)]({}/tutorials/a/)"),
        ("[x](a.py?b=1&c=2#d)", "[x]({}/tutorials/a/?b=1&c=2#d)"),
        ("[x](../index.md)", "[x]({}/)"),
        ("[x](../data.md#sizes)", "[x]({}/data/#sizes)"),
        ("[x](../sub/README.md)", "[x]({}/sub/)"),
        ("[x](./a.py)", "[x]({}/tutorials/a/)"),
        ("[x]: a.py", "[x]: {}/tutorials/a/"),
        ('[x]: a.py "Title"\n[y]: <b.py>', '[x]: {}/tutorials/a/ "Title"\n[y]: {}/tutorials/b/'),
        ("[x]:\n  a.py\n  'Title'", "[x]:\n  {}/tutorials/a/\n  'Title'"),
        ("> [x]: a.py", "> [x]: {}/tutorials/a/"),
        ("1.  a\n\n    [x]: a.py", "1.  a\n\n    [x]: {}/tutorials/a/"),
        ('<a href="a.py">x</a>', '<a href="{}/tutorials/a/">x</a>'),
        ("<a class=b href=a.py>x</a>", '<a class=b href="{}/tutorials/a/">x</a>'),
        ("<A\n  HREF='a.py'>x</A>", '<A\n  HREF="{}/tutorials/a/">x</A>'),
        ('<a href="a.py?b&amp;c">x</a>', '<a href="{}/tutorials/a/?b&amp;c">x</a>'),
        ('<img alt="href=a.py" src="../a.svg">', '<img alt="href=a.py" src="{}/a.svg">'),
        ('<img src="../a.svg"/>', '<img src="{}/a.svg"/>'),
        (
            '<img srcset="../a.svg 1x,\n ../b.svg 2x" src="data:,x">',
            '<img srcset="{}/a.svg 1x,\n {}/b.svg 2x" src="data:,x">',
        ),
        ('<img srcset="../a.svg, ../b.svg 480w">', '<img srcset="{}/a.svg, {}/b.svg 480w">'),
        (
            '<video src="../a.mp4" poster="../a.png">\n<source src="../b.mp4">\n</video>',
            '<video src="{}/a.mp4" poster="{}/a.png">\n<source src="{}/b.mp4">\n</video>',
        ),
        (
            '<object data="../a.svg"></object> <b data="c">',
            '<object data="{}/a.svg"></object> <b data="c">',
        ),
        ('<svg><image href="../a.png"/></svg>', '<svg><image href="{}/a.png"/></svg>'),
        ('<pre><a href="a.py">x</a></pre>', '<pre><a href="{}/tutorials/a/">x</a></pre>'),
        ("# [x](a.py)", "# [x]({}/tutorials/a/)"),
        ("| [x](a.py) | b |\n| - | - |\n| c | [y](b.py) |", None),
        ("> - [x](a.py)", None),
        ("!!! note\n\n    [x](a.py)\n\n    - <img src='b.png'>", None),
        ("*[x](a.py)*, **[y](b.py)**; $z$ [w](c.py)", None),
        ("\\\\[x](a.py)", None),
        ("<div markdown>\n\n[x](a.py)\n\n</div>", None),
    ],
)
def test_an_address_is_found(before, after):
    if after is None:
        after = re.sub(r"\((\w)\.py\)", rf"({SITE}/tutorials/\1/)", before)
        after = after.replace("'b.png'", f'"{SITE}/tutorials/b.png"')
    assert moved(before) == after.replace("{}", SITE)


@pytest.mark.parametrize(
    "text",
    [
        "[x](https://a.org/b.py)",
        "[x](//a.org/b.py)",
        "[x](mailto:a@b.org)",
        "[x](#place)",
        "[x](data:text/plain,a.py)",
        "[x](/a.py)",
        "[x]()",
        "[x]",
        "[x] (a.py)",
        "x](a.py)",
        r"\[x](a.py)",
        r"[x\](a.py)",
        "<https://a.org/b.py>",
        "<a@b.org>",
        '<a href="https://a.org">x</a>',
        '<a href="#a" title="href=a.py">x</a>',
        '<a data-href="a.py">x</a>',
        "<img alt='a' src='data:image/png;base64,AA=='>",
        "a < b > c.py",
        "`[x](a.py)`",
        "``[x](a.py) ` [y](b.py)``",
        "`handlers[name](event)`",
        "```\n[x](a.py)\n```",
        "~~~\n```\n[x](a.py)\n~~~",
        "````\n```\n[x](a.py)\n```\n<a href='a.py'>\n````",
        "> ```\n> [x](a.py)\n> ```",
        "1.  a\n\n    ```\n    [x]: a.py\n    ```",
        "!!! note\n\n    ```\n    <a href='a.py'>\n    ```",
        "a\n\n    [x](a.py)\n\n    [y]: b.py",
        "$f[x](y.py)$",
        "$$\nf[x](y.py)\n$$",
        "<!-- <a href='a.py'> [x](a.py) -->",
        "<code>[x](a.py)</code>",
        "<script>'<a href=\"a.py\">'</script>",
        '`<img src="a.png">`',
    ],
)
def test_what_names_no_file_of_the_site_stays(text):
    assert moved(text) == text
    assert moved(f"{text}\n\n[x](a.py)") == f"{text}\n\n[x]({SITE}/tutorials/a/)"


def test_pages_without_folders():
    assert on_site(SITE, directory_urls=False)("a.py#b") == f"{SITE}/tutorials/a.html#b"
    assert on_site(SITE, directory_urls=False)("../index.md") == f"{SITE}/index.html"
