"""The GPU check runs where there is nothing but PyTorch and NumPy, and loses nothing.

CUDA itself cannot be tested here: what needs it is rehearsed with stand-ins, or skipped by name.
"""

import contextlib
import hashlib
import json
import os
import re
import signal
import struct
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.autograd import DeviceType
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile, record_function

from benchmarks.gpu import command, limits, many, process, races, record, trainings, worker
from benchmarks.gpu.bench import REHEARSAL, Bench, recipe_called
from benchmarks.gpu.parts import PARTS, RECIPES, Skipped
from benchmarks.gpu.process import Overrun, Process
from benchmarks.gpu.together import Together, replayed
from mnist_lessons.data import Split, normalise
from mnist_lessons.errors import DataError, SettingError
from mnist_lessons.evaluation import Score
from mnist_lessons.models import CompactCNN, ImprovedCNN, SimpleDNN
from mnist_lessons.publishing.exhibits import gpu
from mnist_lessons.studies import SEEDS, read_records
from mnist_lessons.training import TrainConfig

ROOT = Path(__file__).parents[1]
NAMES = [part.name for part in PARTS]

# What a machine with a GPU may lack: all that the lessons need besides PyTorch and NumPy.
LACKING = (
    "bs4", "filelock", "joblib", "matplotlib", "mkdocs", "mlxtend", "nbformat", "PIL",
    "platformdirs", "playwright", "pooch", "psutil", "requests", "sklearn", "torchvision", "tqdm",
)  # fmt: skip

# Read by Python before anything else.
BARE_MACHINE = f"""
import importlib.metadata
from importlib.machinery import PathFinder

find, names = PathFinder.find_spec, {LACKING!r}

@classmethod
def find_spec(cls, name, path=None, target=None):
    return None if name.partition(".")[0] in names else find(name, path, target)

def version(name):
    raise importlib.metadata.PackageNotFoundError(name)

PathFinder.find_spec = find_spec
importlib.metadata.version = importlib.metadata.metadata = version
"""


@pytest.fixture(scope="module")
def small(sample) -> Bench:
    """A rehearsal on some images of the sample."""
    return Bench.of(sample, torch.device("cpu"), REHEARSAL)


@pytest.fixture
def handlers():
    """The command sets how signals are handled."""
    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.fixture
def standing_in(tmp_path, monkeypatch, handlers):
    """Puts a short program in the worker's place; returns what runs the command."""

    def prepare(answers: str):
        script = tmp_path / "stand_in.py"
        script.write_text(
            textwrap.dedent("""
                import json, os, subprocess, sys, time
                def answer(**content):
                    print(json.dumps(content), flush=True)
                def done(number=1):
                    answer(outcome="done", result={"number": number})
                answer(machine={"card": "a card"}, data="abc")
                for part in map(str.strip, sys.stdin):
            """)
            + textwrap.indent(textwrap.dedent(answers), "    ")
        )
        monkeypatch.setattr(process, "WORKER", (str(script),))
        output = tmp_path / "gpu.json"

        def run(*options: str) -> tuple[int, dict]:
            with pytest.raises(SystemExit) as end:
                command.main(["--data", str(tmp_path), "--output", str(output), *options])
            return end.value.code, json.loads(output.read_text()) if output.exists() else {}

        run.output, run.script = output, script
        return run

    return prepare


def outcomes(content: dict) -> dict[str, str]:
    return {part["name"]: part["outcome"] for part in content["parts"]}


def reasons(content: dict) -> dict[str, str]:
    return {part["name"]: part.get("reason", "") for part in content["parts"]}


# The whole command


@pytest.fixture
def bare_machine(tmp_path) -> dict[str, str]:
    """The environment of a machine that has PyTorch and NumPy, and files that pass for MNIST."""
    contents = {}
    for prefix, count in (("train", 5_256), ("t10k", 64)):
        labels = bytes(number % 10 for number in range(count))
        images = b"".join(bytes([label * 28] * 784) for label in labels)
        contents[f"{prefix}-images-idx3-ubyte"] = struct.pack(">4I", 2051, count, 28, 28) + images
        contents[f"{prefix}-labels-idx1-ubyte"] = struct.pack(">2I", 2049, count) + labels
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in contents.items():
        (raw / name).write_bytes(content)
    files = [
        (name, len(content), hashlib.sha256(content).hexdigest(), 0, "")
        for name, content in contents.items()
    ]
    start = tmp_path / "start"
    start.mkdir()
    (start / "sitecustomize.py").write_text(
        f"{BARE_MACHINE}\n"
        "from mnist_lessons._datasets import MNIST, DataFile\n"
        f"vars(MNIST)['files'] = tuple(DataFile(*file) for file in {files!r})\n"
    )
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "TMPDIR", "LANG")}
    return {
        **kept,
        "PATH": str(start),  # no Git, no nvidia-smi, no compiler
        "PYTHONPATH": f"{start}{os.pathsep}{ROOT}",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
    }


def test_the_whole_command_needs_pytorch_and_numpy_alone(bare_machine, tmp_path):
    """The smoke of this file: some 6 s of a processor, 3 of them to import PyTorch."""
    run = partial(
        subprocess.run, cwd=ROOT, env=bare_machine, capture_output=True, text=True, check=False
    )
    lacks = run([sys.executable, "-c", "import pooch"])
    assert "No module named 'pooch'" in lacks.stderr
    output = tmp_path / "record.json"
    options = ["--data", str(tmp_path / "data"), "--output", str(output), "--commit", "0123abc"]
    check = run([sys.executable, "-W", "error", "-m", "benchmarks", "gpu", *options, "--rehearse"])
    assert check.returncode == 0, check.stderr
    content = json.loads(output.read_text(encoding="utf-8"))
    assert list(outcomes(content)) == NAMES
    need_cuda = {"graph", "limit-fit", "limit-graph", "compile", "compile-graph"}
    assert {name for name, one in outcomes(content).items() if one == "done"} == set(
        NAMES
    ) - need_cuda
    assert {reasons(content)[name] for name in need_cuda} == {"needs CUDA, and this is cpu"}
    assert (content["complete"], content["rehearsal"], content["commit"]) == (True, True, "0123abc")
    assert content["machine"]["torch"] == torch.__version__
    assert content["machine"]["driver"] is None
    results = {part["name"]: part.get("result") for part in content["parts"]}
    assert all(results[name]["same_bits"] for name in RECIPES)
    assert [one["correct"] for one in results["fit"]["tried"]] != []
    assert results["many-cnn"]["together"]["trainings"] in REHEARSAL.models
    assert re.search(r"^\[ +\d+ s left\] train the recipe dnn$", check.stderr, re.M)
    assert f"8 of {len(NAMES)} parts done; the record is {output}" in check.stdout

    # The site can show what the command writes.
    with pytest.raises(DataError, match="of a rehearsal"):
        gpu.block(output)
    output.write_text(json.dumps(content | {"rehearsal": False}), encoding="utf-8")
    section = gpu.block(output)
    assert all(section.count(f"| {name} |") in (1, 2) for name in RECIPES)
    assert section.count("needs CUDA, and this is cpu") == len(need_cuda)


def test_the_command_does_not_import_torch():
    code = "import benchmarks.__main__, benchmarks.gpu.command, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_make_installs_nothing_for_it():
    command_line = ["make", "-n", "gpu", "DATA=a folder", "PYTHON=some-python", "COMMIT=0123abc"]
    done = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=True)
    expected = 'some-python -m benchmarks gpu --data "a folder" --commit "0123abc"'
    assert done.stdout.strip() == expected


# What it refuses


def test_make_says_how_to_name_the_data():
    done = subprocess.run(["make", "gpu", "DATA="], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "make gpu DATA=folder" in done.stderr


def test_refuses_what_is_not_the_full_mnist(tmp_path):
    with pytest.raises(DataError, match="train-images-idx3-ubyte"):
        worker.open_bench(tmp_path, rehearse=True)
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (raw / name).write_bytes(bytes(8))
    with pytest.raises(DataError, match="is not MNIST's train-images-idx3-ubyte: SHA-256"):
        worker.open_bench(tmp_path, rehearse=True)


def test_refuses_a_machine_without_cuda(monkeypatch, sample):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(worker, "read_mnist", lambda folder: sample)
    with pytest.raises(SettingError, match="finds no CUDA device here; --rehearse"):
        worker.open_bench(Path(), rehearse=False)
    assert worker.open_bench(Path(), rehearse=True).device.type == "cpu"


def test_a_refusal_is_one_line_and_no_record(standing_in, capfd):
    run = standing_in("pass")
    run.script.write_text('print(\'{"outcome": "failed", "reason": "no images", "status": 2}\')')
    assert run() == (2, {})
    assert capfd.readouterr().err == "benchmarks: no images\n"


def test_a_process_that_cannot_start_is_told(standing_in, capfd):
    run = standing_in("pass")
    run.script.write_text("raise SystemExit(7)")
    assert run() == (1, {})
    assert "benchmarks: the process ended with status 7" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "the following arguments are required: --data"),
        (["--data", "no/such/folder"], "there is no folder 'no/such/folder'"),
        (["--data", ""], "there is no folder ''"),
        (["--data", ".", "--output", "no/such/file.json"], "there is no folder no/such"),
        (["--data", ".", "--minutes", "0"], "'0' is not a number from 0.1 to 60"),
        (["--data", ".", "--minutes", "nan"], "'nan' is not a number from 0.1 to 60"),
        (["--data", ".", "--rehearse"], "--rehearse needs --output"),
    ],
)
def test_bad_arguments_end_with_status_2(options, message, capsys, handlers):
    with pytest.raises(SystemExit) as end:
        command.main(options)
    assert end.value.code == 2
    assert message in capsys.readouterr().err


# Parts that fail, hang, or do not fit


def test_each_part_is_asked_for_once_and_recorded(standing_in, capfd):
    status, content = standing_in("done()")("--commit", "abc")
    assert status == 0
    assert outcomes(content) == dict.fromkeys(NAMES, "done")
    assert content["complete"]
    assert content["code"] == record.code_hash()
    assert (content["commit"], content["data"]) == ("abc", "abc")
    assert f"{len(NAMES)} of {len(NAMES)} parts done" in capfd.readouterr().out


def test_a_part_that_fails_does_not_take_the_others_along(standing_in, tmp_path):
    starts = tmp_path / "starts"
    run = standing_in(f"""
        open({str(starts)!r}, "a").write(f"{{os.getpid()}} ")
        if part == "cnn":
            answer(outcome="failed", reason="CUDA error: an illegal memory access", traceback="...")
        elif part == "graph":
            os._exit(-11 & 255)
        else:
            done()
    """)
    status, content = run()
    assert status == 1
    failed = {name for name, one in outcomes(content).items() if one == "failed"}
    assert failed == {"cnn", "graph"}
    assert reasons(content)["cnn"] == "CUDA error: an illegal memory access"
    assert reasons(content)["graph"] == "the process ended with status 245"
    # Whoever has failed is not asked again: CUDA may be in a bad state there.
    workers = starts.read_text().split()
    assert len(dict.fromkeys(workers)) == 3
    assert list(outcomes(content)) == NAMES


def test_a_check_that_is_missed_is_an_error_but_not_in_a_rehearsal(standing_in, capfd):
    run = standing_in('answer(outcome="done", result={"missed": ["other bits"]})')
    assert run()[0] == 1
    assert f"missed: {PARTS[0].title}: other bits" in capfd.readouterr().out
    assert run("--rehearse")[0] == 0
    assert "missed:" not in capfd.readouterr().out


def test_a_part_that_hangs_is_stopped_with_what_it_started(standing_in, monkeypatch, tmp_path):
    few = tuple(replace(part, most=2.0) for part in PARTS[:2])
    monkeypatch.setattr(command, "PARTS", few)
    child = tmp_path / "child"
    run = standing_in(f"""
        if part == "dnn":
            sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            open({str(child)!r}, "w").write(str(sleeper.pid))
            time.sleep(600)
        done()
    """)
    status, content = run()
    assert status == 1
    assert outcomes(content) == {"dnn": "failed", "cnn": "done"}
    assert reasons(content)["dnn"] == "stopped after 2 s without a result"
    assert is_gone(int(child.read_text()))


def test_a_part_that_would_not_fit_is_skipped(standing_in, monkeypatch):
    least = {"dnn": 0.0, "cnn": 1000.0}
    few = tuple(replace(part, least=least.get(part.name, 0.0)) for part in PARTS[:3])
    monkeypatch.setattr(command, "PARTS", few)
    status, content = standing_in("done()")("--minutes", "0.5")
    assert status == 0
    assert outcomes(content) == {"dnn": "done", "cnn": "skipped", "dnn-decayed": "done"}
    assert re.fullmatch(r"takes 1000 s at the least, and 2\d s are left", reasons(content)["cnn"])


def test_no_part_begins_after_the_end(standing_in, monkeypatch):
    monkeypatch.setattr(command, "_END", 60.0)
    run = standing_in("done()")
    monkeypatch.setattr(command, "_START", 30.0)
    # Less than nothing is left: not even PyTorch may start.
    assert run("--minutes", "0.5") == (1, {})


def start(run, data, stderr):
    """The command in a process of its own, with the script in the place of the worker."""
    code = (
        "import sys; from benchmarks.gpu import command, process; "
        f"process.WORKER = ({str(run.script)!r},); command.main(sys.argv[1:])"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, "--data", str(data), "--output", str(run.output)],
        cwd=ROOT,
        stderr=stderr,
        text=True,
    )


def start_second_part(standing_in, folder, stderr):
    """A check that has measured `dnn` and hangs in the next part; its process, and its worker's."""
    worker_id = folder / "worker"
    run = standing_in(f"""
        if part == "dnn":
            done()
        else:
            open({str(worker_id)!r}, "w").write(str(os.getpid()))
            time.sleep(600)
    """)
    started = start(run, folder, stderr)
    wait_until(lambda: worker_id.exists() and worker_id.read_text())
    return run, started, int(worker_id.read_text())


def test_what_was_measured_survives_a_kill(standing_in, tmp_path):
    run, started, worker = start_second_part(standing_in, tmp_path, subprocess.DEVNULL)
    started.kill()
    started.wait()
    os.kill(worker, signal.SIGKILL)
    content = json.loads(run.output.read_text())
    assert outcomes(content) == {"dnn": "done"}
    assert not content["complete"]
    assert not run.output.with_name("gpu.json.partial").exists()


def test_ctrl_c_leaves_a_record_and_no_process(standing_in, tmp_path):
    run, started, worker = start_second_part(standing_in, tmp_path, subprocess.PIPE)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate()
    assert started.returncode == 130
    assert err.endswith("benchmarks: interrupted; what was measured is recorded\n")
    assert outcomes(json.loads(run.output.read_text())) == {"dnn": "done"}
    assert is_gone(worker)


def test_a_record_that_cannot_be_written_is_told(standing_in, monkeypatch):
    run = standing_in("done()")

    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(record, "write_whole", full)
    status, _ = run()
    assert status == f"benchmarks: [Errno 28] No space left on device: '{run.output}'"


def is_gone(number: int) -> bool:
    """Whether a process has ended, or does so at once."""

    def ended() -> bool:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return True

    wait_until(ended)
    return True


def wait_until(condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_every_part_has_its_measure():
    assert set(worker.MEASURES) == set(NAMES)
    assert len(NAMES) == len(set(NAMES))
    assert all(0 < part.least <= part.most for part in PARTS)


def test_a_part_answers_with_its_result_its_reason_or_its_error(small, monkeypatch):
    def skip(_):
        raise Skipped("not here")

    def fail(_):
        raise RuntimeError("CUDA error")

    monkeypatch.setattr(worker, "MEASURES", {"good": lambda _: {"a": 1}, "skip": skip, "bad": fail})
    assert worker.outcome(small, "good") == {"outcome": "done", "result": {"a": 1}}
    assert worker.outcome(small, "skip") == {"outcome": "skipped", "reason": "not here"}
    failed = worker.outcome(small, "bad")
    assert (failed["outcome"], failed["reason"]) == ("failed", "RuntimeError: CUDA error")
    assert "in fail" in failed["traceback"]


# Accuracy and bits


@pytest.mark.parametrize(
    ("spread", "within"), [(0.125, True), (0.11, True), (0.09, False), (0.0, False)]
)
def test_the_mean_must_lie_within_four_spreads_of_the_cpus(spread, within, small, monkeypatch):
    monkeypatch.setattr(trainings, "_recorded", lambda *_: (0.5, spread))
    scores = iter([Score(0.1, correct, 100) for correct in (80, 50, 100, 50)])
    monkeypatch.setattr(trainings, "evaluate", lambda *_: next(scores))
    result = trainings.measure(small, "dnn")
    assert result["validation"]["limits"] == [0.5 - 4 * spread, 0.5 + 4 * spread]
    assert result["validation"]["within"] is within
    assert result["test"]["within"]
    assert result["missed"] == ([] if within else ["validation accuracy is outside of the limits"])


@pytest.mark.parametrize("name", RECIPES)
def test_the_records_of_a_name_are_those_of_the_recipe_as_it_is(name):
    """The check asks by name: another PyTorch prints layers in other words, which the key has."""
    found = {(one.seed, one.made_by) for one in read_records() if one.recipe == name}
    assert found == {(seed, recipe_called(name).key) for seed in SEEDS}


@pytest.mark.parametrize(("name", "tested"), [("cnn", True), ("cnn-adam", False)])
def test_the_test_images_are_scored_only_where_the_study_did(name, tested, small):
    assert ("test" in trainings.measure(small, name)) is tested


@pytest.mark.parametrize(("name", "script"), [("dnn", "simple_dnn"), ("cnn", "improved_cnn")])
def test_the_recipes_are_those_of_the_lessons(name, script):
    text = (ROOT / "tutorials" / f"{script}.py").read_text(encoding="utf-8")
    recipe = r"epochs=(\d+),\s+batch_size=(\d+),\s+learning_rate=(\S+),"
    found = {tuple(map(float, match)) for match in re.findall(recipe, text)}
    config = recipe_called(name).config
    assert (config.epochs, config.batch_size, config.learning_rate) in found


def test_other_bits_are_told_with_what_was_tried(small, monkeypatch):
    train = trainings._train
    deterministic = []

    def shaken(recipe, splits, seed):
        model, seconds = train(recipe, splits, seed)
        deterministic.append(torch.are_deterministic_algorithms_enabled())
        if not deterministic[-1]:
            with torch.no_grad():
                next(model.parameters()).add_(len(deterministic))
        return model, seconds

    monkeypatch.setattr(trainings, "_train", shaken)
    result = trainings.measure(small, "cnn")
    assert not result["same_bits"]
    assert result["needed"] == "torch.use_deterministic_algorithms"
    assert "the same seed gives other bits" in result["missed"]
    assert True in deterministic
    assert not torch.are_deterministic_algorithms_enabled()


# Trainings beside each other


CONFIG = TrainConfig(epochs=2, batch_size=32, learning_rate=1e-3, schedule="one-cycle")


@pytest.fixture(scope="module")
def images(sample) -> Split:
    return normalise(sample, mean=0.1307, std=0.3081).train[:100]


def run_steps(training: Together, seeds: list[int], steps: int) -> list[nn.Module]:
    training.start(seeds)
    training.shuffle(seeds)
    for _ in range(steps):
        training.step()
    return list(training.trained())


def assert_close(one: nn.Module, other: nn.Module) -> None:
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", [SimpleDNN, partial(ImprovedCNN, dropout=0.0)])
def test_stacked_models_learn_what_each_would_alone(network, images):
    together = run_steps(Together(network, images, CONFIG, 3), [5, 6, 7], 4)
    alone = Together(network, images, CONFIG)
    for seed, model in zip((5, 6, 7), together, strict=True):
        [single] = run_steps(alone, [seed], 4)
        assert_close(model, single)


def test_a_step_is_a_step_of_adam_on_the_scheduled_rate(images):
    training = Together(SimpleDNN, images, CONFIG)
    assert training.steps == 6  # three whole batches of 100 images, twice
    [model] = run_steps(training, [3], 3)
    torch.manual_seed(3)
    own = SimpleDNN()
    optimiser = torch.optim.Adam(own.parameters())
    for step, rows in enumerate(training._order[:3]):
        optimiser.param_groups[0]["lr"] = 1e-3 * (
            0.04 + 0.96 * (step / 6) / 0.25
            if step < 2
            else (1 + torch.cos(torch.tensor(torch.pi * (step / 6 - 0.25) / 0.75)).item()) / 2
        )
        optimiser.zero_grad()
        F.cross_entropy(own(images.images[rows]), images.labels[rows]).backward()
        optimiser.step()
    assert_close(model, own)


def test_an_order_is_a_seeds_own_and_repeats_no_image_in_an_epoch(images):
    pair, single = Together(SimpleDNN, images, CONFIG, 2), Together(SimpleDNN, images, CONFIG)
    pair.shuffle([1, 2])
    orders = pair._order.view(2, 3, 2, 32)
    single.shuffle([2])
    assert torch.equal(orders[:, :, 1], single._order.view(2, 3, 32))
    assert not torch.equal(orders[:, :, 0], orders[:, :, 1])
    for epoch in orders:
        for model in (0, 1):
            assert len(epoch[:, model].unique()) == 96
    assert not torch.equal(orders[0], orders[1])


def test_a_training_begins_anew_each_time(images):
    training = Together(SimpleDNN, images, CONFIG)
    [first] = run_steps(training, [1], 6)
    run_steps(training, [2], 5)
    [again] = run_steps(training, [1], 6)
    for mine, theirs in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("network", "changes", "message"),
    [
        (SimpleDNN, {"optimiser": "adamw"}, "only Adam"),
        (SimpleDNN, {"weight_decay": 0.1}, "only Adam"),
        (SimpleDNN, {"averaging": 0.9}, "only Adam"),
        (SimpleDNN, {"batch_size": 101}, "100 images do not fill a batch of 101"),
        (CompactCNN, {}, "buffers"),
    ],
)
def test_what_cannot_be_trained_together_is_refused(network, changes, message, images):
    with pytest.raises(ValueError, match=message):
        Together(network, images, replace(CONFIG, **changes))


def test_a_graph_is_captured_after_warming_up_on_its_stream(images, monkeypatch):
    """With stand-ins for CUDA: the order of the calls, and that the training starts anew."""
    calls = []

    class Stream:
        def wait_stream(self, other):
            calls.append("wait")

    @contextlib.contextmanager
    def inside(what, *_, **named):
        calls.append(what)
        yield
        calls.append(f"end of {what}")

    training = Together(SimpleDNN, images, CONFIG)
    step = training.step

    def counted():
        calls.append("step")
        step()

    monkeypatch.setattr(training, "step", counted)
    stream, graph = Stream(), SimpleNamespace(replay=step)
    monkeypatch.setattr(torch.cuda, "Stream", lambda: stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda one: inside("stream"))
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: graph)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: calls.append("synchronize"))

    def captured(one, *, stream):
        assert (one, stream) == (graph, training_stream)
        return inside("capture")

    training_stream = stream
    monkeypatch.setattr(torch.cuda, "graph", captured)
    replay = replayed(training, [0])
    assert calls == [
        "wait", "stream", "step", "step", "step", "end of stream", "synchronize",
        "capture", "step", "end of capture", "synchronize",
    ]  # fmt: skip
    training.start([1])
    training.shuffle([1])
    for _ in range(training.steps):
        replay()
    [expected] = run_steps(Together(SimpleDNN, images, CONFIG), [1], 6)
    assert_close(next(training.trained()), expected)


# Races, limits, many


def test_a_way_is_as_fast_as_its_fastest_recipe_that_reaches_the_goal(small, monkeypatch):
    monkeypatch.setattr(races, "RACES", races.RACES[:3])
    bench = replace(small, sizes=replace(REHEARSAL, races=None))
    seconds = {64: 3.0, 128: 1.0, 256: 2.0}
    monkeypatch.setattr(
        races, "_prepared",
        lambda _, way, config: (0.5, lambda seed: (seconds[config.batch_size], config.batch_size)),
    )  # fmt: skip
    monkeypatch.setattr(
        races, "evaluate",
        lambda size, split: SimpleNamespace(correct=len(split) - (5 if size == 128 else 0)),
    )  # fmt: skip
    monkeypatch.setattr(Bench, "shortened", lambda _, recipe: recipe)
    result = races.race(bench, "loop")
    assert [one["reached"] for one in result["tried"]] == [True, False, True]
    assert result["best"]["batch_size"] == 256
    monkeypatch.setattr(races, "GOAL", 1.1)
    assert races.race(bench, "loop")["best"] is None


@pytest.mark.parametrize("way", ["fit", "loop"])
def test_what_is_timed_is_training_alone(small, way):
    result = races.race(small, way)
    [tried] = result["tried"]
    assert len(tried["seconds"]) == len(tried["correct"]) == len(REHEARSAL.timed_seeds)
    assert min(tried["seconds"]) > 0
    assert tried["warm_up"] > 0
    assert tried["count"] == REHEARSAL.measured


@pytest.mark.parametrize("way", ["graph", "compile", "compile-graph"])
def test_what_only_cuda_can_do_is_skipped_without_it(small, way):
    with pytest.raises(Skipped, match="needs CUDA, and this is cpu"):
        races.race(small, way)
    with pytest.raises(Skipped, match="needs CUDA, and this is cpu"):
        limits.measure(small, "graph")


@pytest.fixture
def as_if_on_cuda(monkeypatch):
    """What needs CUDA goes on here; a graph is its step, once more, and operators are kernels."""

    def stand_in(training, seeds):
        training.start(seeds)
        training.step()
        return training.step

    monkeypatch.setattr(Bench, "need_cuda", lambda bench: None)
    for module in (limits, races):
        monkeypatch.setattr(module, "replayed", stand_in)
    monkeypatch.setattr(limits, "_WATCHED", (ProfilerActivity.CPU,))
    monkeypatch.setattr(limits, "_DEVICE", DeviceType.CPU)
    monkeypatch.setattr(limits, "_TOP", 1_000)  # all: which take longest is chance when busy


@pytest.mark.parametrize("way", ["fit", "graph"])
def test_steps_are_watched_with_small_and_large_batches(way, small, as_if_on_cuda):
    result = limits.measure(small, way)
    assert result["way"] == way
    for found in result["steps"]:
        assert found["kernels"] > 20
        assert found["microseconds"] > 0
        assert found["limit"] in ("kernels", "launches")
        assert any("convolution" in one["kernel"] for one in found["top"])


def test_a_replayed_graph_trains_like_the_loop(small, as_if_on_cuda):
    [looped], [replayed_one] = (races.race(small, way)["tried"] for way in ("loop", "graph"))
    assert replayed_one["correct"] == looped["correct"]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["compile", "compile-graph"])
def test_a_compiled_step_trains_like_the_loop(way, small, as_if_on_cuda, monkeypatch):
    """Dynamo alone takes seconds to import; the kernels that it would make need a compiler."""
    monkeypatch.setattr(races, "RACES", races._COMPILED)
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    [looped], [compiled] = (races.race(small, one)["tried"] for one in ("loop", way))
    assert compiled["correct"] == looped["correct"]


@pytest.mark.parametrize(("wall", "limit"), [(400.0, "launches"), (70.0, "kernels")])
def test_a_step_is_limited_by_its_kernels_or_by_their_launches(wall, limit):
    kernels = [("gemm", 40.0), ("copy", 5.0), ("gemm", 60.0), ("copy", 15.0)]
    found = limits.summary(iter(kernels), 2, wall)
    assert (found["kernel_microseconds"], found["kernels"]) == (60.0, 2.0)
    assert (found["share"], found["limit"]) == (round(60 / wall, 3), limit)
    assert found["top"] == [
        {"kernel": "gemm", "microseconds": 50.0},
        {"kernel": "copy", "microseconds": 10.0},
    ]


def test_a_profiler_that_sees_no_kernel_is_told():
    with pytest.raises(RuntimeError, match="the profiler saw no kernel"):
        limits.summary([], 10, 100.0)


def test_spans_that_group_others_are_no_kernels():
    with profile(activities=[ProfilerActivity.CPU]) as watched, record_function("all of it"):
        torch.ones(3).add(1)
    names = {name for name, _ in limits.kernels_among(watched.events(), DeviceType.CPU)}
    assert "aten::add" in names
    assert "all of it" not in names
    assert limits.kernels_among(watched.events(), DeviceType.CUDA) == []


@pytest.mark.parametrize("name", ["dnn", "cnn"])
def test_many_trainings_have_a_rate_and_an_accuracy(small, name):
    result = many.measure(small, name)
    assert set(result["tried"]) == {str(number) for number in REHEARSAL.models}
    together, apart = result["together"], result["apart"]
    assert together["per_second"] == together["models"] / together["seconds"]
    assert together["trainings"] == together["models"]
    assert 0 <= together["accuracy"] <= 1
    assert apart["trainings"] == len(REHEARSAL.timed_seeds)


def test_too_many_at_once_are_not_trained_in_full(small, monkeypatch):
    monkeypatch.setattr(many._Task, "rate", lambda task, models: models / 1000)
    assert many.measure(small, "dnn")["together"]["models"] == min(REHEARSAL.models)


# The record


def test_the_hash_is_of_what_is_measured(monkeypatch, tmp_path):
    for folder in ("benchmarks/gpu", "mnist_lessons"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "one.py").write_text("a = 1\n")
    monkeypatch.setattr(record, "_ROOT", tmp_path)
    before = record.code_hash()
    (tmp_path / "mnist_lessons" / "note.txt").write_text("no code")
    assert record.code_hash() == before
    (tmp_path / "mnist_lessons" / "one.py").write_text("a = 2\n")
    assert record.code_hash() != before


def test_waiting_for_an_answer_has_an_end(tmp_path, monkeypatch):
    script = tmp_path / "silent.py"
    script.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(process, "WORKER", (str(script),))
    silent = Process([])
    with pytest.raises(Overrun, match="stopped after 0 s without a result"):
        silent.answer(0.01)
    silent.end()  # once more does no harm
