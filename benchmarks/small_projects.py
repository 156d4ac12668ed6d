"""Projects of any number of small lessons, each with a stored run, of which one was executed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import yaml
from mkdocs.utils.yaml import yaml_load

from benchmarks.copies import PUBLISHING, ROOT, Copy, copy_of_package
from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.writing.lessons import Lesson

__all__ = ["multiply", "small_project"]

_TEMPLATE = Path(__file__).with_name("small_lesson.py")
_HOME = "# Small lessons\n\n<!-- lessons: comparison -->\n"


def small_project(folder: Path) -> Copy:
    """A project with one small lesson, which has been executed, in an empty folder."""
    project = copy_of_package(folder)
    root = project.root
    for name in ("assets", "javascripts", "overrides", "stylesheets"):
        shutil.copytree(ROOT / "docs" / name, root / "docs" / name)
    (root / "docs" / "index.md").write_text(_HOME, encoding="utf-8")
    config = yaml_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    del config["nav"]
    config["plugins"] = [one for one in config["plugins"] if "mkdocstrings" not in one]
    (root / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (root / "tutorials").mkdir()
    shutil.copy(_TEMPLATE, root / "tutorials")
    project.run(*PUBLISHING, "run")
    return project


def multiply(project: Copy, count: int, root: Path) -> Copy:
    """The project with `count` lessons instead of its one; all have its run, under their name.

    Args:
        project: has one lesson, with a stored run.
        count: of lessons, 1 to 999.
        root: the new folder.
    """
    [template] = read_lessons(Project(project.root))
    [run] = Project(project.root).store.runs(template.slug)
    for name in ("docs", "mnist_lessons"):
        shutil.copytree(project.root / name, root / name)
    shutil.copy(project.root / "mkdocs.yml", root)
    (root / "tutorials").mkdir()
    text = template.script.read_text(encoding="utf-8")
    slugs = [f"lesson_{number:03}" for number in range(1, count + 1)]
    for slug in slugs:
        script = root / "tutorials" / f"{slug}.py"
        script.write_text(text.replace(template.slug, slug), encoding="utf-8")
    for lesson in read_lessons(Project(root)):
        _lend(run, template.slug, lesson, Project(root))
    return replace(project, root=root, package=root)


def _lend(run: StoredRun, of: str, lesson: Lesson, project: Project) -> None:
    """Store the run of a lesson as that of another, whose code differs in the name alone."""
    with project.store.staging() as staged:
        folder = staged / lesson.slug
        shutil.copytree(run.folder, folder)
        for name in ("run.json", "executed.ipynb"):
            text = (folder / name).read_text(encoding="utf-8")
            (folder / name).write_text(text.replace(of, lesson.slug), encoding="utf-8")
        card = json.loads((folder / "run.json").read_bytes())
        card["made_from"]["code"] = lesson.code_hashes()
        (folder / "run.json").write_text(json.dumps(card, indent=1), encoding="utf-8")
        project.store.keep(lesson.slug, run.folder.name, folder)
