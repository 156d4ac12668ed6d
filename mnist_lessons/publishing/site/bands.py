"""The limits beside the lessons: what a full run on the real MNIST may publish."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.publishing.writing.beside import read_tables
from mnist_lessons.publishing.writing.recorded import BANDS

__all__ = ["Bands", "check_bands", "read_bands"]

Bands = Mapping[str, Sequence[float]]


def read_bands(tutorials: Path, slugs: Collection[str]) -> Mapping[str, Bands]:
    """The bands of each lesson, from `bands.toml` beside the lessons; none without that file.

    Raises:
        BuildFailure: it is no TOML, names no lesson, or a band is not two numbers in order.
    """
    path = tutorials / BANDS
    bands = read_tables(path, slugs)
    for slug, limits in bands.items():
        for value, band in limits.items():
            if not _is_band(band):
                raise BuildFailure(
                    f"{tutorials.name}/{path.name}: [{slug}] {value} must be [lowest, highest], "
                    f"not {band!r}"
                )
    return bands


def check_bands(bands: Bands, run: StoredRun, before: Sequence[StoredRun] = ()) -> list[str]:
    """Compare a run's values with the bands of its lesson, if they can be compared.

    The values of a preview and of the sample are never judged, but they must be there. On the
    real MNIST a result of 100% is always refused: some test images cannot be read by anybody.

    Args:
        bands: lowest and highest allowed value, by name.
        run: the run to judge.
        before: other runs of the lesson, the newest first, to say what a value was.

    Returns:
        One sentence for each value that is missing or outside its band.
    """
    card = run.card
    lesson, values = card.lesson, card.values
    there = ", ".join(sorted(values)) or "none"
    problems = [
        f"tutorials/bands.toml: [{lesson}] {name}: no run recorded it; there are {there}"
        for name in bands
        if name not in values
    ]
    if card.profile != "full" or run.is_sample:
        return problems
    problems += [
        f"{lesson}: {one.title} reads all {one.count:,} test images: find the mistake"
        for one in card.results
        if one.correct == one.count
    ]
    for name, (low, high) in bands.items():
        if name not in values:
            continue
        if (value := values[name]) is None:
            problems.append(f"{lesson}: {name} is not a number")
        elif not low <= value <= high:
            was = _value_before(before, run, name)
            problems.append(
                f"{lesson}: {name} is {value:.4f}{was}, outside its band {low} to {high}"
            )
    return problems


def _value_before(runs: Sequence[StoredRun], run: StoredRun, name: str) -> str:
    for other in runs:
        card = other.card
        judged = card.profile == "full" and not other.is_sample and other.folder != run.folder
        if judged and card.values.get(name) is not None:
            return f" (was {card.values[name]:.4f})"
    return ""


def _is_band(band: object) -> bool:
    if not isinstance(band, list) or not all(type(limit) in (int, float) for limit in band):
        return False
    return len(band) == 2 and band[0] <= band[1]
