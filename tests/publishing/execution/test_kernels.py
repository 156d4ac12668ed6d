"""Lessons in real kernels: each way to fail has a name and a line, and stops nothing else."""

import shutil
import sys

import pytest

from tests.marks import slow

pytestmark = pytest.mark.usefixtures("kernels")

FAULTY = """\
def fail():
    raise RuntimeError('deep inside')


def leave():
    exit(4)
"""
PLOT = """\
import io
from IPython.display import Image, display
from matplotlib.image import imsave
imsave(file := io.BytesIO(), [[0, 1]], format='png')
display(Image(file.getvalue()))"""
CHAINED = """\
def g():
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise ValueError('chained') from error

# %%
x = 1

g()"""
SAME_CELL = "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('worse')"
REFUSED = "class SettingError(ValueError): ...\nraise SettingError('no GPU')"

# Code of the second cell; number of the cell that fails; the line that is named, as it reads
# in the script; what is said.
RAISING = {
    "raises": ("print(1)\nraise ValueError('no\\nluck')", 2, "raise Val", "ValueError: no luck"),
    "imports": (
        "import sys\n\nimport nothing_like_it",
        *(2, "import nothing", "ModuleNotFoundError: No module named 'nothing_like_it'"),
    ),
    "misses": (
        "\n\nopen('nothing.bin')",
        *(2, "open('noth", "FileNotFoundError: [Errno 2] No such file or directory: 'nothing.bin'"),
    ),
    "module": ("import faulty\n\nfaulty.fail()", 2, "faulty.fail()", "RuntimeError: deep inside"),
    "function": (
        "def f():\n    1 / 0\n\n# %%\nx = 1\nf()",
        *(3, "f()", "ZeroDivisionError: division by zero"),
    ),
    "chained": (CHAINED, 3, "g()", "ValueError: chained"),
    "in_handler": (SAME_CELL, 2, "    raise Val", "ValueError: worse"),
    "exits": ("raise SystemExit(3)", 2, "raise Sys", "SystemExit: 3"),
    "leaves": ("print('before')\nexit()", 2, "exit()", "SystemExit: None"),
    "gives_up": (
        "def f():\n    quit('enough')\n\n# %%\nf()\n\n# %%\nprint('not shown')",
        *(3, "f()", "SystemExit: enough"),
    ),
    "module_leaves": ("import sys\nimport faulty\nfaulty.leave()", 2, "faulty.l", "SystemExit: 4"),
    "leaves_without_words": ("raise SystemExit", 2, "raise Sys", "SystemExit"),
    "no_repr": (
        "class A:\n    def __repr__(self): raise ValueError('no repr')\nA()",
        *(2, "    def __r", "ValueError: no repr"),
    ),
    "no_text": (
        "class E(Exception):\n    def __str__(self): raise ValueError('no text')\nraise E",
        *(2, "    def __s", "ValueError: no text"),
    ),
    "no_stdout": ("import sys\nsys.stdout = None\nprint(1)\n1 / 0", 2, "1 / 0", "ZeroDiv"),
    "automagic": ("x = 1\nls", 2, "ls", "NameError: name 'ls' is not defined"),
    "asks": ("x = 1\ninput()", 2, "input()", "StdinNotImplementedError: "),
    "refuses": (REFUSED, 2, "raise Set", "SettingError: no GPU"),
}
TOLD = {
    "killed": ("import os\nos.kill(os.getpid(), 9)", "its kernel died (out of memory, or killed)"),
    "quits": ("import os\nos._exit(7)", "it ended its own process with exit status 7, as os._exit"),
    "segfaults": ("import os\nos.kill(os.getpid(), 11)", "its kernel died of SIGSEGV"),
    "slow": ("import time\ntime.sleep(600)", "it took more than 2 s"),
    "flood": (
        "for number in range(100_000):\n    print(number)",
        "it printed more than 5,000 lines",
    ),
    "endless": ("while True:\n    print('again')", "it printed more than 5,000 lines"),
    "huge": ("print('x' * 30_000_000)", "its output has more than 20,000,000 bytes"),
    "huge_value": ("'x' * 30_000_000", "its output has more than 20,000,000 bytes"),
    "no_words": (PLOT, "a figure has no text for those who cannot see it"),
    "markup": (
        "from IPython.display import HTML\nHTML('<script></script>')",
        "its output has text/html, which could run scripts in a reader's browser",
    ),
}
UNDONE = {
    "no_run": ("", "it left no run.json behind: it must begin a run named 'no_run'"),
    "fails_last": (
        "tiny.publish('fails_last')\nimport atexit\natexit.register(int, 'no')",
        "its kernel failed: when it was to end: ValueError: invalid literal for int()",
    ),
    "running": ("tiny.publish('running', 'running')", "it did not end with run.finish()"),
    "other_data": (
        "tiny.publish('other_data', data=tiny.DATA | {'checksum': '0' * 64})",
        "it read the sample of MNIST, which is not what the build has found",
    ),
}


@pytest.fixture(scope="module")
def failing(built, tmp_path_factory):
    """A project with a lesson for each way to fail, all executed in one go; and the failures."""
    root = tmp_path_factory.mktemp("failing") / "p"
    project = type(built)(shutil.copytree(built.root, root))
    (root / "mnist_lessons" / "faulty.py").write_text(FAULTY)
    for slug, (code, *_) in {**RAISING, **TOLD}.items():
        project.write(slug, code=code)
    for slug, (end, _) in UNDONE.items():
        project.write(slug, end=end)
    slow = root / "tutorials" / "slow.py"
    slow.write_text(slow.read_text().replace("[markdown]", "[markdown] cell_limit_minutes=0.03", 1))
    project.write("two", code="print('as ever')")
    pages = project.prepare(jobs=3)
    return project, {page.lesson.slug: page for page in pages}


@pytest.mark.parametrize("slug", RAISING)
@pytest.mark.slow
def test_an_error_names_lesson_cell_and_line(failing, slug):
    project, pages = failing
    _, cell, code, reason = RAISING[slug]
    failure = pages[slug].failure
    lines = (project.root / f"tutorials/{slug}.py").read_text().splitlines()
    assert (failure.lesson, failure.cell) == (slug, cell)
    assert failure.reason.startswith(reason)
    assert lines[failure.line - 1].startswith(code), f"line {failure.line}"
    start = f"{slug}: code cell {cell} of {failure.cells} (line {failure.line}) failed: {reason}"
    assert str(failure).startswith(start)
    assert "\n" not in str(failure)
    assert "\x1b" not in failure.traceback
    assert "An error occurred" not in failure.traceback, "the cell is shown anyway"
    assert (code.strip() in failure.traceback) == (slug != "refuses"), (
        "what a user can mend has none"
    )


@pytest.mark.parametrize("slug", TOLD)
@pytest.mark.slow
def test_what_stops_a_lesson_without_an_error_is_told(failing, slug):
    project, pages = failing
    failure = pages[slug].failure
    assert failure.reason.startswith(TOLD[slug][1])
    assert failure.cell == 2
    lines = (project.root / f"tutorials/{slug}.py").read_text().splitlines()
    assert lines[failure.line - 1] == TOLD[slug][0].splitlines()[0]


@pytest.mark.parametrize("slug", UNDONE)
@pytest.mark.slow
def test_a_lesson_that_leaves_something_undone_fails(failing, slug):
    _, pages = failing
    assert pages[slug].failure.reason.startswith(UNDONE[slug][1])
    assert pages[slug].failure.cell == 3


@pytest.mark.slow
def test_a_flood_stays_small(failing):
    project, _ = failing
    for slug, limit in (("flood", 200_000), ("huge", 21_000_000), ("huge_value", 21_000_000)):
        notebook = project.store.failed(slug).folder / "executed.ipynb"
        assert notebook.stat().st_size < limit


@pytest.mark.slow
def test_failures_stop_no_other_lesson_and_leave_nothing_behind(failing):
    project, pages = failing
    assert pages["one"].run
    assert project.printed("one") == "output of one\n"
    assert "as ever\n" in pages["two"].run.executed.cells[2].outputs[0].text
    assert project.kernels == []
    assert project.leftovers() == []
    assert {folder.name for folder in project.store.folder.glob("failed/*")} == {
        *RAISING,
        *TOLD,
        *UNDONE,
    }


def test_a_huge_error_message_is_cut(project):
    project.write("one", code="raise ValueError('x' * 30_000_000)")
    [page] = project.prepare(only=["one"])
    assert page.failure.reason.startswith("ValueError: xxx")
    assert len(str(page.failure)) < 100_000
    assert len(page.failure.traceback) < 21_000_000


def test_a_run_card_that_cannot_be_read_is_a_failure_of_that_lesson(project):
    """As where the disk was full, or the kernel was killed at that moment."""
    broken = "open(f'{tiny.os.environ[\"MNIST_LESSONS_RUNS\"]}/one/run.json', 'w').write('{')"
    project.write("one", end=f"tiny.publish('one')\n{broken}")
    project.write("two", code="print('as ever')")
    one, two = project.prepare()
    assert "run.json" in one.failure.reason
    assert two.run


@pytest.mark.slow
def test_what_a_user_has_set_up_for_jupyter_does_not_reach_a_kernel(project, tmp_path):
    """Startup files and other kernels; and nothing is left in any of the folders in use."""
    home = tmp_path / "home"
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("STARTED = 'by IPython'\n")
    spec = home / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["/bin/false"], "display_name": "Python 3"}')
    for folder in ("runtime", "tmp"):
        (home / folder).mkdir()
    before = sorted(home.rglob("*"))
    where = f"sys.executable == {sys.executable!r}"
    project.write("one", code=f"import sys\nprint({where}, 'STARTED' in globals())")
    result = project.program(
        "run",
        HOME=str(home),
        IPYTHONDIR=str(home / ".ipython"),
        JUPYTER_PATH=str(home / "jupyter"),
        JUPYTER_RUNTIME_DIR=str(home / "runtime"),
        TMPDIR=str(home / "tmp"),
    )
    assert result.returncode == 0, result.stderr
    [run] = [run for run in project.store.runs("one") if "False" in str(run.executed)]
    assert run.executed.cells[2].outputs[0].text == "True False\n"
    assert sorted(home.rglob("*")) == before


def test_the_startup_file_of_python_does_not_reach_a_kernel(project, tmp_path, monkeypatch):
    (tmp_path / "startup.py").write_text("print('started')\nSTARTED = True\n")
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
    project.write("one", code="print('STARTED' in globals())")
    [page] = project.prepare(only=["one"])
    assert page.run.executed.cells[2].outputs[0].text == "False\n"


@pytest.mark.parametrize("length", ["short", *slow("long")])
def test_a_project_may_lie_deep(project, short_project, length):
    """The path of a socket is at most 107 bytes long."""
    if length == "long":
        root = project.root.rename(project.root.with_name("deep" * 20))
        project = type(project)(root)
    else:
        project = short_project
    project.write("one", code="print('anywhere')")
    [page] = project.prepare(only=["one"])
    assert page.run.executed.cells[2].outputs[0].text == "anywhere\n"
    assert project.leftovers() == []


def test_each_result_is_kept_as_soon_as_its_lesson_ends(project):
    project.write("one", code="print('new')")
    project.write("two", code="import time\nprint('waiting', flush=True)\ntime.sleep(600)")
    process = project.start("run", "--jobs", "1")
    project.wait_for(process, "waiting")
    process.kill()
    process.communicate()
    one, two = project.plan()
    assert one.startswith("one: reuse")
    assert two == "two: run (code cell 2 changed)"
    assert "new\n" in [run.executed.cells[2].outputs[0].text for run in project.store.runs("one")]
    project.wait_until(lambda: not project.kernels)


def test_progress_names_lesson_and_cell(project, capsys):
    project.write("one", code="print('a line')\nprint('another')")
    project.prepare()
    lines = [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]
    for cell in (1, 2, 3):
        assert any(line.startswith(f"one cell {cell}/3 0:") for line in lines)
    assert any(line.endswith(" another") for line in lines)


def test_a_lesson_cannot_take_the_run_of_another(project):
    """The usual slip after copying a script: two lessons begin a run of the same name."""
    project.write("one", code="print('mine')\nimport time\ntime.sleep(1)")
    project.write("two", code="print('a copy')", end='tiny.publish("one")')
    one, two = project.prepare(jobs=2)
    assert one.run.executed.cells[2].outputs[0].text == "mine\n"
    assert one.run.card.lesson == "one"
    assert "it must begin a run named 'two'" in str(two.failure)


def test_hidden_files_of_editors_are_no_lessons(project):
    (project.root / "tutorials" / ".#one.py").symlink_to("somebody@somewhere.1")
    assert [step.partition(":")[0] for step in project.plan()] == ["one", "two"]


def test_a_line_is_told_when_it_is_whole_and_a_bar_at_once(project):
    code = "import time\nprint('a', end='  ')\ntime.sleep(0.3)\nprint('line')\ntime.sleep(0.3)\n"
    code += "print('\\r10%', end='')\ntime.sleep(0.3)\nprint('\\r20%')"
    project.write("one", code=code)
    told = project.program("run", "one").stderr.splitlines()
    words = [line.split()[-1] for line in told]
    assert [word for word in words if word in ("a", "line", "10%", "20%")] == ["line", "10%", "20%"]
