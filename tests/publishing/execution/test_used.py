"""What a lesson reads of the project counts for its run: files, folders and variables."""

import shutil
import sqlite3
from contextlib import closing

import pytest

READS = """\
import importlib.metadata, json, os, shutil, sqlite3, subprocess, tempfile
from pathlib import Path
from faculty import colour
print(json.loads(Path("tutorials/settings.json").read_text())["epochs"])
print(Path("missing.txt").exists(), os.access("missing.txt", os.R_OK))
try:
    open("missing.txt")
except FileNotFoundError:
    print("missing")
Path("own.txt").write_text("mine")
print(Path("own.txt").read_text())
print(os.read(os.open("words.txt", os.O_RDONLY), 9))
print(sqlite3.connect("file.db").execute("select word from words").fetchall())
sqlite3.connect("file:read.db?mode=ro", uri=True).execute("select word from words").fetchall()
sqlite3.connect("own.db").execute("create table words (word)")
print(Path(".env").read_text(), Path("link.txt").read_text())
child = os.fork() or [open("child.txt").read(), os._exit(0)]
os.waitpid(child, 0)
os.mkdir("folder"); Path("folder/own.txt").write_text("mine"); shutil.rmtree("folder")
Path("own.tmp").write_text("mine"); os.replace("own.tmp", "own2.txt"); Path("own2.txt").read_text()
with open("edited.txt", "r+") as stream: stream.write(stream.read())
Path("mnist_lessons/own.py").write_text(""); import own
print(len(Path("data/images").read_bytes()), os.listdir("data"))
Path("tutorials/parts/own.json").write_text("mine")
print(sorted(Path("tutorials/parts").glob("*.json")), importlib.metadata.version("tqdm"))
child = os.fork() or [os.listdir(b"tutorials/inner"), os._exit(0)]
os.waitpid(child, 0)
sys.path.append(".installed"); import looking_around
Path("made").mkdir(exist_ok=True); os.listdir("made")
with tempfile.TemporaryDirectory(dir=".") as folder: os.listdir(folder)
Path(".hidden").write_text("") and Path(".hidden").read_text()
print(os.environ.get("LESSON_COLOUR"), os.getenv("LESSON_SHAPE"), colour())
print("LESSON_SIZE" in os.environ, os.environb.get(b"LESSON_BYTES"))
print(os.environ.pop("LESSON_TAKEN", None), os.path.expandvars("$LESSON_IN_TEXT"))
every = {**os.environ, "A": "1"}, dict(os.environ), os.environ.copy(), list(os.environ.items())
subprocess.run(["true"], env=every[0], check=True)
os.environ["LESSON_OWN"] = "x"; print(os.environ["LESSON_OWN"])
print(os.environ["MNIST_LESSONS_PROFILE"], os.environ.get("OMP_NUM_THREADS"))
print(os.path.expanduser("~"))"""

FACULTY = """\
import os

os.scandir("elsewhere").close()


def colour():
    return os.environ.get("FACULTY_COLOUR")
"""


@pytest.fixture(scope="module")
def reading(built, tmp_path_factory):
    """A project whose first lesson has read files and variables; only to be copied."""
    root = tmp_path_factory.mktemp("reading") / "p"
    project = type(built)(shutil.copytree(built.root, root))
    (root / "mnist_lessons/faculty.py").write_text(FACULTY)
    (root / ".installed").mkdir()
    (root / ".installed/looking_around.py").write_text("import os\n\nos.listdir('docs')\n")
    (root / "tutorials/settings.json").write_text('{"epochs": 3}')
    (root / "words.txt").write_text("a few words")
    (root / "link.txt").symlink_to("linked.txt")
    for name in (".env", "child.txt", "edited.txt", "linked.txt"):
        (root / name).write_text(name)
    for name in ("data", "elsewhere", "tutorials/parts", "tutorials/inner"):
        (root / name).mkdir()
    (root / "tutorials/parts/a.json").touch()
    (root / "data/images").touch()
    shutil.rmtree(project.store.folder / "runs/one")
    for name in ("file.db", "read.db"):
        with closing(sqlite3.connect(root / name)) as database:
            database.execute("create table words (word)")
    project.write("one", code=READS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LESSON_COLOUR", "blue")
        patch.setenv("MNIST_LESSONS_DATA", str(root / "data"))
        [page] = project.prepare(only=["one"])
    assert page.run, page.failure
    return project, page.run


@pytest.fixture(autouse=True)
def blue(monkeypatch):
    monkeypatch.setenv("LESSON_COLOUR", "blue")


def test_a_run_says_what_its_cells_read(reading):
    project, run = reading
    made_from = run.card.made_from
    assert set(made_from.reads) == {
        ".env",
        "child.txt",
        "elsewhere/",
        "file.db",
        "link.txt",
        "linked.txt",
        "made/",
        "missing.txt",
        "read.db",
        "tutorials/inner/",
        "tutorials/parts/",
        "tutorials/settings.json",
        "words.txt",
    }
    assert made_from.reads["missing.txt"] is None
    assert "mnist_lessons/own.py" not in made_from.files
    assert set(made_from.variables) == {
        "FACULTY_COLOUR",
        "LESSON_BYTES",
        "LESSON_COLOUR",
        "LESSON_IN_TEXT",
        "LESSON_SHAPE",
        "LESSON_SIZE",
        "LESSON_TAKEN",
    }
    assert made_from.variables["LESSON_SHAPE"] is None
    assert "blue" not in str(made_from), "a value may be a secret"
    assert project.plan()[0].startswith("one: reuse")


FILES = {
    "changed": ("tutorials/settings.json", '{"epochs": 4}', "tutorials/settings.json changed"),
    "gone": ("words.txt", None, "words.txt is gone"),
    "new": ("missing.txt", "here", "missing.txt is there now"),
    "listed": ("tutorials/parts/b.json", "{}", "tutorials/parts/ changed"),
    "no more": ("tutorials/parts/a.json", None, "tutorials/parts/ changed"),
    "listed by a child": ("tutorials/inner/b", "b", "tutorials/inner/ changed"),
    "in a folder of its own": ("made/b", "b", "made/ changed"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_a_lesson_reads_counts(reading, name):
    project, _ = reading
    file, text, reason = FILES[name]
    path = project.root / file
    before = path.read_text() if path.exists() else None
    path.unlink() if text is None else path.write_text(text)
    try:
        assert project.plan()[0] == f"one: run ({reason})"
    finally:
        path.unlink() if before is None else path.write_text(before)
    assert project.plan()[0].startswith("one: reuse"), "going back runs nothing"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("LESSON_COLOUR", "red", "LESSON_COLOUR changed"),
        ("LESSON_COLOUR", None, "LESSON_COLOUR is unset"),
        ("LESSON_SHAPE", "", "LESSON_SHAPE is set now"),
        ("FACULTY_COLOUR", "grey", "FACULTY_COLOUR is set now"),
    ],
)
def test_a_variable_that_a_cell_reads_counts(reading, monkeypatch, name, value, reason):
    project, _ = reading
    monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    assert project.plan()[0] == f"one: run ({reason})"


def test_what_a_lesson_wrote_or_did_not_read_does_not_count(reading, monkeypatch):
    project, _ = reading
    (project.root / "own.txt").write_text("other")
    (project.root / "never.txt").write_text("other")
    (project.root / "tutorials/parts/own.json").unlink()
    (project.root / "made").rmdir()
    (project.root / "tutorials/parts/.hidden").touch()
    (project.root / "tutorials/parts/__pycache__").mkdir()
    monkeypatch.setenv("LESSON_OWN", "y")
    monkeypatch.setenv("A", "2")
    assert project.plan()[0].startswith("one: reuse")


def test_clean_keeps_a_run_of_other_variables(reading, monkeypatch):
    project, run = reading
    monkeypatch.setenv("LESSON_COLOUR", "red")
    assert "one: a run (LESSON_COLOUR" not in project.command("clean").stdout
    assert run.is_whole


def test_a_file_that_changes_after_it_was_read_is_a_failure(project, kernels):
    (project.root / "words.txt").write_text("before")
    project.write(
        "one",
        code="import subprocess\nprint(open('words.txt').read())\n"
        "subprocess.run('echo after > words.txt', shell=True, check=True)",
    )
    [page] = project.prepare(only=["one"])
    assert page.failure.reason == "words.txt changed while the lesson ran: build again"
