"""A training that is stopped anywhere ends as if it had not been; a finished one is reused."""

import contextlib
import dataclasses
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import mnist_lessons
from mnist_lessons import _checkpoints
from mnist_lessons._checkpoints import Checkpoint
from mnist_lessons._fingerprint import fingerprint
from mnist_lessons._origins import Unknown, code_of
from mnist_lessons.augmentation import RandomAffine
from mnist_lessons.data import Split, normalise
from mnist_lessons.errors import NonFiniteLoss
from mnist_lessons.models import ImprovedCNN, SimpleDNN
from mnist_lessons.training import OPTIMISERS, TrainConfig, fit

GOOD = {"epochs": 3, "batch_size": 32, "learning_rate": 1e-2}
RECIPES = [(SimpleDNN, "adam"), (ImprovedCNN, "adagrad")]


def config(**changes):
    return TrainConfig(**{**GOOD, **changes})


@pytest.fixture(scope="module")
def splits(sample):
    whole = normalise(sample)
    return dataclasses.replace(whole, train=whole.train[:129], validation=whole.validation[:50])


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "not" / "there" / "yet"


@pytest.fixture
def always(monkeypatch):
    """Store after each epoch."""
    monkeypatch.setattr(_checkpoints, "INTERVAL", 0)


def build(kind=SimpleDNN, seed=0):
    torch.manual_seed(seed)
    return kind()


def bits(model):
    """Every bit of the weights, and how they lie in memory."""
    return [
        (name, value.stride(), value.contiguous().numpy().tobytes())
        for name, value in model.state_dict().items()
    ]


def rows(records):
    """All that is logged but the time."""
    return [dataclasses.replace(record, seconds=0.0) for record in records]


def stored(folder):
    (path,) = folder.glob("*.pt")
    assert {other.name for other in folder.iterdir()} == {"lock", path.name}
    return path


def test_without_a_folder_nothing_is_stored(splits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit(build(), splits, config())
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_before_something_is_stored(splits, folder, tmp_path):
    there = []
    fit(
        build(), splits, config(), folder, after_epoch=lambda _: there.append([*tmp_path.iterdir()])
    )
    assert there[:3] == [[], [], []]
    stored(folder)


class Stopped(Exception):
    """As Ctrl-C, at a moment that a test chooses."""


def stopped(epochs, *arguments):
    """The records of a training that is stopped after some epochs."""
    records = []

    def stop(record):
        records.append(record)
        if record.epoch == epochs:
            raise Stopped

    with pytest.raises(Stopped):
        fit(*arguments, after_epoch=stop)
    return tuple(records)


@pytest.mark.parametrize("kind", [SimpleDNN, ImprovedCNN])
@pytest.mark.parametrize("optimiser", sorted(OPTIMISERS))
def test_a_stopped_training_ends_with_the_same_bits(kind, optimiser, splits, folder, always):
    recipe = config(optimiser=optimiser)
    expected = build(kind)
    log = fit(expected, splits, recipe)
    for epochs in (1, 2, 3):
        first = stopped(epochs, build(kind), splits, recipe, folder)
        model = build(kind)
        assert fit(model, splits, recipe, folder)[: epochs + 1] == first
        assert rows(fit(build(kind), splits, recipe, folder)) == rows(log)
        assert bits(model) == bits(expected)
        assert model.training
        stored(folder).unlink()


class Normalised(nn.Module):
    """Has buffers besides its weights."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Linear(784, 10))

    def forward(self, images):
        return self.layers(images)


def test_a_stopped_training_with_everything_ends_with_the_same_bits(splits, folder, always):
    recipe = config(
        batch_size=43,  # batch normalisation needs more than one image
        schedule="one-cycle", averaging=0.9, weight_decay=0.1, label_smoothing=0.1,
        optimiser="adamw", augment=RandomAffine(shift=1, degrees=5, scale=0.1, shear=5),
    )  # fmt: skip
    expected = build(Normalised)
    log = fit(expected, splits, recipe)
    for epochs in (0, 1, 2, 3):
        stopped(epochs, build(Normalised), splits, recipe, folder)
        model = build(Normalised)
        assert rows(fit(model, splits, recipe, folder)) == rows(log)
        assert bits(model) == bits(expected)
        stored(folder).unlink()


def test_a_finished_training_is_not_repeated(splits, folder):
    model = build(ImprovedCNN)
    records = fit(model, splits, config(), folder)
    path = stored(folder)
    content = path.read_bytes()
    os.utime(path, (0, 0))
    again = build(ImprovedCNN)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    assert fit(again, splits, config(), folder) == records, "also the seconds"
    assert torch.equal(torch.get_rng_state(), state)
    assert bits(again) == bits(model)
    assert path.read_bytes() == content
    assert time.time() - path.stat().st_mtime < 3_600, "whoever tidies up sees that it was used"


def test_the_untrained_model_can_be_all(splits, folder):
    records = fit(build(), splits, config(epochs=0), folder)
    assert fit(build(), splits, config(epochs=0), folder) == records
    assert len(records) == 1


def test_stored_records_are_told_too_while_the_model_is_as_it_was_stored(splits, folder):
    model = build()
    records = fit(model, splits, config(), folder)
    again, told = build(), []

    def note(record):
        told.append(record)
        assert bits(again) == bits(model)

    assert fit(again, splits, config(), folder, after_epoch=note) == tuple(told) == records


def test_a_loss_that_is_not_finite_is_told_each_time(splits, folder):
    wild = dataclasses.replace(splits, train=Split(splits.train.images * 1e18, splits.train.labels))
    recipe = config(learning_rate=1_000.0, optimiser="sgd")
    messages = []
    for _ in range(2):
        with pytest.raises(NonFiniteLoss) as caught:
            fit(SimpleDNN(hidden=()), wild, recipe, folder)
        messages.append(str(caught.value))
    assert messages[0].startswith("the loss is ")


# A process that does not train, and whose children do: they need not import PyTorch again.
NURSERY = """
import json, os, random, signal, sys, time
from pathlib import Path
import torch
from mnist_lessons import _checkpoints
from mnist_lessons.models import ImprovedCNN, SimpleDNN
from mnist_lessons.training import TrainConfig, fit

_checkpoints.INTERVAL = 0
base = Path(sys.argv[1])
splits = torch.load(base / "splits", weights_only=False)

def child(kind, config, result):
    reader, writer = os.pipe()
    if pid := os.fork():
        os.close(writer)
        return pid, open(reader)
    torch.manual_seed(0)
    model = {"SimpleDNN": SimpleDNN, "ImprovedCNN": ImprovedCNN}[kind]()
    with open(writer, "w") as pipe:
        note = lambda record: print(record.epoch, file=pipe, flush=True)
        records = fit(model, splits, config, base / kind, after_epoch=note)
    torch.save((model.state_dict(), records), result)
    os._exit(0)

def together(kind, config, number):
    results = [base / f"{kind}-{i}" for i in range(number)]
    for pid, lines in [child(kind, config, result) for result in results]:
        lines.read()
        assert os.waitpid(pid, 0)[1] == 0

def kill(kind, config, number, chance=random.Random(0)):
    reached = 0
    for _ in range(number):
        pid, lines = child(kind, config, base / "too-early")
        goal, epoch = reached + chance.randint(0, 2), -1
        while epoch < goal:
            start = time.monotonic()
            epoch = int(next(lines))
        time.sleep(chance.uniform(0, 2) * (time.monotonic() - start))
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL
        reached = epoch

for what, kind, values, number in json.loads(sys.argv[2]):
    globals()[what](kind, TrainConfig(**values), number)
"""


def nursery(base, splits, *jobs):
    """Do jobs: what to do, name of the network, fields of the configuration, how many."""
    torch.save(splits, base / "splits")
    command = [sys.executable, "-c", NURSERY, base, json.dumps(jobs)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def assert_same_end(path, model, records):
    """The child that left this file ended with the same bits."""
    weights, log = torch.load(path, weights_only=False)
    assert rows(log) == rows(records)
    own = build(type(model))
    own.load_state_dict(weights)
    assert bits(own) == bits(model)


def test_kills_at_any_moment_change_no_bit(splits, tmp_path, kills):
    """Each kill is of a training of two epochs and more, and the next one goes on from there."""
    epochs = 3 * kills + 10  # a kill lets two more epochs pass, or three
    recipes = {kind: {**GOOD, "epochs": epochs, "optimiser": name} for kind, name in RECIPES}
    half = [("kill", kind.__name__, recipe, kills // 2) for kind, recipe in recipes.items()]
    last = [("together", kind.__name__, recipe, 1) for kind, recipe in recipes.items()]
    # In two processes, because some orders hold within one process alone.
    nursery(tmp_path, splits, *half)
    assert all(0 < stored_epochs(tmp_path / kind.__name__) < epochs for kind in recipes)
    nursery(tmp_path, splits, *half, *last)
    assert not (tmp_path / "too-early").exists()
    for kind, recipe in recipes.items():
        assert stored_epochs(tmp_path / kind.__name__) == epochs
        stored(tmp_path / kind.__name__)
        model = build(kind)
        records = fit(model, splits, TrainConfig(**recipe))
        assert_same_end(tmp_path / f"{kind.__name__}-0", model, records)


def stored_epochs(folder):
    (path,) = folder.glob("*.pt")
    with path.open("rb") as stream:
        stream.seek(32)
        return len(torch.load(stream, weights_only=True)["log"]) - 1


def test_processes_that_train_the_same_at_once_agree(splits, tmp_path):
    recipe = {**GOOD, "epochs": 20}
    nursery(tmp_path, splits, ("together", "SimpleDNN", recipe, 4))
    model = build()
    records = fit(model, splits, TrainConfig(**recipe))
    for number in range(4):
        assert_same_end(tmp_path / f"SimpleDNN-{number}", model, records)
    assert stored_epochs(tmp_path / "SimpleDNN") == 20
    stored(tmp_path / "SimpleDNN")


def parts(splits, model=None, **changes):
    """What `fit` makes of its arguments: model, optimiser, tensors, configuration."""
    model = model or build()
    recipe = config(**changes)
    optimiser = OPTIMISERS[recipe.optimiser](
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    train, validation = splits.train, splits.validation
    tensors = (train.images, train.labels, validation.images, validation.labels)
    return model, optimiser, tensors, recipe


def checkpoint(folder, splits, **changes):
    return Checkpoint(folder, *parts(splits, **changes))


def test_a_damaged_file_is_never_used(splits, folder):
    fit(build(), splits, config(epochs=1), folder)
    path = stored(folder)
    content = path.read_bytes()
    reader = checkpoint(folder, splits, epochs=1)
    assert len(reader.restore()) == 2
    chance = random.Random(0)
    damaged = [content[: chance.randrange(len(content))] for _ in range(50)]
    damaged += [content + b"\0", b"", content[32:], bytes(len(content))]
    for _ in range(100):
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        damaged.append(bytes(flipped))
    # Where one bit counts most: the hash, and the start of what it is the hash of.
    for place in range(40):
        damaged.append(bytes([*content[:place], content[place] ^ 1, *content[place + 1 :]]))
    for wrong in damaged:
        path.write_bytes(wrong)
        assert reader.restore() == []


def test_a_damaged_file_is_replaced(splits, folder):
    model = build()
    log = rows(fit(model, splits, config(), folder))
    path = stored(folder)
    content = path.read_bytes()
    for wrong in (content[:-7], content.replace(b"layers", b"lasers", 1)):
        path.write_bytes(wrong)
        again = build()
        records = fit(again, splits, config(), folder)
        assert (rows(records), bits(again)) == (log, bits(model))
        assert fit(build(), splits, config(), folder) == records
        stored(folder)


def test_the_file_of_another_training_is_not_used(splits, folder):
    fit(build(seed=1), splits, config(), folder)
    other = stored(folder).read_bytes()
    log = rows(fit(build(), splits, config()))
    reader = checkpoint(folder, splits)
    reader._file.write_bytes(other)
    assert rows(fit(build(), splits, config(), folder)) == log


@contextlib.contextmanager
def full_disk(limit=5_000):
    """Let no file grow beyond some bytes: writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def assert_told_once(err, folder):
    (line,) = err.splitlines()
    assert line.startswith(f"mnist_lessons: cannot store checkpoints in {folder}: ")
    assert line.endswith("; training goes on without")


def test_training_goes_on_where_nothing_can_be_stored(splits, tmp_path, always, capsys):
    (tmp_path / "file").write_text("in the way")
    expected = build()
    log = rows(fit(expected, splits, config()))
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/mnist-lessons")):
        model = build()
        assert rows(fit(model, splits, config(), folder)) == log
        assert bits(model) == bits(expected)
        assert_told_once(capsys.readouterr().err, folder)


def test_a_full_disk_is_told_once_and_tried_again(splits, folder, always, capsys):
    expected = build()
    log = rows(fit(expected, splits, config()))
    model = build()
    with contextlib.ExitStack() as disk:
        disk.enter_context(full_disk())

        def tidy_up(record):
            if record.epoch == 2:
                disk.close()
                assert_told_once(capsys.readouterr().err, folder)
                assert {path.name for path in folder.iterdir()} == {"lock"}

        records = fit(model, splits, config(), folder, after_epoch=tidy_up)
    assert capsys.readouterr().err == ""
    assert (rows(records), bits(model)) == (log, bits(expected))
    assert fit(build(), splits, config(), folder) == records


def test_what_is_stored_survives_a_full_disk(splits, folder, always):
    stopped(1, build(), splits, config(), folder)
    content = stored(folder).read_bytes()
    with full_disk():
        fit(build(), splits, config(), folder)
    assert stored(folder).read_bytes() == content


def test_a_folder_in_place_of_the_file_is_told(splits, folder, capsys):
    reader = checkpoint(folder, splits)
    reader._file.mkdir(parents=True)
    fit(build(), splits, config(), folder)
    assert_told_once(capsys.readouterr().err, folder)
    assert {path.name for path in folder.iterdir()} == {"lock", reader._file.name}


def key(splits, model=None, **changes):
    model, optimiser, tensors, recipe = parts(splits, model, **changes)
    return fingerprint(model, tensors, optimiser, recipe)


def test_the_same_training_has_the_same_key(splits):
    assert key(splits) == key(splits, build().eval())
    moved = dataclasses.replace(splits, train=splits.train[:], test=None, provenance=None)
    assert key(moved) == key(splits)


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 4},
        {"batch_size": 33},
        {"learning_rate": 0.0100000001},
        {"optimiser": "sgd"},
        {"schedule": "cosine"},
        {"weight_decay": 0.1},
        {"label_smoothing": 0.1},
        {"averaging": 0.9},
        {"augment": RandomAffine(shift=1)},
        {"seed": 1},
        {"measured_images": 9_999},
    ],
    ids=str,
)
def test_every_field_of_the_configuration_is_in_the_key(change, splits):
    assert set(change) <= {field.name for field in dataclasses.fields(TrainConfig)}
    assert key(splits, **change) != key(splits)


@settings(max_examples=settings.default.max_examples // 2)
@given(st.data())
def test_every_bit_of_images_labels_and_weights_is_in_the_key(splits, data):
    model = build(ImprovedCNN)
    fresh = [
        Split(part.images.clone(), part.labels.clone())
        for part in (splits.train, splits.validation)
    ]
    own = dataclasses.replace(splits, train=fresh[0], validation=fresh[1])
    before = key(own, model)
    tensors = [*parts(own)[2], *model.parameters()]
    array = data.draw(st.sampled_from([tensor.detach().numpy() for tensor in tensors]))
    place = np.unravel_index(data.draw(st.integers(0, array.size - 1)), array.shape)
    raw = bytearray(array[place].tobytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    array[place] = np.frombuffer(bytes(raw), array.dtype)[0]
    assert key(own, model) != before


class Plain(nn.Module):
    """A rule that a learner might write."""

    def __init__(self, power=1):
        super().__init__()
        self.layers = SimpleDNN()
        self.power = power

    def forward(self, images):
        return self.layers(images**self.power)


class Other(Plain):
    """The same, by another name."""


def frozen():
    model = SimpleDNN()
    model.layers[1].weight.requires_grad = False
    return model


def tied(share):
    model = SimpleDNN((100, 100, 100))
    model.layers[5].load_state_dict(model.layers[3].state_dict())
    if share:
        model.layers[5].weight = model.layers[3].weight
    return model


def rigid(p):
    model = ImprovedCNN()
    model.classifier[3].p = p
    return model


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SimpleDNN, frozen),
        (SimpleDNN, lambda: nn.Sequential(SimpleDNN())),
        (lambda: tied(False), lambda: tied(True)),
        (lambda: rigid(0.5), lambda: rigid(0.25)),
        (ImprovedCNN, lambda: ImprovedCNN().to(memory_format=torch.contiguous_format)),
        (Plain, lambda: Plain(2)),
        (Plain, Other),
    ],
)
def test_the_structure_of_the_model_is_in_the_key(one, other, splits):
    assert key(splits, build(one)) == key(splits, build(one))
    assert key(splits, build(one)) != key(splits, build(other))


def matmul_precision(value):
    """Set it by the older function; `none` is as at the start."""
    torch.set_float32_matmul_precision("highest" if value == "none" else value)
    if value == "none":
        torch.backends.cuda.matmul.fp32_precision = "none"
        torch.backends.mkldnn.matmul.fp32_precision = "none"


@contextlib.contextmanager
def changed(setter, before, value):
    setter(value)
    try:
        yield
    finally:
        setter(before)


@pytest.mark.parametrize(
    ("setter", "before", "value"),
    [
        (torch.set_num_threads, torch.get_num_threads(), torch.get_num_threads() + 1),
        (torch.set_default_dtype, torch.float32, torch.float64),
        (matmul_precision, "none", "high"),
        (partial(setattr, torch.backends.mkldnn.matmul, "fp32_precision"), "none", "bf16"),
        (torch.use_deterministic_algorithms, False, True),
    ],
)
def test_the_settings_of_pytorch_are_in_the_key(setter, before, value, splits):
    model = build()
    usual = key(splits, model)
    with changed(setter, before, value):
        assert key(splits, model) != usual
    assert key(splits, model) == usual


def local():
    class Local(SimpleDNN):
        pass

    return Local()


def executed():
    namespace = {"__name__": "__main__", "SimpleDNN": SimpleDNN}
    exec("class Executed(SimpleDNN): pass", namespace)
    return namespace["Executed"]()


def hooked():
    model = SimpleDNN()
    model.register_forward_hook(lambda *_: None)
    return model


def patched():
    model = SimpleDNN()
    model.forward = lambda images: model.layers(images * 2)
    return model


def forgetful():
    model = SimpleDNN()
    model.register_buffer("lost", torch.zeros(1), persistent=False)
    return model


def with_a_tensor():
    model = SimpleDNN()
    model.scale = torch.ones(1)
    return model


class Counting(SimpleDNN):
    """Holds a state that `state_dict` does not."""

    calls = 0

    def forward(self, images):
        self.calls += 1
        return super().forward(images)


UNKNOWN = [local, executed, hooked, patched, forgetful, with_a_tensor]


@pytest.mark.parametrize("kind", [*UNKNOWN, Counting])
def test_what_is_not_known_to_be_safe_is_trained_again(kind, splits, folder, capsys):
    if kind in UNKNOWN:
        with pytest.raises(Unknown):
            key(splits, build(kind))
    assert len(fit(build(kind), splits, config(epochs=1), folder)) == 2
    assert not folder.exists()
    assert capsys.readouterr().err == ""


def test_a_module_that_is_younger_than_the_process_is_not_known(splits, tmp_path, monkeypatch):
    text = "from mnist_lessons.models import SimpleDNN\nclass Young(SimpleDNN): pass\n"
    (tmp_path / "young_net.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    from young_net import Young

    with pytest.raises(Unknown, match=r"young_net\.py has changed"):
        key(splits, Young())
    del sys.modules["young_net"]  # else no model would be known to the tests that follow


def test_the_code_of_a_training_is_what_it_imports():
    found = dict(code_of({"mnist_lessons.training", "mnist_lessons.models", "torch.nn"}))
    names = {name.removeprefix("mnist_lessons.") for name in found}
    assert {"training", "models", "evaluation", "data", "_checkpoints", "_fingerprint"} <= names
    assert not {"plots", "runlog", "torch.nn", "numpy"} & names


HEAD = """
import torch
from mnist_lessons.models import SimpleDNN
from mnist_lessons.training import TrainConfig
from mnist_lessons._fingerprint import fingerprint
"""
OWN_CLASS = """
from power import power

class Own(SimpleDNN):
    def forward(self, images):
        return super().forward(power(images))
"""
TAIL = """
torch.manual_seed(0)
model = globals().get("Own", SimpleDNN)()
config = TrainConfig(epochs=1, batch_size=1, learning_rate=1)
print(fingerprint(model, [torch.zeros(1)], config))
"""
# A class as a lesson may have it, with a constant and a function of other cells.
CELLS = {
    "constant": "HIDDEN = 2",
    "function": "def double(images):\n    return [HIDDEN * image for image in images]",
    "class": """
class Own(SimpleDNN):
    scale = 3

    def forward(self, images):
        return super().forward(torch.stack(double(images)) * self.scale + power(images))
""",
}
WIDE = ("function", "HIDDEN", "eval('HIDDEN')")
CHANGED_CELLS = {
    "cells, constant": ("constant", "2", "3"),
    "cells, function": ("function", "for image in", "for image in 2 *"),
    "cells, method": ("class", "* self", "/ self"),
    "cells, attribute": ("class", "scale = 3", "scale = 4"),
    "cells, base": ("class", "SimpleDNN", "torch.nn.Module"),
}
HELPER = "def power(images):\n    return images ** 2\n"
# Imports what takes long, and lets a child for each program import the rest.
PROGRAMS = """
import json, os, runpy, sys
from pathlib import Path
import torch
from IPython.core.interactiveshell import InteractiveShell

def script(path):
    runpy.run_path(path, run_name="__main__")

def text(source):
    exec(source, globals())

def cells(*sources):
    shell = InteractiveShell.instance()
    for source in sources:
        shell.run_cell(source, store_history=True).raise_error()

for folder, (kind, *arguments) in json.load(sys.stdin).items():
    if not (pid := os.fork()):
        os.chdir(folder)
        sys.path.insert(0, folder)
        sys.stdout = open("key", "w")
        {"script": script, "text": text, "cells": cells}[kind](*arguments)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """The key that each of several programs comes to, by name; empty where there is none."""
    base = tmp_path_factory.mktemp("programs")

    def package(name, *edits):
        """A text that uses a package with some edits."""
        ours = Path(mnist_lessons.__file__).parent
        copy = shutil.copytree(
            ours,
            base / name / ours.name,
            ignore=shutil.ignore_patterns("__pycache__", "publishing"),
        )
        for file, old, new in edits:
            source = (copy / file).read_text(encoding="utf-8")
            assert old in source
            (copy / file).write_text(source.replace(old, new), encoding="utf-8")
        return "text", HEAD + TAIL

    def script(name, source, helper=HELPER):
        (base / name).mkdir()
        (base / name / "power.py").write_text(helper)
        (base / name / "lesson.py").write_text(source)
        return "script", str(base / name / "lesson.py")

    def others(name, *program):
        script(name, "")
        return program

    def cells(name, *edits, more="", helper=HELPER):
        """A notebook whose class names what other cells define."""
        script(name, "", helper)
        sources = dict(CELLS)
        for cell, old, new in edits:
            assert old in sources[cell]
            sources[cell] = sources[cell].replace(old, new)
        return "cells", HEAD, "from power import power", *sources.values(), more, TAIL

    own = HEAD + OWN_CLASS + TAIL
    programs = {
        "package": package("package"),
        "comment": package("comment", ("models.py", "import torch\n", "import torch  # !\n\n\n")),
        "other modules": package(
            "other modules",
            ("plots.py", "__all__ = [", "__all__ = ['x', "),
            ("runlog.py", "__all__ = [", "__all__ = ['x', "),
        ),
        "model": package("model", ("models.py", "nn.ReLU()", "nn.GELU()")),
        "training": package("training", ("training.py", "1_000_003", "1_000_007")),
        "script": script("script", own),
        "script, comment": script("script, comment", "# !\n" + own),
        "script, code": script("script, code", own.replace("(images))", "(images + 1))")),
        "script, helper": script("script, helper", own, HELPER.replace("2", "3")),
        "no script": others("no script", "text", own),
        "cells": cells("cells"),
        "cells, comment": cells("cells, comment", ("class", "    def", "    # !\n\n    def")),
        "cells, one more": cells("cells, one more", more="import shutil\nx = 3"),
        "cells, helper": cells("cells, helper", helper=HELPER.replace("2", "3")),
        "cells, patched": cells(
            "cells, patched", more="Own.forward = lambda self, images: self.layers(images)"
        ),
        **{name: cells(name, change) for name, change in CHANGED_CELLS.items()},
        "wide": cells("wide", WIDE),
        "wide, one more": cells("wide, one more", WIDE, more="x = 3"),
        "cells, text": others("cells, text", "cells", HEAD, f"exec({OWN_CLASS!r})", TAIL),
    }
    run = subprocess.run(
        [sys.executable, "-c", PROGRAMS],
        input=json.dumps({str(base / name): program for name, program in programs.items()}),
        env={**os.environ, "IPYTHONDIR": str(base)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr.count("Unknown: ") == run.stderr.count("Traceback")
    said = {name: (base / name / "key").read_text() for name in programs}
    return {name: "".join(re.findall("^[0-9a-f]{64}$", text, re.M)) for name, text in said.items()}


def test_the_code_of_the_package_is_in_the_key(keys):
    assert keys["package"] == keys["comment"] == keys["other modules"]
    assert len({keys["package"], keys["model"], keys["training"], ""}) == 4


def test_the_code_of_a_script_is_in_the_key(keys):
    assert keys["script"] == keys["script, comment"]
    assert len({keys["script"], keys["script, code"], keys["script, helper"], ""}) == 4


def test_a_script_that_is_started_has_the_same_key(keys, tmp_path):
    (tmp_path / "power.py").write_text(HELPER)
    (tmp_path / "lesson.py").write_text(HEAD + OWN_CLASS + TAIL)
    command = [sys.executable, "lesson.py"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.strip() == keys["script"], run.stderr


def test_a_class_of_a_notebook_is_in_the_key_with_all_that_it_names(keys):
    others = [keys[name] for name in (*CHANGED_CELLS, "cells, helper", "cells, patched")]
    assert len({keys["cells"], *others, ""}) == len(others) + 2


def test_what_a_class_of_a_notebook_does_not_name_is_not_in_the_key(keys):
    assert keys["cells"] == keys["cells, comment"] == keys["cells, one more"]


def test_where_a_class_may_name_anything_all_cells_are_in_the_key(keys):
    assert len({keys["wide"], keys["wide, one more"], ""}) == 3


def test_a_class_without_a_source_has_no_key(keys):
    assert keys["no script"] == keys["cells, text"] == ""
