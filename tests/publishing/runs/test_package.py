"""The package to download: the same bytes from the same sources, and made only when they change."""

import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.runs import package as package_module
from mnist_lessons.publishing.runs.package import package_of
from mnist_lessons.publishing.runs.project import Project
from tests.publishing.small_package import FILES, write_package

ROOT = Path(__file__).parents[3]
NAMES = ("constraints.txt", "small_lessons-1.2-py3-none-any.whl", "small_lessons-1.2.tar.gz")


def git(root, *arguments, **variables):
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *who, *arguments]
    made = subprocess.run(command, cwd=root, env=os.environ | variables, capture_output=True)
    assert made.returncode == 0, made.stderr
    return made.stdout.decode()


@pytest.fixture
def root(tmp_path):
    """A small project in a Git repository."""
    root = tmp_path / "project"
    write_package(root)
    git(root, "init")
    git(root, "add", "--all")
    git(root, "commit", "--message", "Begin", GIT_COMMITTER_DATE="2026-01-02T03:04:05+09:00")
    return root


@pytest.fixture
def made(monkeypatch):
    """How often the build backend was asked."""
    calls = []
    ask = package_module._ask_backend

    def counted(*arguments):
        calls.append(arguments)
        ask(*arguments)

    monkeypatch.setattr(package_module, "_ask_backend", counted)
    return calls


def of(root):
    return package_of(Project(root))


def archived(package):
    with tarfile.open(fileobj=io.BytesIO(package.contents[package.archive])) as archive:
        return {member.name.partition("/")[2] for member in archive.getmembers()}


def packed(package):
    with zipfile.ZipFile(io.BytesIO(package.contents[package.wheel])) as wheel:
        return {name for name in wheel.namelist() if ".dist-info/" not in name}


def test_it_has_the_package_the_sources_and_the_pins(root):
    package = of(root)
    assert tuple(package.contents) == NAMES
    assert (package.wheel, package.archive) == NAMES[1:]
    assert package.contents["constraints.txt"] == b"a==1\n"
    assert packed(package) == {"small_lessons/__init__.py", "small_lessons/records.json"}
    assert archived(package) == {*FILES, "PKG-INFO"} - {".gitignore", "notes.txt"}
    assert package.commit == git(root, "rev-parse", "HEAD").strip()
    assert not package.uncommitted_changes


@pytest.mark.parametrize("folder", ["small_lessons", "tutorials"])
def test_it_has_nothing_of_what_tools_have_left(root, made, folder):
    package = of(root)
    for name in ("__pycache__/one.pyc", ".a_cache/b", ".ipynb_checkpoints/one.ipynb", ".DS_Store"):
        (root / folder / name).parent.mkdir(exist_ok=True)
        (root / folder / name).write_text("x")
    (root / ".cache" / "downloads" / NAMES[0]).unlink()
    assert of(root) == package
    assert len(made) == 2


def test_its_sums_are_those_that_sha256sum_checks(root, tmp_path):
    files = of(root).files
    for address, content in files.items():
        (tmp_path / address).parent.mkdir(exist_ok=True)
        (tmp_path / address).write_bytes(content)
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=tmp_path / "downloads",
        capture_output=True,
        text=True,
        env=os.environ | {"LC_ALL": "C"},
    )
    assert checked.stdout == "".join(f"{name}: OK\n" for name in NAMES)


def test_the_same_commit_makes_the_same_bytes_elsewhere(root, tmp_path, monkeypatch):
    """In another folder, with other dates of its files, another time zone and other rights."""
    package = of(root)
    git(tmp_path, "clone", "--quiet", root.as_uri(), "clone")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    before = os.umask(0o077)
    try:
        other = tmp_path / "clone"
        for path in other.rglob("*"):
            if ".git" not in path.parts:
                os.chmod(path, 0o700 if path.is_dir() else 0o600)
                os.utime(path, (1, 1))
        assert of(other) == package
    finally:
        os.umask(before)


def test_the_unpacked_archive_makes_the_same_bytes_without_git(root, tmp_path):
    package = of(root)
    with tarfile.open(fileobj=io.BytesIO(package.contents[package.archive])) as archive:
        archive.extractall(tmp_path, filter="data")
    again = of(tmp_path / "small_lessons-1.2")
    assert again.contents == package.contents
    assert again.commit is None


def test_it_is_made_again_only_where_something_has_changed(root, made):
    package = of(root)
    (root / "notes.txt").write_text("Of no use here either.\n")
    (root / "tutorials/notes.md").touch()
    assert of(root) == package
    assert len(made) == 1

    (root / "tutorials/notes.md").write_text("Better.\n")
    assert of(root).contents.keys() == package.contents.keys()
    (root / "tutorials/two.py").write_text("new\n")
    assert "tutorials/two.py" in archived(of(root))
    git(root, "add", "--all")
    git(root, "commit", "--message", "Go on")
    assert of(root).commit != package.commit
    assert len(made) == 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("damage", ["unlink", "cut"])
def test_a_damaged_copy_is_not_used(root, made, name, damage):
    package = of(root)
    kept = root / ".cache" / "downloads" / name
    kept.unlink() if damage == "unlink" else kept.write_bytes(kept.read_bytes()[:-1])
    assert of(root) == package
    assert len(made) == 2


@pytest.mark.parametrize("name", ["tutorials/notes.md", "tutorials/ignored.py", "constraints.txt"])
def test_it_says_whether_all_of_it_was_committed(root, name):
    (root / name).write_text("a==2\n")
    assert of(root).uncommitted_changes


def test_a_folder_in_the_checkout_of_something_else_is_of_no_commit(root):
    shutil.copytree(root / "small_lessons", root / "inner/small_lessons")
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(root / name, root / "inner")
    package = of(root / "inner")
    assert (package.commit, package.uncommitted_changes) == (None, False)


def test_a_project_that_describes_no_package_has_none(root):
    (root / "pyproject.toml").unlink()
    assert of(root) is None


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("pyproject.toml", "[project", "pyproject.toml"),
        ("pyproject.toml", "[project]\n", "pyproject.toml"),
        ("small_lessons/__init__.py", "", "version"),
        ("constraints.txt", None, "constraints.txt"),
    ],
)
def test_why_it_cannot_be_made_is_told(root, name, content, told):
    (root / name).unlink() if content is None else (root / name).write_text(content)
    with pytest.raises(BuildFailure, match=told):
        of(root)
    assert not (root / ".cache" / "downloads").exists()


def test_who_sets_the_date_of_sources_gets_it(root, monkeypatch):
    package = of(root)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    other = of(root)
    assert other.contents[NAMES[2]] != package.contents[NAMES[2]]
    with tarfile.open(fileobj=io.BytesIO(other.contents[NAMES[2]])) as archive:
        assert {member.mtime for member in archive if member.name.endswith(".md")} == {86400}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(BuildFailure, match="yesterday"):
        of(root)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an unpacked archive: no Git to ask")
def test_this_project_gives_away_all_that_git_knows(tmp_path):
    tracked = set(git(ROOT, "ls-files").splitlines())
    for name in tracked:
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    package = of(tmp_path)
    assert archived(package) == {*tracked, "PKG-INFO"}
    assert packed(package) == {name for name in tracked if name.startswith("mnist_lessons/")}
