"""What a build would run and why: each thing that made a run, changed alone."""

import importlib
import json
import platform
import shutil
from importlib.metadata import version
from subprocess import PIPE

import pytest

from mnist_lessons._datasets import checksums
from mnist_lessons._fetch import cache_folder
from mnist_lessons.publishing.execution import today as todays
from tests.marks import slow
from tests.publishing.cards import raw_card

LATER = 'tiny.publish("one", started="2026-03-04T05:06:07+00:00")'
REUSED = ["one: reuse (run of 2026-01-02, cpu)", "two: reuse (run of 2026-01-02, cpu)"]


def append(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


HARMLESS = {
    "nothing": lambda root: None,
    "the prose": lambda root: replace(root / "tutorials/one.py", "Prose.", "Better prose."),
    "the title": lambda root: replace(root / "tutorials/one.py", "# Lesson", "# The lesson"),
    "a new Markdown cell": lambda root: append(
        root / "tutorials/one.py", "\n# %% [markdown]\n# The end.\n"
    ),
    "a comment of a lesson": lambda root: replace(
        root / "tutorials/one.py", "import tiny\n", "# What follows is small.\nimport tiny  # so\n"
    ),
    "the formatting of a lesson": lambda root: replace(
        root / "tutorials/one.py", "print('output of one')", 'print(\n    "output of one",\n)'
    ),
    "a comment of a module": lambda root: append(
        root / "mnist_lessons/tiny.py", "\n\n# The end.\n"
    ),
    "the formatting of a module": lambda root: replace(
        root / "mnist_lessons/tiny.py", "import csv, json, os", "import csv,json,  os"
    ),
    "a module that no lesson imports": lambda root: append(
        root / "mnist_lessons/publishing/_pages.py", "STYLE = 1\n"
    ),
    "a stylesheet": lambda root: append(root / "docs/style.css", "body { color: red }\n"),
    "a page": lambda root: append(root / "docs/index.md", "\nMore.\n"),
    "the configuration of the site": lambda root: append(root / "mkdocs.yml", "copyright: none\n"),
}


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_no_result_depends_on_runs_nothing(project, edit, capsys):
    edit(project.root)
    assert project.plan() == REUSED
    pages = project.prepare()
    assert [page.executed_now for page in pages] == [False, False]
    assert project.executed == []
    assert capsys.readouterr().err.splitlines()[-2:] == REUSED


CODE = {
    "one cell": ({"code": "print('new')"}, "code cell 2 changed"),
    "two cells": ({"code": "print('new')", "end": "1"}, "code cells 2, 3 changed"),
    "a semicolon": ({"code": "print('output of one');"}, "code cell 2 changed"),
    "a command of IPython": ({"code": "%time print('output of one')"}, "code cell 2 changed"),
    "one more cell": ({"code": "print(1)\n\n# %%\nprint(2)"}, "4 code cells, not 3"),
}


@pytest.mark.parametrize(("code", "reason"), CODE.values(), ids=CODE.keys())
def test_edited_code_runs_that_lesson(project, code, reason):
    project.write("one", **code)
    assert project.plan() == [f"one: run ({reason})", REUSED[1]]


def test_edited_code_runs_that_lesson_alone_and_going_back_runs_nothing(project):
    project.write("one", code="print('new')")
    one, two = project.prepare()
    assert (one.executed_now, two.executed_now) == (True, False)
    assert project.printed("two") == "output of two\n"
    project.write("one")
    assert project.plan() == REUSED
    assert project.executed == ["one"]


def test_only_the_lessons_that_import_a_module_run_when_it_changes(project):
    extra = project.root / "mnist_lessons" / "extra.py"
    extra.write_text('"""Used by one."""\n\nVALUE = 1\n')
    project.write("one", code="import extra\nprint(extra.VALUE)", end=LATER)
    one, _ = project.prepare()
    files = one.run.card.made_from.files
    assert list(files) == ["mnist_lessons/extra.py", "mnist_lessons/tiny.py"]
    reused = ["one: reuse (run of 2026-03-04, cpu)", REUSED[1]]
    assert project.plan() == reused

    extra.write_text('"""Used by one."""\nVALUE = (1)  # the same\n')
    assert project.plan() == reused
    extra.unlink()
    assert project.plan() == ["one: run (mnist_lessons/extra.py is gone)", REUSED[1]]
    extra.write_text('"""Used by one."""\nVALUE = 22\n')
    assert project.plan() == ["one: run (mnist_lessons/extra.py changed)", REUSED[1]]

    one, two = project.prepare()
    assert (one.executed_now, two.executed_now) == (True, False)
    assert one.run.executed.cells[2].outputs[0].text == "22\n"
    append(project.root / "mnist_lessons/tiny.py", "\nNEW = 1\n")
    reason = "run (mnist_lessons/tiny.py changed)"
    assert project.plan() == [f"one: {reason}", f"two: {reason}"]


def test_the_records_of_a_study_count_for_the_lessons_that_import_its_package(project):
    package = project.root / "mnist_lessons" / "long_study"
    append(package / "__init__.py", "VALUE = 1\n")
    append(package / "records.jsonl", "{}\n")
    project.write("one", code="import long_study\nprint(long_study.VALUE)", end=LATER)
    one, _ = project.prepare()
    assert "mnist_lessons/long_study/records.jsonl" in one.run.card.made_from.files
    assert project.plan() == ["one: reuse (run of 2026-03-04, cpu)", REUSED[1]]
    append(package / "records.jsonl", "{}\n")
    reason = "mnist_lessons/long_study/records.jsonl changed"
    assert project.plan() == [f"one: run ({reason})", REUSED[1]]


@pytest.mark.parametrize("name", ["json", *slow("list", "getattr")])
def test_a_lesson_may_take_the_name_of_a_builtin(project, kernels, name):
    """What the kernel imported is recorded all the same."""
    project.write("one", code=f"{name} = None")
    [page] = project.prepare(only=["one"])
    assert list(page.run.card.made_from.files) == ["mnist_lessons/tiny.py"]


def test_a_changed_package_runs_the_lessons_that_import_it(project, tmp_path, monkeypatch):
    folder = tmp_path / "installed"
    install(folder, "1.0")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    project.write("one", code="import tinydist\nprint(tinydist.VERSION)", end=LATER)
    one, two = project.prepare()
    assert one.run.card.made_from.packages["tinydist"] == "1.0"
    assert "tinydist" not in two.run.card.made_from.packages
    assert project.plan() == ["one: reuse (run of 2026-03-04, cpu)", REUSED[1]]

    install(folder, "1.1")
    assert project.plan() == ["one: run (tinydist 1.0 -> 1.1)", REUSED[1]]
    one, _ = project.prepare()
    assert one.run.card.made_from.packages["tinydist"] == "1.1"
    assert one.run.executed.cells[2].outputs[0].text == "1.1\n"

    shutil.rmtree(folder)
    importlib.invalidate_caches()
    assert "-> missing)" in project.plan()[0]


def install(folder, number):
    """What pip would write for a distribution of one module."""
    shutil.rmtree(folder, ignore_errors=True)
    about = folder / f"tinydist-{number}.dist-info"
    about.mkdir(parents=True)
    (folder / "tinydist.py").write_text(f"VERSION = {number!r}\n")
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tinydist\nVersion: {number}\n")
    (about / "RECORD").write_text(f"tinydist.py,,\n{about.name}/METADATA,,\n")
    importlib.invalidate_caches()


def test_run_json_says_what_made_the_run(project, kernels):
    [page] = project.prepare(only=["one"], again=True)
    card = raw_card(page.run)
    made_from = card["made_from"]
    assert made_from["code"] == project.lessons[0].code_hashes()
    assert list(made_from["files"]) == ["mnist_lessons/tiny.py"]
    assert made_from["python"] == platform.python_version()
    packages = made_from["packages"]
    assert packages["ipykernel"] == version("ipykernel")
    assert not packages.keys() & {"torch", "numpy", "mkdocs", "jupytext", "pytest", "mnist-lessons"}
    del made_from["code"], made_from["files"], made_from["packages"], made_from["python"]
    assert made_from == {
        "torch_build": "",
        "data": checksums()["sample of MNIST"],
        "missing_data": [],
        "reads": {},
        "writes": [],
        "variables": {},
        "profile": "preview",
        "device": "cpu",
        "best_device": todays.best_device(),
        "threads": "1",
        "settings": {},
    }
    assert len(card["cell_seconds"]) == 3


MADE_FROM = {
    "Python": ({"python": "3.10.1"}, f"Python 3.10.1 -> {platform.python_version()}"),
    "Python, and so all hashes": (
        {"python": "3.10.1", "code": ["0"], "files": {"mnist_lessons/tiny.py": "0"}},
        f"Python 3.10.1 -> {platform.python_version()}",
    ),
    "data": (
        {"data": checksums()["MNIST"]},
        "data MNIST -> sample of MNIST",
    ),
    "unknown data": ({"data": "0123456789abcdef"}, "data 01234567 -> sample of MNIST"),
    "a setting that was there": ({"settings": {"MKL_CBWR": "AVX2"}}, "MKL_CBWR AVX2 -> unset"),
}


@pytest.mark.parametrize(("changes", "reason"), MADE_FROM.values(), ids=MADE_FROM.keys())
def test_a_run_that_was_made_from_something_else_runs_again(project, changes, reason):
    project.edit_stored("one", changes)
    assert project.plan() == [f"one: run ({reason})", REUSED[1]]


def test_a_package_that_is_gone_and_another_build_of_torch_are_named(project):
    packages = project.stored("one").card.made_from.packages
    changes = {"torch_build": "2.0.0+cu118 abc", "packages": packages | {"nothing-like-it": "1.0"}}
    project.edit_stored("one", changes)
    line, _ = project.plan()
    first, second = line.removeprefix("one: run (").removesuffix(")").split("; ")
    assert first == "nothing-like-it 1.0 -> missing"
    assert second.startswith(f"build of torch 2.0.0+cu118 abc -> {version('torch')}")


def test_many_reasons_are_cut_short(project):
    changes = {"profile": "full", "threads": "7", "python": "3.10.1", "data": "0" * 64}
    project.edit_stored("one", {**changes, "settings": {"MKL_CBWR": "AVX2", "KMP_X": "1"}})
    assert project.plan()[0] == (
        f"one: run (Python 3.10.1 -> {platform.python_version()}; data 00000000 -> sample of "
        "MNIST; profile full -> preview; threads 7 -> 1; and 2 more)"
    )


def test_a_run_without_an_extra_runs_again_where_that_is_there(project, small_clothes):
    reused = project.plan()
    project.edit_stored("one", {"missing_data": ["Fashion-MNIST"]})
    assert project.plan() == reused, "nothing better is to be had"
    small_clothes(cache_folder())
    assert project.plan() == ["one: run (Fashion-MNIST missing -> there)", reused[1]]


VARIABLES = {
    "threads": ("OMP_NUM_THREADS", "2", "threads 1 -> 2"),
    "arithmetic of MKL": ("MKL_CBWR", "COMPATIBLE", "MKL_CBWR unset -> COMPATIBLE"),
    "TF32": ("NVIDIA_TF32_OVERRIDE", "0", "NVIDIA_TF32_OVERRIDE unset -> 0"),
    "cuBLAS": ("CUBLAS_WORKSPACE_CONFIG", ":4096:8", "CUBLAS_WORKSPACE_CONFIG unset -> :4096:8"),
    "no arithmetic": ("LANG", "C.UTF-8", None),
}


@pytest.mark.parametrize(("name", "value", "reason"), VARIABLES.values(), ids=VARIABLES.keys())
def test_a_variable_that_changes_arithmetic_runs_all(project, monkeypatch, name, value, reason):
    monkeypatch.setenv(name, value)
    expected = [f"{slug}: run ({reason})" for slug in ("one", "two")] if reason else REUSED
    assert project.plan() == expected


def test_a_run_with_other_threads_is_stored_beside_the_first(project, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    project.write("one", code="import os\nprint(os.environ['OMP_NUM_THREADS'], 'threads')")
    [page] = project.prepare(only=["one"])
    assert page.run.card.made_from.threads == "2"
    assert page.run.executed.cells[2].outputs[0].text == "2 threads\n"
    assert project.plan()[0] == REUSED[0]


def test_the_profile_is_part_of_a_run(project):
    assert project.plan(profile="full") == [
        "one: run (profile preview -> full)",
        "two: run (profile preview -> full)",
    ]
    assert project.plan(profile=None) == project.plan(profile="full"), "a build makes full runs"


class TestDevice:
    """A run made on a GPU is good on a machine without one, not the other way round."""

    @pytest.fixture
    def gpu(self, monkeypatch):
        """This machine seems to have a GPU."""
        monkeypatch.setattr(todays, "best_device", lambda: "cuda")

    @pytest.fixture
    def no_gpu(self, monkeypatch):
        """This machine has none, or seems so."""
        monkeypatch.setattr(todays, "best_device", lambda: "cpu")

    @pytest.fixture
    def on_gpu(self, project):
        """The first lesson's run was made on another machine, on its second GPU."""
        project.edit_stored(
            "one",
            {"device": "cuda", "best_device": "cuda"},
            device="cuda:1",
            started="2026-11-22T10:00:00Z",
        )

    @pytest.mark.parametrize("device", ["auto", "cuda", "cuda:0"])
    def test_a_run_of_a_gpu_is_reused(self, project, on_gpu, no_gpu, device):
        assert project.plan(device=device)[0] == "one: reuse (run of 2026-11-22, cuda:1)"

    @pytest.mark.parametrize(("device", "reason"), [("cpu", "cuda -> cpu"), ("mps", "cuda -> mps")])
    def test_a_device_that_is_asked_for_counts(self, project, on_gpu, gpu, device, reason):
        assert project.plan(device=device)[0] == f"one: run (device {reason})"

    def test_a_run_of_a_cpu_is_not_enough_where_there_is_a_gpu(self, project, gpu):
        assert project.plan()[0] == "one: run (device cpu -> cuda)"
        assert project.plan(device="cpu") == REUSED

    def test_a_gpu_that_torch_could_not_use_is_not_tried_at_each_build(self, project, gpu):
        project.edit_stored("one", {"best_device": "cuda"})
        assert project.plan()[0] == REUSED[0]
        assert project.plan(device="cuda")[0] == "one: run (device cpu -> cuda)"

    def test_of_two_true_runs_that_of_the_better_device_is_shown(self, project, no_gpu):
        copy = shutil.copytree(project.stored("one").folder, project.root / "copy")
        project.edit_stored("one", {"device": "cuda", "best_device": "cuda"}, device="cuda")
        project.store.keep("one", "0" * 16, copy)
        assert project.plan()[0] == "one: reuse (run of 2026-01-02, cuda)"
        assert project.plan(device="cpu")[0] == REUSED[0]


def test_a_module_that_changes_while_a_lesson_runs_is_a_failure(project):
    append = "with open('mnist_lessons/tiny.py', 'a') as module:\n    module.write('\\nX = 1\\n')"
    project.write("one", code=append)
    [page] = project.prepare(only=["one"])
    assert page.failure.reason == "mnist_lessons/tiny.py changed while the lesson ran: build again"
    assert project.stored("one"), "that from before alone"
    assert project.plan()[0].startswith("one: run (")


def test_the_nearest_run_gives_the_reason_and_of_two_the_newest(project):
    project.write("one", end=LATER)
    project.prepare(only=["one"])
    project.write("one", code="print('new')", end=LATER)
    assert project.plan()[0] == "one: run (code cell 2 changed)"
    project.edit_stored("two", {"profile": "full"}, started="2026-05-06")
    project.prepare(only=["two"])
    project.write("two", code="print('new')")
    assert project.plan()[1] == "two: run (code cell 2 changed)", "nothing of the full run"


def test_the_run_with_the_fewest_other_cells_is_nearest(project):
    """Not the preview of an edit that was taken back: that has another cell, too."""
    project.edit_stored("one", {"profile": "full"})
    project.write("one", code="print('tried')")
    project.prepare(only=["one"])
    project.write("one", end=LATER)
    assert project.plan()[0] == "one: run (code cell 3 changed; profile full -> preview)"


FORMER = {
    "files": "which files it imported",
    "packages": "which packages it imported",
    "python": "which Python ran it",
    "settings": "which variables that change arithmetic were set",
    "device": "its kind of device",
}


@pytest.mark.parametrize("name", FORMER)
def test_a_run_of_a_former_version_is_compared_as_far_as_it_goes(project, name):
    """As where a later version of the program looks at more than the one that stored it."""
    made_from = project.stored("one").card.made_from
    former(project, "one", name)
    assert project.plan()[0] == f"one: run (the stored run does not say {FORMER[name]})"
    [cleaned, _] = map(str, project.command("clean").stdout.splitlines())
    assert cleaned.startswith(f"removed one: a run (the stored run does not say {FORMER[name]}")
    one, _ = project.prepare()
    assert one.executed_now
    assert one.run.card.made_from == made_from
    assert project.plan() == REUSED


def test_a_run_of_a_former_version_says_also_what_has_changed(project):
    former(project, "one", "threads")
    project.write("one", code="print('new')")
    said = "the stored run does not say its number of threads; code cell 2 changed"
    assert project.plan()[0] == f"one: run ({said})"


def former(project, slug, name):
    """Make the stored run one that does not say something of what it was made from."""
    run = project.stored(slug)
    card = raw_card(run)
    del card["made_from"][name]
    edited = run.folder.rename(project.root / "edited")
    (edited / "run.json").write_text(json.dumps(card))
    project.store.keep(slug, "0123456789abcdef", edited)


def test_a_plan_needs_no_torch(project):
    """It is said before anything slow happens."""
    code = """
import sys
from mnist_lessons.publishing.commands import commands
try:
    commands(["status"])
except SystemExit:
    print(sorted({"torch", "nbclient", "mkdocs"} & sys.modules.keys()))
"""
    process = project.python("-P", "-c", code, stdout=PIPE, stderr=PIPE)
    out, _ = process.communicate(timeout=300)
    assert out.splitlines() == [*REUSED, "[]"]
