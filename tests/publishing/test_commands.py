"""The commands that need no site: what they say, and how they end."""

import signal

import pytest

from tests.marks import slow

REUSED = "{0}: reuse (run of 2026-01-02, cpu)"
WAITING = "import time\nprint('waiting', flush=True)\ntime.sleep(600)"


def summary(slug, how="stored run of 2026-01-02"):
    return f"{slug} 1:15 {how}, profile preview, cpu, sample of MNIST".split()


def words(text):
    return [line.split() for line in text.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("status",), REUSED.format("one")),
        (("run",), "one "),
        (("clean",), "0.0 MB freed"),
        (("export", "runs.tar.gz"), "runs.tar.gz: 2 runs"),
        (("import", "packed.tar.gz"), "packed.tar.gz: 0 runs added"),
        (("publish-check", "--site", "nowhere"), "there is no site in nowhere/"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_each_command_is_a_program(project, arguments, said):
    """All other tests of them run in the process of the test."""
    assert project.command("export", "packed.tar.gz").returncode == 0
    result = project.program(*arguments)
    assert result.returncode == (1 if arguments[0] == "publish-check" else 0)
    assert said in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_status_says_what_would_run_and_runs_nothing(project):
    result = project.command("status")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [REUSED.format("one"), REUSED.format("two")]
    project.write("two", code="1 / 0")
    result = project.command("status")
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout.splitlines()[1] == "two: run (code cell 2 changed)"
    assert project.executed == []
    assert project.command("run").returncode == 1
    assert project.command("status").stdout.splitlines()[1:] == [
        "two: run (code cell 2 changed)",
        "  its last try failed; it is in .cache/lessons/failed/two",
    ]


def test_run_says_what_it_does_before_and_after(project):
    result = project.command("run")
    assert result.returncode == 0
    assert words(result.stdout) == [summary("one"), summary("two")]
    assert result.stderr.splitlines()[-2:] == [REUSED.format("one"), REUSED.format("two")]
    project.write("one", code="print('new')")
    result = project.command("run")
    assert result.returncode == 0
    assert words(result.stdout) == [summary("one", "run now, 1:10 of a processor"), summary("two")]
    said = result.stderr.splitlines()
    plan = said.index("one: run (code cell 2 changed)")
    assert said[plan + 1] == REUSED.format("two")
    assert any(line.startswith("one ") and line.endswith(" new") for line in said[plan:])
    assert project.executed == ["one"]


@pytest.mark.parametrize("names", [["one"], ["tutorials/one.py"], ["one", "tutorials/one.py"]])
def test_run_can_run_one_lesson_alone(project, names):
    for slug in ("one", "two"):
        project.write(slug, code="print('new')")
    result = project.command("run", *names)
    assert result.returncode == 0, result.stderr
    assert words(result.stdout) == [summary("one", "run now, 1:10 of a processor")]
    assert project.executed == ["one"]
    assert "two" not in result.stderr


def test_run_can_run_again_what_is_stored(project):
    before = project.stored("one").folder.stat().st_ino
    result = project.command("run", "--again", "one")
    assert result.returncode == 0, result.stderr
    assert "one: run (asked for again)" in result.stderr
    assert project.executed == ["one"]
    assert project.stored("one").folder.stat().st_ino != before
    assert project.leftovers() == []


def test_a_failed_run_keeps_the_others_and_shows_a_traceback(project, kernels):
    project.write("one", code="print('new')")
    project.write("two", code="print('so far')\nraise ValueError('no such\\nluck')")
    result = project.command("run")
    assert result.returncode == 1
    assert words(result.stdout) == [summary("one", "run now, 1:10 of a processor")]
    assert "two: code cell 2 of 3 (line 16) failed: ValueError: no such luck" in result.stderr
    assert "raise ValueError" in result.stderr, "the kernel's traceback"
    assert "\x1b" not in result.stderr
    assert 'File "' not in result.stderr, "no traceback of the build itself"
    assert result.stderr.splitlines()[-1] == "error: 1 of 2 lessons failed"
    assert project.plan()[0] == REUSED.format("one")


def test_a_setting_that_a_lesson_refuses_is_a_wrong_use(project):
    project.write("one", code="class SettingError(ValueError): ...\nraise SettingError('no GPU')")
    result = project.command("run", "one")
    assert result.returncode == 2
    assert "one: code cell 2 of 3 (line 16) failed: SettingError: no GPU" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1] == "error: a lesson refused a setting"


WRONG = {
    "an unknown lesson": (["run", "three"], {}, "error: no lesson three: there are one, two"),
    "no kernels": (["run", "--jobs", "0"], {}, "'--jobs': 0 is not in the range 1<=x<=64"),
    "many kernels": (["run", "--jobs", "65"], {}, "'--jobs': 65 is not in the range 1<=x<=64"),
    "no number": (["run", "--jobs", "x"], {}, "'--jobs': 'x' is not a valid integer range"),
    "a device": (["run", "--device", "abacus"], {}, "DEVICE='abacus' is not a valid value"),
    "a command": (["rum"], {}, "No such command 'rum'"),
    "an option": (["run", "--agian"], {}, "No such option"),
    "a folder": (["--project", "nowhere", "run"], {}, "'nowhere' does not exist"),
    "a variable": (["run"], {"MNIST_LESSONS_PROFIL": "full"}, "did you mean MNIST_LESSONS_PROFILE"),
    "a value": (["status"], {"MNIST_LESSONS_PROFILE": "x"}, "MNIST_LESSONS_PROFILE='x'"),
    "data": (["status"], {"MNIST_LESSONS_DATA": "nowhere"}, "MNIST_LESSONS_DATA: looked for"),
    "threads": (["run"], {"OMP_NUM_THREADS": "0"}, "OMP_NUM_THREADS='0': use a whole number"),
    "many threads": (["status"], {"OMP_NUM_THREADS": "2,4"}, "OMP_NUM_THREADS='2,4'"),
}


@pytest.mark.parametrize(("arguments", "variables", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_use_is_one_clear_error(project, arguments, variables, said):
    result = project.command(*arguments, **variables)
    assert result.returncode == 2
    assert said in result.stderr.splitlines()[-1]
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert project.executed == []


def test_each_command_has_a_help(project):
    result = project.command("--help")
    assert result.returncode == 0
    for name in ("build", "check", "clean", "export", "import", "publish-check", "run", "status"):
        assert f"\n  {name} " in result.stdout
        about = project.command(name, "--help")
        assert (about.returncode, about.stderr) == (0, "")
        assert about.stdout.startswith(f"Usage: python -m mnist_lessons.publishing {name} ")


def test_a_project_can_lie_elsewhere(project, tmp_path):
    (tmp_path / "here").mkdir()
    elsewhere = type(project)(tmp_path / "here")
    result = elsewhere.command("--project", "../project", "run")
    assert result.returncode == 0, result.stderr
    project.write("one", code="1 / 0")
    assert elsewhere.command("--project", "../project", "run", "one").returncode == 1
    result = elsewhere.command("--project", "../project", "status")
    assert "it is in ../project/.cache/lessons/failed/one" in result.stdout
    assert [path.name for path in elsewhere.root.iterdir()] == ["tmp"]


@pytest.mark.parametrize(
    ("sign", "kind", "often"),
    [
        ("waiting", signal.SIGINT, 1),
        *slow(
            ("SAMPLE DATA", signal.SIGINT, 1),
            ("SAMPLE DATA", signal.SIGTERM, 1),
            ("cell  1/3", signal.SIGINT, 1),
            ("cell  1/3", signal.SIGTERM, 1),
            ("cell  1/3", signal.SIGINT, 2),
            ("waiting", signal.SIGTERM, 1),
            ("waiting", signal.SIGTERM, 2),
        ),
    ],
)
def test_ctrl_c_ends_a_run_and_its_kernels(project, sign, kind, often):
    for slug in ("one", "two"):
        project.write(slug, code=WAITING)
    process = project.start("run", "--jobs", "2")
    project.wait_for(process, sign)
    for _ in range(often):
        process.send_signal(kind)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "interrupted; what was finished is kept"
    assert "Traceback" not in err
    assert not list(project.store.folder.glob("failed/*")), "it was not their fault"
    project.wait_until(lambda: not project.kernels or often == 1)
    assert project.kernels == []
    assert project.leftovers() == []


def test_check_says_what_is_wrong_with_the_text_and_what_it_falls_short_of(project):
    done = project.command("check")
    assert (done.returncode, done.stdout) == (0, "the form of 2 lessons is right\n")
    (project.root / "tutorials/teaching.toml").write_text("[one]\n")
    project.write("one", code="x = 3")
    done = project.command("check")
    assert (done.returncode, done.stdout) == (0, "the form of 2 lessons is right; measured: one\n")
    project.write("one", code="print(3)\n" * 5, prose="It reads 97%.")
    project.write("two", code="x = (")
    done = project.command("check")
    assert done.returncode == 1
    assert "tutorials/two.py, line 15: SyntaxError" in done.stderr
    assert "tutorials/one.py: 50% of its 10 shown lines only present" in done.stderr
    assert "tutorials/one.py, line 4: no run stands behind '97%'" in done.stderr
    project.write("two").write_text('# %% [markdown] needs="three"\n# # Two')
    done = project.command("check")
    assert "tutorials/two.py, line 1: needs three, which is no lesson" in done.stderr
