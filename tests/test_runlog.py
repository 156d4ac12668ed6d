"""What a run leaves behind, also when it is stopped halfway."""

import csv
import getpass
import json
import math
import os
import platform
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from mnist_lessons import plots, runlog
from mnist_lessons.data import Split, normalise
from mnist_lessons.errors import NonFiniteLoss, SettingError
from mnist_lessons.evaluation import Predictions, predict
from mnist_lessons.models import SimpleDNN
from mnist_lessons.plots import LessonFigure
from mnist_lessons.runlog import Run, format_record, start_run
from mnist_lessons.settings import Settings
from mnist_lessons.training import EpochRecord, TrainConfig, fit

ALT = "An empty figure, only for this test."


def a_figure(alt):
    return LessonFigure(lambda look: Figure(figsize=(2, 1)), "A title", alt, [["x", "y"], [1, 2]])


@pytest.fixture(autouse=True)
def no_windows(monkeypatch):
    """Also on a machine with a display; and the hook of a run ends with its test."""
    matplotlib.use("agg")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.fixture
def run(tmp_path):
    return Run("lesson", seed=7, settings=Settings(runs=tmp_path))


def card(run):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads((run.folder / "run.json").read_text("utf-8"), parse_constant=refuse)


def log(folder):
    with (folder / "log.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def record(epoch, **changes):
    values = {
        "epoch": epoch,
        "train_loss": 0.25,
        "train_correct": 90,
        "train_count": 100,
        "validation_loss": 0.5,
        "validation_correct": 4_885,
        "validation_count": 5_000,
        "images": 100 if epoch else 0,
        "seconds": 1.25 if epoch else 0.0,
        "learning_rate": 0.1,
    }
    return EpochRecord(**{**values, **changes})


def assert_agree(rows, logged):
    """`log.csv` and `run.json` hold the same rows."""
    assert len(rows) == len(logged)
    for row, entry in zip(rows, logged, strict=True):
        assert list(row) == list(entry)
        assert row["fit"] == entry["fit"]
        assert {name: float(row[name]) for name in row if name != "fit"} == {
            name: value for name, value in entry.items() if name != "fit"
        }


@pytest.fixture(scope="module")
def few(sample):
    """So few images that an epoch takes no time."""
    splits = normalise(sample.head(64))
    return replace(splits, validation=splits.validation[:64])


def config(epochs, **changes):
    values = {"epochs": epochs, "batch_size": 32, "learning_rate": 1e-3}
    return TrainConfig(**{**values, **changes})


def linear():
    torch.manual_seed(0)
    return SimpleDNN(hidden=())


def test_the_log_holds_what_training_returns(run, few):
    history = run.fit("MLP", linear(), few, config(2))
    assert [entry.epoch for entry in history] == [0, 1, 2]
    rows = log(run.folder)
    assert_agree(rows, card(run)["log"])
    for row, entry in zip(rows, history, strict=True):
        assert row["fit"] == "MLP"
        assert float(row["validation_loss"]) == entry.validation_loss
        assert float(row["validation_accuracy"]) == entry.validation_accuracy
        assert int(row["validation_correct"]) == entry.validation_correct
        assert float(row["seconds"]) == entry.seconds


def test_a_dataset_that_is_not_to_be_had_is_noted_once(run, sample):
    assert card(run)["missing_data"] == []
    assert run.loaded_extra("letters", sample.test) is sample.test
    assert card(run)["missing_data"] == []
    for _ in range(2):
        assert run.loaded_extra("clothes", None) is None
    assert card(run)["missing_data"] == ["clothes"]


def test_training_that_comes_from_checkpoints_is_told_as_such(sample, tmp_path):
    small = normalise(sample.head(512))

    def reused_and_trained():
        run = Run("lesson", seed=3, settings=Settings(runs=tmp_path))
        torch.manual_seed(0)
        history = run.fit("MLP", SimpleDNN(), small, config(2))
        return card(run)["reused_seconds"], sum(record.seconds for record in history)

    reused, trained = reused_and_trained()
    assert reused == 0
    assert trained > 0
    assert reused_and_trained() == (trained, trained)


class Watcher(nn.Module):
    """Calls a function before each batch that it is trained on."""

    def __init__(self, look):
        super().__init__()
        self.layers = linear()
        self.look = look

    def forward(self, images):
        if self.training:
            self.look()
        return self.layers(images)


def test_the_files_are_written_epoch_by_epoch(run, few):
    seen = []

    def look():
        assert_agree(log(run.folder), card(run)["log"])
        assert card(run)["status"] == "running"
        seen.append(len(log(run.folder)))

    run.fit("one", Watcher(look), few, config(3, batch_size=64))
    assert seen == [1, 2, 3]
    run.fit("two", linear(), few, config(1))
    assert [row["fit"] for row in log(run.folder)] == ["one"] * 4 + ["two"] * 2
    assert_agree(log(run.folder), card(run)["log"])


def test_a_name_that_is_used_again_gets_a_number(run, few):
    """As where a cell of a notebook is executed again with another learning rate."""
    histories = [run.fit("one", linear(), few, config(1, seed=seed)) for seed in range(3)]
    names = ["one", "one (2)", "one (3)"]
    assert [row["fit"] for row in log(run.folder)] == [name for name in names for _ in range(2)]
    assert [training["fit"] for training in card(run)["trainings"]] == names
    zeros = Predictions(torch.zeros(2, 10), torch.zeros(2, dtype=torch.int64))
    run.result("second", "The second", zeros, linear(), histories[1])
    assert card(run)["results"][0]["fit"] == "one (2)"


@pytest.mark.parametrize(
    ("epochs", "options", "told"),
    [
        (12, {}, [0, 5, 10, 12]),
        (3, {}, [0, 3]),
        (10, {}, [0, 5, 10]),
        (0, {}, [0]),
        (7, {"every": 3}, [0, 3, 6, 7]),
        (2, {"every": 1}, [0, 1, 2]),
    ],
)
def test_every_fifth_epoch_and_the_last_are_printed(epochs, options, told, run, few, capsys):
    run.fit("MLP", linear(), few, config(epochs), **options)
    lines = capsys.readouterr().out.splitlines()
    assert card(run)["trainings"] == [{"fit": "MLP", "printed": lines}]
    assert [int(re.match(r"epoch +(\d+)/", line)[1]) for line in lines] == told
    assert len(log(run.folder)) == epochs + 1, "the file has every epoch"


def test_a_line_tells_losses_accuracy_and_seconds_in_the_width_of_a_page():
    line = "epoch   5/120  train loss 0.2500  validation loss 0.5000  accuracy 97.70%  1.2 s"
    assert format_record(record(5), 120) == line
    assert len(line) <= 85


def test_the_profile_chooses_the_epochs(tmp_path):
    for profile, expected in ((None, 120), ("full", 120), ("preview", 3)):
        run = Run("lesson", seed=0, settings=Settings(runs=tmp_path, profile=profile))
        assert run.epochs(120, preview=3) == expected
        assert run.epochs(2, preview=3) == 2
        assert card(run)["profile"] == (profile or "full")


@pytest.mark.parametrize(("options", "most"), [({}, 2), ({"preview": 3}, 3), ({"preview": 9}, 4)])
def test_a_preview_trains_for_a_few_epochs(options, most, tmp_path, few, capsys):
    for profile, epochs in (("full", 4), ("preview", most)):
        run = Run("lesson", seed=0, settings=Settings(runs=tmp_path, profile=profile))
        history = run.fit("MLP", linear(), few, config(4, schedule="one-cycle"), **options)
        assert f"epoch {epochs}/{epochs}" in capsys.readouterr().out.splitlines()[-1]
        shorter = fit(linear(), few, config(epochs, schedule="one-cycle"))
        assert [(entry.learning_rate, entry.train_loss) for entry in history] == [
            (entry.learning_rate, entry.train_loss) for entry in shorter
        ], "as if it had been asked for"


def test_the_card_tells_how_the_run_was_made(run, sample):
    assert run.loaded(sample) is sample
    found = card(run)
    assert (found["lesson"], found["seed"], found["status"]) == ("lesson", 7, "running")
    assert found["data"]["sizes"] == {"train": 4_000, "validation": 500, "test": 500}
    assert found["data"]["checksum"] == sample.provenance.checksum
    assert found["data"]["is_sample"]
    assert torch.__version__.startswith(found["versions"]["torch"])
    assert found["versions"]["python"] == platform.python_version()
    assert found["threads"] == torch.get_num_threads()
    assert found["device"] == str(run.device)
    assert found["device_name"]
    assert found["commit"] is None or re.fullmatch(r"[0-9a-f]{40}", found["commit"])


def test_the_device_of_the_settings_is_used(tmp_path):
    run = Run("lesson", seed=0, settings=Settings(runs=tmp_path, device="cpu"))
    assert run.device == torch.device("cpu")
    with pytest.raises(SettingError):
        Run("other", seed=0, settings=Settings(runs=tmp_path, device="cuda:999"))
    assert not (tmp_path / "other").exists()


def test_checkpoints_lie_beside_the_runs_or_where_the_settings_say(tmp_path, few, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ours = Settings(runs=Path("runs"))
    theirs = Settings(runs=Path("runs"), checkpoints=Path("states"))
    runs = [Run("lesson", seed=0, settings=settings) for settings in (ours, theirs)]
    folders = [tmp_path / "runs" / "checkpoints" / "lesson", tmp_path / "states" / "lesson"]
    assert not any(folder.parent.exists() for folder in folders), "made when needed"
    for run, folder in zip(runs, folders, strict=True):
        run.fit("MLP", linear(), few, config(1))
        assert len([*folder.glob("*.pt")]) == 1


def texts(value):
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def test_the_card_names_no_path_no_host_and_no_user(run, sample, few):
    run.loaded(sample)
    run.show(a_figure(ALT), "figure")
    run.record(accuracy=0.5)
    run.fit("MLP", linear(), few, config(1))
    run.finish()
    for text in texts(card(run)):
        assert str(run.folder) not in text
        assert str(Path.home()) not in text.split()
        assert not re.search(r"(^|[\s'\"=:(])(/\w|[A-Za-z]:\\)", text), text
        assert not {platform.node(), getpass.getuser()} & set(re.findall(r"[\w.-]+", text)), text


def test_results_are_noted_by_name(run):
    run.record(test_accuracy=0.977, errors=230)
    run.record(test_accuracy=0.978)
    assert card(run)["values"] == {"test_accuracy": 0.978, "errors": 230}


def test_results_of_numpy_and_torch_are_noted_too(run):
    run.record(a=np.float32(0.5), b=np.int64(3), c=torch.tensor(0.25))
    assert card(run)["values"] == {"a": 0.5, "b": 3, "c": 0.25}


def test_a_number_that_is_not_finite_leaves_valid_json(run, few):
    run.record(bad=math.nan, worse=-math.inf, good=1.5)
    never_zero = linear()
    never_zero.layers[-1].bias.data[0] = -math.inf
    nan = Split(few.train.images * math.nan, few.train.labels)
    run.fit("diverged", never_zero, replace(few, train=nan), config(0))
    assert card(run)["values"] == {"bad": None, "worse": None, "good": 1.5}
    assert card(run)["log"][0]["train_loss"] is None
    assert (log(run.folder)[0]["train_loss"], log(run.folder)[0]["validation_loss"]) == (
        "nan",
        "inf",
    )


def trained(splits, run):
    """A small network after two epochs, and its history."""
    torch.manual_seed(0)
    model = SimpleDNN()
    return model, run.fit("MLP", model, splits, config(2, batch_size=512))


def test_a_result_is_a_row_of_the_table(run, sample):
    splits = normalise(sample)
    model, history = trained(splits, run)
    predictions = predict(model, splits.test)
    score = predictions.score
    run.result("mlp", "Fully connected", predictions, model, history)
    (row,) = card(run)["results"]
    assert (row["key"], row["title"], row["epochs"]) == ("mlp", "Fully connected", 2)
    assert (row["correct"], row["count"]) == (score.correct, 500)
    assert (row["accuracy"], row["loss"]) == (score.accuracy, score.loss)
    assert row["interval"] == list(score.interval)
    assert (row["parameters"], row["multiplications"]) == (89_610, 89_400)
    assert row["seconds_per_epoch"] == (history[1].seconds + history[2].seconds) / 2
    assert card(run)["values"]["mlp.test_accuracy"] == score.accuracy


def test_a_result_without_a_model_says_no_number_that_it_does_not_know(run, sample):
    right = Predictions(torch.eye(10)[sample.test.labels], sample.test.labels)
    run.result("knn", "Neighbours", right)
    (row,) = card(run)["results"]
    assert row["accuracy"] == 1
    unknown = ("fit", "epochs", "parameters", "multiplications", "seconds_per_epoch")
    assert all(row[name] is None for name in unknown)


def test_an_untrained_model_has_no_seconds_an_epoch(run, sample, few):
    zeros = Predictions(torch.zeros(500, 10), sample.test.labels)
    run.result(
        "none", "Untrained", zeros, nn.Sequential(), run.fit("none", linear(), few, config(0))
    )
    (row,) = card(run)["results"]
    assert (row["epochs"], row["seconds_per_epoch"]) == (0, None)
    assert (row["parameters"], row["multiplications"]) == (0, 0)


def test_a_second_result_of_a_key_replaces_the_first(run, sample):
    for digit in (3, 4):
        same = Predictions(torch.eye(10)[digit].expand(500, 10), sample.test.labels)
        run.result("constant", f"Always {digit}", same)
    assert [row["title"] for row in card(run)["results"]] == ["Always 4"]


def test_a_result_names_its_training(run, sample, few):
    splits = normalise(sample)
    run.fit("another", linear(), few, config(2))
    model, history = trained(splits, run)
    predictions = predict(model, splits.test)
    for key, given in (("logged", history), ("as_a_list", list(history)), ("own", history[1:])):
        run.result(key, "Fully connected", predictions, model, given)
    assert [row["fit"] for row in card(run)["results"]] == ["MLP", "MLP", None]


def mistakes(run, key):
    """The list of mistakes that a result left behind, and their images (M, 28, 28)."""
    found = json.loads((run.folder / f"{key}.errors.json").read_text("utf-8"))
    with Image.open(run.folder / f"{key}.errors.png") as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        sheet = np.asarray(picture)
    rows, columns = (length // 28 for length in sheet.shape)
    assert columns == found["columns"]
    tiles = sheet.reshape(rows, 28, columns, 28).swapaxes(1, 2).reshape(-1, 28, 28)
    return found, tiles


def test_a_result_leaves_all_mistakes_with_their_images(run, sample):
    run.loaded(sample)
    splits = normalise(sample)
    model, history = trained(splits, run)
    predictions = predict(model, splits.test)
    run.result("mlp", "Fully connected", predictions, model, history)
    found, tiles = mistakes(run, "mlp")
    assert (found["key"], found["count"]) == ("mlp", 500)
    rows = [error[0] for error in found["errors"]]
    wrong = (predictions.digits != predictions.labels).nonzero().flatten().tolist()
    assert sorted(rows) == wrong, "all of them, each once"
    counts = np.zeros((10, 10), dtype=int)
    for place, (row, true, read, chances) in enumerate(found["errors"]):
        assert (true, read) == (int(sample.test.labels[row]), int(predictions.digits[row]))
        exact = predictions.probabilities[row].numpy() * 1000
        assert np.abs(exact - chances).max() <= 0.5 + 1e-3
        assert (tiles[place] == sample.test.images[row].numpy()).all()
        counts[true, read] += 1
    assert not tiles[len(rows) :].any(), "the last row is filled up with black"
    confidence = predictions.confidence[torch.tensor(rows)].tolist()
    assert confidence == sorted(confidence, reverse=True)
    confusion = np.array(found["confusion"])
    assert (confusion - np.diag(np.diag(confusion)) == counts).all()
    assert confusion.sum() == 500


def test_a_model_without_mistakes_has_an_empty_list(run, sample):
    run.loaded(sample)
    right = Predictions(torch.eye(10)[sample.test.labels] * 20, sample.test.labels)
    run.result("oracle", "All right", right, SimpleDNN(), [])
    found, tiles = mistakes(run, "oracle")
    assert found["errors"] == []
    assert not tiles.any()


def test_without_loaded_images_a_result_leaves_no_mistakes(run, sample):
    logits = torch.zeros(500, 10)
    run.result("zeros", "Always 0", Predictions(logits, sample.test.labels), SimpleDNN(), [])
    assert sorted(path.name for path in run.folder.iterdir()) == ["log.csv", "run.json"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda labels: labels[:-1], "499 predictions, but the test split of this run has 500"),
        (lambda labels: labels.flip(0), "labels"),
    ],
)
def test_predictions_of_other_images_are_refused(change, told, run, sample):
    run.loaded(sample)
    labels = change(sample.test.labels)
    others = Predictions(torch.zeros(len(labels), 10), labels)
    with pytest.raises(ValueError, match=told):
        run.result("mlp", "Fully connected", others, SimpleDNN(), [])
    assert card(run)["results"] == []
    assert sorted(path.name for path in run.folder.iterdir()) == ["log.csv", "run.json"]


def test_mistakes_need_images_as_they_are_loaded(run, sample):
    run.loaded(normalise(sample))
    zeros = Predictions(torch.zeros(500, 10), sample.test.labels)
    with pytest.raises(ValueError, match="float32"):
        run.result("mlp", "Fully connected", zeros, SimpleDNN(), [])


@pytest.mark.parametrize("key", ["", "../mlp", "a b", "a.b", "a/b", "été"])
def test_a_key_can_name_a_file(key, run, sample):
    zeros = Predictions(torch.zeros(500, 10), sample.test.labels)
    with pytest.raises(ValueError, match="key"):
        run.result(key, "Fully connected", zeros, SimpleDNN(), [])


def test_a_reader_never_sees_half_a_card(run):
    with (run.folder / "run.json").open(encoding="utf-8") as early:
        run.record(accuracy=0.5)
        # Whoever opened the old card still reads all of it: it was replaced, not rewritten.
        assert json.load(early)["values"] == {}
    assert card(run)["values"] == {"accuracy": 0.5}
    assert sorted(path.name for path in run.folder.iterdir()) == ["log.csv", "run.json"]


def test_figures_are_saved_and_listed_in_order(run):
    for name in ("curves", "errors"):
        run.show(a_figure(f"{ALT} {name}"), name)
        with Image.open(run.folder / f"{name}.png") as picture:
            assert picture.format == "PNG"
        for ending in (".svg", ".dark.svg", ".narrow.svg", ".narrow.dark.svg"):
            assert (run.folder / f"{name}{ending}").read_text("utf-8").startswith("<svg ")
    assert (run.folder / "curves.csv").read_text("utf-8") == "x,y\n1,2\n"
    assert card(run)["figures"] == [
        {
            "name": name,
            "title": "A title",
            "alt": f"{ALT} {name}",
            "data": f"{name}.csv",
            "fits": [],
        }
        for name in ("curves", "errors")
    ]


def test_a_figure_of_learning_curves_names_the_trainings_that_it_shows(run, few):
    one = run.fit("one", linear(), few, config(1))
    other = run.fit("other", linear(), few, config(1, seed=2))
    run.show(plots.learning_curves({"A": other, "B": other[:1]}, title="Both"), "curves")
    run.show(plots.learning_curves({"A": one, "B": other}, title="Both"), "both")
    assert [figure["fits"] for figure in card(run)["figures"]] == [["other"], ["one", "other"]]


def test_a_second_figure_of_a_name_replaces_the_first(run):
    run.show(a_figure(f"{ALT} first"), "one")
    run.show(a_figure(f"{ALT} second"), "one")
    [listed] = card(run)["figures"]
    assert listed["alt"] == f"{ALT} second"


@pytest.mark.parametrize("name", ["", "log", "a/b", "../a", "a b", "a.svg"])
def test_a_figure_needs_the_name_of_a_file(run, name):
    with pytest.raises(ValueError, match="the name of a figure"):
        run.show(a_figure(ALT), name)
    assert card(run)["figures"] == []


def test_a_figure_and_a_table_have_two_names(run):
    run.show(a_figure(ALT), "one")
    with pytest.raises(ValueError, match="the name 'one' is taken"):
        run.table([{"a": 1}], "one", title="T")
    run.table([{"a": 1}], "two", title="T")
    with pytest.raises(ValueError, match="the name 'two' is taken"):
        run.show(a_figure(ALT), "two")
    assert (run.folder / "one.csv").read_text("utf-8") == "x,y\n1,2\n"


def test_a_new_run_leaves_nothing_of_the_old_one(run, sample, few, tmp_path):
    run.show(a_figure(ALT), "old")
    run.record(accuracy=0.5)
    run.fit("old", linear(), few, config(2))
    run.loaded(sample)
    zeros = Predictions(torch.zeros(500, 10), sample.test.labels)
    run.result("old", "Always 0", zeros, SimpleDNN(), [])
    again = Run("lesson", seed=7, settings=Settings(runs=tmp_path))
    assert sorted(path.name for path in again.folder.iterdir()) == ["log.csv", "run.json"]
    assert log(again.folder) == card(again)["log"] == card(again)["figures"] == []
    assert card(again)["values"] == {}


def test_finishing_says_where_the_files_are(run, capsys):
    run.finish()
    assert str(run.folder) in capsys.readouterr().out
    assert card(run)["status"] == "finished"


def test_windows_open_where_there_is_a_display(run, monkeypatch):
    from matplotlib import pyplot

    shown = []
    monkeypatch.setattr(runlog, "_has_display", lambda: True)
    monkeypatch.setattr(pyplot, "show", lambda: shown.extend(pyplot.get_fignums()))
    run.show(a_figure(ALT), "one")
    run.show(a_figure(ALT), "two")
    run.finish()
    pyplot.close("all")
    assert len(shown) == 2


@pytest.mark.parametrize(
    ("error", "status", "end", "told"),
    [
        (NonFiniteLoss("the loss is nan"), "failed", 1, "error: the loss is nan\n"),
        (SettingError("no such setting"), "failed", 2, "error: no such setting\n"),
    ],
)
def test_what_a_user_can_mend_ends_a_script_with_one_line(
    error, status, end, told, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("MNIST_LESSONS_RUNS", str(tmp_path))
    run = start_run("lesson", seed=0)
    with pytest.raises(SystemExit) as caught:
        sys.excepthook(type(error), error, None)
    assert caught.value.code == end
    assert capsys.readouterr().err == told
    assert card(run)["status"] == status


def test_a_notebook_gets_the_exception_itself(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: object()))
    monkeypatch.setenv("MNIST_LESSONS_RUNS", str(tmp_path))
    hook = sys.excepthook
    start_run("lesson", seed=0)
    assert sys.excepthook is hook
    monkeypatch.setenv("MNIST_LESSONS_PROFILE", "quick")
    with pytest.raises(SettingError):
        start_run("lesson", seed=0)


def script(folder, text, **variables):
    """Start a script as a user without a display does."""
    (folder / "lesson.py").write_text("from mnist_lessons.runlog import start_run\n" + text)
    removed = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
    kept = {name: value for name, value in os.environ.items() if name not in removed}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "lesson.py"],
        cwd=folder,
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_behind(folder):
    return SimpleNamespace(folder=folder / "runs" / "lesson")


def test_ctrl_c_keeps_the_log_so_far(tmp_path):
    process = script(
        tmp_path,
        """
import signal, time
import torch
from mnist_lessons.data import Split, Splits
from mnist_lessons.models import SimpleDNN
from mnist_lessons.training import TrainConfig

# A test run in the background may have inherited that Ctrl-C is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Slow(SimpleDNN):
    batches = 0

    def forward(self, images):
        self.batches += self.training
        if self.batches == 7:  # the first of epoch 4
            print("waiting", flush=True)
            time.sleep(600)
        return super().forward(images)

run = start_run("lesson", seed=0)
noise = Split(torch.rand(64, 1, 28, 28), torch.arange(64) % 10)
config = TrainConfig(epochs=9, batch_size=32, learning_rate=1e-3)
run.fit("noise", Slow(), Splits(noise, noise, noise, provenance=None), config)
""",
    )
    assert any(line == "waiting\n" for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (f"interrupted; the log so far is in {Path('runs') / 'lesson'}")
    found = card(left_behind(tmp_path))
    rows = log(left_behind(tmp_path).folder)
    assert found["status"] == "interrupted"
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2, 3]
    assert_agree(rows, found["log"])


def test_an_unknown_setting_ends_a_script_with_one_line(tmp_path):
    process = script(tmp_path, 'start_run("lesson", seed=0)\n', MNIST_LESSONS_PROFIL="preview")
    out, err = process.communicate()
    assert process.returncode == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "MNIST_LESSONS_PROFIL" in err
    assert "MNIST_LESSONS_PROFILE" in err, "the right name is suggested"
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    settings = Settings(runs=tmp_path / "file")
    with pytest.raises(SettingError, match="MNIST_LESSONS_RUNS"):
        Run("lesson", seed=0, settings=settings)


def test_a_script_waits_for_no_display_and_an_error_keeps_its_traceback(tmp_path):
    process = script(
        tmp_path,
        """
from matplotlib.figure import Figure
from mnist_lessons.plots import LessonFigure
run = start_run("lesson", seed=0)
alt = "An empty figure, only for this test."
run.show(LessonFigure(lambda look: Figure(), "Title", alt), "figure")
run.finish()
1 / 0
""",
    )
    out, err = process.communicate()
    assert process.returncode == 1
    assert out.splitlines() == [f"figures, log.csv and run.json are in {Path('runs') / 'lesson'}"]
    assert err.startswith("Traceback (most recent call last):")
    assert 'lesson.py", line 9' in err
    assert err.splitlines()[-1] == "ZeroDivisionError: division by zero"
    found = card(left_behind(tmp_path))
    assert found["status"] == "failed"
    assert [figure["name"] for figure in found["figures"]] == ["figure"]


@pytest.mark.parametrize(
    ("script", "working"),
    [
        ("tutorials/one.py", "."),
        ("tutorials/one.py", "elsewhere"),
        (None, "."),
        (None, "tutorials"),
    ],
    ids=["script", "script from elsewhere", "build", "Jupyter"],
)
def test_a_file_beside_the_lesson_is_found_wherever_it_runs(
    run, tmp_path, monkeypatch, script, working
):
    for folder in ("tutorials", "elsewhere"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tutorials" / "settings.json").write_text("{}")
    main = SimpleNamespace(__file__=str(tmp_path / script)) if script else SimpleNamespace()
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.chdir(tmp_path / working)
    assert run.beside("settings.json").read_text() == "{}"
    with pytest.raises(FileNotFoundError, match=r"not beside the lesson: looked in .*tutorials"):
        run.beside("nothing.json")
