"""Stored runs in one file: there and back, and what a hostile or broken file can do."""

import io
import re
import shutil
import tarfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_lessons.errors import BuildFailure, LessonError, SettingError
from mnist_lessons.publishing.runs.archive import export_runs, import_runs
from mnist_lessons.publishing.runs.store import Store

KEY = "0123456789abcdef"


def content(folder):
    """All files below a folder, locks apart."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


@pytest.fixture
def exported(project):
    """Both stored runs in a file."""
    file = project.root / "runs.tar.gz"
    assert export_runs(project.store, file) == 2
    return file


@pytest.fixture
def empty(tmp_path):
    """A store with nothing in it, in a folder of its own."""
    return Store(tmp_path / "elsewhere" / "lessons")


def test_what_is_imported_is_what_was_exported(project, exported, empty):
    assert import_runs(empty, exported) == (2, 0)
    assert content(empty.folder) == content(project.store.folder)
    assert import_runs(empty, exported) == (0, 2)
    assert content(empty.folder) == content(project.store.folder)


def test_imported_runs_are_reused(project, exported):
    assert project.command("clean", "--all").returncode == 0
    assert project.command("import", "runs.tar.gz").returncode == 0
    assert project.command("status").returncode == 0
    assert project.command("run").returncode == 0
    assert project.executed == []


def test_a_lesson_may_have_any_name_that_a_file_can_have(project, empty):
    project.write("no-word 1")
    assert all(page.run for page in project.prepare())
    assert export_runs(project.store, project.root / "runs.tar.gz") == 3
    assert import_runs(empty, project.root / "runs.tar.gz") == (3, 0)


def test_only_sound_runs_are_exported(project, empty):
    (project.stored("one").folder / "log.csv").write_text("damaged")
    file = project.root / "runs.tar.gz"
    assert export_runs(project.store, file) == 1
    assert import_runs(empty, file) == (1, 0)
    (project.stored("two").folder / "run.json").unlink()
    before = file.read_bytes()
    with pytest.raises(BuildFailure, match="there is nothing to export: no run in"):
        export_runs(project.store, file)
    assert file.read_bytes() == before
    assert project.leftovers() == []


def test_a_damaged_run_is_mended_by_an_import(project, exported):
    (project.stored("one").folder / "log.csv").write_text("damaged")
    assert import_runs(project.store, exported) == (1, 1)
    assert project.stored("one").is_whole


def packed(file, *, files=(), links=(), source=None, rename=str):
    """An archive with the runs of a store, changed as asked for, and with more members."""
    with tarfile.open(file, "w:gz") as archive:
        for path in sorted(source.rglob("*")) if source else ():
            name = rename(path.relative_to(source).as_posix())
            if path.is_file() and name:
                archive.add(path, name)
        for name, text in files:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
        for kind, name, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
    return file


def linked(name):
    """Leave out the log, for a link to take its place."""
    return "" if name.endswith("log.csv") else name


RUN = f"runs/one/{KEY}"
HOSTILE = {
    "a path above": {"files": [("../evil", b"x")]},
    "a path above a run": {"files": [(f"{RUN}/../../../../evil", b"x")]},
    "an absolute path": {"files": [("/tmp/mnist-lessons-evil", b"x")]},
    "a link out": {"links": [(tarfile.SYMTYPE, f"{RUN}/run.json", "/etc/passwd")]},
    "a link above": {"links": [(tarfile.SYMTYPE, f"{RUN}/run.json", "../../../../x")]},
    "a hard link": {"links": [(tarfile.LNKTYPE, f"{RUN}/run.json", "/etc/passwd")]},
    "a pipe": {"links": [(tarfile.FIFOTYPE, f"{RUN}/run.json", "")]},
    "a device": {"links": [(tarfile.CHRTYPE, f"{RUN}/run.json", "")]},
    "nothing": {},
    "other files": {"files": [("README", b"x"), ("runs/one", b"x")]},
    "an empty run": {"files": [(f"{RUN}/run.json", b"{}")]},
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_archive_is_refused_and_changes_nothing(project, tmp_path, members):
    file = packed(tmp_path / "hostile.tar.gz", **members)
    before = content(tmp_path)
    with pytest.raises((SettingError, BuildFailure), match=re.escape(str(file))):
        import_runs(project.store, file)
    assert content(tmp_path) == before
    assert project.leftovers() == []


RENAMED = {
    "a foreign key": lambda name: re.sub(r"/[0-9a-f]{16}/", "/evil/", name),
    "a lesson above": lambda name: name.replace("runs/one/", "runs/../x/"),
    "a hidden lesson": lambda name: name.replace("runs/one/", "runs/.one/"),
    "a run without its log": linked,
    "a run in a folder more": lambda name: name.replace("/log.csv", "/logs/log.csv"),
}


@pytest.mark.parametrize("rename", RENAMED.values(), ids=RENAMED.keys())
def test_a_run_that_is_not_as_it_was_stored_is_left_out(project, empty, tmp_path, rename):
    file = packed(tmp_path / "other.tar.gz", source=project.store.folder, rename=rename)
    with suppress(LessonError):  # what lies elsewhere in the archive is passed over
        import_runs(empty, file)
    assert [path.parent.name for path in empty.folder.glob("runs/*/*")] in ([], ["two"])
    assert not [path for path in tmp_path.rglob("*") if path.name in ("evil", "x", ".one")]


def test_a_file_more_in_a_run_is_noticed_and_the_other_run_is_added(project, empty, tmp_path):
    key = project.stored("one").folder.name
    more = [(f"runs/one/{key}/evil.js", b"x")]
    file = packed(tmp_path / "more.tar.gz", source=project.store.folder, files=more)
    with pytest.raises(BuildFailure, match="damaged runs, left out: 1; added: 1"):
        import_runs(empty, file)
    assert [path.parent.name for path in empty.folder.glob("runs/*/*")] == ["two"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_within_the_archive_is_refused(project, empty, tmp_path, kind):
    """In the store it would lead to another file, or nowhere."""
    key = project.stored("one").folder.name
    two = project.stored("two").folder.relative_to(project.store.folder)
    target = f"{two}/log.csv" if kind == tarfile.LNKTYPE else f"../../../{two}/log.csv"
    link = (kind, f"runs/one/{key}/log.csv", target)
    file = packed(
        tmp_path / "linked.tar.gz",
        source=project.store.folder,
        rename=lambda name: linked(name) if "one" in name else name,
        links=[link],
    )
    with suppress(LessonError):
        import_runs(empty, file)
    for path in empty.folder.rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or path.stat().st_nlink == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_adds_all_or_nothing(exported, tmp_path, share):
    whole = exported.read_bytes()
    cut = exported.with_name("cut.tar.gz")
    cut.write_bytes(whole[: int(share * len(whole))])
    with TemporaryDirectory(dir=tmp_path) as folder:
        store = Store(Path(folder, "lessons"))
        try:
            added, _ = import_runs(store, cut)
            assert added == 2, "nothing but padding was cut off"
        except SettingError:
            added = 0
        assert len(list(store.folder.glob("runs/*/*"))) == added


@pytest.mark.parametrize("text", [b"", b"no archive", b"\x1f\x8b\x08", b"PK\x03\x04"])
def test_another_file_is_refused(empty, tmp_path, text):
    file = tmp_path / "file"
    file.write_bytes(text)
    with pytest.raises(SettingError, match="is no file that `export` has written"):
        import_runs(empty, file)


def test_commands_say_what_they_did(project):
    result = project.command("export", "runs.tar.gz")
    assert (result.returncode, result.stdout) == (0, "runs.tar.gz: 2 runs, 0.0 MB\n")
    result = project.command("import", "runs.tar.gz")
    assert (result.returncode, result.stdout) == (0, "runs.tar.gz: 0 runs added, 2 known already\n")
    shutil.rmtree(project.stored("one").folder)
    result = project.command("import", "runs.tar.gz")
    assert result.stdout == "runs.tar.gz: 1 run added, 1 known already\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("import", "nowhere.tar.gz"), 2, "nowhere.tar.gz"),
        (("import", "docs"), 2, "docs"),
        (("import", "mkdocs.yml"), 2, "mkdocs.yml is no file that `export` has written"),
        (("export", "nowhere/runs.tar.gz"), 1, "nowhere"),
        (("export", "docs"), 2, "docs"),
        (("export", "mkdocs.yml"), 2, "mkdocs.yml is there, and is no file that `export`"),
    ],
)
def test_a_wrong_file_is_one_clear_error(project, arguments, status, said):
    before = (project.root / "mkdocs.yml").read_bytes()
    result = project.command(*arguments)
    assert (project.root / "mkdocs.yml").read_bytes() == before
    assert result.returncode == status
    assert said in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert project.leftovers() == []


def test_an_import_into_a_store_that_cannot_be_written_to_adds_nothing_and_says_so(
    project, exported
):
    shutil.rmtree(project.store.folder)
    project.store.folder.write_text("no folder")
    result = project.command("import", "runs.tar.gz")
    assert result.returncode == 1
    assert "runs added" not in result.stdout
    assert "Traceback" not in result.stderr
