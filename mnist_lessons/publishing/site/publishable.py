"""What speaks against publishing a run, or a site."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnist_lessons.publishing.execution.places import machine_path
from mnist_lessons.publishing.execution.plan import differences
from mnist_lessons.publishing.execution.prepare import LessonPage
from mnist_lessons.publishing.execution.terminal import as_text
from mnist_lessons.publishing.execution.today import today
from mnist_lessons.publishing.runs.package import package_of
from mnist_lessons.publishing.runs.project import Project, read_lessons
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.site.bands import check_bands, read_bands
from mnist_lessons.publishing.writing.lessons import Lesson
from mnist_lessons.settings import Settings

__all__ = [
    "SOURCES",
    "problems_of_publishing",
    "problems_of_run",
    "problems_of_site",
    "source_hashes",
]

# Lies in the site, and says from which files it was built.
SOURCES = "sources.json"

_FULL = "MNIST"
_NOT_COMMITTED = "it has files that were not committed"


def source_hashes(project: Project) -> dict[str, str]:
    """SHA-256 of each file that makes the site, besides the runs, by its name."""
    files = [project.root / "mkdocs.yml"]
    for folder in (project.root / "docs", project.tutorials):
        files += [path for path in folder.rglob("*") if path.is_file()]
    visible = {path.relative_to(project.root).as_posix(): path for path in files}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(visible.items())
        if "/." not in name and "__pycache__" not in name
    }


def problems_of_run(
    project: Project, settings: Settings, lesson: Lesson, run: StoredRun
) -> list[str]:
    """Each reason why a run may not be published, as one sentence."""
    reasons = [*_reasons(project, settings, lesson, run), *_machine_paths(run, lesson)]
    return [f"{lesson.slug}: {reason}" for reason in reasons]


def _machine_paths(run: StoredRun, lesson: Lesson) -> Iterator[str]:
    """Each cell that shows a path of the machine that executed it."""
    # In a site it lies under the lesson's name.
    stored = [run.folder / "executed.ipynb", run.folder / f"{lesson.slug}.ipynb"]
    file = next((path for path in stored if path.is_file()), None)
    if file is None:
        yield "its notebook is missing"
        return
    try:
        cells = json.loads(file.read_bytes())["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        for number, cell in enumerate(code, start=1):
            if path := machine_path("\n".join(map(_text, cell["outputs"]))):
                yield f"code cell {number} shows a path of the machine that ran it: {path}"
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        yield f"its notebook cannot be read: {error}"


def _text(output: Any) -> str:
    text = output["text"] if "text" in output else output.get("data", {}).get("text/plain", "")
    return as_text(text if isinstance(text, str) else "".join(text))


def problems_of_publishing(
    project: Project, settings: Settings, pages: Iterable[LessonPage]
) -> list[str]:
    """Each reason why what is being built may not be published, and a last sentence; or none."""
    problems = [
        problem
        for page in pages
        if page.run
        for problem in problems_of_run(project, settings, page.lesson, page.run)
    ]
    package = package_of(project)
    if package and package.uncommitted_changes:
        problems.append(f"{package.archive}: {_NOT_COMMITTED}")
    return [*problems, "this may not be published: nothing changed"] if problems else []


def problems_of_site(project: Project, settings: Settings, site: Path) -> list[str]:
    """Each reason why a built site may not be published, as one sentence.

    Raises:
        BuildFailure: there is no lesson.
    """
    if not (site / "index.html").is_file():
        return [f"there is no site in {site}/: build it first"]
    lessons = read_lessons(project)
    bands = read_bands(project.tutorials, [lesson.slug for lesson in lessons])
    problems = []
    for lesson in lessons:
        folder = site / "tutorials" / lesson.slug
        run = StoredRun(folder)
        if run.unreadable:
            problems.append(f"{lesson.slug}: the site has no run of it: {run.unreadable}")
            continue
        problems += problems_of_run(project, settings, lesson, run)
        problems += check_bands(bands.get(lesson.slug, {}), run)
        script = folder / f"{lesson.slug}.py"
        if not script.is_file() or script.read_bytes() != lesson.plain:
            problems.append(f"{lesson.slug}: its text has changed since the site was built")
        for name, content in lesson.offered().items():
            there = folder / name
            if not there.is_file() or there.read_bytes() != content:
                problems.append(f"{lesson.slug}: {name} has changed since the site was built")
    problems += _changed_sources(project, site)
    problems += _changed_package(project, site)
    known = {lesson.slug for lesson in lessons}
    for page in sorted((site / "tutorials").glob("*/run.json")):
        if page.parent.name not in known:
            problems.append(f"{page.parent.name}: the lesson is gone, but the site has it")
    return problems


def _changed_sources(project: Project, site: Path) -> list[str]:
    try:
        then = dict(json.loads((site / SOURCES).read_bytes()))
    except (OSError, TypeError, ValueError):
        return [f"the site does not say what it was built from: it has no {SOURCES}"]
    now = source_hashes(project)
    changed = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    # A lesson's text is compared with the script that lies beside its page.
    return [
        f"{name} has changed since the site was built"
        for name in changed
        if not name.startswith("tutorials/")
    ]


def _changed_package(project: Project, site: Path) -> Iterator[str]:
    """What speaks against the files to download: each must be that of today, all committed."""
    package = package_of(project)
    if package is None:
        return
    for address, content in package.files.items():
        there = site / address
        if not there.is_file() or there.read_bytes() != content:
            yield f"{address} is not that of today's files: build the site again"
    if package.uncommitted_changes:
        yield f"{package.archive}: {_NOT_COMMITTED}"


def _reasons(project: Project, settings: Settings, lesson: Lesson, run: StoredRun) -> Iterator[str]:
    card = run.card
    if card.profile != "full":
        yield "it is a preview"
    if run.is_sample:
        yield "it read the sample, not the full MNIST"
    for name in card.made_from.missing_data:
        yield f"it had no {name}: run it where that is to be had"
    # Where it ran, and on what, is said on the page; these are judged above.
    that_day = replace(
        today(project, settings, profile=card.profile, dataset=_FULL),
        data=card.made_from.data or "",
        extras=frozenset(),
    )
    if changed := differences(run, lesson, that_day):
        yield f"its run is not that of today's code: {'; '.join(changed)}"
    if card.commit is None:
        yield "nobody knows from which commit it was made"
    elif card.uncommitted_changes:
        yield "it was made from code that was not committed: commit it, then `run --again`"
