"""The hash of code: that of what it does, not of how it looks."""

import ast
import io
import keyword
import tokenize
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons._sources import code_hash, file_hash

REPOSITORY = Path(__file__).parents[1]
SCRIPTS = sorted([*REPOSITORY.glob("mnist_lessons/**/*.py"), *REPOSITORY.glob("tutorials/*.py")])
SAMPLE = '''
"""What it is for."""

import math  # needed below


@property
def area(radius: float = 1e3, *, unit="m"):
    """Docstrings count."""
    if radius < 0:  # nothing there
        return [0, -1]
    text = f"{math.pi * radius:.2f} {unit}"
    return {
        "area": text,
        "radius": radius,
    }
'''


@cache
def tokens(source):
    return list(tokenize.generate_tokens(io.StringIO(source).readline))


def replaced(source, token, text):
    """The source with another text in the place of a token that stands in one line."""
    lines = source.splitlines(keepends=True)
    (row, start), (_, end) = token.start, token.end
    lines[row - 1] = lines[row - 1][:start] + text + lines[row - 1][end:]
    return "".join(lines)


def without_comments(source):
    for token in reversed(tokens(source)):
        if token.type == tokenize.COMMENT:
            source = replaced(source, token, "")
    return source


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_comments_and_formatting_of_our_own_code_do_not_count(script):
    source = script.read_text(encoding="utf-8")
    assert code_hash(without_comments(source)) == code_hash(source) == file_hash(script)
    # As another formatter would write it, except for docstrings and implicit concatenation.
    assert code_hash(ast.unparse(ast.parse(source))) == code_hash(source)
    assert code_hash(source.replace("return", "return not", 1) + "\nX = 1\n") != code_hash(source)


ENDS = [number for number, token in enumerate(tokens(SAMPLE)) if token.type == tokenize.NEWLINE]
SPACE = st.sampled_from(["", "  ", "\t", "  # a comment", "  # print('x')\n\n\n# %% more"])


@given(added=st.lists(SPACE, min_size=len(ENDS), max_size=len(ENDS)))
def test_comments_and_blank_lines_at_any_place_do_not_count(added):
    source = SAMPLE
    for number, text in sorted(zip(ENDS, added, strict=True), reverse=True):
        source = replaced(source, tokens(SAMPLE)[number], text + "\n")
    assert code_hash(source) == code_hash(SAMPLE)


CHANGES = [
    (token, other)
    for token in tokens(SAMPLE)
    for other in {
        tokenize.NAME: [token.string + "x"],
        tokenize.NUMBER: ["7"],
        tokenize.STRING: ["'changed'", repr(token.string) + " 'more'"],
        tokenize.OP: {"-": ["+"], "<": ["<=", ">"], "*": ["+"]}.get(token.string, []),
    }.get(token.type, [])
    if not keyword.iskeyword(token.string)
]


@given(st.sampled_from(CHANGES))
def test_any_other_name_number_text_or_operator_counts(change):
    assert code_hash(replaced(SAMPLE, *change)) != code_hash(SAMPLE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1  # so"),
        ("f(a, b)", "f(\n    a,\n    b,\n)"),
        ("x = 'a'", 'x = "a"'),
        ("x = (1)", "x = 1;"),
        ("if x:\n    y", "if x:\n  y"),
        ("x = '\\d'", "x = '\\d'  # an escape that Python only warns of"),
        ("assert (x, 'so')", "assert (x, 'so')  # Python warns here too"),
    ],
)
def test_the_same_meaning_has_the_same_hash(one, other):
    assert code_hash(one) == code_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1.0"),
        ("x = 'a'", "x = b'a'"),
        ("if x:\n    y\nz", "if x:\n    y\n    z"),
        ('"""Says this."""', '"""Says that."""'),
        ("%matplotlib inline", "%matplotlib inline  # no Python: hashed as it stands"),
        ("x = ", "x =  "),
        (" + ".join("1" * 3000), " + ".join("1" * 3001)),
        ("x\0", "x\0 "),
        ("'\ud800'", "'\ud801'"),
    ],
)
def test_another_meaning_has_another_hash(one, other):
    assert code_hash(one) != code_hash(other)


def test_a_file_that_is_no_python_is_hashed_by_its_bytes(tmp_path):
    for name, content in (("a.json", b"{}"), ("broken.py", b"x = \xff"), ("c.so", b"\x7fELF")):
        file = tmp_path / name
        file.write_bytes(content)
        before = file_hash(file)
        file.write_bytes(content + b" ")
        assert file_hash(file) != before


def test_a_file_may_have_any_encoding_and_line_ends(tmp_path):
    plain, windows, latin = (tmp_path / f"{name}.py" for name in ("plain", "windows", "latin"))
    plain.write_bytes("x = 'ä'\ny = 2\n".encode())
    windows.write_bytes("\ufeffx = 'ä'\r\ny = 2\r\n".encode())
    latin.write_bytes("# coding: latin-1\nx = 'ä'\ny = 2\n".encode("latin-1"))
    assert file_hash(plain) == file_hash(windows) == file_hash(latin)


def test_a_file_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        file_hash(tmp_path / "nowhere.py")
