"""The server follows the author: it answers at once, and lessons run beside it."""

import re
import shutil
import signal
import urllib.request

import psutil
import pytest

LONG = "import time\nprint('{}', flush=True)\ntime.sleep(600)"
UNTIL = (
    "import time, pathlib\n"
    "while not pathlib.Path('go on').exists():\n"
    "    time.sleep(0.05)\n"
    "print('a late ' + 'output')"
)
RUNNING = "This lesson is running"
FAILED = "This lesson did not run"


def epoch(server):
    """Which build a browser has."""
    return int(re.search(r"livereload\((\d+), \d+\);", server.page())[1])


def newer_than(server, known):
    """What a browser that has a build is told as soon as there is another."""
    with urllib.request.urlopen(f"{server.address}/livereload/{known}/1", timeout=120) as answer:
        return int(answer.read())


def wait_for_end(processes):
    _, alive = psutil.wait_procs(processes, timeout=120)
    assert alive == []


@pytest.fixture
def server(serve, project):
    return serve(project)


@pytest.mark.slow
def test_it_answers_while_a_lesson_runs_and_then_shows_it(serve, project):
    project.write("one", code=UNTIL)
    server = serve(project)
    assert RUNNING in server.page()
    assert "output of two" in server.page("two")
    (project.root / "go on").touch()
    server.wait_for("a late output", without=RUNNING)
    assert project.executed == ["one"]


@pytest.mark.slow
def test_a_page_or_configuration_that_cannot_be_read_stops_no_page(server):
    project = server.project
    home, configuration = project.root / "docs" / "index.md", project.root / "mkdocs.yml"
    whole = configuration.read_text()
    sound = home.read_bytes()
    home.write_bytes(sound + b"\nNot \xff UTF-8.\n")
    line = sound.count(b"\n") + 2
    reason = f"docs/index.md, line {line}: it is not UTF-8: invalid start byte"
    project.wait_until(lambda: reason in server.said)
    project.wait_until(lambda: reason in server.get(""))
    assert "output of one" in server.page()

    home.write_bytes(sound)
    project.wait_until(lambda: reason not in server.get(""))
    configuration.write_text(f"{whole}\nx: [")
    project.wait_until(lambda: "error: nothing was built: MkDocs encountered" in server.said)
    assert "output of one" in server.page()
    configuration.write_text(f"{whole}\nplugins: [nowhere]\n")
    project.wait_until(lambda: "nothing was built: Aborted with a configuration" in server.said)
    assert "output of one" in server.page()
    configuration.write_text(whole.replace("MNIST lessons", "Another name"))
    server.wait_for("Another name")


def test_it_follows_the_author(server):
    project = server.project
    assert "output of one" in server.page()
    known = epoch(server)

    project.write("one", prose="Better prose.")
    known, before = newer_than(server, known), known
    assert known > before, "a browser loads the page again"
    server.wait_for("Better prose.")
    assert project.executed == [], "a stored preview is enough"

    project.write("one", code="print('another', 'output')")
    page = server.wait_for("another output", without=RUNNING)
    assert "output of one" not in page
    assert newer_than(server, known) > known
    assert project.executed == ["one"]

    (project.root / "docs" / "news.md").write_text("# News\n")
    project.write("three")
    server.wait_for("Lesson three", without=RUNNING, slug="three")
    assert project.executed == ["one", "three"]


@pytest.mark.slow
def test_an_edited_module_runs_again_what_imports_it(serve, project):
    module = project.root / "mnist_lessons" / "extra.py"
    module.write_text("WORD = 'first'\n")
    project.write("one", code="import extra\nprint('the', extra.WORD, 'word')")
    assert project.program("build").returncode == 0
    server = serve(project)
    assert "the first word" in server.page()
    module.write_text("WORD = 'second'\n")
    server.wait_for("the second word", without=RUNNING)
    assert project.executed == ["one", "one"]


@pytest.mark.slow
def test_a_lesson_that_fails_is_told_and_can_be_mended(server):
    project = server.project
    project.write("one", code="print('so far')\nraise ValueError('no such luck')")
    page = server.wait_for(FAILED)
    failure = "one: code cell 2 of 3 (line 16) failed: ValueError: no such luck"
    assert failure in page
    assert "raise ValueError" in re.sub("<[^>]*>", "", page), "the kernel's traceback"
    shown = page.partition('id="failure"')[0]
    assert "so far" in re.sub("<[^>]*>", "", shown).split("raise ValueError")[1], "the output"
    assert "output of two" in server.page("two")
    project.write("two", prose="Better prose.")
    server.wait_for("Better prose.", slug="two")
    assert server.said.count(f"error: {failure}") >= 2
    assert server.said.count("Traceback (most recent call last)") == 1

    project.write("one", code="print('mended', 'again')\n" + UNTIL)
    page = server.wait_for(RUNNING)
    _, grey, outputs = page.partition('aria-label="Outputs of the run before"')
    assert grey
    assert "output of one" in outputs, "the run that was shown before"
    assert "one: run (code cell 2 changed)" in server.said.splitlines()[-5:]
    (project.root / "go on").touch()
    server.wait_for("mended again", without=FAILED)
    assert project.executed == ["one", "one"]


@pytest.mark.slow
def test_a_lesson_that_cannot_be_read_stops_no_other(serve, project):
    """Neither when a server starts nor later; and the reason is told at each build."""
    fresh = project.root / "tutorials" / "fresh.py"
    fresh.touch()
    server = serve(project)
    told = "tutorials/fresh.py, line 1: its first cell must be Markdown"
    assert told in server.wait_for(FAILED, slug="fresh").replace("&#39;", "'")
    assert "output of one" in server.page()

    project.write("two", prose="Better prose.")
    server.wait_for("Better prose.", slug="two")
    assert server.said.count(f"error: {told}") >= 2

    project.write("one", code='x = (\n\n# %% tags=["remove-cell"]\npass')
    page = server.wait_for(FAILED)
    assert "line 15: SyntaxError: &#39;(&#39; was never closed" in page
    assert "line 17: no tag &#39;remove-cell&#39;; there are setup, solution" in page
    for no_lesson in (b"\xff", b"# %% tags=5\nx"):
        fresh.write_bytes(no_lesson)
        known = epoch(server)
        assert newer_than(server, known - 1) >= known
        assert "Better prose." in server.page("two")

    fresh.write_bytes(b"\xef\xbb\xbf" + (project.root / "tutorials" / "two.py").read_bytes())
    project.write("one")
    server.wait_for("output of one", without=FAILED)
    server.wait_for("Better prose.", without=FAILED, slug="fresh")


@pytest.mark.slow
def test_an_edit_in_any_folder_tries_a_failed_lesson_again(serve, project):
    """Not only one in the modules beside each other: what it needs may lie deeper, or be new."""
    folder = project.root / "mnist_lessons" / "deep" / "deeper"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    project.write("one", code="import deep.deeper\nprint('at last', deep.deeper.WORD)")
    server = serve(project)
    server.wait_for(FAILED)
    (folder / "__init__.py").write_text("from .words import WORD\n")
    (folder / "words.py").write_text("WORD = 'a word'\n")
    server.wait_for("at last a word", without=FAILED)


def test_a_wrong_value_or_link_in_prose_does_not_end_it(server):
    project = server.project
    project.write("one", prose="It reads {{ nothing }}.")
    page = server.wait_for("This page has a mistake")
    told = "tutorials/one.py, line 4: {{ nothing }}: no run recorded nothing"
    assert told in page
    assert f"error: {told}" in server.said
    project.write("one", prose="Good prose.")
    server.wait_for("Good prose.")
    assert project.executed == []


@pytest.mark.slow
def test_another_edit_ends_what_runs(server):
    project = server.project
    project.write("one", code=LONG.format("the first"))
    server.wait_for(RUNNING)
    project.wait_until(lambda: "the first" in server.said)
    first = project.kernels
    assert len(first) == 1
    project.write("one", code="print('the', 'second')")
    server.wait_for("the second", without=RUNNING)
    wait_for_end(first)
    assert project.kernels == []
    assert project.leftovers() == []


@pytest.mark.slow
def test_a_lesson_that_is_removed_ends(server):
    project = server.project
    project.write("one", code=LONG.format("waiting"))
    project.wait_until(lambda: "waiting" in server.said)
    kernels = project.kernels
    (project.root / "docs" / "index.md").write_text("# Home\n")
    (project.root / "tutorials" / "one.py").unlink()
    wait_for_end(kernels)
    assert server.process.poll() is None


def processes_of(server):
    """The server's children, and their kernels, while a lesson runs."""
    server.project.write("one", code=LONG.format("waiting"))
    server.project.wait_until(lambda: "waiting" in server.said)
    found = psutil.Process(server.process.pid).children(recursive=True)
    assert {*server.project.kernels} <= {*found}
    assert len(found) >= 2
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_it_ends_with_all_that_it_started(serve, short_project, number):
    server = serve(short_project)
    processes = processes_of(server)
    server.process.send_signal(number)
    assert server.process.wait(timeout=120) == 0
    wait_for_end(processes)
    assert 'File "' not in server.said
    assert [*server.temporary.iterdir()] == []
    assert short_project.leftovers() == []


@pytest.mark.slow
def test_what_it_started_ends_even_when_it_is_killed(serve, short_project):
    server = serve(short_project)
    processes = processes_of(server)
    server.process.kill()
    wait_for_end(processes)
    assert short_project.leftovers() == []


@pytest.mark.slow
def test_a_full_run_that_is_stored_is_preferred_to_a_preview(serve, project):
    folder = shutil.copytree(project.stored("one").folder, project.root / "copy")
    made_from = {"profile": "full"}
    project.edit_stored("one", made_from, profile="full", device_name="a full one")
    project.store.keep("one", "fedcba9876543210", folder)
    server = serve(project)
    assert "a full one" in server.page("one")
    assert "a processor" in server.page("two")
    assert project.executed == []
