"""What the cells of a real kernel print, as a terminal shows it, and what cannot be shown."""

import shutil
import sys

import pytest

pytestmark = pytest.mark.slow  # a kernel for each of its lessons; `test_used` has one

PRINTED = {
    "order": (
        "import os, subprocess, sys, threading\n"
        "print('out'); print('err', file=sys.stderr); os.write(1, b'raw\\n')\n"
        "subprocess.run(['echo', 'child']); print('dunder', file=sys.__stdout__)\n"
        "sys.stdout.buffer.write(b'\\xff\\n'); print('end', end='')\n"
        "thread = threading.Thread(target=print, args=['!']); thread.start(); thread.join()\n"
        "pid = os.fork() or [print('fork'), os._exit(0)]; os.waitpid(pid, 0); print('last')",
        "out\nerr\nraw\nchild\ndunder\n\ufffd\nend!\nfork\nlast\n",
    ),
    "as_a_script": (
        "import asyncio, atexit, ctypes, threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "async def say(word): await asyncio.sleep(0); print(word)\n"
        "ThreadPoolExecutor().submit(asyncio.run, say('run')).result()\n"
        "ctypes.CDLL(None).puts(b'C'); print(sys.argv, threading.Thread().name)\n"
        "atexit.register(print, 'never'); atexit.unregister(print)\n"
        "atexit.register(print, 'end', end='\\n'); atexit.register(print, 'first'); 0;",
        "run\nC\n['tutorials/as_a_script.py'] Thread-1\n",
    ),
    "bars": (
        "from tqdm import tqdm\n"
        "for _ in tqdm(range(2), desc='outer', ncols=40, disable=False, leave=False):\n"
        "    for _ in tqdm(range(2), ncols=40, disable=False, leave=False): pass\n"
        "print('\\x1b[31mred\\x1b[0m\\x07\\x00', 'a\\bb')",
        "\x1b[31mred\x1b[0m b\n",
    ),
    "streams": (
        "class Loud:\n"
        "    def write(self, text): return sys.__stdout__.write(text.upper())\n"
        "sys.stdout = Loud(); print('loud'); sys.stderr.close()\n"
        "import threading\n"
        "def late(): threading.main_thread().join(); print('late')\n"
        "threading.Thread(target=late).start()",
        None,
    ),
    "log_of_the_kernel": (
        "from ipykernel.kernelapp import IPKernelApp\n"
        "try: IPKernelApp.instance().kernel.control_stream._run_callback(lambda: 1 / 0)\n"
        "except ZeroDivisionError: print('what the lesson says')",
        "what the lesson says\n",
    ),
    "warning": (
        "import warnings\nwarnings.warn('careful now')",
        'tutorials/warning.py:15: UserWarning: careful now\n  warnings.warn("careful now")\n',
    ),
    "of_a_package": (
        "import os, warnings, tqdm\n"
        "warnings.warn_explicit('old', UserWarning, tqdm.__file__, 3)\n"
        "print(tiny.__file__, os.getcwd(), os.path.expanduser('~/data'), os.__file__)\n"
        "print('file://' + os.getcwd() + '/x')",
        None,
    ),
}
SHOWN = """\
from IPython.display import clear_output, display
print('gone'); clear_output(); print('before')
handle = display('first', display_id=True); print('between'); handle.update('second')
print('after', flush=True)
'\\x07\\x1b[1mbold'.encode().decode()

# %%
class Text:
    def __repr__(self): return '\\x1b[1mbold\\x1b[0m\\x07 text\\x00'
Text()"""
FAILING = {
    "surrogate": ("print('\\ud800')", "UnicodeEncodeError: "),
    "widget": (
        "display({'application/vnd.jupyter.widget-view+json': {}, 'text/plain': 'a'}, raw=True)",
        "its output has application/vnd.jupyter.widget-view+json, which",
    ),
    "odd": ("display({'text/latex': 'x'}, raw=True)", "its output has text/latex, which"),
    "empty": ("display({}, raw=True)", "one of its outputs is empty"),
    "no_png": ("display({'image/png': 'no'}, raw=True)", "its output has a picture that is no PNG"),
    "unsendable": ("class Odd:\n    def __repr__(self): return '\\ud800'\nOdd()", ""),
    "dies": ("print('last words')\nimport os\nos.kill(os.getpid(), 9)", "its kernel died"),
}


@pytest.fixture(scope="module")
def executed(built, tmp_path_factory):
    """All of these lessons, executed in one go; their pages and the project."""
    root = tmp_path_factory.mktemp("printed") / "p"
    project = type(built)(shutil.copytree(built.root, root))
    for slug, (code, _) in PRINTED.items():
        project.write(slug, code=code)
    project.write("shown", code=SHOWN)
    for slug, (code, _) in FAILING.items():
        project.write(slug, code=f"from IPython.display import display\n{code}")
    return project, {page.lesson.slug: page for page in project.prepare(jobs=2)}


def outputs(pages, slug, cell=1):
    page = pages[slug]
    assert page.run, page.failure
    code = [cell for cell in page.run.executed.cells if cell.cell_type == "code"]
    return [output.get("text") or output["data"]["text/plain"] for output in code[cell].outputs]


@pytest.mark.parametrize("slug", ["order", "as_a_script", "bars", "log_of_the_kernel"])
def test_a_cell_prints_what_a_terminal_shows(executed, slug):
    _, pages = executed
    assert outputs(pages, slug) == [PRINTED[slug][1]]


def test_streams_without_flush_are_no_obstacle_and_threads_are_waited_for(executed):
    _, pages = executed
    assert outputs(pages, "streams") == ["LOUD\n"]
    assert outputs(pages, "streams", 2) == ["LATE\n"]


def test_what_is_registered_for_the_end_is_done_at_the_end(executed):
    _, pages = executed
    assert outputs(pages, "as_a_script", 2) == ["first\nend\n"]


def test_a_warning_names_the_lesson_and_its_line(executed):
    project, pages = executed
    [said] = outputs(pages, "warning")
    place, _, rest = said.partition(": ")
    script, _, line = place.partition(":")
    source = (project.root / script).read_text().splitlines()[int(line) - 1]
    assert rest == f"UserWarning: careful now\n  {source}\n"
    assert source == "warnings.warn('careful now')"


def test_paths_are_those_of_any_machine(executed):
    _, pages = executed
    [said] = outputs(pages, "of_a_package")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert said.startswith("site-packages/tqdm/__init__.py:3: UserWarning: old\n")
    assert said.endswith(f"mnist_lessons/tiny.py . ~/data python{version}/os.py\nfile://x\n")


def test_text_and_what_is_displayed_keep_their_order(executed):
    _, pages = executed
    assert outputs(pages, "shown") == [
        "before\n",
        "'second'",
        "between\nafter\n",
        "'\\x07\\x1b[1mbold'",
    ]
    assert outputs(pages, "shown", 2) == ["\x1b[1mbold\x1b[0m text"]


@pytest.mark.parametrize("slug", FAILING)
def test_what_cannot_be_shown_fails_its_cell(executed, slug):
    _, pages = executed
    failure = pages[slug].failure
    assert failure
    assert failure.cell == 2
    assert failure.reason.startswith(FAILING[slug][1])


def test_what_was_printed_before_a_kernel_died_is_kept(executed):
    project, _ = executed
    kept = project.store.failed("dies").executed.cells[2].outputs
    assert [output.text for output in kept] == ["last words\n"]
