"""What is told from a lesson's text alone: its line, what is wrong, and what there is to choose."""

from pathlib import Path

import pytest

from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.writing.form import problems
from mnist_lessons.publishing.writing.lessons import Lesson, discover, prose_line

REPOSITORY = Path(__file__).parents[3]
TITLE = "# %% [markdown]\n# # Title\n"  # lines 1 and 2
RUN = "\n# %%\nfrom mnist_lessons.runlog import start_run\n\nrun = start_run('one', seed=1)\n"


def told(text):
    """What is said of a lesson `one`, without the name of its file."""
    source = text if isinstance(text, bytes) else text.encode()
    found = problems(Lesson(Path("folder/tutorials/one.py"), source))
    assert all(problem.startswith("tutorials/one.py, line ") for problem in found)
    return [problem.removeprefix("tutorials/one.py, ") for problem in found]


def with_cell(code, marker="# %%"):
    """A lesson whose line 3 is a marker, and line 4 begins that cell."""
    return f"{TITLE}{marker}\n{code}\n{RUN}"


def test_no_lesson_of_this_project_has_a_fault():
    found = [*discover(REPOSITORY / "tutorials"), *discover(REPOSITORY / "benchmarks")]
    found = [lesson for lesson in found if lesson.source.startswith(b"# %%")]
    assert len(found) > 7
    assert [problem for lesson in found for problem in problems(lesson)] == []


GOOD = {
    "the least": TITLE + RUN,
    "Windows line ends": (with_cell("x = 1")).replace("\n", "\r\n"),
    "a byte-order mark": b"\xef\xbb\xbf" + (TITLE + RUN).encode(),
    "prose in a string": with_cell(
        '"""\n## More\n\n%matplotlib is a command.\n"""', "# %% [markdown]"
    ),
    "prose in a raw string": with_cell("r'''$\\alpha$'''", "# %% [md]"),
    "a marker in a string": with_cell('x = """\n# %% [markdown]\n# %%\n#%%[x]\n"""'),
    "a comment behind code": with_cell("x = 1  # %time"),
    "comments with words of a shell": with_cell(
        "# cat or dog\n# ls\n# cd to the folder\n# Really?\n# %d images\n# 5 % of them"
    ),
    "prose on commands": with_cell("# ```\n# %%time\n# %%bash\n# ```", "# %% [markdown]"),
    "blank lines before the title": f"\n\n{TITLE}{RUN}",
    "a cell with a name like a kind": with_cell("x = 1", "# %% Raw data, and code that reads it"),
    "a cell with a name like a tag": with_cell("x = 1", "# %% Solution to exercise 1"),
    "a named cell": with_cell("x = 1", "# %% A name [x]"),
    "a solution": with_cell("x = 1", '# %% tags=["solution"]'),
    "setup": with_cell("x = 1", '# %% tags=["setup"]'),
    "a solution, as JSON": with_cell("x = 1", '# %% {"tags": ["solution"]}'),
    "a limit": TITLE.replace("]", "] cell_limit_minutes=0.5") + RUN,
    "a description": f'# ---\n# description: "What it is."\n# ---\n\n{TITLE}{RUN}',
    "what Jupytext writes": "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n"
    "#       extension: .py\n#   kernelspec:\n#     display_name: Python 3\n#     name: python3\n"
    f"# ---\n\n{TITLE}{RUN}",
    "features of the future": with_cell("from __future__ import annotations"),
    "a name like one of Jupyter": with_cell("from IPython.display import display\n\ndisplay(1)"),
    "a name that is bound": with_cell("for _ in 'ab':\n    print(_)"),
    "await in a function": with_cell("async def f():\n    await f()"),
    "a loop in a thread": with_cell("import asyncio\n\nsubmit(asyncio.run, f())"),
    "a loop in a function": with_cell("import asyncio\n\nsubmit(lambda: asyncio.run(f()))"),
    "another thing that runs": with_cell("import subprocess\n\nsubprocess.run('ls')"),
    "a run that a module may begin": with_cell("import nowhere").replace("start_run", "begin"),
    "a text that a run makes": with_cell("f(alt=f'{1}')"),
    "a name that a run makes": (TITLE + RUN).replace("'one'", "'on' + e"),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_a_good_lesson_has_no_fault(text):
    assert told(text) == []


CODE = "code in a Markdown cell: begin it with # %%"
# In line 4, in a Markdown cell that began in line 3.
CODE_IN_PROSE = {
    "below prose": "# Some text.\nanswer = 42\nprint(answer)",
    "after blank lines": "# Some text.\n\n\nanswer = 42",
    "first": "answer = 42\n# Some text.",
    "a decorator": "# Text.\n@cache\ndef f():\n    return 1",
    "indented": "# Text.\n    answer = 42",
    "an indented comment": "# Text.\n  # More.",
    "a bare string": "# Text.\n'text'",
    "a string after prose": '# Text.\n"""More."""',
    "prose without a sign": "# Text.\nand more of it",
    "a string after a string": '"""Text."""; """More."""',
    "code beside a string": '"""Text."""; print(1)',
    "a string that is worked out": 'f"""Text."""',
    "a fence that hides a marker": "# ```python\n# %%\nx = 1\n# ```",
}


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["Unix", "Windows"])
@pytest.mark.parametrize("cell", CODE_IN_PROSE.values(), ids=CODE_IN_PROSE.keys())
def test_code_in_prose_is_refused(cell, end):
    lines = cell.split("\n")
    first = next(n for n, line in enumerate(lines) if line and not line.startswith("#"))
    [problem] = told(with_cell(cell, "# %% [markdown]").replace("\n", end))
    assert problem.startswith(f"line {4 + first}: {CODE}")


@pytest.mark.parametrize("code", ["print(1)", "print(1)\n# Text.", "@f\ndef g():\n    pass"])
def test_code_after_prose_in_quotes_is_refused(code):
    cell = f'"""\nText.\n"""\n\n{code}'
    [problem] = told(with_cell(cell, "# %% [markdown]"))
    assert problem.startswith(f"line 8: {CODE}")


@pytest.mark.parametrize("line", ["#%%[markdown]", "# %%[md]", "## %% [markdown]", "##%%"])
def test_what_is_nearly_a_marker_is_refused(line):
    for cell, marker in (("# Text.", "# %% [markdown]"), ("x = 1", "# %%")):
        [problem] = told(with_cell(f"{cell}\n{line}\n# More.", marker))
        assert problem == f"line 5: {line} begins no cell: write '# %%' or '# %% [markdown]'"


def test_each_block_of_code_in_prose_is_told():
    cell = "# Text.\nx = 1\n\ny = 2\n# Text.\nz = 3"
    found = told(with_cell(cell, "# %% [markdown]"))
    assert [problem.partition(":")[0] for problem in found] == ["line 5", "line 9"]


SCRIPT = "a lesson must run as a script, too"
# Code of the cell that begins in line 4; the line; what is said.
NOT_THE_SAME = {
    "a magic": ("x = 1\n%timeit x", 5, f"%timeit x is a command of IPython, not Python: {SCRIPT}"),
    "a shell command": ("!ls", 4, f"!ls is a command of IPython, not Python: {SCRIPT}"),
    "the output of one": ("x = !ls", 4, "x = !ls is a command of IPython"),
    "help": ("len?", 4, "len? is a command of IPython"),
    "help before": ("?len", 4, "?len is a command of IPython"),
    "a cell magic": ("%%bash\nls", 4, "%%bash is a command of IPython"),
    "a magic as a comment": ("# %matplotlib inline", 4, "this comment is the command '%matplotlib"),
    "a shell command as a comment": ("x = 1\n# !ls", 5, "this comment is the command '!ls'"),
    "a cell magic as a comment": ("#%%time\nx = 1", 4, "this comment is the command '%%time'"),
    "another cell magic as a comment": ("#  %%bash", 4, "this comment is the command '%%bash'"),
    "an imported get_ipython": (
        "from IPython import get_ipython as shell\n\nshell().system('ls')",
        *(4, "get_ipython is known to Jupyter alone"),
    ),
    "get_ipython of a module": (
        "import IPython\n\nIPython.get_ipython().system('ls')",
        *(6, "get_ipython is known to Jupyter alone"),
    ),
    "await": ("await f()", 4, f"SyntaxError: 'await' outside function: {SCRIPT}"),
    "async for": ("async for x in y:\n    pass", 4, "SyntaxError: 'async for' outside"),
    "async with": ("async with x:\n    pass", 4, "SyntaxError: 'async with' outside"),
    "a loop": (
        "import asyncio as aio\n\naio.run(f())",
        *(6, "aio.run fails in a notebook, which has a running event loop"),
    ),
    "a loop by its name": ("from asyncio import run as go\n\ngo(f())", 6, "go fails in a notebook"),
    "a loop of its own": (
        "if x:\n    y = loop.run_until_complete(f())",
        *(5, "loop.run_until_complete fails in a notebook"),
    ),
    "return": ("return 1", 4, "SyntaxError: 'return' outside function"),
    "nonlocal": ("nonlocal x", 4, "SyntaxError: nonlocal declaration not allowed"),
    "del": ("del f()", 4, "SyntaxError: cannot delete function call"),
    "syntax": ("\n\nx = 1\ndef f(:", 7, "SyntaxError: invalid syntax"),
    "an indented cell": ("    x = 1", 4, "IndentationError: unexpected indent"),
    "the future, late": (
        "x = 1\n\n# %%\nfrom __future__ import annotations",
        7,
        "SyntaxError: from",
    ),
    "global, late": ("x = 1\n\n# %%\nglobal x", 7, "SyntaxError: name 'x' is assigned to before"),
    "display": ("display(1)", 4, f"display is known to Jupyter alone: {SCRIPT}"),
    "get_ipython": ("get_ipython()", 4, "get_ipython is known to Jupyter alone"),
    "Out": ("1\n\n# %%\nOut[1]", 7, "Out is known to Jupyter alone"),
    "the last value": ("1\n\n# %%\nprint(_)", 7, "_ is known to Jupyter alone"),
    "a script's name": ("print(__file__)", 4, "a notebook has no __file__"),
    "almost a marker": ("x = 1\n#%%[markdown]\n# Text.", 5, "#%%[markdown] begins no cell"),
    "a null character": ("x = '\0'", 4, "the character '\\x00' cannot be shown"),
    "a raw escape": ("x = 1\n# \x1b[31m", 5, "the character '\\x1b' cannot be shown"),
    "an error that names a line": ("\nif x:\ny = 1", 6, "after 'if' statement on line 5"),
    "a line separator": ("x = '\u2028'", 4, "the character '\\u2028' ends a line for some"),
    "another run": ("start_run('other', seed=1)", 4, "start_run('other'): the name must be the"),
    "no text": (
        "show(\n    alt='')",
        5,
        "the alternative text '' is too short: say in at least 20",
    ),
    "a short text": ("f(alt='too ' + f'short')", 4, "the alternative text 'too short' is too"),
}


@pytest.mark.parametrize(("code", "line", "said"), NOT_THE_SAME.values(), ids=NOT_THE_SAME.keys())
def test_what_page_notebook_and_script_would_treat_differently_is_refused(code, line, said):
    [problem] = told(with_cell(code))
    assert problem.startswith(f"line {line}: ")
    assert said in problem


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("x = (1 +\n\n# %%\n2)", ["line 4", "line 7"]),
        ("@f\n\n# %%\ndef g():\n    pass", ["line 4"]),
        ("def f():\n    # %%\n    x = 1", ["line 4", "line 6"]),
    ],
)
def test_what_compiles_only_when_cells_are_joined_is_refused(code, lines):
    assert [problem.partition(":")[0] for problem in told(with_cell(code))] == lines


def test_all_faults_are_told_at_once():
    cells = "# %%\nx = (\n\n# %%\n%time x\n\n# %% tags=['a']\ny\n"
    assert len(told(TITLE + cells + RUN)) == 3


KINDS = "there are '# %% [markdown]' and, for code, '# %%'"
MARKERS = {
    "[raw]": f"no raw kind of cell: {KINDS}",
    "[markdwon]": f"no kind [markdwon] of cell: {KINDS}",
    "[Markdown]": f"no kind [Markdown] of cell: {KINDS}",
    "markdown": f"no kind markdown of cell: {KINDS}",
    'active="py"': "no raw kind of cell",
    'active="ipynb"': "no active of a cell",
    'language="bash"': "no language of a cell",
    'tags=["remove-cell"]': "no tag 'remove-cell'; there are setup, solution",
    'tags=["solution", "hide-input"]': "no tag 'hide-input'; there are setup, solution",
    'tags=["solutions"]': "no tag 'solutions'; there are setup, solution",
    'tags=["raises-exception"]': "no tag 'raises-exception'; there are setup, solution",
    'tags="solution"': 'no metadata of a cell, such as tags=["solution"]',
    "tags=[1]": 'no metadata of a cell, such as tags=["solution"]',
    "tags=solution": 'cannot read tags=solution: write it as tags=["solution"]',
    'tags: ["solution"]': 'tags: ["solution"] is only a name here: write tags=["solution"]',
    "(markdown)": f"no kind (markdown) of cell: {KINDS}",
    'tags=["setup", "solution"]': "a cell has one tag, not setup, solution",
    '[markdown] tags=["setup"]': "the tag setup is of code: prose is always shown",
    "Setup": 'Setup is only a name here: write tags=["setup"]',
    "Solution": 'Solution is only a name here: write tags=["solution"]',
    "solution": 'solution is only a name here: write tags=["solution"]',
    'tag="solution"': "no tag of a cell: there are tags and, of the first cell, cell_limit_minutes",
    "cell_limit_minutes=3": "cell_limit_minutes belongs to the first cell",
    'level="beginner"': "level belongs to the first cell",
}


@pytest.mark.parametrize(("marker", "said"), MARKERS.items(), ids=MARKERS.keys())
def test_an_unknown_marker_is_refused(marker, said):
    found = told(with_cell("pass", f"# %% {marker}"))
    assert found[0].startswith("line 3: ")
    assert said in found[0]


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity", "true", '"x"', "[1]", "null"])
def test_a_wrong_limit_is_refused(value):
    [problem] = told(TITLE.replace("]", f"] cell_limit_minutes={value}") + RUN)
    assert problem.startswith("line 1: cell_limit_minutes must be a number of minutes above 0, not")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('level="easy"', "level must be one of beginner, intermediate, advanced, not 'easy'"),
        ("level=[1]", "level must be one of beginner, intermediate, advanced, not [1]"),
        ("thumbnail=3", "thumbnail must be the name of a figure, not 3"),
        ('needs=["a"]', "needs must be names of lessons, \"one another\", not ['a']"),
    ],
)
def test_what_the_first_cell_cannot_say_is_refused(written, said):
    assert told(TITLE.replace("]", f"] {written}") + RUN) == [f"line 1: {said}"]


def test_the_first_cell_says_for_whom_a_lesson_is():
    assert told(TITLE.replace("]", '] level="beginner" thumbnail="curve" needs="two"') + RUN) == []


BEGINS = "its first cell must be Markdown: '# Its title'; a module that is no lesson belongs in"
AS_A_WHOLE = {
    "empty": ("", 1, BEGINS),
    "blank": ("\n\n", 1, BEGINS),
    "code first": ("# %%\nx = 1\n", 2, BEGINS),
    "no heading": ("# %% [markdown]\n# Text.\n", 2, "it must begin with its title: '# Its"),
    "a smaller heading": ("# %% [markdown]\n# ## Part\n", 2, "it must begin with its title"),
    "a title of code": ("# %% [markdown]\ntitle = 1\n", 2, CODE),
    "a second title": (
        f"{TITLE}{RUN}\n# %% [markdown]\n# ```\n# # A comment\n# ```\n#\n# # Part\n",
        *(14, "a second title: a section begins with ##"),
    ),
    "a second title, underlined": (f"{TITLE}#\n# Part\n# ===\n{RUN}", 4, "a second title"),
    "a title that is an encoding for Python": (
        f"# %% [markdown]\n# # On coding: latin-1\n{RUN}",
        *(2, "for Python it says that it is not UTF-8: iso-8859-1"),
    ),
    "a title that is no encoding": (
        f"# %% [markdown]\n# # On coding: one-hot\n{RUN}",
        *(2, "for Python it says that it is not UTF-8: unknown encoding: one-hot"),
    ),
    "a module": ("import os\n\n\ndef f():\n    pass\n", 1, BEGINS),
    "no UTF-8": (TITLE.encode() + b"\n# \xff\n", 4, "it is not UTF-8"),
    "UTF-16": ((TITLE + RUN).encode("utf-16"), 1, "it is not UTF-8"),
    "says another encoding": (
        f"# coding: latin-1\n{TITLE}{RUN}",
        1,
        "it says that it is not UTF-8",
    ),
    "a title in front matter": (
        f"# ---\n# title: X\n# ---\n\n{TITLE}{RUN}",
        *(1, "no title in front matter; there is description"),
    ),
    "front matter that is no YAML": (
        f"# ---\n# title: [X\n# ---\n\n{TITLE}{RUN}",
        *(2, "its front matter is not YAML: expected ',' or ']'"),
    ),
    "front matter without names": (
        f"# ---\n# - X\n# ---\n\n{TITLE}{RUN}",
        *(1, "its front matter is not YAML: no names with values"),
    ),
    "front matter with a sign of YAML": (
        f"# ---\n#\n# description: one: two\n# ---\n\n{TITLE}{RUN}",
        *(3, "its front matter is not YAML: mapping values are not allowed here"),
    ),
    "no run": (
        f"{TITLE}\n# %%\nimport os\n",
        1,
        "it begins no run: run = start_run('one', seed=1)",
    ),
    "another's run": ((TITLE + RUN).replace("'one'", "'nearest'"), 7, "start_run('nearest'): the"),
    "another's, by keyword": (
        (TITLE + RUN).replace("'one'", "lesson='nearest'"),
        *(7, "start_run('nearest'): the name must be the file's, 'one'"),
    ),
    "another's, by another name": (
        f"{TITLE}\n# %%\nfrom mnist_lessons.runlog import start_run as go\n\ngo('two', seed=1)\n",
        *(7, "start_run('two'): the name must be the file's, 'one'"),
    ),
}


@pytest.mark.parametrize(("text", "line", "said"), AS_A_WHOLE.values(), ids=AS_A_WHOLE.keys())
def test_a_fault_of_the_whole_is_told(text, line, said):
    [problem] = told(text)
    assert problem.startswith(f"line {line}: {said}")


@pytest.mark.parametrize(
    ("cell", "first"),
    [
        ("# # T\n#\n# T\n# T", 2),
        ("#\n#\n# # T\n# T\n#\n# T", 4),
        ('"""\n\n# T\n\nT\nT\n"""', 4),
        ("r'''# T\nT\nT'''", 2),
    ],
)
def test_each_line_of_prose_has_its_line_of_the_script(cell, first):
    lesson = Lesson(Path("one.py"), f"# %% [markdown]\n{cell}\n{RUN}".encode())
    source, place = lesson.notebook().cells[0].source, lesson.places[0]
    numbers = range(1, source.count("\n") + 2)
    assert [prose_line(source, place, number) for number in numbers] == [
        first + number - 1 for number in numbers
    ]


def test_a_name_that_begins_with_an_underscore_is_no_lesson(tmp_path):
    folder = tmp_path / "tutorials"
    folder.mkdir()
    for name in ("__init__", "_helpers", ".#one", "one"):
        (folder / f"{name}.py").write_text(TITLE)
    assert [lesson.slug for lesson in read_lessons(Project(tmp_path))] == ["one"]


@pytest.mark.parametrize("name", ["a#b", "50%", "why?", "a:b", "a`b", 'a"b', "a\\b"])
def test_a_name_that_no_address_can_have_is_refused(name):
    text = (TITLE + RUN).replace("'one'", repr(name))
    [problem] = problems(Lesson(Path(f"tutorials/{name}.py"), text.encode()))
    assert problem.startswith(f"tutorials/{name}.py, line 1: the name of its file has ")


def test_what_is_no_file_is_told(tmp_path):
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "link.py").symlink_to("nowhere.py")
    (tmp_path / ".#one.py").symlink_to("author@machine")
    found = [problem.partition("/")[2] for one in discover(tmp_path) for problem in problems(one)]
    assert found == [
        "folder.py, line 1: it cannot be read: Is a directory",
        "link.py, line 1: it cannot be read: No such file or directory",
    ]


def test_a_file_that_cannot_be_read_is_a_fault_of_that_lesson(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "one.py").write_text(TITLE)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    [lesson] = discover(tmp_path)
    [problem] = problems(lesson)
    assert problem.endswith("one.py, line 1: it cannot be read: Permission denied")
