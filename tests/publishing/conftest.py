"""A project with two lessons that run in no time: real kernels and a real MkDocs, no torch."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import yaml

from mnist_lessons.publishing._build import LessonPage, Project, prepare
from mnist_lessons.settings import Settings

REPOSITORY = Path(__file__).parents[2]

# A teaching module of the small project; its lessons load it by its path, because the name
# `mnist_lessons` belongs to the real package.
TINY = '''
import csv, json, os
from pathlib import Path


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
        started="2026-01-02T03:04:05+00:00", seconds=75.0, device="cpu",
        device_name="a processor", threads=1, seed=1, versions={"python": "3"}, commit=None,
        uncommitted_changes=False,
        data=dict(
            dataset="sample of MNIST", source="a test", sizes={"train": 4000},
            licence="none", is_sample=True, checksum="0123456789abcdef" * 4,
        ),
        values={}, figures=[], log=[row],
        results=[dict(
            key=slug, title=f"Model {slug}", epochs=1, loss=0.5, correct=400, count=500,
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

LESSON = """\
# %% [markdown]
# # Lesson {slug}
#
# {prose}

# %%
import runpy

tiny = runpy.run_path("mnist_lessons/tiny.py")
tiny["begin"]("{slug}")

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
            end=f'tiny["publish"]("{slug}")' if end is None else end,
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

    def prepare(self, *, serving: bool = False, **settings) -> list[LessonPage]:
        """What the plugin does first: give each lesson a run."""
        values = {"offline": True, "profile": "preview", **settings}
        return prepare(Project(self.root), Settings(**values), serving=serving)

    def build(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Build the site as `make site` does."""
        process = self.start(*options, **variables)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, *options: str, **variables: str) -> subprocess.Popen[str]:
        """Start a build."""
        # -P: the folder `mnist_lessons` here is not the package that is tested.
        command = ["-P", "-m", "mnist_lessons.publishing", *options]
        return self.python(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **variables)

    def python(self, *arguments: str, stdout, stderr, **variables: str) -> subprocess.Popen[str]:
        """Start Python in the project's folder."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**os.environ, "MNIST_LESSONS_PROFILE": "preview", **variables},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            preexec_fn=_heed_ctrl_c,
        )

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
        """What a build should not leave behind: half a site, half a run."""
        running = self.root / ".cache" / "lessons" / "running"
        sites = [path for path in self.root.rglob("*site-*") if path.is_dir()]
        return [str(path) for path in [*sites, *running.glob("*")]]

    def _runs(self, process: psutil.Process) -> bool:
        try:
            runs = process.environ().get("MNIST_LESSONS_RUNS", "")
        except psutil.Error:  # another user's, or gone
            return False
        return runs.startswith(str(self.root))


def _heed_ctrl_c() -> None:
    # A test run in the background may have inherited that Ctrl-C is ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> TinyProject:
    """The project after one build. Only to be copied."""
    root = tmp_path_factory.mktemp("built")
    config = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    for key in ("nav", "extra_css", "extra_javascript", "hooks"):
        config.pop(key, None)
    config["plugins"] = [plugin for plugin in config["plugins"] if "mkdocstrings" not in plugin]
    (root / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for folder in ("docs", "tutorials", "mnist_lessons"):
        (root / folder).mkdir()
    (root / "mnist_lessons" / "tiny.py").write_text(TINY, encoding="utf-8")
    home = "# Home\n\n<!-- lessons: results -->\n\n## Links\n\n[Lesson one](tutorials/one.py)\n"
    (root / "docs" / "index.md").write_text(home, encoding="utf-8")
    project = TinyProject(root)
    project.write("one")
    project.write("two")
    result = project.build()
    assert result.returncode == 0, result.stderr
    return project


@pytest.fixture
def project(built, tmp_path) -> TinyProject:
    """A project of which everything is built and stored."""
    root = tmp_path / "project"
    shutil.copytree(built.root, root)
    (root / "executions.txt").unlink()
    return TinyProject(root)
