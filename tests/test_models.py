"""The networks: their sizes, their outputs, and that they can learn."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mnist_lessons.data import normalise
from mnist_lessons.models import CompactCNN, ImprovedCNN, SimpleDNN, count_parameters, summarise

MODELS = [SimpleDNN, ImprovedCNN, CompactCNN]


@pytest.fixture(scope="module")
def train(sample):
    return normalise(sample).train


def build(kind, seed=0):
    torch.manual_seed(seed)
    return kind()


@pytest.mark.parametrize(
    ("kind", "number"), [(SimpleDNN, 89_610), (ImprovedCNN, 21_840), (CompactCNN, 72_666)]
)
def test_number_of_parameters(kind, number):
    assert count_parameters(kind()) == number


def test_frozen_parameters_are_not_counted():
    model = SimpleDNN()
    model.layers[1].requires_grad_(False)
    assert count_parameters(model) == 89_610 - (784 * 100 + 100)


@pytest.mark.parametrize("hidden", [(), (30,), (64, 32, 16)])
def test_hidden_layers_have_the_sizes_asked_for(hidden):
    sizes = (784, *hidden, 10)
    expected = sum(sizes[i] * sizes[i + 1] + sizes[i + 1] for i in range(len(sizes) - 1))
    assert count_parameters(SimpleDNN(hidden)) == expected


@pytest.mark.parametrize("kind", MODELS)
def test_forward_returns_logits(kind, train):
    with torch.inference_mode():
        logits = build(kind).eval()(train.images[:200])
    assert logits.shape == (200, 10)
    assert logits.dtype == torch.float32
    assert (logits < 0).any(), "an activation on the logits would hide them"
    assert (logits > 0).any(), "log-probabilities are never positive"
    for values in (logits.sum(dim=1), logits.sum(dim=0), logits.exp().sum(dim=1)):
        assert not torch.isclose(values, torch.ones_like(values), atol=1e-2).all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", MODELS)
def test_a_prediction_does_not_depend_on_the_other_images(kind, seed, train):
    model = build(kind, seed).eval()
    with torch.inference_mode():
        together = model(train.images[:64])
        alone = torch.cat([model(image[None]) for image in train.images[:64]])
        reversed_ = model(train.images[:64].flip(0)).flip(0)
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(reversed_, together, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", MODELS)
def test_an_untrained_model_has_the_loss_of_a_uniform_guess(kind, seed, train):
    few = train[:500]
    with torch.inference_mode():
        loss = F.cross_entropy(build(kind, seed).eval()(few.images), few.labels).item()
    assert loss == pytest.approx(math.log(10), abs=0.1)


@pytest.mark.parametrize("shape", [(4, 1, 56, 56), (4, 1, 27, 28), (1, 1, 28, 56), (4, 3, 28, 28)])
@pytest.mark.parametrize("kind", [SimpleDNN, ImprovedCNN])
def test_a_wrong_image_size_raises(kind, shape):
    with pytest.raises(RuntimeError):
        kind()(torch.zeros(shape))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("kind", "steps"), [(SimpleDNN, 50), (ImprovedCNN, 150), (CompactCNN, 150)]
)
def test_32_images_can_be_learned_by_heart(kind, steps, seed, train):
    few = train[:32]
    model = build(kind, seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        F.cross_entropy(model(few.images), few.labels).backward()
        optimiser.step()
    with torch.inference_mode():
        assert F.cross_entropy(model.eval()(few.images), few.labels).item() < 0.05


def test_batch_normalisation_looks_at_the_batch_in_training_only(train):
    model = build(CompactCNN)
    with torch.no_grad():
        alone = model(train.images[:2])[0]
        among_others = model(train.images[:50])[0]
    assert not torch.allclose(alone, among_others, atol=1e-3)
    without = build(lambda: CompactCNN(batch_norm=False))
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in without.modules())
    with torch.no_grad():
        torch.testing.assert_close(
            without(train.images[:2])[0], without(train.images[:50])[0], rtol=1e-4, atol=1e-5
        )


def test_dropout_is_off_in_eval_mode_only(train):
    model = build(ImprovedCNN)
    images = train.images[:50]
    with torch.no_grad():
        assert not torch.equal(model(images), model(images))
        model.eval()
        assert torch.equal(model(images), model(images))


def test_summary_explains_the_320_inputs_of_the_cnn():
    rows = summarise(ImprovedCNN())
    by_name = [(row.name, row.output_shape) for row in rows]
    assert by_name == [
        ("Conv2d", (10, 24, 24)),
        ("MaxPool2d", (10, 12, 12)),
        ("ReLU", (10, 12, 12)),
        ("Conv2d", (20, 8, 8)),
        ("Dropout2d", (20, 8, 8)),
        ("MaxPool2d", (20, 4, 4)),
        ("ReLU", (20, 4, 4)),
        ("Flatten", (320,)),
        ("Linear", (50,)),
        ("ReLU", (50,)),
        ("Dropout", (50,)),
        ("Linear", (10,)),
    ]


@pytest.mark.parametrize(("kind", "number"), [(SimpleDNN, 89_400), (ImprovedCNN, 480_500)])
def test_summary_counts_multiplications_and_parameters(kind, number):
    model = kind()
    rows = summarise(model)
    assert sum(row.multiplications for row in rows) == number
    assert sum(row.parameters for row in rows) == count_parameters(model)


class Scaled(nn.Module):
    """A parameter beside layers, and one layer that is never run."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.inner = nn.Sequential(nn.Flatten(), nn.Linear(784, 3))
        self.unused = nn.Linear(5, 5)

    def forward(self, images):
        return self.scale * self.inner(images)


class Tied(nn.Module):
    """Two layers with one weight, one of them run twice, and the weight used by itself."""

    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(784, 8)
        self.again = nn.Linear(784, 8)
        self.again.weight = self.encode.weight
        self.square = nn.Linear(8, 8, bias=False)

    def forward(self, images):
        pixels = images.flatten(1)
        hidden = self.square(self.square(self.encode(pixels) + self.again(pixels)))
        return F.linear(hidden, self.encode.weight.T)


class Functional(nn.Module):
    """Layers whose weights are used, but which are not run; a tuple comes out."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(784, 4), nn.Linear(4, 2)])

    def forward(self, images):
        hidden = F.linear(images.flatten(1), self.layers[0].weight)
        return self.layers[1](hidden), hidden


class Rule(nn.Module):
    """No parameters at all."""

    def forward(self, images):
        return torch.stack([images.sum(dim=(1, 2, 3)), images.amax(dim=(1, 2, 3))], dim=1)


def normed():
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(784, 6, bias=False))
    return nn.Sequential(nn.Flatten(), layer)


def frozen():
    model = SimpleDNN()
    model.layers[1].requires_grad_(False)
    return model


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (Scaled, [("Flatten", 0, 0), ("Linear", 2_355, 2_352), ("Scaled", 3 + 30, 0)]),
        (
            Tied,
            [("Linear", 6_280, 6_272), ("Linear", 8, 6_272), ("Linear", 64, 64), ("Linear", 0, 64)],
        ),
        (Functional, [("Linear", 10, 8), ("Functional", 3_140, 0)]),
        (Rule, [("Rule", 0, 0)]),
        (normed, [("Flatten", 0, 0), ("ParametrizedLinear", 784 * 6 + 6, 784 * 6)]),
        (nn.Flatten, [("Flatten", 0, 0)]),
        (
            frozen,
            [
                ("Flatten", 0, 0), ("Linear", 0, 78_400), ("ReLU", 0, 0),
                ("Linear", 10_100, 10_000), ("ReLU", 0, 0), ("Linear", 1_010, 1_000),
            ],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_summary_counts_each_parameter_once_wherever_it_is(build, expected):
    model = build()
    rows = summarise(model)
    assert [(row.name, row.parameters, row.multiplications) for row in rows] == expected
    assert sum(row.parameters for row in rows) == count_parameters(model)


def test_summary_tells_the_shape_of_the_first_of_several_outputs():
    assert summarise(Functional())[-1].output_shape == (2,)


def test_summary_multiplies_at_every_place_where_a_linear_layer_is_applied():
    model = nn.Sequential(nn.Flatten(2), nn.Linear(784, 5))  # (1, 1, 784): channels are places
    assert summarise(model, (3, 28, 28))[-1].multiplications == 3 * 784 * 5


def test_summary_takes_another_image_shape():
    row, *_ = summarise(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1)), (3, 8, 8))
    assert row.output_shape == (4, 8, 8)
    assert row.multiplications == 4 * 3 * 3 * 3 * 8 * 8


@pytest.mark.parametrize("training", [True, False])
def test_summary_leaves_the_model_as_it_was(training, train):
    model = build(ImprovedCNN).train(training)
    model.features.train(not training)
    modes = [module.training for module in model.modules()]
    weights = [weight.clone() for weight in model.state_dict().values()]
    random = torch.get_rng_state()
    rows = summarise(model)
    assert [module.training for module in model.modules()] == modes
    assert all(map(torch.equal, model.state_dict().values(), weights))
    assert torch.equal(torch.get_rng_state(), random)
    model(train.images[:2])
    assert len(rows) == 12, "the model still reports to an old summary"


def test_summary_leaves_the_modes_when_the_model_raises():
    model = SimpleDNN().train()
    with pytest.raises(RuntimeError):
        summarise(model, (1, 56, 56))
    assert all(module.training for module in model.modules())
