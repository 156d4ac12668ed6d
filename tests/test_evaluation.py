"""Measuring: the whole split, whatever the batch size, without a trace on the model."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from sklearn.metrics import log_loss
from torch import nn
from torch.nn import functional as F

from mnist_lessons.data import Split, normalise
from mnist_lessons.evaluation import (
    Predictions,
    Score,
    confusion_counts,
    evaluate,
    predict,
    top_confusions,
    wilson_interval,
)
from mnist_lessons.models import ImprovedCNN, SimpleDNN
from mnist_lessons.training import TrainConfig, fit


@pytest.fixture(scope="module")
def splits(sample):
    return normalise(sample)


@pytest.fixture(scope="module")
def trained(splits):
    """A network that is right about most test images and wrong about some."""
    torch.manual_seed(0)
    model = SimpleDNN()
    fit(model, splits, TrainConfig(epochs=2, batch_size=64, learning_rate=1e-3))
    return model


@pytest.fixture(scope="module")
def predictions(trained, splits):
    return predict(trained, splits.test)


def by_hand(model, split):
    """Loss and correct images, one image after the other."""
    model.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for image, label in zip(split.images, split.labels, strict=True):
            logits = model(image[None])[0].double()
            loss -= logits.log_softmax(0)[label].item()
            correct += int(logits.argmax() == label)
    return pytest.approx(loss / len(split), rel=1e-5), correct, len(split)


def test_predictions_of_probabilities_are_the_same(predictions):
    shares = predictions.probabilities
    again = Predictions.from_probabilities(shares.numpy(), predictions.labels.tolist())
    assert again.logits.dtype == torch.float32
    assert torch.equal(again.digits, predictions.digits)
    assert torch.equal(again.labels, predictions.labels)
    assert again.score.loss == pytest.approx(predictions.score.loss, rel=1e-3)
    torch.testing.assert_close(again.probabilities, shares, atol=2e-6, rtol=1e-5)


def test_votes_keep_their_shares_and_a_wrong_certainty_its_finite_loss():
    votes = np.zeros((3, 10))
    votes[0, 4], votes[0, 9], votes[1, 7], votes[2, 0] = 2 / 3, 1 / 3, 1, 1
    predictions = Predictions.from_probabilities(votes, [4, 7, 3])
    assert predictions.digits.tolist() == [4, 7, 0]
    assert [f"{share:.1%}" for share in predictions.confidence] == ["66.7%", "100.0%", "100.0%"]
    assert f"{predictions.probabilities[0, 9]:.1%}" == "33.3%"
    assert predictions.score.correct == 2
    expected = log_loss([4, 7, 3], votes.astype(np.float32), labels=range(10))
    assert predictions.score.loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[:, :9], r"shape \(N, 10\).*not \(3, 9\) and \(3,\)"),
        (lambda rows: rows[:2], r"not \(2, 10\) and \(3,\)"),
        (lambda rows: rows[0], r"not \(10,\)"),
        (lambda rows: rows * [[1], [1], [0.9]], r"whose sum is 1: not so row 2, \[0\.09"),
        (lambda rows: np.log(rows), "0 or more, .* not so row 0"),
        (lambda rows: rows * [[1], [math.nan], [1]], "not so row 1"),
        (lambda rows: rows + [1, -1] * 5, "0 or more, .* not so row 0"),
    ],
)
def test_what_are_no_probabilities_is_told(change, told):
    with pytest.raises(ValueError, match=told):
        Predictions.from_probabilities(change(np.full((3, 10), 0.1)), [1, 2, 3])


def numbers(score):
    return score.loss, score.correct, score.count


@pytest.fixture(scope="module")
def expected(trained, splits):
    loss, correct, count = by_hand(trained, splits.test)
    assert 300 < correct < 500, "some mistakes are needed to tell a wrong count"
    return loss, correct, count


@pytest.mark.parametrize("size", [1, 16, 64, 499, 500, 501, None])
def test_the_score_does_not_depend_on_the_batch_size(size, trained, splits, expected):
    assert numbers(evaluate(trained, splits.test, batch_size=size)) == expected


@settings(max_examples=settings.default.max_examples // 4)
@given(st.integers(1, 40), st.integers(1, 45))
def test_the_score_is_that_of_a_plain_loop_for_any_number_of_images(trained, splits, count, size):
    some = splits.test[:count]
    assert numbers(evaluate(trained, some, batch_size=size)) == by_hand(trained, some)


@pytest.mark.parametrize("size", [1, 16, 64, 500])
def test_predictions_do_not_depend_on_the_batch_size(size, trained, splits, predictions, expected):
    found = predict(trained, splits.test, batch_size=size)
    torch.testing.assert_close(found.logits, predictions.logits, rtol=1e-4, atol=1e-4)
    assert torch.equal(found.labels, splits.test.labels)
    assert numbers(found.score) == expected


@pytest.mark.parametrize("measure", [evaluate, predict])
def test_what_cannot_be_measured_is_refused(measure, trained, splits):
    for size in (0, -1):
        with pytest.raises(ValueError, match="batches of"):
            measure(trained, splits.test, batch_size=size)
    with pytest.raises(ValueError, match="0 images"):
        measure(trained, splits.test[:0])


@pytest.mark.parametrize("measure", [evaluate, predict])
def test_bytes_are_refused_in_words_and_leave_the_model_alone(measure, trained, sample):
    trained.train()
    with pytest.raises(ValueError, match=r"normalise these first, which are uint8 \(500, 28, 28\)"):
        measure(trained, sample.test)
    assert trained.training
    trained.eval()


@pytest.mark.parametrize("measure", [evaluate, predict])
@pytest.mark.parametrize("training", [True, False])
def test_every_part_of_the_model_gets_its_own_mode_back(measure, training, splits):
    model = ImprovedCNN().train(training)
    model.features.train(not training)
    modes = [module.training for module in model.modules()]
    assert True in modes
    assert False in modes
    measure(model, splits.test[:20])
    assert [module.training for module in model.modules()] == modes


@pytest.mark.parametrize("measure", [evaluate, predict])
def test_the_modes_come_back_when_the_model_raises(measure, splits):
    model = ImprovedCNN()
    model.features.eval()
    modes = [module.training for module in model.modules()]
    too_large = Split(torch.zeros(3, 1, 56, 56), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(RuntimeError):
        measure(model, too_large)
    assert [module.training for module in model.modules()] == modes
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_dropout_is_off_while_measuring(splits):
    model = ImprovedCNN()
    assert model.training
    assert evaluate(model, splits.test) == evaluate(model, splits.test)


def test_measuring_leaves_weights_gradients_and_random_state_alone(trained, splits):
    before = [weight.clone() for weight in trained.state_dict().values()]
    trained.zero_grad()
    state = torch.get_rng_state()
    evaluate(trained, splits.test)
    assert all(map(torch.equal, trained.state_dict().values(), before))
    assert all(parameter.grad is None for parameter in trained.parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_a_rule_without_parameters_can_be_measured(splits):
    class AlwaysOne(nn.Module):
        def forward(self, images):
            return F.one_hot(torch.ones(len(images), dtype=torch.int64), 10).float()

    score = evaluate(AlwaysOne(), splits.test)
    assert score.correct == int((splits.test.labels == 1).sum())


def test_a_score_tells_its_counts_and_interval():
    score = Score(loss=0.0771, correct=9_770, count=10_000)
    assert score.accuracy == 0.977
    assert score.interval == wilson_interval(9_770, 10_000)
    assert str(score) == (
        "9,770 of 10,000 correct: 97.70% (95% interval 97.39% to 97.98%), loss 0.0771"
    )


# Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("correct", "count", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_agrees_with_the_published_table(correct, count, low, high):
    assert wilson_interval(correct, count) == pytest.approx((low, high), abs=5.1e-5)


proportions = st.integers(1, 20_000).flatmap(
    lambda count: st.tuples(st.integers(0, count), st.just(count))
)


@settings(max_examples=settings.default.max_examples // 4)
@given(proportions, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
@example((9_770, 10_000), 0.95)
@example((0, 1), 0.95)
@example((298, 298), 0.95)
def test_the_bounds_are_the_shares_whose_z_score_is_the_limit(proportion, confidence):
    correct, count = proportion
    share = correct / count
    low, high = wilson_interval(correct, count, confidence)
    assert 0 <= low <= share <= high <= 1
    z = ndtri((1 + confidence) / 2)
    for bound in {low, high} - {share}:
        assert abs(share - bound) == pytest.approx(
            z * math.sqrt(bound * (1 - bound) / count), rel=1e-6, abs=1e-9
        )
    assert (low, high) == pytest.approx(
        tuple(1 - bound for bound in reversed(wilson_interval(count - correct, count, confidence)))
    )


def test_more_images_and_less_confidence_narrow_the_interval():
    widths = [
        high - low
        for low, high in (
            wilson_interval(96, 100, 0.99),
            wilson_interval(96, 100),
            wilson_interval(960, 1_000),
            wilson_interval(9_600, 10_000),
        )
    ]
    assert widths == sorted(widths, reverse=True)
    assert wilson_interval(9_770, 10_000) == pytest.approx((0.9739, 0.9798), abs=5e-5)


@pytest.mark.parametrize(
    "arguments",
    [(-1, 10), (11, 10), (0, 0), (1, 0), (5, 10, 0), (5, 10, 1), (5, 10, -0.5), (5, 10, math.nan)],
)
def test_what_is_no_proportion_is_refused(arguments):
    with pytest.raises(ValueError, match="not a proportion"):
        wilson_interval(*arguments)


def test_probabilities_are_those_of_the_ten_classes(predictions):
    shares = predictions.probabilities
    assert shares.shape == (500, 10)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(500))
    odds = shares[:, 3] / shares[:, 5]
    torch.testing.assert_close(
        odds, (predictions.logits[:, 3] - predictions.logits[:, 5]).exp(), rtol=1e-3, atol=1e-6
    )


def test_digits_and_confidence_are_those_of_the_most_probable_class(predictions):
    rows = torch.arange(500)
    shares = predictions.probabilities
    assert ((predictions.digits >= 0) & (predictions.digits <= 9)).all()
    assert torch.equal(shares[rows, predictions.digits], predictions.confidence)
    assert (predictions.confidence[:, None] >= shares).all()
    assert (predictions.confidence >= 0.1).all()


def test_errors_are_all_the_wrong_rows_the_most_confident_first(predictions):
    errors = predictions.errors.tolist()
    pairs = zip(predictions.digits.tolist(), predictions.labels.tolist(), strict=True)
    assert sorted(errors) == [row for row, (digit, label) in enumerate(pairs) if digit != label]
    assert len(errors) == 500 - predictions.score.correct > 10
    confidence = predictions.confidence[errors].tolist()
    assert confidence == sorted(confidence, reverse=True)


@pytest.mark.parametrize("label", [-1, 10])
def test_what_is_no_digit_has_errors_and_no_score(predictions, label):
    strangers = replace(predictions, labels=torch.full_like(predictions.labels, label))
    assert len(strangers.errors) == len(strangers.labels)
    with pytest.raises(ValueError, match="no digit"):
        _ = strangers.score


def test_predictions_can_be_used_in_any_computation(predictions):
    weight = torch.ones(10, requires_grad=True)
    (predictions.logits * weight).sum().backward()
    torch.testing.assert_close(weight.grad, predictions.logits.sum(dim=0))


def test_a_perfect_prediction_has_no_error():
    perfect = Predictions(10 * torch.eye(10), torch.arange(10))
    assert perfect.errors.tolist() == []
    assert perfect.score.correct == 10
    assert top_confusions(confusion_counts(perfect)) == []


def test_confusions_are_counted_as_by_a_plain_double_loop(predictions):
    expected = np.zeros((10, 10), dtype=int)
    for true in range(10):
        for read in range(10):
            both = (predictions.labels == true) & (predictions.digits == read)
            expected[true, read] = both.sum()
    counts = confusion_counts(predictions)
    assert np.array_equal(counts, expected)
    assert counts.sum() == 500
    assert np.trace(counts) == predictions.score.correct


def test_confusions_have_ten_rows_where_some_digits_are_missing():
    one = Predictions(10 * torch.eye(10)[[7]], torch.tensor([2]))
    counts = confusion_counts(one)
    assert counts.shape == (10, 10)
    assert counts.sum() == counts[2, 7] == 1


def test_the_most_frequent_errors_come_first_and_none_is_on_the_diagonal():
    counts = np.diag([50] * 10)
    counts[4, 9], counts[9, 4], counts[2, 7] = 12, 8, 30
    assert top_confusions(counts) == [(2, 7, 30), (4, 9, 12), (9, 4, 8)]
    assert top_confusions(counts, 1) == [(2, 7, 30)]


def test_top_confusions_of_a_model_are_its_errors(predictions):
    counts = confusion_counts(predictions)
    found = top_confusions(counts, 90)
    assert sum(number for *_, number in found) == len(predictions.errors)
    assert [number for *_, number in found] == sorted((n for *_, n in found), reverse=True)
    assert found[:5] == top_confusions(counts)
