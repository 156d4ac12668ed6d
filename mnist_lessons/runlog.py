"""What a run leaves behind: figures, `log.csv`, and `run.json` with the run card."""

import csv
import errno
import itertools
import json
import math
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn
from tqdm import tqdm

from mnist_lessons._checks import check_normalised
from mnist_lessons._claims import check_sentence, truth
from mnist_lessons._files import write_whole
from mnist_lessons._machine import Machine, machine
from mnist_lessons._mistakes import check_agreement, mistakes_json, mistakes_png
from mnist_lessons._tables import read_table
from mnist_lessons._tiles import training_png
from mnist_lessons.data import Splits
from mnist_lessons.devices import select_device
from mnist_lessons.errors import ClaimError, LessonError, SettingError
from mnist_lessons.evaluation import Predictions
from mnist_lessons.export import StoredNetwork, gain_and_offset, store
from mnist_lessons.models import count_parameters, summarise
from mnist_lessons.settings import Settings
from mnist_lessons.training import EpochRecord, TrainConfig, fit

if TYPE_CHECKING:  # matplotlib is for those who draw
    from mnist_lessons.plots import LessonFigure

__all__ = ["Run", "RunCard", "format_record", "start_run"]

_Dataset = TypeVar("_Dataset")

_PREVIEW_IMAGES = 4_000
_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LEFT_BEHIND = ("*.png", "*.svg", "*.csv", "*.errors.json", "*.weights")
_COLUMNS = (
    "fit",
    "epoch",
    "train_loss",
    "train_accuracy",
    "train_correct",
    "train_count",
    "validation_loss",
    "validation_accuracy",
    "validation_correct",
    "validation_count",
    "images",
    "seconds",
    "images_per_second",
    "learning_rate",
)


class RunCard(Machine):
    """The content of `run.json`.

    `status` is `running`, `finished`, `interrupted` or `failed`; `seconds` is the time since
    the start, `processor_seconds` what all cores worked meanwhile, for this process and those
    that it started and that have ended; `reused_seconds` is training that came from
    checkpoints; `commit` is None outside a Git checkout; `data` is None until it is loaded;
    `missing_data` names the datasets that were not to be had; `values` are numbers by name,
    `results` the rows of the site's table, `networks` those stored by `publish`, `figures`
    those that were shown, `tables` the same, `claims` the sentences that `claim` was asked to
    check, `log` the rows of `log.csv`, `trainings` the lines that `fit` printed of each. A
    number that is not finite is None.
    """

    lesson: str
    status: str
    profile: str
    started: str
    seconds: float
    processor_seconds: float
    reused_seconds: float
    seed: int
    data: dict[str, Any] | None
    missing_data: list[str]
    values: dict[str, float | None]
    results: list[dict[str, Any]]
    networks: list[dict[str, Any]]
    figures: list[dict[str, Any]]
    tables: list[dict[str, Any]]
    claims: list[dict[str, Any]]
    log: list[dict[str, Any]]
    trainings: list[dict[str, Any]]


class Run:
    """One execution of a lesson; made by `start_run`.

    Attributes:
        device: where tensors should live (`MNIST_LESSONS_DEVICE`).
        folder: receives the figures, `log.csv` and `run.json`.
    """

    def __init__(self, lesson: str, *, seed: int, settings: Settings) -> None:
        self.device = select_device(settings.device)
        self.folder = settings.runs / lesson
        self._checkpoints = settings.checkpoints_of(lesson)
        self._started, self._spent = time.perf_counter(), _processor_seconds()
        self._figures: dict[str, LessonFigure] = {}
        self._histories: list[tuple[str, tuple[EpochRecord, ...]]] = []
        self._loaded: Splits | None = None
        self._card = _new_card(lesson, seed, settings.profile or "full", self.device)
        try:
            self._empty_folder()
            self._save()
        except OSError as error:
            raise SettingError(
                f"cannot write to {self.folder}: {error.strerror}; set MNIST_LESSONS_RUNS to a "
                "folder that can be written to"
            ) from error

    def epochs(self, full: int, *, preview: int) -> int:
        """The number of epochs for a loop written by hand: `full`; in a preview, at most `preview`.

        `fit` needs no such number.
        """
        return full if self._card["profile"] == "full" else min(full, preview)

    def loaded(self, splits: Splits) -> Splits:
        """Note where the images come from; return them, in a preview only a few to train on."""
        if self._card["profile"] == "preview":
            splits = splits.head(_PREVIEW_IMAGES)
        self._card["data"] = splits.provenance.as_dict()
        self._loaded = splits
        self._save()
        return splits

    def loaded_extra(self, name: str, dataset: _Dataset | None) -> _Dataset | None:
        """Note whether a dataset besides MNIST was to be had; return it.

        A run without it is not published, and runs again where it is to be had.

        Args:
            name: of the dataset.
            dataset: what its loader gave; None where it was not to be had.
        """
        if dataset is None and name not in self._card["missing_data"]:
            self._card["missing_data"].append(name)
            self._save()
        return dataset

    def fit(
        self,
        name: str,
        model: nn.Module,
        splits: Splits,
        config: TrainConfig,
        *,
        every: int = 5,
        preview: int = 2,
    ) -> tuple[EpochRecord, ...]:
        """Train as `mnist_lessons.training.fit` does, with progress, log and checkpoints.

        A line is printed for the untrained model, every fifth epoch and the last. All epochs
        are rows of `log.csv`. The checkpoints lie in a folder of this lesson alone
        (`MNIST_LESSONS_CHECKPOINTS`): the same training is not repeated.

        Args:
            name: of this training, the first column of `log.csv`. A second training of the
                same name, such as that of a notebook's cell executed again, is logged as
                `NAME (2)`: nothing is lost.
            model: returns logits (N, 10); trained in place.
            splits: normalised images; the test split is never touched.
            config: how to train.
            every: print one line every so many epochs, at least 1.
            preview: most epochs in a preview, at least 0.

        Returns:
            One record of the untrained model, then one an epoch.

        Raises:
            ValueError: `every` is below 1, or the images are not normalised.
            NonFiniteLoss: a batch has a NaN or infinite loss.
        """
        if every < 1:
            raise ValueError(f"every must be at least 1, not {every}")
        config = replace(config, epochs=self.epochs(config.epochs, preview=preview))
        name = self._unused(name)
        printed: list[str] = []
        self._card["trainings"].append({"fit": name, "printed": printed})
        with tqdm(total=config.epochs, desc=name, unit="epoch", disable=None, leave=False) as bar:
            last = time.perf_counter()

            def note(record: EpochRecord) -> None:
                nonlocal last
                if record.seconds > time.perf_counter() - last:  # it cannot be of this run
                    self._card["reused_seconds"] += record.seconds
                self._log(name, record)
                last = time.perf_counter()
                if record.epoch % every == 0 or record.epoch == config.epochs:
                    printed.append(format_record(record, config.epochs))
                    tqdm.write(printed[-1], file=sys.stdout)
                    sys.stdout.flush()
                bar.update(1 if record.epoch else 0)

            history = fit(model, splits, config, self._checkpoints, after_epoch=note)
        self._save()
        self._histories.append((name, history))
        return history

    def record(self, **values: float) -> None:
        """Note results by name, such as `test_accuracy`, for `run.json` and the site."""
        self._card["values"].update({name: _number(value) for name, value in values.items()})
        self._save()

    def result(
        self,
        key: str,
        title: str,
        predictions: Predictions,
        model: nn.Module | None = None,
        history: Sequence[EpochRecord] = (),
    ) -> None:
        """Note a trained model's score on the test split for the site's table of results.

        A second result of the same key replaces the first. Where the test images went through
        `loaded`, `KEY.errors.json` and `KEY.errors.png` are written too, with all mistakes of the
        model.

        Args:
            key: short name; the accuracy is also recorded as `KEY.test_accuracy`.
            title: name in the table.
            predictions: of the test split, made once.
            model: gives the numbers of parameters and multiplications; without one, as of a
                model of scikit-learn, the table has none.
            history: gives the epochs and their seconds, where there are any; one that `fit`
                returned is joined with its rows of the log.

        Raises:
            ValueError: the key could not be the name of a file, or the predictions are not
                those of the test split that went through `loaded`.
        """
        if not _KEY.fullmatch(key):
            raise ValueError(f"a key has only letters, digits, _ and -, unlike {key!r}")
        if self._loaded is not None:
            test = self._loaded.test
            check_agreement(predictions, test)
            write_whole(self.folder / f"{key}.errors.json", mistakes_json(key, predictions))
            write_whole(self.folder / f"{key}.errors.png", mistakes_png(predictions, test))
        score = predictions.score
        trained = [record.seconds for record in history if record.epoch]
        others = [other for other in self._card["results"] if other["key"] != key]
        self._card["results"] = [
            *others,
            {
                "key": key,
                "title": title,
                "fit": self._fit_of(history),
                "epochs": len(trained) if history else None,
                "loss": _number(score.loss),
                "correct": score.correct,
                "count": score.count,
                "accuracy": score.accuracy,
                "interval": score.interval,
                "parameters": None if model is None else count_parameters(model),
                "multiplications": None if model is None else _multiplications(model),
                "seconds_per_epoch": sum(trained) / len(trained) if trained else None,
            },
        ]
        self.record(**{f"{key}.test_accuracy": score.accuracy})

    def publish(
        self,
        key: str,
        model: nn.Module,
        splits: Splits,
        *,
        title: str | None = None,
        name: str | None = None,
    ) -> StoredNetwork:
        """Store a trained network as `KEY.weights`, for the page where readers draw a digit.

        Beside it lie some training images, `training.digits.png`, for that page to compare with.

        It takes the fewest bytes that keep the accuracy on the validation images; see
        `mnist_lessons.export.store`. The test images have no part in it.

        Args:
            key: that of the network's `result`.
            model: made of layers that `store` knows.
            splits: normalised, as the model reads them.
            title: name of the network in a table; that of the result where None.
            name: what a sentence calls it after "the"; made of the title where None.

        Returns:
            What was stored, with its accuracy on the validation images before and after.

        Raises:
            ValueError: the key could not be the name of a file, there is no title, no data
                went through `loaded`, the validation images are not made from those by one gain
                and one offset, or the model cannot be stored.
        """
        if not _KEY.fullmatch(key):
            raise ValueError(f"a key has only letters, digits, _ and -, unlike {key!r}")
        known = {result["key"]: result["title"] for result in self._card["results"]}
        if title is None and key not in known:
            raise ValueError(f"no result has the key {key!r}: give a title")
        if self._loaded is None:
            raise ValueError("no data went through run.loaded")
        check_normalised(splits.validation.images)
        raw, images = self._loaded.validation.images, splits.validation.images
        gain, offset = gain_and_offset(raw, images)
        stored = store(model, splits.validation)
        write_whole(self.folder / f"{key}.weights", stored.content)
        write_whole(self.folder / "training.digits.png", training_png(self._loaded.train))
        self._card["networks"] = [other for other in self._card["networks"] if other["key"] != key]
        title = title or known[key]
        about = {"key": key, "title": title, "name": name or f"network {title}"}
        self._card["networks"].append({**about, "gain": gain, "offset": offset, **stored.as_dict()})
        self._save()
        return stored

    def show(self, figure: "LessonFigure", name: str) -> None:
        """Save a figure as `NAME.png`, and display it where this is a notebook.

        Beside it lie what the site shows, `NAME.svg` and its variants for dark and for narrow
        pages, and its data, `NAME.csv`, if it has any. A second figure of the same name replaces
        the first.

        Args:
            figure: the figure.
            name: of its files.

        Raises:
            ValueError: the name could not be that of a file, or is that of a table or the log.
        """
        self._check_name("figure", name, self._card["tables"])
        files = figure.files(name)
        for file, content in files.items():
            write_whole(self.folder / file, content)
        self._figures[name] = figure
        data = f"{name}.csv"
        shown = {"name": name, "title": figure.title, "alt": figure.alt}
        fits = [fit for history in figure.histories if (fit := self._fit_of(history))]
        others = [other for other in self._card["figures"] if other["name"] != name]
        noted = {**shown, "data": data if data in files else None, "fits": fits}
        self._card["figures"] = [*others, noted]
        self._save()
        if _in_notebook():
            from IPython.display import display

            bundle, metadata = figure.bundle(files[f"{name}.png"])
            metadata["image/png"]["name"] = name
            display(bundle, metadata=metadata, raw=True)

    def table(
        self,
        rows: Sequence[Mapping[str, object]],
        name: str,
        *,
        title: str,
        formats: Mapping[str, str] | None = None,
    ) -> None:
        """Print a table; a notebook displays it, and the site makes a table of its page of it.

        Its values are saved as `NAME.csv`. A second table of the same name replaces the first.

        Args:
            rows: at least one, each a mapping of the columns' names to a text, a number, a bool
                or None, of Python, NumPy or torch; the first column is the heading of its row.
            name: of its file.
            title: what the table shows, on one line.
            formats: by column, a format specification such as `.2%`. Else whole numbers have
                thousands separators, others four significant digits.

        Raises:
            ValueError: the name could not be that of a file, or is that of a figure or the log;
                there is no row or no column, rows have other columns than the first, a format
                is of no column or does not fit its values, or a text has several lines.
            TypeError: a value is something else.
        """
        self._check_name("table", name, self._card["figures"])
        table = read_table(rows, title=title, formats=formats)
        write_whole(self.folder / f"{name}.csv", table.csv())
        others = [other for other in self._card["tables"] if other["name"] != name]
        noted = {"name": name, **table.as_dict(), "data": f"{name}.csv"}
        self._card["tables"] = [*others, noted]
        self._save()
        _tell(noted["text"], table=name)

    def claim(self, sentence: str, condition: object) -> None:
        """Say what the run shows, where it does: else a full run on the full MNIST fails.

        A preview and a run on the sample say the sentence, too, and that it was not checked.

        Args:
            sentence: a whole one, on one line.
            condition: what must be True for it: a bool of Python or NumPy, or one in a tensor.

        Raises:
            ClaimError: the condition is False; the error has the sentence.
            ValueError: the sentence is empty, has several lines, or no end.
            TypeError: the condition is no bool.
        """
        check_sentence(sentence)
        holds, unchecked = truth(condition), self._why_unchecked()
        if not (holds or unchecked):
            raise ClaimError(f"this run does not bear out its claim: {sentence}")
        text = f"{sentence} (not checked {unchecked})" if unchecked else sentence
        noted = {"sentence": sentence, "holds": holds, "checked": not unchecked, "text": text}
        others = [other for other in self._card["claims"] if other["sentence"] != sentence]
        self._card["claims"] = [*others, noted]
        self._save()
        _tell(text, claim=sentence)

    def _why_unchecked(self) -> str:
        """Why this run can say nothing of a claim; empty where it can."""
        data = self._card["data"]
        reasons = {
            "in a preview": self._card["profile"] == "preview",
            "on the sample": data is not None and data["is_sample"],
        }
        return " ".join(reason for reason, holds in reasons.items() if holds)

    def _check_name(self, kind: str, name: str, others: Sequence[Mapping[str, Any]]) -> None:
        """Refuse what cannot be the name of a file, or is that of another kind."""
        if not _KEY.fullmatch(name) or name == "log":
            raise ValueError(
                f"the name of a {kind} has only letters, digits, _ and -, and is not log: {name!r}"
            )
        if any(other["name"] == name for other in others):
            raise ValueError(f"the name {name!r} is taken: a figure and a table have two names")

    def beside(self, name: str) -> Path:
        """The path of a file that lies beside the lesson, wherever that was started from.

        A script looks beside itself; a build, which runs in the project's folder, in
        `tutorials/`; a notebook in its own folder.

        Args:
            name: of the file, such as `settings.json`.

        Raises:
            FileNotFoundError: there is none; the error says where it was looked for.
        """
        script = getattr(sys.modules["__main__"], "__file__", None)
        folders = [Path(script).parent] if script else [Path("tutorials"), Path()]
        for folder in folders:
            if (folder / name).exists():
                return folder / name
        looked = " and ".join(str(folder.absolute()) for folder in folders)
        raise FileNotFoundError(errno.ENOENT, f"not beside the lesson: looked in {looked}", name)

    def finish(self) -> None:
        """Close the run; in a script, say its results and where its files are.

        Windows with the figures are opened where there is a display.
        """
        self._close("finished")
        if _in_notebook():
            return
        for one in self._card["results"]:
            print(f"{one['title']}: {one['accuracy']:.2%} of {one['count']:,} test images")
        print(f"figures, log.csv and run.json are in {self.folder}")
        if _has_display():
            from matplotlib import pyplot

            for figure in self._figures.values():
                pyplot.figure(figure.on_screen())
            pyplot.show()

    def _empty_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for pattern in _LEFT_BEHIND:
            for stale in self.folder.glob(pattern):
                stale.unlink()
        with (self.folder / "log.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.DictWriter(stream, _COLUMNS).writeheader()

    def _log(self, name: str, record: EpochRecord) -> None:
        row = {"fit": name, **record.as_row()}
        with (self.folder / "log.csv").open("a", encoding="utf-8", newline="") as stream:
            csv.DictWriter(stream, _COLUMNS).writerow(row)
        numbers = {column: _number(row[column]) for column in _COLUMNS[1:]}
        self._card["log"].append({"fit": name, **numbers})
        self._save()

    def _unused(self, name: str) -> str:
        """The name itself, or the first of `NAME (2)`, `NAME (3)`, ... that no training has."""
        used = {training["fit"] for training in self._card["trainings"]}
        names = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
        return next(other for other in names if other not in used)

    def _fit_of(self, history: Sequence[EpochRecord]) -> str | None:
        """The name under which `fit` logged this history."""
        known = tuple(history)
        return next((name for name, other in self._histories if other == known), None)

    def _close(self, status: str) -> None:
        self._card["status"] = status
        self._save()

    def _save(self) -> None:
        self._card["seconds"] = round(time.perf_counter() - self._started, 3)
        self._card["processor_seconds"] = round(_processor_seconds() - self._spent, 3)
        card = json.dumps(self._card, indent=1) + "\n"
        write_whole(self.folder / "run.json", card.encode())

    def _end_script(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Replace `sys.excepthook`: keep the log, say in one line what a user can mend."""
        self._close("interrupted" if kind is KeyboardInterrupt else "failed")
        if kind is KeyboardInterrupt:
            print(f"interrupted; the log so far is in {self.folder}", file=sys.stderr)
            raise SystemExit(130)
        if isinstance(error, LessonError):
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(error.exit_status)
        sys.__excepthook__(kind, error, trace)


def start_run(lesson: str, *, seed: int) -> Run:
    """Begin a lesson's run: read the settings, choose the device, open the log.

    In a script, an error that the user can mend then ends it with one line, and Ctrl-C with
    exit status 130.

    Args:
        lesson: short name of the lesson, the name of its folder under `runs/`.
        seed: noted on the run card; the lesson itself uses it.

    Raises:
        SettingError: a setting is unknown or outside its range (in a script: one line and
            exit status 2).
    """
    try:
        run = Run(lesson, seed=seed, settings=Settings.from_environment())
    except LessonError as error:
        if _in_notebook():
            raise
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    if not _in_notebook():
        sys.excepthook = run._end_script
    return run


def format_record(record: EpochRecord, epochs: int) -> str:
    """One line for one epoch, as wide as a page: losses, accuracy, seconds of training."""
    return (
        f"epoch {record.epoch:{len(str(epochs))}}/{epochs}"
        f"  train loss {record.train_loss:.4f}"
        f"  validation loss {record.validation_loss:.4f}"
        f"  accuracy {record.validation_accuracy:.2%}"
        f"  {record.seconds:.1f} s"
    )


def _new_card(lesson: str, seed: int, profile: str, device: torch.device) -> RunCard:
    return RunCard(
        lesson=lesson,
        status="running",
        profile=profile,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        processor_seconds=0.0,
        reused_seconds=0.0,
        seed=seed,
        **machine(device),
        data=None,
        missing_data=[],
        values={},
        results=[],
        networks=[],
        figures=[],
        tables=[],
        claims=[],
        log=[],
        trainings=[],
    )


def _processor_seconds() -> float:
    user, system, user_of_others, system_of_others, _ = os.times()
    return user + system + user_of_others + system_of_others


def _multiplications(model: nn.Module) -> int:
    return sum(layer.multiplications for layer in summarise(model))


def _number(value: float) -> float | None:
    """A number that JSON can hold: NumPy's and torch's made plain, NaN and infinity None."""
    plain = value if isinstance(value, int) else float(value)
    return plain if math.isfinite(plain) else None


def _tell(text: str, **about: str) -> None:
    """Print a text; a notebook displays it, and notes what a page can make of it."""
    if not _in_notebook():
        apart = "\n" if "\n" in text else ""  # several lines stand by themselves
        print(f"{apart}{text}{apart}", flush=True)
        return
    from IPython.display import display

    display({"text/plain": text}, metadata={"text/plain": about}, raw=True)


def _in_notebook() -> bool:
    # Asked of the module that is already there: a script must not import IPython to know.
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def _has_display() -> bool:
    import matplotlib
    from matplotlib.backends.registry import BackendFilter, backend_registry

    interactive = backend_registry.list_builtin(BackendFilter.INTERACTIVE)
    return matplotlib.get_backend().lower() in interactive
