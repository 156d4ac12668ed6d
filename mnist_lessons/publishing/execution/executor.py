"""Execute the lessons that must run, each with what its kernel needs to know; keep each run."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import psutil  # a dependency of ipykernel

from mnist_lessons._datasets import MNIST, Dataset
from mnist_lessons._fetch import Found, cache_folder
from mnist_lessons.publishing.execution import kernels
from mnist_lessons.publishing.execution.job import Job
from mnist_lessons.publishing.execution.left_behind import Collector, failure_of
from mnist_lessons.publishing.execution.plan import Step
from mnist_lessons.publishing.execution.progress import ProgressView
from mnist_lessons.publishing.execution.today import best_device, threads
from mnist_lessons.publishing.runs.card import Failure
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.settings import Settings

__all__ = ["Execution"]

_MEMORY = 2 << 30  # bytes that a kernel with torch and the images may need


class Execution:
    """The execution of all that must run.

    Args:
        project: the project.
        settings: of this process.
        found: where the data are.
        stack: keeps alive runs that cannot be stored.
        again: replace also what is stored.
    """

    def __init__(
        self,
        project: Project,
        settings: Settings,
        found: Mapping[Dataset, Found],
        stack: ExitStack,
        again: bool,
    ) -> None:
        self._project = project
        self._settings = settings
        self._found = found
        self._again = again
        self._staged = stack.enter_context(project.store.staging())
        self._collector = Collector(project.root.resolve())
        self._steps: dict[str, Step] = {}

    def runs(self, steps: Sequence[Step], jobs: int | None) -> dict[str, StoredRun | Failure]:
        """Execute each step; keep each run as soon as it is finished.

        Args:
            steps: the lessons that have no run.
            jobs: how many kernels at once; by the cores and the memory where None.

        Returns:
            By slug the run, or how the lesson failed.
        """
        self._steps = {step.lesson.slug: step for step in steps}
        sockets = self._staged / "kernels"
        sockets.mkdir()
        with ProgressView({slug: step.last_seconds for slug, step in self._steps.items()}) as view:
            executed = kernels.execute(
                [Job(step.lesson, self._environment(step)) for step in steps],
                folder=self._project.root,
                sockets=sockets,
                at_once=jobs or _kernels_at_once(self._settings),
                report=view.update,
                ended=self._ended,
            )
        return dict(executed)

    def _ended(self, job: Job, failure: Failure | None) -> tuple[str, StoredRun | Failure]:
        slug = job.lesson.slug
        folder = self._runs(slug) / slug
        try:
            folder.mkdir(parents=True, exist_ok=True)
            today = self._steps[slug].today
            card, failure = self._collector.collect(job, today, folder, failure)
        except OSError as error:
            reason = f"its run cannot be stored in {folder}: {error}"
            failure = failure_of(job, len(job.seconds), reason)
        if failure:
            self._project.store.set_aside(slug, folder)
            return slug, failure
        key = hashlib.sha256(json.dumps(card["made_from"], sort_keys=True).encode())
        store = self._project.store
        return slug, store.keep(slug, key.hexdigest()[:16], folder, replace=self._again)

    def _runs(self, slug: str) -> Path:
        # A folder of its own: a lesson that takes the name of another must not meet its run.
        return self._staged / "runs" / slug

    def _environment(self, step: Step) -> dict[str, str]:
        # The files are verified and in place by now: a kernel never touches the network.
        store = self._project.store
        kept = self._staged.is_relative_to(store.folder)
        variables = {
            "MNIST_LESSONS_PROFILE": step.today.profile,
            "MNIST_LESSONS_DEVICE": self._settings.device,
            "MNIST_LESSONS_OFFLINE": "build",
            "MNIST_LESSONS_DATA": "",
            "MNIST_LESSONS_RUNS": str(self._runs(step.lesson.slug)),
            "MNIST_LESSONS_CHECKPOINTS": str(
                store.checkpoints if kept else self._staged / "checkpoints"
            ),
            "OMP_NUM_THREADS": step.today.threads,
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        if data := self._data_folder():
            variables["MNIST_LESSONS_DATA"] = str(data)
        return variables

    def _data_folder(self) -> Path | None:
        """Where a kernel looks before the cache and what a package has put into its place."""
        root = self._found[MNIST].root
        at_hand = {self._settings.data, cache_folder()}
        if root is None or all(
            place.root in at_hand or place.source in ("package", "nowhere")
            for place in self._found.values()
        ):
            return None if root == cache_folder() else root
        # Unpacked or downloaded for this build alone, and perhaps each for itself.
        folder = self._staged / "data"
        for dataset, place in self._found.items():
            link = folder / dataset.folder
            if place.root and not link.exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(place.root / dataset.folder, target_is_directory=True)
        return folder


def _kernels_at_once(settings: Settings) -> int:
    if best_device() != "cpu" and settings.device != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    room = int(psutil.virtual_memory().available) // _MEMORY
    return max(1, min((cores or 1) // threads(), room))
