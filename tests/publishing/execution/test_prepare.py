"""Giving each lesson a run: what is said first, what reaches a kernel, how many run at once."""

import json
import shutil

import pytest

from mnist_lessons._datasets import CLOTHES, PENS

ENVIRONMENT = """\
import json, os
names = ("PROFILE", "DEVICE", "OFFLINE", "DATA", "RUNS", "CHECKPOINTS")
said = {name: os.environ[f"MNIST_LESSONS_{name}"] for name in names}
said |= {"threads": os.environ["OMP_NUM_THREADS"], "cwd": os.getcwd()}
with open("seen.json", "w") as file:  # what is printed loses the paths of this machine
    json.dump(said, file)"""
MEET = """\
import time
from pathlib import Path
Path("{slug}").touch()
while not Path("{other}").exists():
    time.sleep(0.02)"""


def seen(project):
    """What a lesson has seen of its environment."""
    return json.loads((project.root / "seen.json").read_text(encoding="utf-8"))


def test_a_kernel_knows_what_the_build_has_decided(project, kernels):
    project.write("one", code=ENVIRONMENT)
    project.prepare(only=["one"], device="cpu")
    said = seen(project)
    staged = said.pop("RUNS")
    assert staged.startswith(str(project.store.folder / "running"))
    assert said == {
        "PROFILE": "preview",
        "DEVICE": "cpu",
        "OFFLINE": "build",
        "DATA": "",
        "CHECKPOINTS": str(project.store.checkpoints),
        "threads": "1",
        "cwd": str(project.root),
    }
    assert project.leftovers() == []


@pytest.mark.parametrize("packed", [False, True])
def test_a_kernel_reads_the_data_that_the_build_has_verified(
    project, small_mnist, tmp_path, packed
):
    folder = small_mnist.write(tmp_path / "data", packed=small_mnist.contents if packed else ())
    look = "\nprint(sorted(os.listdir(said['DATA'] + '/MNIST/raw')))"
    project.write("one", code=ENVIRONMENT + look, end="tiny.publish('one', data=None)")
    [page] = project.prepare(only=["one"], data=folder)
    assert (seen(project)["DATA"] == str(folder)) != packed
    listed = page.run.executed.cells[2].outputs[0].text.strip()
    assert listed == str(sorted(small_mnist.contents)), "unpacked, and there while it ran"


@pytest.mark.parametrize(
    ("packed", "there"),
    [
        (True, True),
        pytest.param(False, True, marks=pytest.mark.slow),
        pytest.param(True, False, marks=pytest.mark.slow),
        pytest.param(False, False, marks=pytest.mark.slow),
    ],
)
def test_a_kernel_finds_what_its_lesson_can_do_without(
    project, small_mnist, small_clothes, monkeypatch, tmp_path, packed, there
):
    """The build has put it in place, since a kernel has no network."""
    folder = small_mnist.write(tmp_path / "data", packed=small_mnist.contents if packed else ())
    # Two small files stand for the pen digits, too.
    monkeypatch.setitem(vars(PENS), "files", small_mnist.files[2:])
    if there:
        small_clothes(folder, packed=packed)
        shutil.copytree(folder / CLOTHES.folder, folder / PENS.folder)
    look = """
from mnist_lessons.settings import Settings
from mnist_lessons._datasets import CLOTHES, PENS
# This is what mnist_lessons.clothes and mnist_lessons.pens, which the build looks for, ask first.
from mnist_lessons._fetch import _is_there
data = Settings.from_environment().data
print([_is_there(extra, data / extra.folder) for extra in (CLOTHES, PENS)])"""
    project.write("one", code=ENVIRONMENT + look, end="tiny.publish('one', data=None)")
    [page] = project.prepare(only=["one"], data=folder, offline=True)
    assert page.run, page.failure
    said = page.run.executed.cells[2].outputs[0].text.splitlines()
    assert said == [str([there, there])]


def test_without_any_full_mnist_the_sample_serves_and_is_planned_for(project, monkeypatch, capsys):
    monkeypatch.delenv("MNIST_LESSONS_OFFLINE")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody answers there
    pages = project.prepare(offline=False)
    assert [page.executed_now for page in pages] == [False, False]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "one: run (data sample of MNIST -> MNIST)"
    assert lines[-3:] == [
        "mnist_lessons: SAMPLE DATA: no full MNIST is to be had, the lessons read 5,000 images",
        "one: reuse (run of 2026-01-02, cpu)",
        "two: reuse (run of 2026-01-02, cpu)",
    ]
    assert project.executed == []


def test_lessons_run_at_once_where_they_may(project, kernels):
    """Each waits for the other."""
    project.write("one", code=MEET.format(slug="one", other="two"))
    project.write("two", code=MEET.format(slug="two", other="one"))
    assert all(page.run for page in project.prepare(jobs=2))


def test_with_one_job_a_lesson_waits_for_the_one_before(project, kernels):
    for slug in ("one", "two"):
        project.write(slug, code="tiny.begin('and its end')")
    project.prepare(jobs=1)
    assert project.executed[::2] == ["one", "two"]
    assert project.executed[1::2] == ["and its end"] * 2


def test_a_lesson_that_is_asked_for_again_takes_the_place_of_its_run(project):
    before = project.stored("one").folder.stat().st_ino
    pages = project.prepare(again=True)
    assert [page.executed_now for page in pages] == [True, True]
    assert project.stored("one").folder.stat().st_ino != before
    assert project.leftovers() == []


@pytest.mark.slow
def test_faulty_lessons_stop_no_other_and_are_told_all_at_once(project):
    before = project.site()
    (project.root / "tutorials" / "fresh.py").touch()
    project.write("one", code="x = (\n\n# %%\n%time x")
    project.write("two", code="print('as ever')")
    result = project.build()
    assert result.returncode == 1
    for told in (
        "fresh.py, line 1: its first",
        "one.py, line 15: Syn",
        "one.py, line 18: %time x is",
    ):
        assert f"tutorials/{told}" in result.stderr.partition("error: ")[2]
    assert "Traceback" not in result.stderr
    assert project.site() == before
    assert project.executed == ["two"]
    assert project.plan()[2].startswith("two: reuse")

    status = project.command("status")
    assert status.returncode == 1
    assert "tutorials/one.py, line 15: SyntaxError" in status.stdout
    assert project.command("run", "two").returncode == 0
    wrong = project.command("run", "one")
    assert wrong.returncode == 1
    assert "error: tutorials/one.py, line 15: SyntaxError" in wrong.stderr
