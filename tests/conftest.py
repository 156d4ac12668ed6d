"""Fixtures that all tests share: no test touches the network or the user's cache."""

import csv
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import joblib
import nbformat
import pytest
import sklearn  # noqa: F401
from bs4 import BeautifulSoup
from filelock import FileLock

from benchmarks.static import serving_folder
from mnist_lessons._datasets import CLOTHES, MNIST, DataFile
from mnist_lessons.publishing.execution.today import ARITHMETIC
from mnist_lessons.publishing.writing.lessons import discover
from mnist_lessons.settings import Settings

# Before torch is imported: its threads wait for each other wherever the cores are busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# scikit-learn sets these where it is imported first; a plan compares them.
for _variable in ("KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"):
    os.environ.pop(_variable, None)

_OF_ALL_LESSONS = {"site", "previews"}
# What a `make` around the tests hands to a `make` in them: that one would do something else.
_OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON"}
_DATA = os.environ.get("MNIST_LESSONS_DATA")  # before any test clears it
ROOT = Path(__file__).parents[1]
_TUTORIALS = ROOT / "tutorials"
_LESSONS = {lesson.slug: lesson for lesson in discover(_TUTORIALS)}

_SHARED = pytest.StashKey[tuple[Path, str]]()
_EXAMPLES, _KILLS = {"desk": 20, "thorough": 100}, {"desk": 4, "thorough": 12}


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much a test tries whose subject is chance."""
    text = "kill processes and try examples as often as `make test-all` does"
    parser.addoption("--thorough", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Set how many examples a property is tried with.

    A test that wants more or fewer takes its share of `hypothesis.settings.default.max_examples`.
    """
    for name, examples in _EXAMPLES.items():
        hypothesis.settings.register_profile(
            name, derandomize=True, deadline=None, database=None, max_examples=examples
        )
    hypothesis.settings.load_profile(_effort(config))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Make what all processes of this run share: a folder, and a server of the site in it."""
    config = session.config
    if hasattr(config, "workerinput"):  # a process of pytest-xdist, which has been told
        folder, address = config.workerinput["shared"]
        config.stash[_SHARED] = Path(folder), address
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tests-"))).resolve()
    address = stack.enter_context(serving_folder(folder / "project" / "site"))
    config.stash[_SHARED] = folder, address


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the whole site, or for all lessons as scripts, is slow."""
    for item in items:
        if _OF_ALL_LESSONS & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist what it shares with the others."""
    folder, address = node.config.stash[_SHARED]
    node.workerinput["shared"] = str(folder), address


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores that these tests may use: now and then each of them waits."""
    return joblib.cpu_count() + 1


@pytest.fixture(scope="session")
def kills(pytestconfig) -> int:
    """How often a test kills what it kills at random moments: 4 times, or 12 if thorough."""
    return _KILLS[_effort(pytestconfig)]


def _effort(config: pytest.Config) -> str:
    return "thorough" if config.getoption("thorough") else "desk"


def _isolate(patch: pytest.MonkeyPatch, cache: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("MNIST_LESSONS_", *ARITHMETIC)) or name in _OF_MAKE:
            patch.delenv(name)
    patch.setenv("MNIST_LESSONS_OFFLINE", "1")
    patch.setenv("XDG_CACHE_HOME", str(cache))
    patch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(cache))
    patch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session", autouse=True)
def isolated_session(tmp_path_factory) -> Iterator[None]:
    """The same for what session fixtures do."""
    with pytest.MonkeyPatch.context() as patch:
        _isolate(patch, tmp_path_factory.mktemp("cache-home"))
        yield


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path_factory) -> Path:
    """The folder that stands for the user's cache home; empty for each test."""
    cache = tmp_path_factory.mktemp("cache-home")
    _isolate(monkeypatch, cache)
    return cache


@pytest.fixture(scope="session")
def mnist_folder() -> Path | None:
    """The folder with the full MNIST in `MNIST/raw/`, or None where the machine has none."""
    if _DATA:
        return Path(_DATA).expanduser().absolute()
    beside = Path(__file__).parents[2] / "shared" / "data"
    return beside if beside.is_dir() else None


@pytest.fixture(scope="session")
def sample():
    """The 5,000 images of the sample, as `load_mnist` splits them."""
    from mnist_lessons.data import load_mnist  # imports torch: not every test needs it

    return load_mnist(Settings(offline=True))


@pytest.fixture(scope="session")
def start_lesson() -> Callable[..., subprocess.Popen[str]]:
    """Starts a lesson as a script, in a folder, as in a terminal without a display."""

    def start(slug: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
        removed = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
        kept = {name: value for name, value in os.environ.items() if name not in removed}
        settings = {"MNIST_LESSONS_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-W", "error", _TUTORIALS / f"{slug}.py"],
            cwd=folder,
            env={**kept, **settings, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A test run in the background may have inherited that Ctrl-C is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return start


@pytest.fixture(scope="session")
def previews(pytestconfig, start_lesson) -> tuple[Path, dict[str, tuple[int, str, str]]]:
    """All lessons as scripts, run at the same time in one folder that is not the repository.

    They train what the build of `site` trains, too: a test compares the two.
    The folder; and by lesson the exit status and what it wrote to stdout and stderr.
    """
    folder = pytestconfig.stash[_SHARED][0] / "elsewhere"

    def run() -> dict[str, tuple[int, str, str]]:
        folder.mkdir()
        started = {
            slug: start_lesson(slug, folder, MNIST_LESSONS_PROFILE="preview") for slug in _LESSONS
        }
        said = {slug: process.communicate() for slug, process in started.items()}
        return {slug: (started[slug].returncode, *said[slug]) for slug in started}

    return folder, _once(folder.with_suffix(".json"), run)


@dataclass(frozen=True)
class SmallMnist:
    """Four small files in MNIST's format and under its names, by name."""

    contents: dict[str, bytes]
    packed: dict[str, bytes]
    files: tuple[DataFile, ...]

    def write(self, folder: Path, *, packed: Collection[str] = ()) -> Path:
        """Fill `folder/MNIST/raw/`; the names in `packed` are gzipped. Returns `folder`."""
        raw = folder / "MNIST" / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        for name, content in self.contents.items():
            if name in packed:
                (raw / f"{name}.gz").write_bytes(self.packed[name])
            else:
                (raw / name).write_bytes(content)
        return folder


@pytest.fixture
def small_mnist(monkeypatch) -> SmallMnist:
    """Small files that stand for the four of MNIST while a test runs."""
    noise = random.Random(0)
    contents = {}
    for prefix, count in (("train", 200), ("t10k", 40)):
        # As in MNIST, most of an image is blank, so that the gzipped file is much smaller.
        images = b"".join(noise.randbytes(100) + bytes(684) for _ in range(count))
        labels = bytes(noise.choices(range(10), k=count))
        contents[f"{prefix}-images-idx3-ubyte"] = struct.pack(">4I", 2051, count, 28, 28) + images
        contents[f"{prefix}-labels-idx1-ubyte"] = struct.pack(">2I", 2049, count) + labels
    packed = {name: gzip.compress(content, mtime=0) for name, content in contents.items()}
    files = tuple(
        DataFile(name, len(content), _sha256(content), len(packed[name]), _sha256(packed[name]))
        for name, content in contents.items()
    )
    monkeypatch.setitem(vars(MNIST), "files", files)
    return SmallMnist(contents, packed, files)


@pytest.fixture
def small_clothes(small_mnist, monkeypatch) -> Callable[..., Path]:
    """The two small test files stand for Fashion-MNIST's; writes them into a data folder."""
    files = small_mnist.files[2:]
    monkeypatch.setitem(vars(CLOTHES), "files", files)
    monkeypatch.setitem(vars(CLOTHES), "package", None)

    def write(folder: Path, *, packed: bool = False) -> Path:
        raw = folder / CLOTHES.folder
        raw.mkdir(parents=True)
        for file in files:
            contents = small_mnist.packed if packed else small_mnist.contents
            (raw / f"{file.name}{'.gz' if packed else ''}").write_bytes(contents[file.name])
        return folder

    return write


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Site:
    """A project of which `python -m mnist_lessons.publishing build` has just built the site."""

    root: Path
    address: str
    stdout: str
    stderr: str

    @property
    def folder(self) -> Path:
        return self.root / "site"

    @cached_property
    def pages(self) -> dict[str, BeautifulSoup]:
        """All pages by their address below the site."""
        return {
            file.relative_to(self.folder).as_posix(): BeautifulSoup(
                file.read_text(encoding="utf-8"), "html.parser"
            )
            for file in sorted(self.folder.rglob("*.html"))
        }

    def lesson(self, slug: str) -> SimpleNamespace:
        """A lesson's page and what lies beside it; of its notebook, the first cell apart."""
        folder = self.folder / "tutorials" / slug
        notebook = nbformat.read(folder / f"{slug}.ipynb", as_version=nbformat.NO_CONVERT)
        install, *notebook.cells = notebook.cells
        return SimpleNamespace(
            folder=folder,
            page=self.pages[f"tutorials/{slug}/index.html"],
            card=json.loads((folder / "run.json").read_text(encoding="utf-8")),
            log=list(csv.DictReader(io.StringIO((folder / "log.csv").read_text("utf-8")))),
            notebook=notebook,
            install=install,
            script=_LESSONS[slug],
        )


@pytest.fixture(scope="session")
def site(pytestconfig) -> Site:
    """The whole site, built once from a copy of this repository: a preview on the sample."""
    folder, address = pytestconfig.stash[_SHARED]
    root = folder / "project"
    status, out, err = _once(root.with_suffix(".json"), lambda: _built(root, address))
    assert status == 0, err
    return Site(root, address, out, err)


def _built(root: Path, address: str) -> tuple[int, str, str]:
    for name in ("benchmarks", "docs", "tutorials", "mnist_lessons", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "README.md", "constraints.txt", "mkdocs.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    settings = {
        "MNIST_LESSONS_PROFILE": "preview",
        "MNIST_LESSONS_DEVICE": "cpu",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",  # as a benchmark has it, which takes these runs
        "SITE_URL": address,
    }
    process = subprocess.run(
        [sys.executable, "-m", "mnist_lessons.publishing", "build"],
        cwd=root,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout, process.stderr


def _once(file: Path, make: Callable[[], Any]) -> Any:
    """What the first process that asks has made, kept for all of this run as JSON."""
    with FileLock(f"{file}.lock"):
        if not file.exists():
            file.write_text(json.dumps(make()), encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))
