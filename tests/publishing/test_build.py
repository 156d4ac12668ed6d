"""Which lessons run again, what becomes of a failure, and what a stored run is worth."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing import _execute
from mnist_lessons.publishing._bands import check_bands, read_bands
from mnist_lessons.publishing._lessons import Lesson
from mnist_lessons.publishing._store import Store, StoredRun, run_key


def outputs(page):
    return "".join(
        output.get("text", "")
        for cell in page.run.executed().cells
        for output in cell.get("outputs", [])
    )


def failure_of(page):
    assert page.run is None
    return str(page.failure)


def stored_folder(project, slug):
    [folder] = (project.root / ".cache" / "lessons" / slug).iterdir()
    return folder


def test_nothing_changed_runs_nothing(project):
    pages = project.prepare()
    assert [(page.lesson.slug, page.executed_now) for page in pages] == [
        ("one", False),
        ("two", False),
    ]
    assert project.executed == []


def test_edited_prose_runs_nothing(project):
    project.write("one", prose="Better prose.")
    assert not any(page.executed_now for page in project.prepare())


def test_edited_code_runs_that_lesson_alone_and_going_back_runs_nothing(project):
    project.write("one", code="print('new')")
    one, two = project.prepare()
    assert project.executed == ["one"]
    assert (one.executed_now, two.executed_now) == (True, False)
    assert outputs(one) == "new\n"
    project.write("one")
    assert outputs(project.prepare()[0]) == "output of one\n"
    assert project.executed == ["one"]


def test_an_edited_teaching_module_runs_every_lesson(project):
    module = project.root / "mnist_lessons" / "tiny.py"
    module.write_text(module.read_text() + "\n# changed\n")
    assert all(page.executed_now for page in project.prepare())
    assert sorted(project.executed) == ["one", "two"]


def test_a_server_shows_the_full_run_while_it_is_true_and_else_a_preview(project):
    def profiles(**how):
        return [page.run.card["profile"] for page in project.prepare(**how)]

    assert profiles(profile=None, serving=True) == ["preview", "preview"]
    assert project.executed == []
    assert profiles(profile=None) == ["full", "full"]
    assert profiles(profile=None, serving=True) == ["full", "full"]
    project.write("one", code="print('new')")
    assert profiles(profile=None, serving=True) == ["preview", "full"]
    assert sorted(project.executed) == ["one", "one", "two"]


@pytest.mark.parametrize("name", ["profile", "device", "gpu", "threads", "data"])
def test_another_setting_is_another_run(project, name):
    lesson = Lesson(project.root / "tutorials" / "one.py")
    reaching = dict.fromkeys(("profile", "device", "gpu", "threads", "data"), "this")
    key = run_key(lesson, project.root / "mnist_lessons", reaching)
    assert key == run_key(lesson, project.root / "mnist_lessons", dict(reaching))
    assert key != run_key(lesson, project.root / "mnist_lessons", reaching | {name: "that"})


def test_a_killed_kernel_is_a_failure_with_a_name(project):
    project.write("one", code="import os\nos.kill(os.getpid(), 9)")
    one, two = project.prepare()
    assert failure_of(one).startswith("one: code cell 2 of 3 failed: its kernel died")
    assert two.run


def test_a_cell_has_a_limit(project, monkeypatch):
    monkeypatch.setattr(_execute, "_CELL_SECONDS", 2)
    project.write("one", code="import time\ntime.sleep(600)")
    assert failure_of(project.prepare()[0]) == (
        "one: code cell 2 of 3 failed: it took more than 2 s"
    )


@pytest.mark.parametrize(
    ("end", "reason"),
    [("", "it left no run.json behind"), ('tiny["publish"]("one", "running")', "run.finish()")],
)
def test_a_run_that_was_not_finished_is_a_failure(project, end, reason):
    project.write("one", end=end)
    assert reason in failure_of(project.prepare()[0])
    assert project.leftovers() == []


def test_all_failures_are_told(project):
    project.write("one", code="1 / 0")
    project.write("two", code="import nothing_of_this_name")
    assert [failure_of(page) for page in project.prepare()] == [
        "one: code cell 2 of 3 failed: ZeroDivisionError: division by zero",
        "two: code cell 2 of 3 failed: ModuleNotFoundError: No module named 'nothing_of_this_name'",
    ]


def test_no_lesson_is_an_error(project):
    for script in (project.root / "tutorials").iterdir():
        script.unlink()
    with pytest.raises(BuildFailure, match="no lesson"):
        project.prepare()


def test_progress_names_lesson_and_cell(project, capsys):
    project.write("one", code="print('a line')\nprint('another')")
    project.prepare()
    lines = [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]
    for cell in (1, 2, 3):
        assert any(line.startswith(f"one cell {cell}/3 0:") for line in lines)
    assert any(line.endswith(" another") for line in lines)


DAMAGE = {
    "a truncated notebook": lambda run: truncate(run / "executed.ipynb"),
    "an empty notebook": lambda run: (run / "executed.ipynb").write_bytes(b""),
    "a notebook without cells": lambda run: (run / "executed.ipynb").write_text("{}"),
    "no notebook": lambda run: (run / "executed.ipynb").unlink(),
    "a truncated run card": lambda run: truncate(run / "run.json"),
    "another thing than a run card": lambda run: (run / "run.json").write_text("[]"),
    "no run card": lambda run: (run / "run.json").unlink(),
    "bytes that are no text": lambda run: (run / "run.json").write_bytes(b"\xff\xfe\x00"),
    "no log": lambda run: (run / "log.csv").unlink(),
    "a log of no epochs": lambda run: (run / "log.csv").write_text("fit,epoch\n"),
    "a card without results": lambda run: without(run / "run.json", "results"),
}


def without(file, key):
    card = json.loads(file.read_text())
    del card[key]
    file.write_text(json.dumps(card))


def truncate(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_run_is_made_anew(project, damage):
    damage(stored_folder(project, "one"))
    one, two = project.prepare()
    assert one.executed_now
    assert not two.executed_now
    assert outputs(one) == "output of one\n"
    assert not any(page.executed_now for page in project.prepare()), "it has healed"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["executed.ipynb", "run.json"]), share=st.floats(0, 1))
def test_a_run_cut_at_any_byte_is_whole_or_missing(project, name, share):
    folder = stored_folder(project, "one")
    lesson = Lesson(project.root / "tutorials" / "one.py")
    file = folder / name
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    try:
        found = Store(project.root / ".cache" / "lessons").find(lesson, folder.name)
        if found:
            assert found.card["status"] == "finished"
            assert found.merged_with(lesson).cells
            assert json.loads(file.read_bytes()) == json.loads(whole)
    finally:
        file.write_bytes(whole)


def judged(tmp_path, value, *, bands=None, profile="full", is_sample=False, correct=9_770):
    """The sentences about a run whose `score` is `value`."""
    values = {} if value is None else {"score": None if math.isnan(value) else value}
    card = {"lesson": "one", "profile": profile, "values": values, "data": {"is_sample": is_sample}}
    card["results"] = [{"title": "A net", "correct": correct, "count": 10_000}]
    (tmp_path / "run.json").write_text(json.dumps(card))
    return check_bands(bands or {"score": [0.97, 0.9999]}, StoredRun(tmp_path))


@pytest.mark.parametrize("value", [0.97, 0.985, 0.9999])
def test_a_value_inside_its_band_passes(tmp_path, value):
    assert judged(tmp_path, value) == []


@pytest.mark.parametrize("value", [0.0, 0.9699, 1.0])
def test_a_value_outside_its_band_is_told(tmp_path, value):
    [problem] = judged(tmp_path, value)
    assert problem == f"one: score is {value:.4f}, outside its band 0.97 to 0.9999"


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_value_that_is_missing_or_no_number_is_told(tmp_path, value):
    [problem] = judged(tmp_path, value)
    assert problem.startswith("one: score is ")


@pytest.mark.parametrize(("profile", "is_sample"), [("preview", False), ("full", True)])
def test_a_preview_and_the_sample_are_never_judged(tmp_path, profile, is_sample):
    assert judged(tmp_path, 0.1, profile=profile, is_sample=is_sample) == []


def test_a_result_of_all_images_is_refused_without_any_band(tmp_path):
    [problem] = judged(tmp_path, 0.98, correct=10_000)
    assert problem.startswith("one: A net reads all 10,000 test images")
    assert judged(tmp_path, 0.98, correct=10_000, is_sample=True) == []


def test_bands_are_optional(tmp_path):
    (tmp_path / "tutorials").mkdir()
    assert read_bands(tmp_path / "tutorials", ["one"]) == {}


@pytest.mark.parametrize(
    "text", ["[one\n", "[on]\nscore = [0, 1]", "one = 3", "[one]\nscore = 0.9", "[one]\ns = [1]"]
)
def test_a_slip_in_the_bands_is_a_clear_error(tmp_path, text):
    (tmp_path / "tutorials").mkdir()
    (tmp_path / "tutorials" / "bands.toml").write_text(text)
    with pytest.raises(BuildFailure, match=r"bands\.toml"):
        read_bands(tmp_path / "tutorials", ["one"])
