"""`clean` removes what no lesson of today can use, says what that frees, and nothing else."""

import os
import shutil
import signal

import pytest

NOTHING = "0.0 MB freed\n"


def cleaned(project, *options):
    result = project.command("clean", *options)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines(keepends=True)


def stored(project):
    return sorted(
        path.relative_to(project.store.folder) for path in project.store.folder.glob("*/*")
    )


def test_what_is_in_use_stays(project):
    before = stored(project)
    assert cleaned(project) == [NOTHING]
    assert stored(project) == before
    assert project.plan()[0].startswith("one: reuse")


def grow(project, slug, megabytes):
    """Make the stored run of a lesson larger: it has a large figure."""
    staged = project.stored(slug).folder.rename(project.root / "staged")
    (staged / "figure.png").write_bytes(bytes(int(megabytes * 1_000_000)))
    project.store.keep(slug, "0123456789abcdef", staged)


def another_code(project):
    project.write("one", code="print('new')")


def another_module(project):
    with (project.root / "mnist_lessons/tiny.py").open("a") as stream:
        stream.write("\nX = 1\n")


def lesson_gone(project):
    (project.root / "tutorials/one.py").unlink()


def damaged(project):
    (project.stored("one").folder / "log.csv").write_text("damaged")


def unreadable(project):
    (project.stored("one").folder / "run.json").write_text("damaged")


USELESS = {
    another_code: "one: a run (code cell 2 changed)",
    another_module: "one: a run (mnist_lessons/tiny.py changed)",
    lesson_gone: "one: a run (the lesson is gone)",
    damaged: "one: a run (damaged: its files are not as they were stored)",
    unreadable: "one: a run (damaged: run.json: it is no JSON)",
}


@pytest.mark.parametrize(
    ("edit", "what"), USELESS.items(), ids=lambda x: getattr(x, "__name__", "")
)
def test_what_no_lesson_can_use_is_removed(project, edit, what):
    grow(project, "one", 2.5)
    edit(project)
    lines = cleaned(project)
    assert lines[0] == f"removed {what}: 2.5 MB\n"
    assert lines[-1] == "2.5 MB freed\n"
    assert not list(project.store.folder.glob("runs/one/*"))
    assert cleaned(project) == [NOTHING]


OTHER = {
    "another profile": {"profile": "full"},
    "another device": {"device": "cuda", "best_device": "cuda"},
    "other data": {"data": "0" * 64},
    "other threads": {"threads": "8"},
    "another setting": {"settings": {"MKL_CBWR": "AVX2"}},
}


@pytest.mark.parametrize("changes", OTHER.values(), ids=OTHER.keys())
def test_what_another_build_can_use_stays(project, changes):
    project.edit_stored("one", changes)
    assert cleaned(project) == [NOTHING]
    assert project.stored("one")


def test_a_failed_run_is_removed(project):
    project.write("one", code="1 / 0")
    project.prepare(only=["one"])
    project.write("one")
    lines = cleaned(project)
    assert lines == ["removed one: a run that failed: 0.0 MB\n", NOTHING]
    assert project.store.failed("one") is None


def test_trainings_older_than_the_oldest_full_run_are_removed(project):
    start = project.stored("one").card.started.timestamp()
    project.prepare(only=["one"], profile="full")
    for slug in ("one", "gone"):
        folder = project.store.checkpoints / slug
        folder.mkdir(parents=True)
        for name, time in (("before.pt", start - 60), ("after.pt", start + 60)):
            (folder / name).write_bytes(bytes(1_000_000))
            os.utime(folder / name, (time, time))
    lines = cleaned(project)
    assert lines == ["removed one: a training that no stored run used: 1.0 MB\n", "1.0 MB freed\n"]
    assert [path.name for path in (project.store.checkpoints / "one").iterdir()] == ["after.pt"]


def test_a_training_that_only_a_preview_followed_stays(project):
    folder = project.store.checkpoints / "one"
    folder.mkdir(parents=True)
    (folder / "interrupted.pt").write_bytes(bytes(1_000))
    os.utime(folder / "interrupted.pt", (0, 0))
    assert cleaned(project) == [NOTHING]
    assert (folder / "interrupted.pt").exists()


def test_a_training_without_any_stored_run_stays(project):
    """It may be that of a lesson that was interrupted."""
    shutil.rmtree(project.store.folder / "runs" / "one")
    checkpoint = project.store.checkpoints / "one" / "fit"
    checkpoint.mkdir(parents=True)
    os.utime(checkpoint, (1, 1))
    assert cleaned(project) == [NOTHING]
    assert checkpoint.exists()


def test_all_removes_the_whole_store(project):
    grow(project, "one", 1.2)
    assert cleaned(project, "--all") == ["removed the store: 1.2 MB\n", "1.2 MB freed\n"]
    assert not project.store.folder.exists()
    assert cleaned(project) == cleaned(project, "--all") == [NOTHING]


def test_what_a_killed_run_left_behind_is_removed(short_project):
    project = short_project
    process = project.started_waiting("run", "one")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert project.leftovers()
    project.wait_until(lambda: not project.kernels)
    project.write("one")
    assert cleaned(project) == [NOTHING]
    assert project.leftovers() == []


def test_a_run_at_the_same_time_goes_on(project):
    process = project.started_waiting("run", "one")
    cleaned(project)
    refused = project.command("clean", "--all")
    assert refused.returncode == 1
    assert "a lesson is running" in refused.stderr
    (project.root / "go on").touch()
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert project.plan()[0].startswith("one: reuse")


def test_without_lessons_nothing_is_removed(project):
    for script in (project.root / "tutorials").iterdir():
        script.unlink()
    before = stored(project)
    result = project.command("clean")
    assert result.returncode == 1
    assert "no lesson" in result.stderr
    assert stored(project) == before
