"""`fit` does what a plain loop does, whatever its caller does after an epoch."""

import dataclasses
import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from mnist_lessons.augmentation import RandomAffine
from mnist_lessons.data import Split, normalise
from mnist_lessons.errors import LessonError, NonFiniteLoss
from mnist_lessons.evaluation import evaluate
from mnist_lessons.models import ImprovedCNN, SimpleDNN
from mnist_lessons.training import OPTIMISERS, SCHEDULES, TrainConfig, fit

RANGES = {
    "epochs": (0, 100_000),
    "batch_size": (1, 1_000_000),
    "learning_rate": (0, 1_000),
    "weight_decay": (0, 1_000),
    "label_smoothing": (0, 0.9),
    "averaging": (0, 0.999_999),
    "seed": (0, 2**31 - 1),
    "measured_images": (1, 1_000_000),
}
GOOD = {"epochs": 1, "batch_size": 32, "learning_rate": 1e-3}


def config(**changes):
    return TrainConfig(**{**GOOD, **changes})


@pytest.fixture(scope="module")
def whole(sample):
    return normalise(sample)


@pytest.fixture(scope="module")
def small(whole):
    return dataclasses.replace(whole, train=whole.train[:257], validation=whole.validation[:50])


def build(kind=ImprovedCNN, seed=0):
    torch.manual_seed(seed)
    return kind()


def weights(model):
    return [weight.clone() for weight in model.state_dict().values()]


def same(left, right):
    return len(left) == len(right) and all(map(torch.equal, left, right))


class Recorder(nn.Module):
    """Notes each training batch: the first pixel of an image says which image it is."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 10)
        self.batches = []

    def forward(self, images):
        first = images[:, 0, 0, 0]
        if self.training:
            self.batches.append(first.tolist())
        return self.layer(first[:, None] / 1_000)


def numbered(splits, count):
    """Splits whose training image number i has the pixel i."""
    images = torch.zeros(count, 1, 28, 28)
    images[:, 0, 0, 0] = torch.arange(count)
    return dataclasses.replace(splits, train=Split(images, torch.arange(count) % 10))


shares = ["weight_decay", "label_smoothing", "averaging"]
whole_numbers = [name for name in RANGES if name not in ["learning_rate", *shares]]
out_of_range = st.one_of(
    *(
        st.tuples(
            st.just(name),
            st.integers(max_value=low - 1)
            | st.integers(min_value=high + 1)
            | st.floats()
            | st.booleans()
            | st.sampled_from(["1", None, 10**400]),
        )
        for name, (low, high) in RANGES.items()
        if name in whole_numbers
    ),
    *(
        st.tuples(
            st.just(name),
            st.floats(max_value=0, exclude_max=True)
            | st.floats(min_value=RANGES[name][1], exclude_min=True)
            | st.booleans()
            | st.sampled_from([math.nan, math.inf, -1, 1_001, "0.1", None]),
        )
        for name in shares
    ),
    st.tuples(
        st.just("learning_rate"),
        st.floats(max_value=0)
        | st.floats(min_value=1_000, exclude_min=True)
        | st.booleans()
        | st.sampled_from([math.nan, math.inf, -math.inf, 0, -1, 1_001, 10**400, "0.1", None]),
    ),
)


@given(out_of_range)
def test_a_field_outside_its_range_is_refused_by_name(case):
    name, value = case
    with pytest.raises(ValueError, match="must be") as caught:
        config(**{name: value})
    low, high = RANGES[name]
    message = str(caught.value)
    assert message.startswith(f"{name} must be")
    assert f"{low:,} to {high:,}" in message


in_range = st.fixed_dictionaries(
    {name: st.integers(*RANGES[name]) for name in whole_numbers}
    | {name: st.floats(*RANGES[name]) for name in shares}
    | {
        "learning_rate": st.floats(0, 1_000, exclude_min=True) | st.integers(1, 1_000),
        "optimiser": st.sampled_from(sorted(OPTIMISERS)),
        "schedule": st.sampled_from(sorted(SCHEDULES)),
        "augment": st.none(),
    }
)


@given(in_range)
def test_every_value_in_range_is_accepted(values):
    assert dataclasses.asdict(TrainConfig(**values)) == values


@pytest.mark.parametrize("name", ["Adam", "rmsprop", "", None])
def test_an_unknown_optimiser_is_refused_with_the_known_ones(name):
    with pytest.raises(
        ValueError, match=r"optimiser must be one of adagrad, adam, adamw, sgd, not"
    ):
        config(optimiser=name)


def test_an_unknown_schedule_or_augmentation_is_refused():
    with pytest.raises(ValueError, match="schedule must be one of constant, cosine, one-cycle, "):
        config(schedule="step")
    with pytest.raises(ValueError, match="augment must be an Augmentation or None, not"):
        config(augment="shift")


def test_a_configuration_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        config().epochs = 3


def test_a_configuration_is_given_by_keywords():
    with pytest.raises(TypeError):
        TrainConfig(1, 32, 1e-3)


@pytest.mark.parametrize("batch_size", [1, 7, 32, 65, 66])
def test_every_image_is_seen_exactly_once_per_epoch(batch_size, small):
    count = 65  # leaves a last batch of 1 after batches of 32
    model = Recorder()
    epochs = []

    def look(record):
        epochs.append([index for batch in model.batches for index in batch])
        sizes = [len(batch) for batch in model.batches]
        assert all(size == batch_size for size in sizes[:-1])
        assert record.images == len(epochs[-1]) == (count if record.epoch else 0)
        model.batches.clear()

    settings = config(epochs=3, batch_size=batch_size)
    fit(model, numbered(small, count), settings, after_epoch=look)
    for epoch in epochs[1:]:
        assert sorted(epoch) == list(range(count))
    assert epochs[1] != epochs[2] != epochs[3], "the order must change"
    assert epochs[1] != sorted(epochs[1])


@pytest.mark.parametrize("kind", [SimpleDNN, ImprovedCNN])
def test_a_last_batch_of_one_image_is_trained_on(kind, small):
    splits = dataclasses.replace(small, train=small.train[:33])
    *_, last = fit(build(kind), splits, config(batch_size=32))
    assert last.images == 33
    assert math.isfinite(last.train_loss)


def test_epoch_0_is_the_untrained_model(small):
    model = build()
    before = weights(model)
    expected = evaluate(model, small.validation)
    record, _ = fit(build(), small, config())
    assert (record.epoch, record.images, record.seconds, record.images_per_second) == (0, 0, 0, 0)
    assert record.validation_loss == expected.loss
    assert record.validation_correct == expected.correct
    (record,) = fit(model, small, config(epochs=0))
    assert record.validation_loss == expected.loss
    assert same(weights(model), before)


def test_each_record_is_told_as_it_comes(small):
    told = []
    records = fit(build(SimpleDNN), small, config(epochs=2), after_epoch=told.append)
    assert records == tuple(told)


def test_an_error_after_an_epoch_ends_the_training(small):
    model, told = build(SimpleDNN), []

    def enough(record):
        told.append(weights(model))
        if record.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(model, small, config(epochs=3), after_epoch=enough)
    assert len(told) == 2
    assert same(weights(model), told[-1])


@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_there_is_one_record_per_epoch_and_one_before(epochs, small):
    records = fit(build(SimpleDNN), small, config(epochs=epochs))
    assert [record.epoch for record in records] == list(range(epochs + 1))
    assert all(record.learning_rate == GOOD["learning_rate"] for record in records)
    assert all(record.seconds > 0 for record in records[1:])


@pytest.mark.parametrize(("asked", "measured"), [(1, 1), (100, 100), (10_000, 257)])
def test_the_first_training_images_are_measured(asked, measured, small):
    model = build(SimpleDNN)

    def measure(record):
        score = evaluate(model, small.train[:asked])
        assert (record.train_loss, record.train_correct) == (score.loss, score.correct)
        assert record.train_count == measured
        assert record.train_accuracy == score.correct / measured
        assert record.validation_count == 50
        assert record.validation_accuracy == evaluate(model, small.validation).accuracy

    fit(model, small, config(measured_images=asked), after_epoch=measure)


def test_a_row_of_the_log_holds_every_field_and_the_derived_ones(small):
    *_, record = fit(build(SimpleDNN), small, config())
    row = record.as_row()
    assert dataclasses.asdict(record).items() <= row.items()
    assert row["train_accuracy"] == record.train_accuracy
    assert row["validation_accuracy"] == record.validation_accuracy
    assert row["images_per_second"] == pytest.approx(record.images / record.seconds, abs=0.1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.epoch = 7


def plain_loop(model, split, settings):
    """The same training without any measuring: what `fit` is compared with."""
    optimiser = OPTIMISERS[settings.optimiser](
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    model.train()
    for epoch in range(1, settings.epochs + 1):
        torch.manual_seed(settings.seed * 1_000_003 + epoch)
        for rows in torch.randperm(len(split)).split(settings.batch_size):
            loss = F.cross_entropy(model(split.images[rows]), split.labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return weights(model)


@pytest.mark.parametrize("optimiser", sorted(OPTIMISERS))
def test_measuring_does_not_change_the_training(optimiser, small):
    settings = config(epochs=2, optimiser=optimiser, learning_rate=0.01, seed=3)
    model = build()
    fit(model, small, settings)
    assert same(weights(model), plain_loop(build(), small.train, settings))


def recorded_rates(schedule, small, **changes):
    rates = []

    class Spy(torch.optim.SGD):
        def step(self, *args, **kwargs):
            rates.append(self.param_groups[0]["lr"])
            return super().step(*args, **kwargs)

    settings = config(schedule=schedule, optimiser="sgd", **changes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPTIMISERS, "sgd", Spy)
        records = fit(build(SimpleDNN), small, settings)
    assert [record.learning_rate for record in records[1:]] == rates[
        len(rates) // 4 - 1 :: len(rates) // 4
    ]
    return rates


def test_a_schedule_sets_the_learning_rate_of_each_step(small):
    settings = {"epochs": 4, "batch_size": 32, "learning_rate": 0.5}
    constant, cosine, cycle = (
        recorded_rates(name, small, **settings) for name in ("constant", "cosine", "one-cycle")
    )
    steps = 4 * math.ceil(257 / 32)
    assert constant == [0.5] * steps
    assert len(cosine) == len(cycle) == steps
    assert cosine[0] == 0.5
    assert cosine == sorted(cosine, reverse=True)
    assert 0 < cosine[-1] < 0.005
    top = cycle.index(max(cycle))
    assert max(cycle) == 0.5
    assert top == steps // 4
    assert cycle[:top] == sorted(cycle[:top])
    assert cycle[top:] == sorted(cycle[top:], reverse=True)
    assert cycle[0] == pytest.approx(0.02)
    assert 0 < cycle[-1] < 0.005


def test_label_smoothing_is_in_the_training_and_in_no_measured_loss(small):
    model = build(SimpleDNN)
    settings = config(label_smoothing=0.2, epochs=40, learning_rate=1e-2)
    *_, last = fit(model, small, settings)
    assert last.train_loss == evaluate(model, small.train).loss
    # Asked for 0.82 + 9 x 0.02: the probability of the true digit stops there, and the loss too.
    assert last.train_accuracy == 1
    assert last.train_loss == pytest.approx(-math.log(0.82), abs=0.04)


def test_averaged_weights_are_measured_and_kept(small):
    decay = 0.9
    model = build(SimpleDNN)
    settings = config(epochs=2, averaging=decay, optimiser="sgd", learning_rate=0.1)
    *_, last = fit(model, small, settings)

    plain = build(SimpleDNN)
    optimiser = torch.optim.SGD(plain.parameters(), lr=0.1)
    average, steps = None, 0
    for epoch in (1, 2):
        torch.manual_seed(epoch)
        for rows in torch.randperm(257).split(32):
            loss = F.cross_entropy(plain(small.train.images[rows]), small.train.labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            now = weights(plain)
            share = min(decay, (1 + steps) / (10 + steps))
            average = [
                share * before + (1 - share) * after
                for before, after in zip(average or now, now, strict=True)
            ]
            steps += 1
    for kept, expected in zip(weights(model), average, strict=True):
        torch.testing.assert_close(kept, expected)
    assert not same(weights(model), weights(plain))
    assert last.validation_loss == evaluate(model, small.validation).loss


def test_every_batch_is_augmented_anew_and_no_image_is_changed(small):
    seen = []

    class Watcher(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(784, 10)

        def forward(self, images):
            if self.training:
                seen.append(images.detach().clone())
            return self.layer(images.flatten(1))

    before = small.train.images.clone()
    settings = config(epochs=2, batch_size=257, augment=RandomAffine(shift=3, degrees=10))
    torch.manual_seed(0)
    fit(Watcher(), small, settings)
    assert torch.equal(small.train.images, before)
    orders = []
    for epoch, batch in enumerate(seen, start=1):
        torch.manual_seed(epoch)
        orders.append(torch.randperm(257))
        assert torch.equal(batch, settings.augment(before[orders[-1]]))
        assert not torch.equal(batch, before[orders[-1]])
    first, second = (batch[order.argsort()] for batch, order in zip(seen, orders, strict=True))
    assert not torch.equal(first, second), "another change in each epoch"


def test_what_the_caller_does_after_an_epoch_does_not_change_the_training(small):
    settings = config(epochs=3)
    model = build()

    def disturb(record):
        torch.rand(5 + record.epoch)
        np.random.rand(3)
        random.random()
        evaluate(model, small.validation, batch_size=7)
        model.eval()

    fit(model, small, settings, after_epoch=disturb)
    assert same(weights(model), plain_loop(build(), small.train, settings))


def test_the_random_state_of_the_caller_is_left_alone(small):
    model = build()
    torch.manual_seed(11)
    np.random.seed(11)
    random.seed(11)
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()

    def look(_):
        assert torch.equal(torch.get_rng_state(), states[0])
        assert random.getstate() == states[1]
        assert np.random.get_state()[1].tolist() == states[2]

    look(fit(model, small, config(epochs=2), after_epoch=look))


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(small):
    results = []
    for seed in (5, 5, 6):
        model = build()
        fit(model, small, config(epochs=2, seed=seed))
        results.append(weights(model))
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


def test_a_training_within_another_does_not_disturb_it(small):
    settings = config(epochs=2)
    outer = build()
    inner = [build(SimpleDNN) for _ in range(3)]
    fit(
        outer, small, settings, after_epoch=lambda record: fit(inner[record.epoch], small, settings)
    )
    assert same(weights(outer), plain_loop(build(), small.train, settings))
    for model in inner:
        assert same(weights(model), plain_loop(build(SimpleDNN), small.train, settings))


def test_losses_are_means_over_images_not_over_batches(small):
    model = build()
    *_, record = fit(model, small, config(batch_size=250))
    with torch.inference_mode():
        model.eval()
        whole_batch = F.cross_entropy(model(small.train.images), small.train.labels).item()
        parts = [small.train[:250], small.train[250:]]
        means = [F.cross_entropy(model(part.images), part.labels).item() for part in parts]
    assert [len(part) for part in parts] == [250, 7]
    assert record.train_loss == pytest.approx(whole_batch, rel=1e-5)
    assert sum(means) / 2 != pytest.approx(whole_batch, rel=1e-3), "the test cannot tell them apart"


def test_a_nan_stops_the_training_before_its_step(small):
    poisoned = small.train.images[:100].clone()
    poisoned[77] = math.nan
    splits = dataclasses.replace(small, train=Split(poisoned, small.train.labels[:100]))
    torch.manual_seed(2 * 1_000_003 + 1)
    step = torch.randperm(100).tolist().index(77) // 8 + 1

    model = build(SimpleDNN)
    start, told = weights(model), []
    settings = config(batch_size=8, learning_rate=0.125, seed=2)
    with pytest.raises(NonFiniteLoss) as caught:
        fit(model, splits, settings, after_epoch=told.append)
    assert [math.isnan(record.train_loss) for record in told] == [True]
    message = str(caught.value)
    assert f"epoch 1, step {step} " in message
    assert "learning rate 0.125" in message
    assert "\n" not in message
    assert isinstance(caught.value, LessonError)
    assert all(weight.isfinite().all() for weight in weights(model))
    assert step == 1 or not same(weights(model), start)


def test_a_learning_rate_that_diverges_is_told(small):
    # Without a ReLU that could die, and with pixels that nobody scaled.
    linear = SimpleDNN(hidden=())
    splits = dataclasses.replace(small, train=Split(small.train.images * 1e18, small.train.labels))
    with pytest.raises(NonFiniteLoss, match=r"epoch 1, step 2 \(learning rate 1000\.0\)"):
        fit(linear, splits, config(learning_rate=1_000.0, optimiser="sgd"))
    assert all(weight.isfinite().all() for weight in weights(linear))


class Untouchable:
    """Stands for the test split: any use of it is an error."""

    def __getattribute__(self, name):
        raise AssertionError(f"the test split was touched: {name}")

    def __len__(self):
        raise AssertionError("the test split was touched: len")

    __getitem__ = __iter__ = __len__


def test_the_test_split_is_never_touched(small):
    splits = dataclasses.replace(small, test=Untouchable())
    assert len(fit(build(SimpleDNN), splits, config(epochs=2))) == 3


@pytest.mark.parametrize(
    ("kind", "optimiser", "rate"), [(SimpleDNN, "adam", 1e-3), (ImprovedCNN, "adagrad", 1e-2)]
)
def test_training_improves_the_accuracy(kind, optimiser, rate, whole):
    settings = config(epochs=2, batch_size=64, learning_rate=rate, optimiser=optimiser)
    first, *_, last = fit(build(kind), whole, settings)
    assert first.validation_accuracy < 0.3
    assert last.validation_accuracy > 0.8
    assert last.validation_loss < first.validation_loss / 2


def test_the_images_and_labels_are_left_as_they_were(small):
    before = small.train.images.clone(), small.train.labels.clone()
    fit(build(), small, config())
    assert torch.equal(small.train.images, before[0])
    assert torch.equal(small.train.labels, before[1])


@pytest.mark.parametrize("raw", ["train", "validation", "both"])
def test_bytes_are_refused_before_the_first_step(raw, sample, small):
    names = ("train", "validation") if raw == "both" else (raw,)
    mixed = dataclasses.replace(small, **{name: getattr(sample, name) for name in names})
    model = build()
    before = weights(model)
    with pytest.raises(ValueError, match=r"normalise these first, which are uint8"):
        fit(model, mixed, config())
    assert same(weights(model), before)
