"""Figures: true pixels, units, no meaning in colour alone, and a text that replaces each."""

import base64
import io
import math
import re

import numpy as np
import pytest
import torch
from matplotlib import colors
from matplotlib.figure import Figure
from PIL import Image

from mnist_lessons import plots
from mnist_lessons.data import Split, normalise
from mnist_lessons.evaluation import Predictions, confusion_counts, predict, top_confusions
from mnist_lessons.models import SimpleDNN
from mnist_lessons.training import EpochRecord, TrainConfig, fit

ALT = "Some images of handwritten digits."
CROSS = "\N{BALLOT X}"


@pytest.fixture(scope="module")
def trained(sample):
    """A network that errs at times, its records, and its predictions of the test images."""
    splits = normalise(sample)
    torch.manual_seed(0)
    model = SimpleDNN()
    settings = TrainConfig(epochs=2, batch_size=64, learning_rate=1e-3)
    records = tuple(fit(model, splits, settings))
    return records, predict(model, splits.test), splits.test


@pytest.fixture(scope="module")
def records(trained):
    return trained[0]


@pytest.fixture(scope="module")
def predictions(trained):
    return trained[1]


@pytest.fixture(scope="module")
def test_split(trained):
    return trained[2]


def one_record(epoch, **changes):
    values = {
        "epoch": epoch,
        "train_loss": 0.5,
        "train_correct": 90,
        "train_count": 100,
        "validation_loss": 0.6,
        "validation_correct": 88,
        "validation_count": 100,
        "images": 100,
        "seconds": 1.0,
        "learning_rate": 0.1,
    }
    return EpochRecord(**{**values, **changes})


def drawn(figure):
    """The axes that hold an image, in order."""
    return [axes for axes in figure.figure.axes if axes.images]


def opened(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture


def test_a_figure_without_a_real_alternative_text_is_refused():
    for alt in ("", "A figure.", "x" * 19):
        with pytest.raises(ValueError, match="alternative text is too short"):
            plots.LessonFigure(Figure(), alt)
    plots.LessonFigure(Figure(), "x" * 20)


def test_a_figure_becomes_a_png_that_carries_its_text(sample, tmp_path):
    figure = plots.single_image(sample.train.images[0], title="A digit", alt=ALT)
    picture = opened(figure.png())
    assert picture.format == "PNG"
    assert picture.info["Description"] == ALT
    assert len(picture.convert("L").getcolors()) > 20, "the picture is not blank"
    figure.save(tmp_path / "digit.png")
    assert opened((tmp_path / "digit.png").read_bytes()).size == picture.size


def test_a_notebook_gets_the_png_and_the_text(sample):
    figure = plots.single_image(sample.train.images[0], title="A digit", alt=ALT)
    data, metadata = figure._repr_mimebundle_(include=None, exclude=None)
    opened(base64.b64decode(data["image/png"]))
    assert data["text/plain"] == ALT
    assert metadata["image/png"]["alt"] == ALT


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28)])
def test_a_single_image_shows_its_true_pixels_and_what_they_mean(shape, sample):
    image = sample.train.images[3]
    figure = plots.single_image(image.reshape(shape), title="A digit", alt=ALT, unit="grey, 0-255")
    axes, bar = figure.figure.axes
    assert np.array_equal(axes.images[0].get_array(), image.numpy())
    assert axes.images[0].get_interpolation() == "nearest"
    assert "pixels" in axes.get_xlabel()
    assert "pixels" in axes.get_ylabel()
    assert bar.get_ylabel() == "grey, 0-255"


@pytest.mark.parametrize("number", [1, 16, 64])
def test_a_grid_draws_the_true_pixels_white_on_black(number, sample):
    images = sample.train.images[:number]
    figure = plots.image_grid(images, ["a digit"] * number, title="Digits", alt=ALT)
    grid = drawn(figure)
    assert len(grid) == number
    for axes, image in zip(grid, images.numpy(), strict=True):
        (shown,) = axes.images
        assert np.array_equal(shown.get_array(), image)
        assert shown.get_interpolation() == "nearest"
        ink, paper = shown.get_cmap()([1.0, 0.0])
        assert colors.to_hex(ink) == "#ffffff"
        assert colors.to_hex(paper) == "#000000"
        assert shown.get_clim() == (images.min(), images.max()), "one scale for all"
    empty = [axes for axes in figure.figure.axes if not axes.images]
    assert len(grid) + len(empty) == math.ceil(number / 12) * 12
    assert not any(axes.axison for axes in empty)
    opened(figure.png())


def test_a_grid_keeps_the_order_and_the_number_of_columns(sample):
    captions = [f"image {number}" for number in range(7)]
    figure = plots.image_grid(sample.train.images[:7], captions, title="T", alt=ALT, columns=3)
    assert [axes.get_title() for axes in drawn(figure)] == captions
    assert figure.figure.axes[0].get_gridspec().get_geometry() == (3, 3)


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32, torch.float64])
def test_a_grid_takes_images_as_loaded_and_as_normalised(kind, sample):
    images = sample.train.images[:2].to(kind)
    for shaped in (images, images[:, None]):
        figure = plots.image_grid(shaped, ["a", "b"], title="T", alt=ALT)
        assert np.array_equal(drawn(figure)[1].images[0].get_array(), images[1].numpy())


@pytest.mark.parametrize(
    ("number", "captions", "options"),
    [
        (0, [], {}),
        (2, ["a"], {}),
        (2, ["a", "b", "c"], {}),
        (2, ["a", "b"], {"wrong": [True]}),
        (2, ["a", "b"], {"columns": 0}),
    ],
)
def test_a_grid_of_unequal_lengths_is_refused(number, captions, options, sample):
    with pytest.raises(ValueError, match="cannot draw"):
        plots.image_grid(sample.train.images[:number], captions, title="T", alt=ALT, **options)


def assert_marked(axes, wrong):
    """An error has a cross and a frame: neither is seen by its colour alone."""
    assert (CROSS in axes.get_title()) == wrong
    assert axes.axison == wrong, "only an error has a frame"
    if wrong:
        assert all(
            spine.get_visible() and spine.get_linewidth() >= 2 for spine in axes.spines.values()
        )
        assert len(axes.get_xticks()) == len(axes.get_yticks()) == 0


def test_wrong_images_of_a_grid_have_a_cross_and_a_frame(sample):
    wrong = [False, True, False, True]
    figure = plots.image_grid(
        sample.train.images[:4], list("abcd"), title="T", alt=ALT, wrong=wrong
    )
    for axes, mark in zip(drawn(figure), wrong, strict=True):
        assert_marked(axes, mark)
    opened(figure.png())


@pytest.mark.parametrize("number", [1, 16, 64])
def test_predictions_tell_what_was_read_and_what_is_true(number, predictions, test_split):
    rows = torch.cat([predictions.errors[: number // 2 + 1], torch.arange(number)])[:number]
    figure = plots.prediction_grid(test_split, predictions, rows, title="What the network reads")
    for axes, row in zip(drawn(figure), rows.tolist(), strict=True):
        digit, label = int(predictions.digits[row]), int(predictions.labels[row])
        assert np.array_equal(axes.images[0].get_array(), test_split.images[row, 0].numpy())
        assert f"{digit} ({label})" in axes.get_title()
        shown = float(re.search(r"([\d.]+) %", axes.get_title())[1])
        assert shown == pytest.approx(100 * predictions.confidence[row].item(), abs=0.11)
        assert_marked(axes, digit != label)
        assert (f"{digit} for a {label}" in figure.alt) or digit == label
    assert f"{number} images" in figure.alt
    assert "What the network reads" in figure.alt


def test_the_text_says_when_all_predictions_are_right(predictions, test_split):
    right = (predictions.digits == predictions.labels).nonzero().flatten()[:3]
    figure = plots.prediction_grid(test_split, predictions, right, title="Right")
    assert "All are right" in figure.alt
    assert CROSS not in "".join(axes.get_title() for axes in drawn(figure))


def test_an_almost_certain_prediction_is_not_shown_as_certain(test_split):
    logits = torch.zeros(1, 10)
    logits[0, 3] = 11.0
    nearly = Predictions(logits, torch.tensor([3]))
    assert 0.9995 < nearly.confidence.item() < 1
    rows = torch.tensor([0])
    grid = plots.prediction_grid(test_split, nearly, rows, title="Nearly certain")
    assert "99.9 %" in drawn(grid)[0].get_title()
    assert "100 %" not in plots.doubt_bars(test_split, nearly, rows, title="Nearly certain").alt


@pytest.mark.parametrize("number", [1, 8])
def test_doubt_bars_show_ten_probabilities_for_each_image(number, predictions, test_split):
    rows = predictions.errors[:number]
    figure = plots.doubt_bars(test_split, predictions, rows, title="Doubts")
    axes = figure.figure.axes
    pictures, bars = axes[:number], axes[number:]
    for picture, bar, row in zip(pictures, bars, rows.tolist(), strict=True):
        shares = predictions.probabilities[row].numpy()
        assert np.array_equal(picture.images[0].get_array(), test_split.images[row, 0].numpy())
        assert picture.images[0].get_interpolation() == "nearest"
        widths = [patch.get_width() for patch in bar.patches]
        assert widths == pytest.approx(list(100 * shares), abs=1e-3)
        label = int(predictions.labels[row])
        hatched = [digit for digit, patch in enumerate(bar.patches) if patch.get_hatch()]
        assert hatched == [label], "the true digit is not told by its colour alone"
        true = bar.patches[label]
        assert true.get_edgecolor() != true.get_facecolor(), "the hatching can be seen"
        assert "%" in bar.get_xlabel()
        first, second = np.argsort(-shares)[:2]
        assert re.search(rf"a {label}: {first} with [\d.]+ %, {second} with [\d.]+ %", figure.alt)
    opened(figure.png())


@pytest.mark.parametrize("number", [0, 9])
def test_doubts_about_no_image_or_too_many_are_refused(number, predictions, test_split):
    with pytest.raises(ValueError, match="choose 1 to 8"):
        plots.doubt_bars(test_split, predictions, torch.arange(number), title="Doubts")


def test_learning_curves_show_the_records_with_their_units(records):
    figure = plots.learning_curves({"MLP": records}, title="The network learns")
    loss, accuracy = figure.figure.axes
    assert "epoch" in loss.get_xlabel()
    assert "epoch" in accuracy.get_xlabel()
    assert "nats" in loss.get_ylabel()
    assert "%" in accuracy.get_ylabel()
    for axes, quantity, factor in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
        lines = {line.get_label(): line for line in axes.lines}
        assert set(lines) == {"train", "validation"}
        assert lines["train"].get_linestyle() != lines["validation"].get_linestyle()
        for part, line in lines.items():
            values = [factor * getattr(record, f"{part}_{quantity}") for record in records]
            assert line.get_xdata().tolist() == [0, 1, 2]
            assert line.get_ydata().tolist() == pytest.approx(values)
        assert {text.get_text() for text in axes.get_legend().get_texts()} == set(lines)
        assert all(float(tick).is_integer() for tick in axes.get_xticks())
    opened(figure.png())


def test_the_text_of_learning_curves_tells_their_ends(records):
    figure = plots.learning_curves({"MLP": records}, title="The network learns")
    first, last = records[0], records[-1]
    for told in (
        "The network learns",
        f"{first.validation_loss:.3f} to {last.validation_loss:.3f}",
        f"{first.validation_accuracy:.1%} to {last.validation_accuracy:.1%}",
        f"{last.train_loss:.3f}",
        f"{last.train_accuracy:.1%}",
        "epoch 0 to 2",
    ):
        assert told in figure.alt


def test_several_runs_are_told_apart_by_name_and_by_more_than_colour():
    histories = {f"run {number}": [one_record(0), one_record(1)] for number in range(4)}
    figure = plots.learning_curves(histories, title="Four runs")
    for axes in figure.figure.axes:
        lines = [line for line in axes.lines if "validation" in line.get_label()]
        assert [line.get_label().partition(",")[0] for line in lines] == list(histories)
        assert len({line.get_linestyle() for line in lines}) == 4
    assert all(f"{name}: " in figure.alt for name in histories)


def test_five_runs_still_look_different():
    histories = {f"run {number}": [one_record(0), one_record(1)] for number in range(5)}
    figure = plots.learning_curves(histories, title="Five seeds")
    for axes in figure.figure.axes:
        looks = {(str(line.get_color()), line.get_linestyle()) for line in axes.lines}
        assert len(looks) == len(axes.lines) == 10


@pytest.mark.parametrize("number", [1, 2, 30])
def test_learning_curves_of_any_length_can_be_drawn(number):
    history = [one_record(epoch) for epoch in range(number)]
    opened(plots.learning_curves({"run": history}, title="Some epochs").png())


def test_an_accuracy_is_never_cut_off(records):
    low = one_record(2, train_correct=20, validation_correct=15)
    for history in (records, [*records[:2], low]):
        _, accuracy = plots.learning_curves({"run": history}, title="Learning").figure.axes
        bottom, top = accuracy.get_ylim()
        for record in history[1:]:
            assert bottom <= 100 * record.validation_accuracy <= top
            assert bottom <= 100 * record.train_accuracy <= top


def test_the_confusion_matrix_shows_every_count(predictions):
    counts = confusion_counts(predictions)
    axes = plots.confusion_matrix(counts, title="Confusions").figure.axes[0]
    cells = {(text.get_position()[1], text.get_position()[0]): text for text in axes.texts}
    for (true, read), count in np.ndenumerate(counts):
        assert cells[true, read].get_text() == str(count) if count else (true, read) not in cells
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted digit", "true digit")


def test_the_diagonal_is_not_on_the_colour_scale(predictions):
    counts = confusion_counts(predictions)
    axes, bar = plots.confusion_matrix(counts, title="Confusions").figure.axes
    shown = axes.images[0].get_array()
    assert np.array_equal(np.ma.getmaskarray(shown), np.eye(10, dtype=bool))
    errors = counts * (1 - np.eye(10, dtype=int))
    assert axes.images[0].get_clim() == (0, errors.max())
    assert np.array_equal(shown.filled(0), errors)
    assert "images" in bar.get_ylabel()


def test_the_text_of_the_matrix_names_the_most_frequent_errors(predictions):
    counts = confusion_counts(predictions)
    figure = plots.confusion_matrix(counts, title="Confusions")
    for true, read, count in top_confusions(counts):
        assert f"{true} read as {read} {count} times" in figure.alt
    assert f"{predictions.score.correct} of 500 on the diagonal" in figure.alt
    opened(figure.png())


def test_a_matrix_without_errors_says_so():
    figure = plots.confusion_matrix(np.diag([5] * 10), title="A perfect model")
    assert "Most frequent errors: none" in figure.alt
    opened(figure.png())


def contrast(first, second):
    """The contrast of two colours as WCAG 2 defines it, 1 to 21."""

    def luminance(colour):
        channels = np.array(colors.to_rgb(colour))
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_every_count_can_be_read_on_its_colour():
    counts = np.arange(100).reshape(10, 10)
    axes = plots.confusion_matrix(counts, title="All colours").figure.axes[0]
    image = axes.images[0]
    for text in axes.texts:
        read, true = text.get_position()
        if true != read:
            behind = image.get_cmap()(image.norm(counts[true, read]))
            assert contrast(text.get_color(), behind) >= 4.5


def test_figures_do_not_change_what_they_show(predictions, test_split):
    before = test_split.images.clone(), predictions.logits.clone()
    rows = torch.arange(3)
    plots.prediction_grid(test_split, predictions, rows, title="Three images")
    plots.doubt_bars(test_split, predictions, rows, title="Three images")
    assert torch.equal(test_split.images, before[0])
    assert torch.equal(predictions.logits, before[1])
    assert isinstance(test_split, Split)
