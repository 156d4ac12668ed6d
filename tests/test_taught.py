"""What a lesson teaches is what the package has: a class of both names in both is the same."""

import ast
import copy
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mnist_lessons import calibration, corruptions, insight, models
from mnist_lessons.augmentation import RandomAffine
from mnist_lessons.data import normalise
from mnist_lessons.evaluation import Predictions
from mnist_lessons.publishing.writing.lessons import SOLUTION, code_cells, discover, tagged
from mnist_lessons.publishing.writing.teaching import read_teaching
from mnist_lessons.studies import RECIPES
from mnist_lessons.training import SCHEDULES, TrainConfig, fit
from mnist_lessons.views import SeveralViews

TUTORIALS = Path(__file__).parents[1] / "tutorials"
LESSONS = discover(TUTORIALS)
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
# What a lesson must have in view as soon as `teaching.toml` names it.
IN_VIEW = {
    "simple_dnn": {"SimpleDNN"},
    "improved_cnn": {"ImprovedCNN"},
    "beyond": {"CompactCNN"},
}


def definitions(lesson):
    """The imports, functions and classes of a lesson's shown code."""
    shown = [cell for cell in code_cells(lesson.notebook()) if not tagged(cell, SOLUTION)]
    statements = [one for cell in shown for one in ast.parse(cell.source).body]
    return [one for one in statements if isinstance(one, DEFINITIONS)]


def taught(lesson):
    """The names of its classes that the package has, too."""
    named = {one.name for one in definitions(lesson) if isinstance(one, ast.ClassDef)}
    return sorted(named & set(models.__all__))


def class_of(statements, name):
    """The class that definitions make, without what the lesson does with it."""
    namespace = {}
    exec(compile(ast.Module(statements, []), "a lesson", "exec"), namespace)
    return namespace[name]


def difference(mine, ours):
    """What two networks differ in; empty where they are the same."""
    networks = []
    for kind in (mine, ours):
        torch.manual_seed(1)
        networks.append(kind())
    one, other = networks
    if str(one) != str(other):
        return "layers"
    weights, others = one.state_dict(), other.state_dict()
    if list(weights) != list(others) or not all(
        map(torch.equal, weights.values(), others.values())
    ):
        return "first weights"
    if [value.stride() for value in weights.values()] != [w.stride() for w in others.values()]:
        return "order in memory"
    logits = []
    for network in networks:
        torch.manual_seed(2)
        images = torch.randn(4, 1, 28, 28)
        logits += [network.train()(images), network.eval()(images)]
    return (
        "" if torch.equal(logits[0], logits[2]) and torch.equal(logits[1], logits[3]) else "answers"
    )


def test_each_class_of_a_lesson_is_that_of_the_package():
    differences = {
        (lesson.slug, name): difference(class_of(definitions(lesson), name), getattr(models, name))
        for lesson in LESSONS
        for name in taught(lesson)
    }
    assert not any(differences.values()), differences


def test_a_lesson_that_is_measured_has_its_network_in_view():
    measured = read_teaching(TUTORIALS, LESSONS)
    seen = {lesson.slug: set(taught(lesson)) for lesson in LESSONS if lesson.slug in measured}
    assert all(IN_VIEW.get(slug, set()) <= names for slug, names in seen.items()), seen


def test_the_loop_that_the_first_lesson_writes_out_is_that_of_fit(sample):
    """In the same order of the images, one epoch of both ends with the same weights."""
    data = normalise(sample)
    config = TrainConfig(epochs=1, batch_size=512, learning_rate=1e-3, seed=3)
    [lesson] = [lesson for lesson in LESSONS if lesson.slug == "simple_dnn"]
    [loop] = [cell.source for cell in code_cells(lesson.notebook()) if "backward()" in cell.source]
    ours, theirs = models.SimpleDNN(), models.SimpleDNN()
    theirs.load_state_dict(ours.state_dict())
    fit(theirs, data, config)
    torch.manual_seed(3 * 1_000_003 + 1)  # that of the first epoch of the training of seed 3
    exec(loop, {"torch": torch, "run": SimpleNamespace(device="cpu"), "data": data, "model": ours})
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def mistakes():
    """The definitions of Spot the bug, right ones and wrong ones, by name."""
    [lesson] = [lesson for lesson in LESSONS if lesson.slug == "spot_the_bug"]
    adam = partial(torch.optim.Adam, lr=1e-3)
    namespace = {"SEED": 1, "run": SimpleNamespace(device="cpu"), "adam": adam}
    exec(compile(ast.Module(definitions(lesson), []), "a lesson", "exec"), namespace)
    return SimpleNamespace(namespace=namespace, **namespace)


def test_the_right_version_of_spot_the_bug_is_fit(mistakes, sample, monkeypatch):
    data = normalise(sample)
    monkeypatch.setitem(mistakes.namespace, "SEED", 3 * 1_000_003 + 1)  # as fit, in epoch 1
    ours, theirs = models.SimpleDNN(), models.SimpleDNN()
    theirs.load_state_dict(ours.state_dict())
    *_, score = mistakes.train(ours, data.train, data.validation, 1)
    *_, record = fit(
        theirs, data, TrainConfig(epochs=1, batch_size=512, learning_rate=1e-3, seed=3)
    )
    assert score.loss == pytest.approx(record.validation_loss, rel=1e-4)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


def test_each_wrong_network_of_spot_the_bug_is_wrong_as_the_lesson_says(mistakes, sample):
    few = normalise(sample).train[:32]
    right, probable, patient, three = (
        mistakes.fresh(kind).eval()
        for kind in (models.SimpleDNN, mistakes.Probable, mistakes.Patient, mistakes.ThreeLayers)
    )
    with torch.no_grad():
        logits = right(few.images)
        torch.testing.assert_close(probable(few.images), logits.softmax(dim=1))
        torch.testing.assert_close(patient(few.images), logits.softmax(dim=0))
        torch.testing.assert_close(three(few.images), logits.relu())
        assert torch.equal(patient(few.images[:1]), torch.ones(1, 10))
        assert (three.train()(few.images) == 0).float().mean() > 0.5
    assert (logits < 0).any()


@pytest.mark.parametrize(("size", "seen"), [(10, 90), (30, 90), (50, 50), (99, 99), (100, 0)])
def test_the_epoch_of_spot_the_bug_loses_its_last_batch(mistakes, sample, monkeypatch, size, seen):
    sizes = []
    monkeypatch.setitem(mistakes.namespace, "step", lambda *given: sizes.append(len(given[-1])))
    mistakes.one_epoch(None, None, normalise(sample).train[:100], size)
    assert sum(sizes) == seen


@pytest.fixture(scope="module")
def changes():
    """The functions that the lesson on changes writes out, by name."""
    [lesson] = [lesson for lesson in LESSONS if lesson.slug == "beyond"]
    namespace = {}
    exec(compile(ast.Module(definitions(lesson), []), "a lesson", "exec"), namespace)
    return SimpleNamespace(**namespace)


def test_the_schedule_that_a_lesson_writes_out_is_one_cycle(changes):
    for step in range(1_001):
        assert changes.one_cycle(step / 1_000) == pytest.approx(
            SCHEDULES["one-cycle"](step / 1_000), abs=1e-12
        )


def test_the_augmentation_that_a_lesson_writes_out_is_that_of_its_recipe(changes, sample):
    images = normalise(sample).test.images[:50]
    [recipe] = [one for one in RECIPES["dnn"] if one.name == "dnn-augmented"]
    other = {"shift": 3.0, "degrees": 40.0, "scale": 0.3, "shear": 30.0}
    for amounts, ours in (({}, recipe.config.augment), (other, RandomAffine(**other))):
        moved = []
        for change in (lambda them, given=amounts: changes.augmented(them, **given), ours):
            torch.manual_seed(1)
            moved.append(change(images))
        torch.testing.assert_close(*moved, rtol=0, atol=1e-4)


def test_the_loss_that_a_lesson_writes_out_is_that_with_smoothed_labels(changes):
    torch.manual_seed(1)
    logits, labels = 5 * torch.randn(40, 10), torch.randint(10, (40,))
    for smoothing in (0.0, 0.1, 0.5):
        torch.testing.assert_close(
            changes.smoothed_loss(logits, labels, smoothing),
            F.cross_entropy(logits, labels, label_smoothing=smoothing),
        )


def test_the_views_that_a_lesson_writes_out_are_several_views(changes, sample):
    images = normalise(sample).test.images[:50]
    model = models.CompactCNN().eval()
    with torch.inference_mode():
        mine, ours = changes.several_views(model, images), SeveralViews(model, 0.75)(images)
    torch.testing.assert_close(mine, ours, rtol=1e-4, atol=1e-5)


def test_the_average_that_a_lesson_writes_out_is_that_of_fit(changes, sample):
    data = normalise(sample)
    config = TrainConfig(
        epochs=1, batch_size=100, learning_rate=1e-2, optimiser="sgd", averaging=0.8, seed=3
    )
    model, theirs = models.SimpleDNN(), models.SimpleDNN()
    theirs.load_state_dict(model.state_dict())
    fit(theirs, data, config)
    mean = copy.deepcopy(model)
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-2)
    torch.manual_seed(3 * 1_000_003 + 1)  # that of the first epoch of the training of seed 3
    for step, rows in enumerate(torch.randperm(len(data.train)).split(100)):
        loss = F.cross_entropy(model(data.train.images[rows]), data.train.labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        changes.average_in(mean, model, step, decay=0.8)
    for mine, other in zip(mean.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


def functions_of(slug, *names):
    """Functions that a lesson defines, by name, with the imports that they need."""
    [lesson] = [lesson for lesson in LESSONS if lesson.slug == slug]
    kept = [
        one
        for one in definitions(lesson)
        if not isinstance(one, ast.ClassDef)
        and (not isinstance(one, ast.FunctionDef) or one.name in names)
    ]
    namespace = {}
    exec(compile(ast.Module(kept, []), "a lesson", "exec"), namespace)
    return [namespace[name] for name in names]


@pytest.mark.parametrize("images", [1, 7])
def test_the_backpropagation_that_a_lesson_writes_out_is_autograd(images):
    """With biases, too, which are 0 in the network that the lesson checks."""
    *_, backward = functions_of("from_nothing", "softmax", "p_minus_y", "forward", "backward")
    generator = np.random.default_rng(4)
    parameters = [generator.normal(size=size) for size in [(784, 30), 30, (30, 10), 10]]
    x, y = generator.random((images, 784)), generator.integers(10, size=images)
    w1, b1, w2, b2 = theirs = [torch.tensor(values, requires_grad=True) for values in parameters]
    hidden = (torch.tensor(x) @ w1 + b1).relu()
    F.cross_entropy(hidden @ w2 + b2, torch.tensor(y)).backward()
    for mine, other in zip(backward(parameters, x, y), theirs, strict=True):
        torch.testing.assert_close(torch.tensor(mine), other.grad, rtol=1e-10, atol=1e-12)


def test_the_move_that_why_convolution_writes_out_is_that_of_the_package(sample):
    [shift] = functions_of("robustness", "shift")
    images = normalise(sample).validation.images[:11]
    for pixels in (0, 1, 6, 28):
        assert torch.equal(shift(images, pixels), corruptions.shift(images, pixels))


def test_the_occlusion_map_that_why_convolution_writes_out_is_that_of_the_package(sample):
    [occlusion_map] = functions_of("robustness", "occlusion_map")
    torch.manual_seed(5)
    network = models.ImprovedCNN()  # with dropout, which a map must not meet
    image = normalise(sample).validation.images[3]
    before = image.clone()
    found = occlusion_map(network, image, 6)
    assert torch.equal(image, before)
    assert found.std() > 0
    torch.testing.assert_close(found, insight.occlusion_map(network, image, 6), rtol=0, atol=1e-6)


def program():
    """The program that readers download, as its statements."""
    text = (TUTORIALS / "your_own" / "your_digit.py").read_text(encoding="utf-8")
    return ast.parse(text).body


def test_the_program_that_readers_download_is_what_its_lesson_writes_out():
    """Each of its functions and classes, and how it ends."""
    [lesson] = [lesson for lesson in LESSONS if lesson.slug == "your_own"]
    shown = {one.name: ast.dump(one) for one in definitions(lesson) if hasattr(one, "name")}
    theirs = {one.name: ast.dump(one) for one in program() if hasattr(one, "name")}
    assert theirs == {name: shown.get(name) for name in theirs}
    prose = "\n".join(cell.source for cell in lesson.notebook().cells)
    listings = re.findall(r"^```python\n(.*?)^```", prose, flags=re.MULTILINE | re.DOTALL)
    written_out = {ast.dump(one) for text in listings for one in ast.parse(text).body}
    others = [one for one in program() if isinstance(one, ast.Assign | ast.If)]
    assert {ast.dump(one) for one in others} == written_out
    assert len(others) == 3


def test_the_program_that_readers_download_imports_what_its_lesson_says():
    [lesson] = [lesson for lesson in LESSONS if lesson.slug == "your_own"]
    imports = [ast.unparse(one) for one in program() if isinstance(one, DEFINITIONS[:2])]
    ours = [ast.unparse(one) for one in definitions(lesson) if isinstance(one, DEFINITIONS[:2])]
    assert imports == [ours[0], "import sys", *ours[1 : len(imports) - 1]]


def test_the_program_that_readers_download_is_short():
    """As `make check` counts: a statement is a line; what it says of itself is none."""
    module = ast.Module(program()[1:], [])
    kinds = ast.stmt | ast.match_case
    assert sum(isinstance(node, kinds) for node in ast.walk(module)) <= 80


class Talk:
    """What two threads use of `torch.distributed`, as two processes would."""

    def __init__(self):
        self.own, self.parts, self.both = threading.local(), {}, threading.Barrier(2)

    def get_rank(self):
        return self.own.rank

    def get_world_size(self):
        return 2

    def all_reduce(self, tensor):
        self.parts[self.own.rank] = tensor.clone()
        self.both.wait(timeout=60)
        total = self.parts[0] + self.parts[1]
        self.both.wait(timeout=60)
        tensor.copy_(total)


@pytest.fixture
def scaling_out():
    """The functions of that lesson, and what its two processes are here."""
    [lesson] = [lesson for lesson in LESSONS if lesson.slug == "scaling_out"]
    functions = [one for one in definitions(lesson) if isinstance(one, ast.FunctionDef)]
    wanted = [one for one in functions if one.name in {"fresh", "step", "shared_step"}]
    namespace = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "dist": Talk()}
    exec(compile(ast.Module(wanted, []), "a lesson", "exec"), namespace)
    return SimpleNamespace(**namespace)


def trained(network, take_step, images, labels):
    """The weights after three steps of Adam."""
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(3):
        take_step(network, optimiser, images, labels)
    return torch.cat([weights.detach().flatten() for weights in network.parameters()])


@pytest.fixture
def batch(sample):
    """An odd number of images: shares are unequal."""
    train = normalise(sample).train[:31]
    return train.images.double(), train.labels


def whole_step(network, optimiser, images, labels):
    optimiser.zero_grad()
    torch.nn.functional.cross_entropy(network(images), labels).backward()
    optimiser.step()


@pytest.mark.parametrize("parts", [1, 2, 8])
def test_a_step_in_parts_is_one_of_the_whole_batch(scaling_out, batch, parts):
    def in_parts(*arguments):
        scaling_out.step(*arguments, parts)

    whole, ours = (
        trained(scaling_out.fresh(1).double(), take, *batch) for take in (whole_step, in_parts)
    )
    torch.testing.assert_close(ours, whole, rtol=0, atol=1e-12)


def test_a_step_that_two_processes_share_is_one_of_the_whole_batch(scaling_out, batch):
    networks = [scaling_out.fresh(1).double() for _ in range(2)]

    def process(rank):
        scaling_out.dist.own.rank = rank
        return trained(networks[rank], scaling_out.shared_step, *batch)

    whole = trained(scaling_out.fresh(1).double(), whole_step, *batch)
    with ThreadPoolExecutor(2) as pool:
        for weights in pool.map(process, range(2)):
            torch.testing.assert_close(weights, whole, rtol=0, atol=1e-12)


def test_the_network_of_scaling_out_is_that_of_the_first_lesson(scaling_out):
    torch.manual_seed(1)
    first = models.SimpleDNN().state_dict().values()
    assert all(map(torch.equal, scaling_out.fresh(1).state_dict().values(), first))


@pytest.fixture(scope="module")
def measures():
    """The functions of the lesson *When to doubt*."""
    [lesson] = [lesson for lesson in LESSONS if lesson.slug == "doubt"]
    functions = [one for one in definitions(lesson) if isinstance(one, ast.FunctionDef)]
    namespace = {"torch": torch, "F": F, "Predictions": Predictions}
    exec(compile(ast.Module(functions, []), "a lesson", "exec"), namespace)
    return SimpleNamespace(**namespace)


@pytest.fixture(scope="module", params=[0.5, 1, 4])
def too_sure(request):
    """Answers that are right seven times in ten or so, with logits of three sizes."""
    generator = torch.Generator().manual_seed(5)
    labels = torch.randint(10, (3_000,), generator=generator)
    logits = torch.randn(3_000, 10, generator=generator)
    logits[torch.arange(3_000), labels] += 2
    return Predictions(request.param * logits, labels)


@pytest.mark.parametrize("bins", [2, 10, 15])
def test_the_calibration_error_of_the_lesson_is_that_of_the_package(measures, too_sure, bins):
    ours = calibration.expected_calibration_error(too_sure, bins)
    assert measures.expected_calibration_error(too_sure, bins) == pytest.approx(ours, abs=1e-6)


def test_the_temperature_of_the_lesson_is_that_of_the_package(measures, too_sure):
    ours = calibration.fit_temperature(too_sure)
    assert measures.fit_temperature(too_sure) == pytest.approx(ours, rel=1e-4)
    cooler = measures.with_temperature(too_sure, ours)
    assert torch.equal(cooler.logits, calibration.with_temperature(too_sure, ours).logits)


@pytest.mark.parametrize("threshold", [0, 0.5, 0.9])
def test_the_threshold_of_the_lesson_is_that_of_the_package(measures, too_sure, threshold):
    ours = calibration.answered(too_sure, threshold)
    theirs = measures.answered(too_sure, threshold)
    assert theirs == pytest.approx((ours.share, ours.accuracy), nan_ok=True)


def test_the_bargain_of_the_lesson_is_the_curve_of_the_package(measures, too_sure):
    ours = [(one.share, one.accuracy) for one in calibration.selective_curve(too_sure, 50)]
    theirs = [tuple(point) for point in measures.bargain(too_sure)]
    assert theirs == [pytest.approx(point, abs=1e-3) for point in ours]


DNN = """
import torch
from torch import nn

class SimpleDNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.layers(images)
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", ""),
        ("nn.ReLU(), nn.Linear(100, 100)", "nn.GELU(), nn.Linear(100, 100)", "layers"),
        ("100, 10)", "100, 10, bias=False)", "layers"),
        ("super().__init__()", "super().__init__(); torch.rand(1)", "first weights"),
        ("self.layers(images)", "self.layers(images * 2)", "answers"),
    ],
)
def test_a_difference_is_seen(old, new, told):
    source = DNN.replace(old, new) if old else DNN
    assert source != DNN or not old
    assert difference(class_of(ast.parse(source).body, "SimpleDNN"), models.SimpleDNN) == told
