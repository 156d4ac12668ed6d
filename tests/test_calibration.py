"""Confidence and accuracy: what the bins hold, what a temperature does, what a threshold leaves."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.calibration import calibration_curve
from torch.nn import functional as F

from mnist_lessons.calibration import (
    Answered,
    answered,
    expected_calibration_error,
    fit_temperature,
    reliability_bins,
    selective_curve,
    with_temperature,
)
from mnist_lessons.data import normalise
from mnist_lessons.evaluation import Predictions, predict
from mnist_lessons.models import SimpleDNN
from mnist_lessons.training import TrainConfig, fit


@pytest.fixture(scope="module")
def real(sample):
    """The validation and the test split, as a network reads them that has learned them too well."""
    splits = normalise(sample)
    torch.manual_seed(0)
    model = SimpleDNN()
    fit(model, splits, TrainConfig(epochs=15, batch_size=64, learning_rate=1e-3))
    return predict(model, splits.validation), predict(model, splits.test)


def predictions_of(confidences, right):
    """Predictions of digit 0 with these confidences; the other digits share the rest."""
    confidence = torch.tensor(confidences)
    others = ((1 - confidence) / 9).unsqueeze(1).repeat(1, 9)
    logits = torch.cat([confidence.unsqueeze(1), others], dim=1).log()
    return Predictions(logits, torch.tensor([0 if one else 1 for one in right]))


def calibrated(count, spread=3.0, seed=0):
    """Labels drawn from the very probabilities that the logits give."""
    generator = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(count, 10, generator=generator)
    labels = torch.multinomial(logits.softmax(dim=1), 1, generator=generator).flatten()
    return Predictions(logits, labels)


@st.composite
def any_predictions(draw):
    """Logits of all kinds, the very sure ones too; the labels have nothing to do with them."""
    seed, count = draw(st.integers(0, 10_000)), draw(st.integers(1, 60))
    generator = torch.Generator().manual_seed(seed)
    spread = draw(st.sampled_from([0.0, 0.1, 1.0, 10.0, 1000.0]))
    logits = spread * torch.randn(count, 10, generator=generator)
    return Predictions(logits, torch.randint(10, (count,), generator=generator))


nothing = Predictions(torch.zeros(0, 10), torch.zeros(0, dtype=torch.int64))


# The bins


def test_the_bins_of_an_example_computed_by_hand():
    predictions = predictions_of(
        [0.95, 0.85, 0.9, 0.55, 0.65], [True, True, False, False, True]
    )  # with five bins: two in (0.4, 0.6] and (0.6, 0.8], three in (0.8, 1]
    low, middle, high = reliability_bins(predictions, bins=5)
    assert (low.low, low.high, low.count, low.accuracy) == (0.4, pytest.approx(0.6), 1, 0.0)
    assert (middle.count, middle.accuracy, middle.confidence) == (1, 1.0, pytest.approx(0.65))
    assert (high.count, high.accuracy, high.high) == (3, pytest.approx(2 / 3), 1.0)
    assert high.confidence == pytest.approx(0.9)
    by_hand = (1 * 0.55 + 1 * 0.35 + 3 * (0.9 - 2 / 3)) / 5
    assert expected_calibration_error(predictions, bins=5) == pytest.approx(by_hand, abs=1e-6)


@settings(max_examples=settings.default.max_examples // 2)
@given(any_predictions(), st.integers(1, 40))
def test_every_image_is_in_the_bin_that_holds_its_confidence(predictions, bins):
    found = reliability_bins(predictions, bins)
    assert sum(one.count for one in found) == len(predictions.labels)
    confidence = predictions.confidence.double()
    for one in found:
        inside = (confidence > one.low) & (confidence <= one.high)
        assert one.count == int(inside.sum()) >= 1
        assert one.low < one.confidence <= one.high + 1e-9
    right = sum(one.count * one.accuracy for one in found)
    assert right == pytest.approx(predictions.score.correct)


def test_the_bins_agree_with_scikit_learn(real):
    _, test = real
    right = (test.digits == test.labels).numpy()
    accuracy, confidence = calibration_curve(right, test.confidence.double().numpy(), n_bins=15)
    found = reliability_bins(test)
    assert len(found) > 5
    assert [one.accuracy for one in found] == pytest.approx(accuracy.tolist())
    assert [one.confidence for one in found] == pytest.approx(confidence.tolist())


@pytest.mark.parametrize("measure", [reliability_bins, expected_calibration_error])
def test_what_cannot_be_sorted_into_bins_is_refused(measure):
    with pytest.raises(ValueError, match="0 bins"):
        measure(calibrated(10), 0)
    with pytest.raises(ValueError, match="0 images"):
        measure(nothing)
    spoiled = Predictions(calibrated(10).logits * math.nan, calibrated(10).labels)
    with pytest.raises(ValueError, match="NaN"):
        measure(spoiled)


# The expected calibration error


def test_true_confidences_have_a_small_error_and_boasting_a_large_one():
    honest = calibrated(50_000)
    assert expected_calibration_error(honest) < 0.01
    boasting = with_temperature(honest, 0.2)
    gap = boasting.confidence.mean().item() - honest.score.accuracy
    assert gap > 0.1
    assert expected_calibration_error(boasting) == pytest.approx(gap, abs=0.01)


@settings(max_examples=settings.default.max_examples // 2)
@given(any_predictions(), st.integers(1, 20), st.integers(2, 5))
def test_the_error_is_a_share_and_finer_bins_hide_less(predictions, bins, parts):
    coarse = expected_calibration_error(predictions, bins)
    fine = expected_calibration_error(predictions, bins * parts)
    assert 0 <= coarse <= 1
    assert coarse <= fine + 1e-5  # an edge of both may be rounded in two ways


def test_a_single_bin_compares_the_two_means(real):
    _, test = real
    gap = abs(test.confidence.double().mean().item() - test.score.accuracy)
    assert expected_calibration_error(test, bins=1) == pytest.approx(gap)


@pytest.mark.parametrize("right", [True, False])
def test_the_error_of_the_sure_is_none_or_all(right):
    predictions = predictions_of([1.0] * 7, [right] * 7)
    assert expected_calibration_error(predictions) == (0.0 if right else 1.0)


# The temperature


def test_the_temperature_of_true_confidences_is_one():
    assert fit_temperature(calibrated(50_000)) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("factor", [0.1, 0.5, 3.0, 30.0])
def test_the_temperature_undoes_a_factor_of_the_logits(factor):
    honest = calibrated(5_000)
    scaled = Predictions(factor * honest.logits, honest.labels)
    assert fit_temperature(scaled) == pytest.approx(factor * fit_temperature(honest), rel=1e-3)


def test_the_temperature_is_the_one_that_a_search_finds(real):
    validation, _ = real

    def loss(log_temperature):
        logits = validation.logits.double() / math.exp(log_temperature)
        return F.cross_entropy(logits, validation.labels).item()

    found = minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-8})
    assert fit_temperature(validation) == pytest.approx(math.exp(found.x), rel=1e-4)


def test_an_overconfident_network_is_mended_on_images_that_chose_nothing(real):
    validation, test = real
    assert test.confidence.mean().item() > test.score.accuracy
    temperature = fit_temperature(validation)
    assert temperature > 1
    mended = with_temperature(test, temperature)
    assert expected_calibration_error(mended) < expected_calibration_error(test)
    assert mended.score.loss < test.score.loss
    assert mended.score.correct == test.score.correct


@settings(max_examples=settings.default.max_examples // 2)
@given(any_predictions(), st.floats(0.01, 100))
def test_a_temperature_never_changes_an_answer(predictions, temperature):
    before = predictions.logits.clone()
    scaled = with_temperature(predictions, temperature)
    # Neighbours among float32 numbers may become equal, so the answer is compared by its logit.
    chosen = scaled.logits.gather(1, predictions.digits.unsqueeze(1)).flatten()
    assert torch.equal(chosen, scaled.logits.max(dim=1).values)
    assert torch.equal(predictions.logits, before)
    assert scaled.labels is predictions.labels
    mean = predictions.confidence.mean().item()
    if temperature >= 1:
        assert scaled.confidence.mean().item() <= mean + 1e-6
    else:
        assert scaled.confidence.mean().item() >= mean - 1e-6


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf])
def test_what_is_no_temperature_is_refused(temperature):
    with pytest.raises(ValueError, match="above 0"):
        with_temperature(calibrated(10), temperature)


def test_no_temperature_is_fitted_where_none_is_best():
    honest = calibrated(200)
    with pytest.raises(ValueError, match="no prediction is wrong"):
        fit_temperature(Predictions(honest.logits, honest.digits))
    with pytest.raises(ValueError, match="0 images"):
        fit_temperature(nothing)
    with pytest.raises(ValueError, match="nothing about the labels"):
        fit_temperature(Predictions(torch.ones_like(honest.logits), honest.labels))
    with pytest.raises(ValueError, match="nothing about the labels"):
        fit_temperature(Predictions(honest.logits, honest.logits.argmin(dim=1)))


# What a threshold leaves


def test_the_answers_of_an_example_counted_by_hand():
    predictions = predictions_of([0.99, 0.9, 0.7, 0.5], [True, False, True, False])
    for threshold, number, right in ((0, 4, 2), (0.6, 3, 2), (0.8, 2, 1), (0.95, 1, 1)):
        assert answered(predictions, threshold) == Answered(number, right, 4)
    assert answered(predictions, 0.6).share == 0.75
    assert answered(predictions, 0.6).accuracy == pytest.approx(2 / 3)
    none = answered(predictions, 1)
    assert none.share == 0
    assert math.isnan(none.accuracy)


def test_the_curve_of_an_example_drawn_by_hand():
    predictions = predictions_of([0.5, 0.99, 0.7, 0.9], [False, True, True, False])
    steps = [(one.answered, one.correct) for one in selective_curve(predictions, 4)]
    assert steps == [(1, 1), (2, 1), (3, 2), (4, 2)]
    steps = [(one.answered, one.correct) for one in selective_curve(predictions, 2)]
    assert steps == [(2, 1), (4, 2)]


@settings(max_examples=settings.default.max_examples // 2)
@given(any_predictions(), st.integers(1, 80))
def test_the_curve_ends_with_all_images_and_leaves_ever_more(predictions, points):
    curve = selective_curve(predictions, points)
    assert 1 <= len(curve) <= points
    numbers = [one.answered for one in curve]
    assert numbers == sorted(set(numbers))
    assert [one.correct for one in curve] == sorted(one.correct for one in curve)
    whole = predictions.score
    assert curve[-1] == Answered(whole.count, whole.correct, whole.count)


def test_the_curve_of_a_network_agrees_with_numpy(real):
    _, test = real
    order = np.argsort(-test.confidence.numpy(), kind="stable")
    right = (test.digits == test.labels).numpy()[order].cumsum()
    curve = selective_curve(test, 10)
    assert len(curve) == 10
    for one in curve:
        assert one.correct == right[one.answered - 1]
    assert curve[0].accuracy > curve[-1].accuracy


def test_images_of_the_same_confidence_are_answered_together():
    predictions = predictions_of([1.0] * 5, [True, False, True, True, True])
    assert selective_curve(predictions) == (Answered(5, 4, 5),)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan])
def test_what_cannot_be_asked_is_refused(threshold):
    with pytest.raises(ValueError, match="a confidence of"):
        answered(calibrated(10), threshold)
    with pytest.raises(ValueError, match="0 images"):
        answered(nothing, 0.5)
    with pytest.raises(ValueError, match="0 images"):
        selective_curve(nothing)
    with pytest.raises(ValueError, match="0 points"):
        selective_curve(calibrated(10), 0)
