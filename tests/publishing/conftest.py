"""A project with two lessons that run in no time: a real MkDocs, and no torch.

Commands and cells run in the process of the test, unless that process is the subject: then it
asks for `program` or `start`, or for the fixture `kernels`.
"""

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from click.testing import CliRunner
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.utils.yaml import yaml_load

from mnist_lessons._datasets import checksums
from mnist_lessons.publishing.commands import commands
from mnist_lessons.publishing.execution import kernels as kernels_module
from mnist_lessons.publishing.execution.plan import planned
from mnist_lessons.publishing.execution.prepare import LessonPage, prepared
from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.runs.store import Store, StoredRun
from mnist_lessons.publishing.writing.lessons import Lesson
from mnist_lessons.settings import Settings
from tests.publishing import cards, inline

REPOSITORY = Path(__file__).parents[2]
KERNELS = kernels_module.execute
PROGRAM = "python -m mnist_lessons.publishing"

# A teaching module of the small project; its lessons import it by its own name, because
# `mnist_lessons` is the real package.
TINY = (
    """
import csv, json, os
from pathlib import Path

DATA = dict(
    dataset="sample of MNIST", source="a test", sizes={"train": 4000},
    licence="none", is_sample=True, checksum="SAMPLE", sha256={"images": "SAMPLE"},
)
""".replace("SAMPLE", checksums()["sample of MNIST"])
    + '''


def begin(slug):
    """Leave a trace of each execution, outside of what is published."""
    with open("executions.txt", "a") as stream:
        stream.write(f"{slug}\\n")


def publish(slug, status="finished", **changes):
    """Leave behind what a lesson does."""
    folder = Path(os.environ["MNIST_LESSONS_RUNS"]) / slug
    folder.mkdir(parents=True)
    row = dict(
        fit="fit", epoch=0, train_loss=1.5, train_accuracy=0.25,
        validation_loss=1.25, validation_accuracy=0.5, seconds=0.125,
        train_count=100, validation_count=50,
    )
    card = dict(
        lesson=slug, status=status, profile=os.environ["MNIST_LESSONS_PROFILE"],
        started="2026-01-02T03:04:05+00:00", seconds=75.0, processor_seconds=70.0, device="cpu",
        device_name="a processor", threads=1, seed=1, versions={"python": "3"}, commit=None,
        uncommitted_changes=False,
        data=DATA, values={}, figures=[], log=[row],
        results=[dict(
            key=slug.replace(" ", "-"), title=f"Model {slug}", epochs=1, loss=0.5,
            correct=400, count=500,
            accuracy=0.8, interval=[0.76, 0.83], parameters=1000, multiplications=2000,
            seconds_per_epoch=0.125,
        )],
    )
    (folder / "run.json").write_text(json.dumps(card | changes))
    with (folder / "log.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, row)
        writer.writeheader()
        writer.writerow(row)
'''
)

LESSON = """\
# %% [markdown]
# # Lesson {slug}
#
# {prose}

# %%
import sys

sys.path.insert(0, "mnist_lessons")
import tiny

tiny.begin("{slug}")

# %%
{code}

# %%
{end}
"""


@dataclass(frozen=True)
class TinyProject:
    """Two lessons, `one` and `two`, in a folder of their own."""

    root: Path

    def write(
        self, slug: str, *, prose: str = "Prose.", code: str = "", end: str | None = None
    ) -> Path:
        """Write a lesson of three code cells; `code` is the second of them."""
        script = self.root / "tutorials" / f"{slug}.py"
        text = LESSON.format(
            slug=slug,
            prose=prose.replace("\n", "\n# "),
            code=code or f"print('output of {slug}')",
            end=f'tiny.publish("{slug}")' if end is None else end,
        )
        script.write_text(text, encoding="utf-8")
        return script

    @property
    def executed(self) -> list[str]:
        """The lessons in the order in which they were executed."""
        trace = self.root / "executions.txt"
        return trace.read_text(encoding="utf-8").splitlines() if trace.exists() else []

    @property
    def kernels(self) -> list[psutil.Process]:
        """All running kernels of this project, told by their environment."""
        return [process for process in psutil.process_iter() if self._runs(process)]

    @property
    def lessons(self) -> list[Lesson]:
        """The lessons as they stand now."""
        return read_lessons(Project(self.root))

    @property
    def store(self) -> Store:
        """The stored runs."""
        return Project(self.root).store

    def stored(self, slug: str) -> StoredRun:
        """The one stored run of a lesson."""
        [run] = self.store.runs(slug)
        return run

    def printed(self, slug: str) -> str:
        """What the code cells of the stored run printed."""
        cells = self.stored(slug).executed.cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        return "".join(output.get("text", "") for output in outputs)

    def edit_stored(self, slug: str, made_from: Any = None, **card: Any) -> None:
        """Change what the stored run says of itself, as if it had been stored like that."""
        run = self.stored(slug)
        changed = cards.raw_card(run) | card
        changed["made_from"] = changed["made_from"] | (made_from or {})
        edited = run.folder.rename(self.root / "edited")
        (edited / "run.json").write_text(json.dumps(changed), encoding="utf-8")
        self.store.keep(slug, "0123456789abcdef", edited)

    def prepare(self, *, only=(), again=False, jobs=None, **settings) -> list[LessonPage]:
        """What the plugin does first: give each lesson a run."""
        values = Settings(**{"offline": True, "profile": "preview", **settings})
        with prepared(Project(self.root), values, only=only, again=again, jobs=jobs) as pages:
            return pages

    def plan(self, **settings) -> list[str]:
        """What a build says that it will do."""
        values = Settings(**{"offline": True, "profile": "preview", **settings})
        return [str(step) for step in planned(Project(self.root), values, self.lessons)]

    def build(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Build the site as `make site` does."""
        return self.command("build", *options, **variables)

    def command(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, in this process."""
        with self._as_a_program(variables):
            done = CliRunner().invoke(
                commands, arguments, prog_name=PROGRAM, catch_exceptions=False
            )
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def program(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, in a process of its own."""
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command."""
        # -P: the folder `mnist_lessons` here is not the package that is tested.
        command = ["-P", "-m", "mnist_lessons.publishing", *arguments]
        return self.python(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **variables)

    def python(self, *arguments: str, stdout, stderr, **variables: str) -> subprocess.Popen[str]:
        """Start Python in the project's folder, with a folder for temporary files there."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**os.environ, **self._settings(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            preexec_fn=_heed_ctrl_c,
        )

    def commit(self) -> None:
        """Commit everything but what is made, in a repository here."""
        made = (".cache", "site", "tmp", "executions.txt", "__pycache__")
        ignored = "".join(f"{name}\n" for name in made)
        (self.root / ".gitignore").write_text(ignored, encoding="utf-8")
        self.git("init")
        self.git("add", "--all")
        self.git("commit", "--message", "A change")

    def git(self, *arguments: str) -> None:
        """Run Git here, as somebody."""
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", *who, *arguments]
        subprocess.run(command, cwd=self.root, check=True, capture_output=True)

    def site(self) -> dict[str, bytes]:
        """All files of the site with their bytes."""
        site = self.root / "site"
        return {
            str(file.relative_to(site)): file.read_bytes()
            for file in sorted(site.rglob("*"))
            if file.is_file()
        }

    def page(self, slug: str) -> str:
        """The HTML of a lesson's page."""
        return (self.root / "site/tutorials" / slug / "index.html").read_text(encoding="utf-8")

    def leftovers(self) -> list[str]:
        """What a build should not leave behind: half a site, half a run, a temporary folder."""
        running = self.root / ".cache" / "lessons" / "running"
        sites = [path for path in self.root.rglob(".*-*") if path.name != ".gitignore"]
        # Where Python is killed while it looks for a place for such, a file may be left.
        temporary = [path for path in (self.root / "tmp").glob("*") if path.is_dir()]
        return [str(path) for path in [*sites, *running.glob("*"), *temporary]]

    def started_waiting(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        """A command while it executes lesson `one`, which waits for a file `go on` here."""
        code = "import os, time\nprint('waiting', flush=True)\n"
        self.write("one", code=f"{code}while not os.path.exists('go on'):\n    time.sleep(0.05)")
        process = self.start(*command, **variables)
        self.wait_for(process, "waiting")
        return process

    def wait_for(self, process: subprocess.Popen[str], sign: str) -> None:
        """Read what a command writes to stderr until it has said a text."""
        said = []
        for line in process.stderr:
            said.append(line)
            if sign in line:
                return
        raise AssertionError(f"it never said {sign!r}: {said}")

    def wait_until(self, happened: Callable[[], object]) -> None:
        """Wait for what comes by itself."""
        end = time.monotonic() + 120
        while not happened():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.05)

    def _settings(self) -> dict[str, str]:
        temporary = self.root / "tmp"
        temporary.mkdir(exist_ok=True)
        return {"MNIST_LESSONS_PROFILE": "preview", "TMPDIR": str(temporary)}

    @contextmanager
    def _as_a_program(self, variables: dict[str, str]) -> Iterator[None]:
        """This process as one that has just been started in the project's folder."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            for name, value in {**self._settings(), **variables}.items():
                patch.setenv(name, value)
            patch.setattr(tempfile, "tempdir", None)
            patch.setattr(logging.root, "handlers", [])
            # MkDocs keeps some plugins for the next build, which a server makes.
            patch.setattr(MkDocsConfig.plugins, "plugin_cache", {})
            yield

    def _runs(self, process: psutil.Process) -> bool:
        try:
            runs = process.environ().get("MNIST_LESSONS_RUNS", "")
        except psutil.Error:  # another user's, or gone
            return False
        return runs.startswith(str(self.root))


@dataclass(frozen=True)
class Server:
    """A running `mkdocs serve` that has answered."""

    project: TinyProject
    process: subprocess.Popen[str]
    address: str
    log: Path
    temporary: Path

    def page(self, slug: str = "one") -> str:
        """A lesson's page, or an empty text where there is none now."""
        return self.get(f"tutorials/{slug}/")

    def get(self, address: str) -> str:
        """A page by its address on the site, or an empty text where there is none now."""
        whole = f"{self.address}/{address}"
        with suppress(OSError), urllib.request.urlopen(whole, timeout=120) as page:
            return page.read().decode()
        return ""

    def wait_for(self, text: str, *, without: str = "\0", slug: str = "one") -> str:
        """A lesson's page as soon as it contains a text."""
        end = time.monotonic() + 120
        while text not in (page := self.page(slug)) or without in page:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.1)
        return page

    @property
    def said(self) -> str:
        """What it wrote to the terminal."""
        return self.log.read_text(encoding="utf-8")


@pytest.fixture
def run_with(tmp_path) -> Callable[[dict[str, Any]], StoredRun]:
    """Makes a stored run that is nothing but its card."""

    def make(card: dict[str, Any]) -> StoredRun:
        return cards.run_with(Path(tempfile.mkdtemp(dir=tmp_path)), card)

    return make


def _heed_ctrl_c() -> None:
    # A test run in the background may have inherited that Ctrl-C is ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> TinyProject:
    """The project after one build. Only to be copied."""
    root = tmp_path_factory.mktemp("built")
    config = yaml_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    for key in ("nav", "extra_css", "extra_javascript", "hooks"):
        config.pop(key, None)
    for key in ("custom_dir", "static_templates", "logo", "favicon"):
        config["theme"].pop(key)
    config["plugins"] = [plugin for plugin in config["plugins"] if "mkdocstrings" not in plugin]
    (root / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for folder in ("docs", "tutorials", "mnist_lessons"):
        (root / folder).mkdir()
    (root / "mnist_lessons" / "tiny.py").write_text(TINY, encoding="utf-8")
    markers = "<!-- lessons: length -->\n\n<!-- lessons: comparison -->"
    home = f"# Home\n\n{markers}\n\n## Links\n\n[Lesson one](tutorials/one.py)\n"
    (root / "docs" / "index.md").write_text(home, encoding="utf-8")
    project = TinyProject(root)
    project.write("one")
    project.write("two")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels_module, "execute", inline.execute)
        result = project.build()
    assert result.returncode == 0, result.stderr
    return project


@pytest.fixture
def no_kernels(monkeypatch) -> None:
    """What executes cells is this process."""
    monkeypatch.setattr(kernels_module, "execute", inline.execute)


@pytest.fixture
def kernels(no_kernels, monkeypatch) -> None:
    """Each lesson runs in a real kernel after all."""
    monkeypatch.setattr(kernels_module, "execute", KERNELS)


@pytest.fixture
def project(built, tmp_path, no_kernels) -> TinyProject:
    """A project of which everything is built and stored."""
    root = tmp_path / "project"
    shutil.copytree(built.root, root)
    (root / "executions.txt").unlink()
    return TinyProject(root)


@pytest.fixture
def short_project(built, no_kernels) -> Iterator[TinyProject]:
    """The same where a path is short enough for a socket below the store, as it usually is."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "p"
        shutil.copytree(built.root, root)
        (root / "executions.txt").unlink()
        yield TinyProject(root)


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[[TinyProject], Server]]:
    """Starts a server of a project."""
    stack = ExitStack()

    def start(project: TinyProject) -> Server:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        log = tmp_path / "server.log"
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))  # a short path
        command = ("-P", "-m", "mkdocs", "serve", "--livereload", "-a", address)
        variables = {"MNIST_LESSONS_PROFILE": "", "TMPDIR": str(temporary)}
        with log.open("w") as stream:
            process = project.python(*command, stdout=stream, stderr=stream, **variables)
        stack.callback(process.communicate)
        stack.callback(process.kill)
        server = Server(project, process, f"http://{address}", log, temporary)
        server.wait_for("Lesson one")
        return server

    with stack:
        yield start
