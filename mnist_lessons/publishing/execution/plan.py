"""Decide which lessons must run, and say why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mnist_lessons.publishing.execution.reasons import Reasons, changed_cells
from mnist_lessons.publishing.execution.today import Today, kind_of, today
from mnist_lessons.publishing.runs.made_from import DEVICES, MadeFrom
from mnist_lessons.publishing.runs.project import Project
from mnist_lessons.publishing.runs.store import Store, StoredRun
from mnist_lessons.publishing.writing.known import KNOWN
from mnist_lessons.publishing.writing.lessons import Lesson
from mnist_lessons.settings import Profile, Settings

__all__ = ["Step", "differences", "plan", "planned"]

_MOST_REASONS = 4


@dataclass(frozen=True)
class Step:
    """What a build does with a lesson, and why.

    Attributes:
        lesson: the lesson.
        today: what a run would be made from today.
        run: the run to reuse, or None.
        reasons: why it must run; empty where a run is reused.
        last: the newest run of this lesson in this profile, on this data and kind of device, to
            judge the time left.
    """

    lesson: Lesson
    today: Today
    run: StoredRun | None
    reasons: tuple[str, ...] = ()
    last: StoredRun | None = None

    def __str__(self) -> str:
        if self.run:
            card = self.run.card
            return f"{self.lesson.slug}: reuse (run of {card.started:%Y-%m-%d}, {card.device})"
        shown = list(self.reasons[:_MOST_REASONS])
        if more := len(self.reasons) - len(shown):
            shown.append(f"and {more} more")
        return f"{self.lesson.slug}: run ({'; '.join(shown)})"

    @property
    def last_seconds(self) -> list[float]:
        """How long each code cell took last time; empty where nothing is known."""
        return self.last.card.cell_seconds if self.last else []

    def again(self) -> "Step":
        """The same step, but to run what is stored."""
        return self if not self.run else replace(self, run=None, reasons=("asked for again",))


def planned(
    project: Project,
    settings: Settings,
    lessons: Sequence[Lesson],
    *,
    profile: Profile | None = None,
    dataset: str | None = None,
) -> list[Step]:
    """What a build would do with each lesson; reads neither images nor torch.

    The arguments and errors are those of `today`.
    """
    now = today(project, settings, profile=profile, dataset=dataset)
    return plan(project.store, lessons, now)


def plan(store: Store, lessons: Sequence[Lesson], today: Today) -> list[Step]:
    """For each lesson the stored run that is still true, or why there is none."""
    reasons = Reasons(today)
    steps = [_step(store, lesson, reasons) for lesson in lessons]
    KNOWN.save()
    return steps


def differences(run: StoredRun, lesson: Lesson, today: Today) -> list[str]:
    """What has changed since a run was made; nothing if it is still true."""
    return Reasons(today).against(run.card.made_from, lesson)


def _step(store: Store, lesson: Lesson, reasons: Reasons) -> Step:
    today = reasons.today
    true: list[StoredRun] = []
    closest: tuple[int, list[str]] | None = None
    last = None
    for run in store.runs(lesson.slug):
        then = run.card.made_from
        if last is None and _takes_as_long(then, today):
            last = run
        changed = reasons.against(then, lesson)
        if not changed and (damage := run.damage):
            changed = [f"its stored run is damaged: {damage}"]
        if not changed:
            true.append(run)
        cells = len(changed_cells(then.code or (), lesson.code_hashes()))
        if closest is None or (cells, len(changed)) < (closest[0], len(closest[1])):
            closest = cells, changed
    if not true:
        damaged = [f"its stored run is damaged: {why}" for why in store.unreadable(lesson.slug)]
        reasons_to_run = (closest[1] if closest else None) or damaged or ["no stored run"]
        return Step(lesson, today, None, tuple(reasons_to_run), last)
    best = min(true, key=lambda run: _rank(run.card.made_from))
    return Step(lesson, today, best, last=last)


def _rank(made_from: MadeFrom) -> int:
    """The best device first; a run whose device is unsaid is never true."""
    return DEVICES.index(made_from.device) if made_from.device else len(DEVICES)


def _takes_as_long(then: MadeFrom, today: Today) -> bool:
    """Whether a run had the profile, the data and the kind of device that one would have now."""
    device = today.best_device if today.device == "auto" else kind_of(today.device)
    fell_back = today.device == "auto" and then.best_device == device
    same_device = then.device == device or fell_back
    return same_device and (then.profile, then.data) == (today.profile, today.data)
