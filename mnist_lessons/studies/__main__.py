"""Train what the study lacks, on all cores, and record each training as soon as it is finished."""

import argparse
import os
import sys
from pathlib import Path

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from mnist_lessons._files import output_file
from mnist_lessons._machine import code
from mnist_lessons.data import load_mnist
from mnist_lessons.errors import DataError, LessonError
from mnist_lessons.studies import LONG_TRAININGS, RECIPES, RECORDS, Recipe, Record, load_study
from mnist_lessons.studies._networks import missing, record, told
from mnist_lessons.studies._train import train

__all__ = ["main"]


def main() -> None:
    """Train, record, show progress; end with one line where a user can mend what is wrong."""
    arguments = _arguments()
    try:
        if load_mnist().provenance.is_sample:
            raise DataError("a study needs the full MNIST, and only the sample is here")
        jobs = _missing(arguments.output, arguments.names)
        print(f"{len(jobs)} trainings to do; finished ones go to {arguments.output}")
        _train_all(jobs, arguments.output, arguments.jobs)
        _record_networks(arguments.names)
    except LessonError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("interrupted; start again to go on", file=sys.stderr)
        raise SystemExit(130) from None


def _arguments() -> argparse.Namespace:
    names = [recipe.name for recipes in RECIPES.values() for recipe in recipes]
    names += LONG_TRAININGS
    parser = argparse.ArgumentParser(prog="python -m mnist_lessons.studies", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"only these: {', '.join(names)}")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="trainings at once")
    parser.add_argument("--output", type=output_file, default=RECORDS, help="file of records")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names):
        parser.error(f"no recipe {', '.join(sorted(unknown))}: there are {', '.join(names)}")
    if arguments.jobs < 1:
        parser.error("--jobs must be at least 1")
    return arguments


def _missing(path: Path, names: list[str]) -> list[tuple[Recipe, int]]:
    return [
        (step.recipe, seed)
        for steps in load_study(path).values()
        for step in steps
        for seed in step.missing
        if not names or step.recipe.name in names
    ]


def _train_all(jobs: list[tuple[Recipe, int]], path: Path, at_once: int) -> None:
    """Append each record in one write: a stop loses no finished training."""
    with (
        parallel_config("loky", n_jobs=at_once, inner_max_num_threads=1),
        path.open("a", encoding="utf-8") as stream,
        tqdm(total=len(jobs), unit="training", disable=None) as bar,
    ):
        begun_from = code()
        trainings = (delayed(train)(*job, begun_from) for job in jobs)
        records = Parallel(return_as="generator_unordered")(trainings)
        for record in records:
            stream.write(record.as_line())
            stream.flush()
            tqdm.write(_told(record), file=sys.stdout)
            sys.stdout.flush()
            bar.update()


def _record_networks(names: list[str]) -> None:
    """Train, one after the other, the networks whose weights are recorded."""
    for training in missing():
        if not names or training.name in names:
            epochs = training.first.epochs + training.second.epochs
            print(f"{training.name}: {epochs} epochs, then it is recorded with its weights")
            network = record(training)
            print(f"{training.name}: {network}")


def _told(record: Record) -> str:
    scores = told(validation=record.validation, test=record.test)
    return f"{record.recipe}, seed {record.seed}: {scores}, {record.seconds:.0f} s"


if __name__ == "__main__":
    main()
