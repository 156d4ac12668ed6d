"""The store: what is kept, what is whole, what a damaged, foreign or unwritable one does."""

import hashlib
import json
import random
import shutil
from subprocess import PIPE

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_lessons.publishing.runs.store import StoredRun
from tests.marks import slow
from tests.publishing.cards import raw_card

FILES = ["executed.ipynb", "log.csv", "manifest.json", "run.json"]


def staged_copy(project, slug="one", **changes):
    """A finished run outside of the store, with changes in its card."""
    folder = shutil.copytree(project.stored(slug).folder, project.root / "staged")
    card = json.loads((folder / "run.json").read_bytes()) | changes
    (folder / "run.json").write_text(json.dumps(card))
    return folder


def test_a_stored_run_lists_its_files_with_their_checksums(project):
    run = project.stored("one")
    manifest = json.loads((run.folder / "manifest.json").read_bytes())
    assert sorted([*manifest, "manifest.json"]) == FILES
    for name, digest in manifest.items():
        assert hashlib.sha256((run.folder / name).read_bytes()).hexdigest() == digest
    assert run.is_whole


def test_the_first_sound_run_stays_and_a_damaged_one_gives_way(project):
    run = project.stored("one")
    key = run.folder.name
    project.store.keep("one", key, staged_copy(project, seconds=1.0))
    assert project.stored("one").card.seconds == 75.0
    shutil.rmtree(project.root / "staged")

    staged = staged_copy(project, seconds=1.0)
    (run.folder / "log.csv").write_text("damaged")
    project.store.keep("one", key, staged)
    assert project.stored("one").card.seconds == 1.0
    assert project.stored("one").is_whole


def test_a_run_that_is_asked_for_again_takes_the_place(project):
    run = project.stored("one")
    project.store.keep("one", run.folder.name, staged_copy(project, seconds=1.0), replace=True)
    assert project.stored("one").card.seconds == 1.0


def test_a_run_that_did_not_finish_is_never_whole(project):
    project.edit_stored("one", status="failed")
    assert not project.stored("one").is_whole
    assert project.plan()[0] == "one: run (its stored run is damaged: it did not end well)"


def test_a_run_of_another_lesson_is_never_whole(project):
    project.edit_stored("one", lesson="two")
    assert project.plan()[0] == "one: run (its stored run is damaged: it is a run of 'two')"


DAMAGE = {
    "a truncated notebook": lambda run: truncate(run / "executed.ipynb"),
    "no notebook": lambda run: (run / "executed.ipynb").unlink(),
    "another thing than a run card": lambda run: (run / "run.json").write_text("[]"),
    "no run card": lambda run: (run / "run.json").unlink(),
    "no log": lambda run: (run / "log.csv").unlink(),
    "no manifest": lambda run: (run / "manifest.json").unlink(),
    "one file more": lambda run: (run / "figure.png").write_bytes(b"more"),
    "a folder for a file": lambda run: [(run / "log.csv").unlink(), (run / "log.csv").mkdir()],
    "an empty folder": lambda run: [file.unlink() for file in run.iterdir()],
    "a file for the folder": lambda run: [shutil.rmtree(run), run.write_text("no folder")],
}


def truncate(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_run_is_made_anew_and_replaced(project, damage):
    folder = project.stored("one").folder
    damage(folder)
    one, two = project.prepare()
    assert (one.executed_now, two.executed_now) == (True, False)
    assert one.run.folder == folder
    assert project.printed("one") == "output of one\n"
    assert not any(page.executed_now for page in project.prepare()), "it has healed"
    assert project.leftovers() == []


@settings(
    max_examples=3 * settings.default.max_examples,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.sampled_from(FILES), bit=st.none() | st.integers(0, 7), seed=st.integers(0))
def test_any_damage_to_any_file_is_noticed(project, name, bit, seed):
    """A flipped bit or a cut at any place, and the lesson would run."""
    file = project.stored("one").folder / name
    whole = file.read_bytes()
    place = random.Random(seed).randrange(len(whole))
    damaged = whole[:place]
    if bit is not None:
        damaged += bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
    file.write_bytes(damaged)
    try:
        same = name == "manifest.json" and read(file) == json.loads(whole)
        assert StoredRun(file.parent).is_whole == same
        assert project.plan()[0].startswith("one: reuse" if same else "one: run")
    finally:
        file.write_bytes(whole)


def read(file):
    """The JSON in it, or None."""
    try:
        return json.loads(file.read_bytes())
    except ValueError:
        return None


def test_a_failed_run_is_kept_aside_and_never_reused(project):
    project.write("one", code="print('so far')\n1 / 0")
    for _ in range(2):
        [page] = project.prepare(only=["one"])
        assert page.run is None
    assert project.executed == ["one", "one"]
    failed = project.store.failed("one")
    assert raw_card(failed)["status"] == "failed"
    assert failed.failed.failure.reason == "ZeroDivisionError: division by zero"
    assert failed.failed.made_from.code == project.lessons[0].code_hashes()
    assert "so far" in failed.executed.cells[2].outputs[0].text
    assert project.store.failed("two") is None

    project.write("one")
    assert project.plan()[0].startswith("one: reuse"), "the run from before is still there"


def test_a_store_can_be_copied_and_used_elsewhere(project, tmp_path):
    other = type(project)(shutil.copytree(project.root, tmp_path / "elsewhere"))
    shutil.rmtree(other.root / ".cache")
    assert [line.split(" ", 1)[1] for line in other.plan()] == ["run (no stored run)"] * 2
    shutil.copytree(project.root / ".cache/lessons", other.root / ".cache/lessons")
    assert other.command("run").returncode == 0
    assert other.executed == []
    assert other.printed("one") == "output of one\n"


def test_nothing_but_clean_deletes_a_run(project):
    """Not another version of a lesson, not a lesson that is gone."""
    before = sorted(project.store.folder.glob("runs/*/*"))
    project.write("one", code="print('new')")
    (project.root / "tutorials/two.py").unlink()
    project.prepare()
    assert set(before) < set(project.store.folder.glob("runs/*/*"))


def no_folder(project):
    """Where nobody, not even root, can make a folder."""
    project.store.folder.symlink_to("/proc/nowhere")


def a_file(project):
    project.store.folder.write_text("no folder")


def nothing_can_be_made_inside(project):
    """As on a disk that is read-only: the runs are there, but no new one can be."""
    (project.store.folder / "runs").mkdir(parents=True)
    (project.store.folder / "running").write_text("no folder")
    (project.store.folder / "runs" / "one").write_text("no folder")
    (project.store.folder / "runs" / "two").write_text("no folder")
    (project.store.folder / "checkpoints").write_text("no folder")


@pytest.mark.parametrize("spoil", [no_folder, a_file, nothing_can_be_made_inside])
def test_without_a_writable_store_a_build_goes_on_and_says_so(project, spoil):
    store = project.store.folder
    shutil.rmtree(store)
    spoil(project)
    result = project.command("run")
    assert result.returncode == 0, result.stderr
    assert "cannot write to the store" in result.stderr
    assert "Traceback" not in result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()[:-1]] == ["one", "two"]
    assert not any((project.root / "tmp").iterdir())

    shutil.rmtree(store) if store.is_dir() else store.unlink()
    assert project.command("run").returncode == 0, "it heals by itself"
    assert sorted(project.executed) == ["one", "one", "two", "two"]
    assert project.command("status").returncode == 0


FULL_DISK = """
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
runpy.run_module("mnist_lessons.publishing", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("limit", [300, *slow(0, 1_500, 2_500)])
def test_a_full_disk_is_one_clear_error_or_none(project, limit):
    """No file can grow beyond the limit: another thing cannot be written at each."""
    shutil.rmtree(project.store.folder)
    command = ["-P", "-B", "-c", FULL_DISK, str(limit), "run"]
    process = project.python(*command, stdout=PIPE, stderr=PIPE)
    _, err = process.communicate(timeout=300)
    assert process.returncode in (0, 1), err
    assert "Traceback" not in err
    assert "unhandled" not in err
    assert process.returncode == 0 or err.splitlines()[-1].startswith("error: ")
    reasons = ("File too large", "No usable temporary directory")
    assert process.returncode == 0 or any(reason in err for reason in reasons)
    assert project.leftovers() == []

    assert project.command("run").returncode == 0, "it heals by itself"
    assert project.command("status").returncode == 0
    assert project.printed("one") == "output of one\n"
