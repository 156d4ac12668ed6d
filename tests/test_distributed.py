"""Several processes train as one does: the same gradients, weights and scores, but for rounding."""

import os
import signal
import subprocess
import sys

import psutil
import pytest
import torch

from mnist_lessons.distributed import Shared, main
from mnist_lessons.models import SimpleDNN

SMALL = ("--epochs", "2", "--images", "257", "--batch-size", "32", "--dtype", "float64")

# What each process of a group does with a shared model and with a plain one.
COMPARE = """
import sys
from dataclasses import replace

import psutil
import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F

from mnist_lessons.data import Split, load_mnist, normalise
from mnist_lessons.distributed import Shared, process_group
from mnist_lessons.errors import NonFiniteLoss
from mnist_lessons.evaluation import evaluate, predict
from mnist_lessons.models import ImprovedCNN, SimpleDNN
from mnist_lessons.training import TrainConfig, fit

torch.set_default_dtype(torch.float64)
found = {}


def greatest(left, right):
    return max((a - b).abs().max().item() for a, b in zip(left, right, strict=True))


def pair(kind, **options):
    models = []
    for _ in range(2):
        torch.manual_seed(0)
        models.append(kind(**options))
    return models


def gradients(model, images, labels):
    model.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    return [weight.grad.clone() for weight in model.parameters()]


threads = psutil.Process().num_threads()
with process_group() as device:
    rank = dist.get_rank()
    mnist = normalise(load_mnist().head(257))
    double = lambda split: Split(split.images.double(), split.labels)
    splits = replace(mnist, train=double(mnist.train), validation=double(mnist.validation))
    images, labels = splits.train.images, splits.train.labels

    for kind, options in ((SimpleDNN, {}), (ImprovedCNN, {"dropout": 0.0})):
        plain, inner = pair(kind, **options)
        shared = Shared(inner)
        for rows in (1, 2, 7, 64):
            batch = images[:rows], labels[:rows]
            alone, together = gradients(plain, *batch), gradients(shared, *batch)
            key = f"gradient {kind.__name__} {rows}"
            found[key] = greatest(alone, together), max(g.abs().max().item() for g in alone)
            found[f"logits {key}"] = greatest([plain(batch[0])], [shared(batch[0])])

    for averaging in (0.0, 0.9):
        # 257 images in batches of 32: the last batch is one image, and one share is empty.
        config = TrainConfig(epochs=2, batch_size=32, learning_rate=1e-3, averaging=averaging)
        plain, inner = pair(SimpleDNN)
        shared = Shared(inner)
        logs = fit(plain, splits, config), fit(shared, splits, config)
        for one, two in zip(*logs, strict=True):
            assert (one.images, one.validation_correct) == (two.images, two.validation_correct)
            assert one.train_correct == two.train_correct
            assert abs(one.validation_loss - two.validation_loss) < 1e-12
        found[f"weights {averaging}"] = greatest(plain.parameters(), inner.parameters())
    found["moved"] = greatest(inner.parameters(), pair(SimpleDNN)[0].parameters())
    states = [None] * dist.get_world_size()
    dist.all_gather_object(states, inner.state_dict())
    found["between processes"] = max(greatest(states[0].values(), s.values()) for s in states)
    for size in (1, 3, 500):
        odd = splits.validation[:11]
        assert evaluate(shared, odd, batch_size=size).correct == evaluate(inner, odd).correct
    found["predicted"] = greatest(
        [predict(inner, splits.validation).logits], [predict(shared, splits.validation).logits]
    )

    shared = Shared(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).train())
    torch.manual_seed(1)
    lost = shared(torch.ones(6, 4)) == 0
    found["dropout alike"] = bool((lost[:3] == lost[3:]).all() and lost.any())

    shared = Shared(SimpleDNN())
    try:
        fit(shared, replace(splits, train=Split(images * torch.nan, labels)), config)
    except NonFiniteLoss:
        found["stopped"] = True
    found["threads within"] = psutil.Process().num_threads() - threads
found["threads left"] = psutil.Process().num_threads() - threads
torch.save(found, f"{sys.argv[1]}/{rank}.pt")
"""


def torchrun(*command, **options):
    """The command of two processes, as in a terminal."""
    settings = {"MNIST_LESSONS_DEVICE": "cpu", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}
    launcher = ("-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1")
    return subprocess.Popen(
        [sys.executable, *launcher, "--nproc-per-node=2", *command],
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background may have inherited that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **options,
    )


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """What two processes found, by process."""
    folder = tmp_path_factory.mktemp("compare")
    script = folder / "compare.py"
    script.write_text(COMPARE, encoding="utf-8")
    process = torchrun(script, folder)
    _, err = process.communicate()
    assert process.returncode == 0, err
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["SimpleDNN", "ImprovedCNN"])
@pytest.mark.parametrize("rows", [1, 2, 7, 64])
def test_the_gradient_is_that_of_the_whole_batch(reports, kind, rows):
    for report in reports:
        difference, size = report[f"gradient {kind} {rows}"]
        assert difference < 1e-12
        assert size > 1e-3
        assert report[f"logits gradient {kind} {rows}"] < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_fit_ends_with_the_weights_of_one_process(reports, averaging):
    for report in reports:
        assert report[f"weights {averaging}"] < 1e-12
        assert report["moved"] > 1e-3


@pytest.mark.slow
def test_all_processes_hold_the_same_bits(reports):
    assert [report["between processes"] for report in reports] == [0, 0]


@pytest.mark.slow
def test_a_shared_model_is_measured_like_a_plain_one(reports):
    assert all(report["predicted"] < 1e-12 for report in reports)


@pytest.mark.slow
def test_dropout_repeats_itself_in_each_share_as_documented(reports):
    assert [report["dropout alike"] for report in reports] == [True, True]


@pytest.mark.slow
def test_a_bad_loss_stops_every_process(reports):
    assert [report["stopped"] for report in reports] == [True, True]


@pytest.mark.slow
def test_a_group_leaves_no_thread_but_the_one_that_watches_the_launcher(reports):
    assert all(report["threads within"] > 1 for report in reports)
    assert [report["threads left"] for report in reports] == [1, 1]


def difference_of(one, two):
    pairs = zip(one.values(), two.values(), strict=True)
    return max((a - b).abs().max().item() for a, b in pairs)


def test_the_program_trains_alike_with_and_without_torchrun(tmp_path, capsys):
    """Its launcher and both of its processes import PyTorch, and train."""
    process = torchrun("-m", "mnist_lessons.distributed", *SMALL, "--output", tmp_path / "two.pt")
    out, err = process.communicate()
    assert process.returncode == 0, err
    # Both say that this is the sample, now and then at the same moment: then a line end is late.
    assert all(line.startswith("mnist_lessons: ") for line in filter(None, err.splitlines())), err
    assert main([*SMALL, "--output", str(tmp_path / "one.pt")]) == 0
    said = capsys.readouterr().out
    told, expected = ([line.rsplit("  ", 1)[0] for line in s.splitlines()] for s in (out, said))
    assert told == expected
    assert [line.split()[1] for line in told] == ["0", "1", "2"]
    one, two = (torch.load(tmp_path / name) for name in ("one.pt", "two.pt"))
    assert len(one["weights"]) == len(two["weights"]) == 3
    for left, right in zip(one["weights"], two["weights"], strict=True):
        assert difference_of(left, right) < 1e-12
    assert difference_of(one["weights"][0], one["weights"][2]) > 1e-3
    for left, right in zip(one["log"], two["log"], strict=True):
        for name in set(left) - {"seconds"}:
            assert left[name] == pytest.approx(right[name], abs=1e-12)
    model = SimpleDNN()
    model.load_state_dict(two["weights"][-1])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--epochs", "x"], "--epochs"),
        (["--epochs", "-1"], "epochs must be"),
        (["--batch-size", "0"], "batch_size must be"),
        (["--learning-rate", "nan"], "learning_rate must be"),
        (["--optimiser", "luck"], "adam"),
        (["--dtype", "int8"], "float64"),
        (["--images", "0"], "images must be"),
        (["--output", "/no/such/folder/weights.pt"], "/no/such/folder"),
        (["--output", "/"], "/ is there, and is no regular file"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, told, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert told in err


def test_what_cannot_be_written_leaves_the_file_that_was_there(tmp_path, capsys):
    file = tmp_path / "weights.pt"
    options = ["--epochs", "0", "--images", "64", "--output", str(file)]
    assert main(options) == 0
    before = file.read_bytes()
    (tmp_path / "weights.pt.partial").mkdir()
    assert main(options) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: ")
    assert file.read_bytes() == before


def test_a_process_that_torchrun_did_not_start_says_so(monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert main([]) == 2
    assert "let torchrun start the processes" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["mps", "cuda:1"])
def test_processes_cannot_share_one_device(device, monkeypatch, capsys):
    for name, value in {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("MNIST_LESSONS_DEVICE", device)
    assert main([]) == 2
    assert f"cannot share the device {device}" in capsys.readouterr().err


def test_a_shared_model_needs_a_group():
    with pytest.raises(ValueError, match="process group"):
        Shared(SimpleDNN())


@pytest.mark.slow
def test_a_wrong_argument_ends_all_processes():
    process = torchrun("-m", "mnist_lessons.distributed", "--epochs", "-1")
    out, err = process.communicate()
    assert process.returncode != 0
    assert out == ""
    assert "error: epochs must be" in err


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_when_the_launcher_ends(sent):
    """The launcher and both of its processes import PyTorch first."""
    process = torchrun("-m", "mnist_lessons.distributed", "--epochs", "100000", "--images", "64")
    assert process.stdout.readline().startswith("epoch 0")
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) >= 2
    process.send_signal(sent)
    _, left = psutil.wait_procs(started, timeout=300)
    for one in left:
        one.kill()
    process.communicate()
    assert process.returncode != 0
    assert left == []
