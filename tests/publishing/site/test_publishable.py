"""What may be published: a full run on the real MNIST, made from today's committed code."""

import shutil
import subprocess

import pytest

from mnist_lessons._datasets import checksums
from mnist_lessons.publishing.execution.places import machine_path
from mnist_lessons.publishing.runs.package import package_of
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.site.publishable import (
    problems_of_publishing,
    problems_of_run,
    problems_of_site,
)
from mnist_lessons.settings import Settings
from tests.publishing.small_package import write_package


def end(slug, **changes):
    """The last cell of a lesson that has read the full MNIST."""
    data = {"dataset": "MNIST", "is_sample": False, "checksum": checksums()["MNIST"]}
    return f"tiny.publish({slug!r}, data=tiny.DATA | {data!r}, **{changes!r})"


@pytest.fixture
def public(project, small_mnist, tmp_path):
    """A project in a Git repository, with full runs; and how it is run."""
    how = {"profile": "full", "data": small_mnist.write(tmp_path / "data")}
    for slug in ("one", "two"):
        project.write(slug, end=end(slug))
    project.commit()
    assert all(page.run for page in project.prepare(**how))
    return project, how


def objections(project, how):
    settings = Settings(**how)
    return [
        objection
        for page in project.prepare(**how)
        for objection in problems_of_run(Project(project.root), settings, page.lesson, page.run)
    ]


def put_on_site(project, how):
    """What of a built site is looked at."""
    for page in project.prepare(**how):
        folder = project.root / "site" / "tutorials" / page.lesson.slug
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(page.run.folder, folder)
        shutil.copy(page.lesson.script, folder)
    (project.root / "site" / "index.html").touch()


def site_objections(project, how):
    site = project.root / "site"
    return problems_of_site(Project(project.root), Settings(**how), site)


def test_a_run_without_an_extra_is_not_published(public):
    project, how = public
    project.write("one", end=end("one", missing_data=["Fashion-MNIST"]))
    project.commit()
    reason = "one: it had no Fashion-MNIST: run it where that is to be had"
    assert objections(project, how) == [reason]
    put_on_site(project, how)
    assert reason in site_objections(project, how)


def test_nothing_speaks_against_a_full_run_of_committed_code(public):
    project, _ = public
    assert objections(*public) == []
    assert [run.card.uncommitted_changes for run in project.store.runs("one")] == [False] * 2
    put_on_site(*public)
    assert site_objections(*public) == []
    (project.root / "docs/index.md").write_text("Not committed, and no lesson.\n")
    assert objections(*public) == []


def test_a_preview_of_the_sample_outside_of_git_is_refused_with_each_reason(project):
    reasons = [
        "it is a preview",
        "it read the sample, not the full MNIST",
        "nobody knows from which commit it was made",
    ]
    result = project.command("publish-check")
    assert result.returncode == 1
    assert result.stdout == ""
    *said, last = result.stderr.splitlines()
    assert said == [f"{slug}: {reason}" for slug in ("one", "two") for reason in reasons]
    assert last == "error: site/ may not be published: reasons: 6"


def test_what_was_not_committed_is_refused_until_it_is(public):
    project, how = public
    module = project.root / "mnist_lessons" / "tiny.py"
    module.write_text(module.read_text() + "\nNEW = 1\n")
    refused = "it was made from code that was not committed: commit it, then `run --again`"
    assert objections(*public) == [f"one: {refused}", f"two: {refused}"]
    project.commit()
    assert len(objections(*public)) == 2, "the run says what it said"
    assert all(page.run for page in project.prepare(again=True, **how))
    assert objections(*public) == []


def test_a_script_that_git_does_not_know_is_refused(public):
    project, how = public
    project.write("three", end=end("three"))
    [objection] = objections(*public)
    assert objection.startswith("three: it was made from code that was not committed")
    with (project.root / ".gitignore").open("a") as stream:
        stream.write("tutorials/three.py\n")
    project.prepare(only=["three"], again=True, **how)
    assert len(objections(*public)) == 1, "not one that it ignores either"


def test_a_run_of_other_code_is_refused(public):
    project, how = public
    [run] = [page.run for page in project.prepare(only=["one"], **how)]
    project.write("one", code="print('new')", end=end("one"))
    [lesson, _] = project.lessons
    reason = "its run is not that of today's code: code cell 2 changed"
    found = problems_of_run(Project(project.root), Settings(**how), lesson, run)
    assert found == [f"one: {reason}"]


def test_a_deployment_is_refused_before_anything_is_pushed(project):
    """A preview, on the sample, of what was never committed."""
    project.git("init", "--quiet", "--bare", str(project.root / "remote.git"))
    project.git("init", "--quiet")
    project.git("remote", "add", "origin", str(project.root / "remote.git"))
    project.git("commit", "--quiet", "--allow-empty", "--message", "Begin")
    command = ("-P", "-m", "mkdocs", "gh-deploy", "--no-history")
    process = project.python(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "one: it is a preview" in said
    assert "two: it read the sample, not the full MNIST" in said
    assert "this may not be published: nothing changed" in said
    assert "Traceback" not in said
    assert not list((project.root / "remote.git/refs").rglob("gh-pages"))


_OF_ROOT = "/".join(["", "root", ".cache"])
PATHS = {
    "/home/somebody/project/x.py:3: UserWarning: a": "/home/somebody/project/x.py:3:",
    'File "/Users/me/a b.py"': "/Users/me/a",
    f"at {_OF_ROOT}": _OF_ROOT,
    "in /opt/env/lib/python3.12/site-packages/torch/a.py": (
        "/opt/env/lib/python3.12/site-packages/torch/a.py"
    ),
    "/tmp/ipykernel_12/34.py:1": "/tmp/ipykernel_12/34.py:1",
    r"C:\Users\me\x.py": r"C:\Users\me\x.py",
    "site-packages/torch/a.py, ~/data, /usr/lib, tutorials/x.py:3, /tmp/tmp": None,
    "https://example.org/home/me/": None,
    "see docs/root/page and and/or/home": None,
}


@pytest.mark.parametrize("printed", PATHS)
def test_a_path_of_a_machine_is_found(printed):
    assert machine_path(f"some text\n{printed} and more") == (PATHS[printed] or "")


def test_a_cell_that_shows_a_path_of_the_machine_is_refused(public):
    project, how = public
    project.write("one", code="print('/'.join(['', 'home', 'me', 'x']))", end=end("one"))
    project.commit()
    path = "/home/me/x"
    assert objections(project, how) == [
        f"one: code cell 2 shows a path of the machine that ran it: {path}"
    ]
    put_on_site(project, how)
    assert len(site_objections(project, how)) == 1


class TestSite:
    """The same for what lies in the folder of the site."""

    @pytest.fixture
    def published(self, public):
        """The folder of a site that may be published."""
        project, how = public
        put_on_site(project, how)
        return project.root / "site"

    def test_another_text(self, public, published):
        project, _ = public
        project.write("one", prose="Better prose.", end=end("one"))
        assert site_objections(*public) == ["one: its text has changed since the site was built"]

    def test_another_file_to_download(self, public, published):
        project, _ = public
        offered = project.root / "tutorials" / "one"
        offered.mkdir()
        (offered / "alone.py").write_text("print('new')\n")
        told = ["one: alone.py has changed since the site was built"]
        assert site_objections(*public) == told
        (published / "tutorials/one/alone.py").write_text("print('old')\n")
        assert site_objections(*public) == told

    def test_another_code(self, public, published):
        project, _ = public
        project.write("one", code="print('new')", end=end("one"))
        assert site_objections(*public) == [
            "one: its run is not that of today's code: code cell 2 changed",
            "one: its text has changed since the site was built",
        ]

    def test_a_lesson_that_is_missing_or_gone(self, public, published):
        (published / "tutorials/two").rename(published / "tutorials/three")
        assert site_objections(*public) == [
            "two: the site has no run of it: it has no run.json",
            "three: the lesson is gone, but the site has it",
        ]

    @pytest.mark.parametrize("damage", ["unlink", "cut"])
    def test_a_run_that_cannot_be_read(self, public, published, damage):
        card = published / "tutorials/one/run.json"
        card.unlink() if damage == "unlink" else card.write_bytes(card.read_bytes()[:100])
        why = "it has no run.json" if damage == "unlink" else "run.json: it is no JSON"
        assert site_objections(*public) == [f"one: the site has no run of it: {why}"]

    def test_a_script_that_is_missing(self, public, published):
        (published / "tutorials/one/one.py").unlink()
        assert site_objections(*public) == ["one: its text has changed since the site was built"]

    def test_a_value_outside_its_band(self, public, published):
        project, _ = public
        (project.root / "tutorials/bands.toml").write_text("[one]\nscore = [0.9, 0.99]\n")
        told = "tutorials/bands.toml: [one] score: no run recorded it; there are none"
        assert site_objections(*public) == [told]

    def test_what_there_is_to_download(self, public, published):
        project, _ = public
        write_package(project.root)
        project.commit()
        files = package_of(Project(project.root)).files
        other = [
            f"{address} is not that of today's files: build the site again" for address in files
        ]
        assert site_objections(*public) == other
        for address, content in files.items():
            (published / address).parent.mkdir(exist_ok=True)
            (published / address).write_bytes(content)
        assert site_objections(*public) == []

        (project.root / "small_lessons/records.json").write_text("[3]\n")
        said = "small_lessons-1.2.tar.gz: it has files that were not committed"
        assert site_objections(*public)[-1] == said
        assert problems_of_publishing(Project(project.root), Settings(), []) == [
            said,
            "this may not be published: nothing changed",
        ]
        project.commit()
        assert site_objections(*public) == [
            reason for reason in other if "constraints.txt" not in reason
        ]

    def test_no_site(self, public, published):
        (published / "index.html").unlink()
        assert site_objections(*public) == [f"there is no site in {published}/: build it first"]

    def test_the_command_says_so(self, public, published):
        project, how = public
        settings = {"MNIST_LESSONS_PROFILE": "full", "MNIST_LESSONS_DATA": str(how["data"])}
        result = project.command("publish-check", **settings)
        assert (result.returncode, result.stdout) == (0, "site/ may be published\n")
        result = project.command("publish-check", "--site", "nowhere", **settings)
        assert result.returncode == 1
        assert "there is no site in nowhere/: build it first" in result.stderr
