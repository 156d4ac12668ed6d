"""What CONTRIBUTING.md promises of the workflow that tests and publishes."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import click
import pytest
import yaml

from mnist_lessons.publishing.commands import commands

ROOT = Path(__file__).parents[1]
FILE = ROOT / ".github" / "workflows" / "site.yml"
TEXT = FILE.read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(TEXT)
JOBS = WORKFLOW["jobs"]
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]
SCRIPTS = [pytest.param(step["run"], id=step["name"]) for _, step in STEPS if "run" in step]

MAIN, BRANCH, MERGE = "refs/heads/main", "refs/heads/idea", "refs/pull/7/merge"
PULL_REQUEST = {"github.event_name": "pull_request", "github.ref": MERGE}
TRUSTED = [
    {"github.event_name": event, "github.ref": ref}
    for event, ref in [("push", MAIN), ("workflow_dispatch", MAIN), ("workflow_dispatch", BRANCH)]
]
EVENTS = [PULL_REQUEST, *TRUSTED]


def value(expression, context):
    """What GitHub makes of an expression; a name that is not in the context is empty."""
    python = str(expression).strip().removeprefix("${{").removesuffix("}}").strip()
    python = python.replace("&&", " and ").replace("||", " or ").replace("always()", "True")
    python = re.sub(
        r"\b(github|steps|vars)(\.\w+)+", lambda name: repr(context.get(name[0], "")), python
    )
    return eval(python, {"__builtins__": {}})


def goes(thing, context):
    """Whether a job or a step is executed, as far as its `if` says."""
    return bool(value(thing.get("if", "True"), context))


def uses(action, job):
    return [step for step in JOBS[job]["steps"] if step.get("uses", "").startswith(f"{action}@")]


def test_nothing_of_a_pull_request_runs_with_the_rights_of_this_repository():
    events = WORKFLOW[True]  # YAML 1.1 takes `on` for a boolean
    assert events.keys() == {"push", "pull_request", "workflow_dispatch"}
    assert events["push"] == {"branches": ["main"]}


def test_no_job_but_the_deployment_may_write():
    assert WORKFLOW["permissions"] == {}
    allowed = {name: job["permissions"] for name, job in JOBS.items()}
    assert allowed.pop("deploy") == {"pages": "write", "id-token": "write"}
    assert all(permissions == {"contents": "read"} for permissions in allowed.values())


def test_there_is_no_secret_and_no_token_is_left_behind():
    assert "secrets" not in TEXT
    assert "github.token" not in TEXT
    for job in JOBS:
        for step in uses("actions/checkout", job):
            assert step["with"]["persist-credentials"] is False


def test_the_deployment_runs_no_code_of_this_project():
    (step,) = JOBS["deploy"]["steps"]
    assert step["uses"].startswith("actions/deploy-pages@")
    assert JOBS["deploy"]["environment"]["name"] == "github-pages"


def test_only_main_is_deployed_and_only_after_tests_and_build():
    # A pull request from a fork's branch `main` has another ref; the event alone must do.
    events = [*EVENTS, {"github.event_name": "pull_request", "github.ref": MAIN}]
    deployed = [event for event in events if goes(JOBS["deploy"], event)]
    assert deployed == TRUSTED[:2]
    assert set(JOBS["deploy"]["needs"]) == {"test", "build"}
    (handed,) = uses("actions/upload-pages-artifact", "build")
    assert [event for event in events if goes(handed, event)] == deployed


def test_every_action_is_pinned_to_a_commit_and_says_its_version():
    lines = [line for line in TEXT.splitlines() if "uses:" in line]
    assert len(lines) == sum("uses" in step for _, step in STEPS)
    for line in lines:
        assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    pins = {tuple(re.split(r"uses: |@", line)[1:]) for line in lines}
    assert len({action for action, _ in pins}) == len(pins), "one version of each"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: " ".join(event.values()))
def test_lessons_run_on_the_gpu_where_there_is_one_but_never_a_pull_request(event):
    def runner(variables):
        return value(JOBS["lessons"]["runs-on"], event | variables)

    assert runner({}) == "ubuntu-24.04"
    gpu = {"vars.GPU_RUNNER": "gpu"}
    assert runner(gpu) == ("ubuntu-24.04" if event is PULL_REQUEST else "gpu")
    others = {job["runs-on"] for name, job in JOBS.items() if name != "lessons"}
    assert others == {"ubuntu-24.04"}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: " ".join(event.values()))
def test_a_pull_request_is_built_as_a_preview_of_the_sample_and_the_rest_in_full(event):
    variables = {name: value(text, event) for name, text in WORKFLOW["env"].items() if "{" in text}
    is_preview = event is PULL_REQUEST
    assert variables == {
        "MNIST_LESSONS_PROFILE": "preview" if is_preview else "full",
        "MNIST_LESSONS_OFFLINE": "1" if is_preview else "0",
    }
    (build,) = [
        step["run"]
        for step in JOBS["build"]["steps"]
        if re.search(r"publishing build\b", step.get("run", "")) and goes(step, event)
    ]
    assert ("--publish" in build) != is_preview
    (upload,) = uses("actions/upload-artifact", "build")
    assert goes(upload, event) == (event["github.ref"] != MAIN)
    assert upload["with"]["retention-days"] <= 7


def test_the_store_is_cached_but_out_of_reach_of_pull_requests():
    cached = [name for name, step in STEPS if "actions/cache" in step.get("uses", "")]
    assert cached == ["lessons", "lessons"], "nothing else is cached"
    assert "cache:" not in TEXT
    (restore,) = uses("actions/cache/restore", "lessons")
    (save,) = uses("actions/cache/save", "lessons")
    for event in EVENTS:
        outcome = "success" if goes(restore, event) else "skipped"
        kept = goes(save, event | {"steps.restore.outcome": outcome})
        assert goes(restore, event) == kept == (event is not PULL_REQUEST)
    assert restore["id"] == "restore"
    assert save["with"]["path"] == restore["with"]["path"] == ".cache/lessons"
    assert "run_id" in restore["with"]["key"], "a cache is never written again"


def test_checkpoints_outlive_a_lesson_that_fails_or_takes_too_long():
    (save,) = uses("actions/cache/save", "lessons")
    assert save["if"].startswith("always()")
    (execute,) = [step for step in JOBS["lessons"]["steps"] if step["name"] == "Execute"]
    assert execute["timeout-minutes"] <= JOBS["lessons"]["timeout-minutes"] - 20


def test_every_job_ends():
    assert all(0 < job["timeout-minutes"] < 360 for job in JOBS.values())


def test_what_trains_for_the_site_is_not_cancelled_by_the_next_push():
    cancelled = WORKFLOW["concurrency"]["cancel-in-progress"]
    assert [value(cancelled, event) for event in EVENTS] == [True, False, False, False]


def test_all_that_makes_the_site_has_the_same_python_to_the_last_digit():
    assert re.fullmatch(r"3\.\d+\.\d+", WORKFLOW["env"]["PYTHON_VERSION"])
    used = [uses("actions/setup-python", job) for job in JOBS if job != "deploy"]
    versions = [step["with"]["python-version"] for steps in used for step in steps]
    of_site = "${{ env.PYTHON_VERSION }}"
    assert versions == ["${{ matrix.python || env.PYTHON_VERSION }}", of_site, of_site]


def test_all_tests_run_on_the_oldest_python_and_the_fast_ones_on_the_newest():
    runs = JOBS["test"]["strategy"]["matrix"]["include"]
    pythons = {run["tests"]: run["python"] or WORKFLOW["env"]["PYTHON_VERSION"] for run in runs}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    assert pythons["test-all"].startswith(f"{oldest}.")
    assert pythons["test"] == "3.13"
    assert len(runs) == 2
    (step,) = [step for step in JOBS["test"]["steps"] if step["name"] == "Test"]
    assert step["env"] == {"TESTS": "${{ matrix.tests }}"}


def test_all_tests_contain_the_fast_ones():
    made = [
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
        for target in ("test", "test-all")
    ]
    fast, every = (shlex.split(one.stdout.splitlines()[-1]) for one in made)
    assert fast[-2:] == ["-m", "not slow"]
    assert every == [*fast[:-2], "--thorough"]


def test_what_must_pass_before_anything_lands():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    called = re.findall(r"^(?!#).*\bmake ([a-z-]+)$", script, re.MULTILINE)
    assert called == ["check", "test-all", "site", "publish-check"]


def test_each_lesson_runs_on_one_runner():
    shards = JOBS["lessons"]["strategy"]["matrix"]["lessons"]
    lessons = sorted(path.stem for path in (ROOT / "tutorials").glob("*.py"))
    assert shards == [""] or sorted(" ".join(shards).split()) == lessons
    assert JOBS["lessons"]["strategy"]["fail-fast"] is False


def test_each_runner_hands_over_a_file_of_its_own():
    (upload,) = uses("actions/upload-artifact", "lessons")
    (download,) = uses("actions/download-artifact", "build")
    assert upload["with"]["name"] == "lessons-${{ strategy.job-index }}"
    assert upload["with"]["path"] == "lessons-${{ strategy.job-index }}.tar.gz"
    assert download["with"]["pattern"] == "lessons-*"
    assert download["with"]["merge-multiple"] is True


def test_the_build_trains_nothing():
    scripts = [step["run"] for step in JOBS["build"]["steps"] if "run" in step]
    names = [re.findall(r"publishing ([a-z]+)", script) for script in scripts]
    assert list(chain.from_iterable(names)) == ["import", "status", "build", "build"]
    assert not any("if" in step for step in JOBS["build"]["steps"] if "status" in str(step))


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_scripts_call_what_there_is(script, tmp_path, monkeypatch):
    assert "${{" not in script, "anybody could write into the script"
    if script.startswith("make "):
        for tests in ("test", "test-all"):
            env = os.environ | {"TESTS": tests, "MAKEFLAGS": "--dry-run"}
            made = subprocess.run(["bash", "-c", script], cwd=ROOT, env=env, timeout=60)
            assert made.returncode == 0
        return
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    python.chmod(0o755)
    handed_over = tmp_path / "runs-of-lessons"
    handed_over.mkdir()
    for shard in "01":
        (handed_over / f"lessons-{shard}.tar.gz").touch()
    env = os.environ | {"LESSONS": "simple_dnn improved_cnn", "SHARD": "1"}
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    called = subprocess.run(
        shell, cwd=tmp_path, env=env, check=True, timeout=60, stdout=subprocess.PIPE
    )
    calls = [json.loads(line) for line in called.stdout.splitlines()]
    assert len(calls) == (2 if " import " in script else 1)
    monkeypatch.chdir(tmp_path)
    for flag, module, *arguments in calls:
        assert (flag, module) == ("-m", "mnist_lessons.publishing")
        name, command, rest = commands.resolve_command(click.Context(commands), arguments)
        context = command.make_context(name, rest)  # checks its options and arguments
        if name == "run":
            assert context.params["lessons"] == ("simple_dnn", "improved_cnn")


def test_dependabot_renews_actions_and_packages_but_not_on_their_first_day():
    config = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    updates = {update["package-ecosystem"]: update for update in config["updates"]}
    assert updates.keys() == {"github-actions", "npm", "pip"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates.values())
    torch, others = updates["pip"]["groups"].values()
    assert {"torch", "torchvision"} <= set(torch["patterns"])
    assert torch["patterns"] == others["exclude-patterns"]


def test_zizmor_finds_nothing():
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ["--offline", "--no-progress", "--strict-collection", "--min-severity=medium"]
    found = subprocess.run(
        [zizmor, *options, ROOT / ".github"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "site.yml" in found.stderr
    assert "dependabot.yml" in found.stderr
