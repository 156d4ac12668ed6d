"""Figures: true pixels, units, no meaning in colour alone, and a text that replaces each."""

import base64
import csv
import io
import re
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from matplotlib import colors
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from mnist_lessons import plots
from mnist_lessons._words import a, times
from mnist_lessons.data import Split, normalise
from mnist_lessons.evaluation import Predictions, confusion_counts, predict, top_confusions
from mnist_lessons.figures.look import PRINT, VARIANTS, contrast
from mnist_lessons.models import SimpleDNN
from mnist_lessons.publishing.runs.admission import problem_of_drawing
from mnist_lessons.training import EpochRecord, TrainConfig, fit

ALT = "Some images of handwritten digits."
CROSS = "\N{BALLOT X}"
PARTS = ("train", "validation")
ACROSS = plots.Axis("shift (pixels)")
UPWARDS = plots.Axis("accuracy (%)", limits=(0, 101))
LINES = {"one": [(0, 98.5), (1, 90.25), (2, 33)], "another network": [(0, 99), (2, 97)]}
BARS = [plots.Bar("a mistake with a long name, longer than a phone is wide", 9.0, 0.5),
        plots.Bar("none", 3.0)]  # fmt: skip


@pytest.fixture(scope="module")
def trained(sample):
    """A network that errs at times, its records, and its predictions of the test images."""
    splits = normalise(sample)
    torch.manual_seed(0)
    model = SimpleDNN()
    settings = TrainConfig(epochs=2, batch_size=64, learning_rate=1e-3)
    records = fit(model, splits, settings)
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


def everything(figure, look=PRINT):
    """All texts, the bitmaps and the axes of a figure, as it is drawn for a page."""
    drawn = figure.draw(look)
    drawn.canvas.draw()
    texts = [text for text in drawn.findobj(Text) if text.get_text() and text.get_visible()]
    images = [image.get_array() for axes in drawn.axes for image in axes.images]
    return SimpleNamespace(texts=texts, images=images, axes=drawn.axes)


def words(figure, look=PRINT):
    return [text.get_text() for text in everything(figure, look).texts]


def tiles(bitmap):
    """The opaque squares of a bitmap, row by row, as grey levels."""
    opaque = bitmap[..., 3] > 0
    down, across = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    found = [
        bitmap[top : top + 28, left : left + 28]
        for top in down[::28]
        for left in across[::28]
        if opaque[top, left]
    ]
    assert all((tile[..., 3] == 255).all() for tile in found)
    assert all((tile[..., 0] == tile[..., 1]).all() for tile in found)
    return [tile[..., 0] for tile in found]


def as_bytes(images):
    """Images on one scale, black to white."""
    pixels = images.reshape(-1, 28, 28).double()
    low, high = pixels.min(), pixels.max()
    return ((pixels - low) * 255 / (high - low)).round().numpy()


def opened(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture


def test_a_figure_without_a_real_alternative_text_is_refused():
    for alt in ("", "A figure.", "x" * 19):
        with pytest.raises(ValueError, match="alternative text is too short"):
            plots.LessonFigure(lambda look: Figure(), "Title", alt)
    plots.LessonFigure(lambda look: Figure(), "Title", "x" * 20)


def every_figure(sample, records, predictions, test_split):
    rows = torch.arange(6)
    return [
        plots.single_image(sample.train.images[0], title="A digit", alt=ALT),
        plots.prediction_grid(test_split, predictions, rows, title="Six digits"),
        plots.doubt_bars(test_split, predictions, rows, title="Six doubts"),
        plots.learning_curves({"MLP": records, "other": records}, title="It learns"),
        plots.confusion_matrix(confusion_counts(predictions), title="It errs"),
        plots.line_chart(LINES, title="It falls", x=ACROSS, y=UPWARDS, references={"chance": 10}),
        plots.bar_chart(BARS, title="It costs", axis=plots.Axis("accuracy lost (points)")),
        plots.bar_chart(BARS, title="It gains", axis=plots.Axis("accuracy (%)", limits=(2, 12))),
    ]


@pytest.mark.parametrize("number", range(8))
def test_a_figure_is_drawn_for_each_page(number, sample, records, predictions, test_split):
    figure = every_figure(sample, records, predictions, test_split)[number]
    files = figure.files("name")
    assert files == figure.files("name"), "always the same bytes"
    drawn = {ending: files[f"name{ending}"].decode() for ending in VARIANTS}
    assert len(set(drawn.values())) == 4
    widths = {}
    for ending, text in drawn.items():
        assert problem_of_drawing(f"name{ending}", text.encode()) is None
        widths[ending] = float(re.search(r'<svg [^>]*width="([0-9.]+)"', text)[1])
        assert figure.title not in text, "the page has it as the caption"
        assert "<text" in text, "its words are text"
    assert widths[".svg"] == widths[".dark.svg"] <= 688
    assert widths[".narrow.svg"] == widths[".narrow.dark.svg"] <= 360
    opened(files["name.png"])


@pytest.mark.parametrize("ending", VARIANTS)
@pytest.mark.parametrize("number", range(8))
def test_what_a_figure_says_can_be_read(number, ending, sample, records, predictions, test_split):
    look = VARIANTS[ending]
    drawn = everything(every_figure(sample, records, predictions, test_split)[number], look)
    assert drawn.texts
    for text in drawn.texts:
        assert text.get_fontsize() >= 10
        if number != 4:  # the counts of a matrix lie on colours
            assert contrast(colors.to_hex(text.get_color()), look.paper) >= 4.5
    lines = [line for axes in drawn.axes for line in axes.lines if line.get_label() in PARTS]
    for line in lines:
        assert contrast(colors.to_hex(line.get_color()), look.paper) >= 3


def test_the_data_of_a_figure_can_be_read_as_a_table(sample, records, predictions, test_split):
    figures = every_figure(sample, records, predictions, test_split)
    _, grid, doubts, curves, matrix = figures[:5]
    rows = {one.title: list(csv.reader(io.StringIO(one.csv().decode())))
            for one in (grid, doubts, curves, matrix)}  # fmt: skip
    assert [int(cell) for cell in rows["It errs"][1][1:]] == confusion_counts(predictions)[
        0
    ].tolist()
    told = [float(row[4]) for row in rows["It learns"][1 : 1 + len(records)]]
    assert told == [record.validation_loss for record in records]
    assert [len(row) for row in rows["Six doubts"]] == [12] * 7
    assert [int(row[1]) for row in rows["Six digits"][1:]] == predictions.digits[:6].tolist()
    assert plots.image_grid(test_split.images[:1], ["a"], title="T", alt=ALT).csv() is None


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
    axes = figure.draw(PRINT).axes[0]
    assert np.array_equal(axes.images[0].get_array(), image.numpy())
    assert axes.images[0].get_interpolation() == "none"
    assert {"column (pixels)", "row (pixels)", "grey, 0-255", "A digit"} <= {*words(figure)}


def test_a_grid_keeps_the_order_and_the_number_of_columns(sample):
    captions = [f"image {number}" for number in range(7)]
    figure = plots.image_grid(sample.train.images[:7], captions, title="T", alt=ALT, columns=3)
    texts = everything(figure, VARIANTS[".svg"]).texts
    assert [text.get_text() for text in texts] == captions
    assert len({round(text.get_position()[0]) for text in texts}) == 3
    assert len({round(text.get_position()[1]) for text in texts}) == 3


def frames(axes):
    return [line for line in axes.lines if line.get_linewidth() >= 2]


def test_a_grid_tells_its_labels_when_nobody_says_more(sample):
    images, labels = sample.train.images[:4], sample.train.labels[:4]
    figure = plots.image_grid(images, labels, title="Many hands", columns=2)
    told = [str(label) for label in labels.tolist()]
    assert words(figure, VARIANTS[".svg"]) == told
    assert figure.alt == (
        f"Many hands. 4 images of 28 by 28 pixels, 2 in a row: {', '.join(told)}."
    )
    captions, wrong = ["4 (9)\n80%", "3 (3)\n99%"], [True, False]
    marked = plots.image_grid(images[:2], captions, title="Two", wrong=wrong)
    assert marked.alt == (
        "Two. 2 images of 28 by 28 pixels: 4 (9), 80%; 3 (3), 99%. Marked as wrong by a cross and "
        "a frame: 4 (9), 80%."
    )
    with pytest.raises(ValueError, match="cannot draw 4 images with 3 captions"):
        plots.image_grid(images, labels[:3], title="T")


def test_a_single_image_tells_its_size_and_its_range(sample):
    image = sample.train.images[3]
    figure = plots.single_image(image, title="A digit", unit="grey level (0 to 255)")
    assert figure.alt == (
        "A digit. One image of 28 by 28 pixels, white on black; grey level (0 to 255): from "
        f"{image.min()} to {image.max()}."
    )


def test_wrong_images_of_a_grid_have_a_cross_and_a_frame(sample):
    wrong = [False, True, False, True]
    figure = plots.image_grid(
        sample.train.images[:4], list("abcd"), title="T", alt=ALT, wrong=wrong
    )
    drawn = everything(figure, VARIANTS[".svg"])
    assert [CROSS in text.get_text() for text in drawn.texts] == wrong
    marked = frames(drawn.axes[0])
    assert len(marked) == 2
    for frame, text in zip(marked, [drawn.texts[1], drawn.texts[3]], strict=True):
        assert min(frame.get_xdata()) < text.get_position()[0] < max(frame.get_xdata())


@pytest.mark.parametrize("number", [1, 16, 64])
def test_predictions_tell_what_was_read_and_what_is_true(number, predictions, test_split):
    rows = torch.cat([predictions.errors[: number // 2 + 1], torch.arange(number)])[:number]
    figure = plots.prediction_grid(test_split, predictions, rows, title="What the network reads")
    drawn = everything(figure, VARIANTS[".svg"])
    assert np.array_equal(tiles(drawn.images[0]), as_bytes(test_split.images[rows]))
    told = [text.get_text() for text in drawn.texts]
    for read, share, row in zip(told[::2], told[1::2], rows.tolist(), strict=True):
        digit, label = int(predictions.digits[row]), int(predictions.labels[row])
        assert f"{digit} ({label})" in read
        shown = float(re.search(r"([\d.]+)%", share)[1])
        assert shown == pytest.approx(100 * predictions.confidence[row].item(), abs=0.1001)
        assert (CROSS in read) == (digit != label)
        assert (f"{digit} for {a(label)} (" in figure.alt) or digit == label
    assert len(frames(drawn.axes[0])) == sum(CROSS in text for text in told)
    assert f"{number} images" in figure.alt
    assert "What the network reads" in figure.alt


def test_the_text_says_when_all_predictions_are_right(predictions, test_split):
    right = (predictions.digits == predictions.labels).nonzero().flatten()[:3]
    figure = plots.prediction_grid(test_split, predictions, right, title="Right")
    assert "All are right" in figure.alt
    assert CROSS not in "".join(words(figure))


def test_an_almost_certain_prediction_is_not_shown_as_certain(test_split):
    logits = torch.zeros(1, 10)
    logits[0, 3] = 11.0
    nearly = Predictions(logits, torch.tensor([3]))
    assert 0.9995 < nearly.confidence.item() < 1
    rows = torch.tensor([0])
    grid = plots.prediction_grid(test_split, nearly, rows, title="Nearly certain")
    assert "> 99.9%" in words(grid)
    assert "100%" not in plots.doubt_bars(test_split, nearly, rows, title="Nearly certain").alt


@pytest.mark.parametrize("ending", VARIANTS)
@pytest.mark.parametrize("number", [1, 8])
def test_doubt_bars_show_ten_probabilities_for_each_image(number, ending, predictions, test_split):
    rows = predictions.errors[:number]
    figure = plots.doubt_bars(test_split, predictions, rows, title="Doubts")
    drawn = everything(figure, VARIANTS[ending])
    shown = np.concatenate([tiles(bitmap) for bitmap in drawn.images])
    assert np.array_equal(shown, as_bytes(test_split.images[rows]))
    bars = drawn.axes[0].patches
    assert len(bars) == 10 * number
    for place, row in enumerate(rows.tolist()):
        shares = predictions.probabilities[row].numpy()
        own = bars[10 * place : 10 * place + 10]
        widths = np.array([bar.get_width() for bar in own])
        assert widths / widths.sum() == pytest.approx(shares, abs=1e-4)
        label = int(predictions.labels[row])
        hatched = [digit for digit, bar in enumerate(own) if bar.get_hatch()]
        assert hatched == [label], "the true digit is not told by its colour alone"
        assert own[label].get_edgecolor() != own[label].get_facecolor()
        first, second = np.argsort(-shares)[:2]
        assert re.search(rf"{a(label)}: {first} with [\d.]+%, {second} with [\d.]+%", figure.alt)
    assert words(figure, VARIANTS[ending]).count("probability (%)") == number


def test_doubt_bars_of_what_is_no_digit_hatch_none(predictions, test_split):
    labels = torch.tensor([-1, 3])
    mixed = Predictions(predictions.logits[:2], labels)
    figure = plots.doubt_bars(test_split, mixed, torch.arange(2), title="A stranger")
    bars = everything(figure).axes[0].patches
    assert [place for place, bar in enumerate(bars) if bar.get_hatch()] == [10 + 3]
    assert "no digit" in words(figure)
    assert "true: -1" not in words(figure)
    assert re.search(r"hatched.* no digit: \d with .* a 3: \d with", figure.alt)
    assert [row[1] for row in figure.table] == ["true digit", "none", 3]
    alone = plots.doubt_bars(test_split, mixed, torch.tensor([0]), title="A stranger")
    assert "hatched" not in alone.alt


def test_a_bar_that_cannot_be_seen_is_not_said_to_be_hatched(test_split):
    logits = torch.tensor([[0.0] * 9 + [20.0]])
    for label, hatched in ((9, True), (3, False)):
        said = Predictions(logits, torch.tensor([label]))
        figure = plots.doubt_bars(test_split, said, torch.tensor([0]), title="Very sure")
        assert ("hatched" in figure.alt) is hatched


def curves(axes):
    return [line for line in axes.lines if line.get_label() in PARTS]


def test_learning_curves_show_the_records_with_their_units(records):
    figure = plots.learning_curves({"MLP": records}, title="The network learns")
    drawn = everything(figure)
    loss, accuracy, *_ = drawn.axes
    assert {"cross-entropy (nats per image)", "accuracy (%)", "validation", "training"} <= {
        text.get_text() for text in drawn.texts
    }
    for axes, quantity, factor in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
        assert "epoch" in axes.get_xlabel()
        lines = {line.get_label(): line for line in curves(axes)}
        assert set(lines) == set(PARTS)
        assert lines["train"].get_linestyle() != lines["validation"].get_linestyle()
        for part, line in lines.items():
            values = [factor * getattr(record, f"{part}_{quantity}") for record in records]
            assert list(line.get_xdata()) == [0, 1, 2]
            assert list(line.get_ydata()) == pytest.approx(values)
        assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_the_text_of_learning_curves_tells_their_ends(records):
    figure = plots.learning_curves({"MLP": records}, title="The network learns")
    first, last = records[0], records[-1]
    for told in (
        "The network learns",
        f"{first.validation_loss:.3f} to {last.validation_loss:.3f}",
        f"{first.validation_accuracy:.2%} to {last.validation_accuracy:.2%}",
        f"the training loss is {last.train_loss:.2g}",
        f"{last.train_accuracy:.2%}",
        "epoch 0 to 2",
        f"lowest after epoch {last.epoch}",
    ):
        assert told in figure.alt


def test_several_runs_are_told_apart_by_name_and_by_more_than_colour():
    histories = {f"run {number}": [one_record(0), one_record(1)] for number in range(4)}
    figure = plots.learning_curves(histories, title="Four runs")
    assert set(histories) <= {*words(figure)}
    for axes in figure.draw(PRINT).axes[:2]:
        lines = [line for line in curves(axes) if line.get_label() == "validation"]
        assert len({line.get_marker() for line in lines}) == 4
    assert all(f"{name}: " in figure.alt for name in histories)


def test_five_runs_still_look_different():
    histories = {f"run {number}": [one_record(0), one_record(1)] for number in range(5)}
    for axes in plots.learning_curves(histories, title="Five seeds").draw(PRINT).axes[:2]:
        looks = {(line.get_color(), line.get_marker(), line.get_label()) for line in curves(axes)}
        assert len(looks) == len(curves(axes)) == 10


@pytest.mark.parametrize("number", [1, 2, 30])
def test_learning_curves_of_any_length_can_be_drawn(number):
    history = [one_record(epoch) for epoch in range(number)]
    opened(plots.learning_curves({"run": history}, title="Some epochs").png())


@pytest.mark.parametrize("ending", VARIANTS)
def test_a_short_training_can_be_seen_beside_a_long_one(ending):
    histories = {
        name: [one_record(epoch) for epoch in range(epochs + 1)]
        for name, epochs in (("short", 3), ("long", 120))
    }
    drawn = everything(plots.learning_curves(histories, title="T"), VARIANTS[ending])
    for axes in drawn.axes[:2]:
        short, long = (
            np.ptp(axes.transData.transform(np.c_[line.get_xdata(), line.get_ydata()])[:, 0])
            for line in (curves(axes)[0], curves(axes)[2])
        )
        assert short > 0.25 * long > 0.2 * axes.bbox.width
        assert "logarithmic" in axes.get_xlabel()
        labels = [text.get_window_extent() for text in axes.get_xticklabels()]
        assert not any(one.overlaps(other) for one, other in pairwise(labels))


def test_an_accuracy_is_never_cut_off(records):
    low = one_record(2, train_correct=20, validation_correct=15)
    for history in (records, [*records[:2], low]):
        accuracy = plots.learning_curves({"run": history}, title="Learning").draw(PRINT).axes[1]
        bottom, top = accuracy.get_ylim()
        for record in history[1:]:
            assert bottom <= 100 * record.validation_accuracy <= top
            assert bottom <= 100 * record.train_accuracy <= top


def test_the_confusion_matrix_shows_every_count(predictions):
    counts = confusion_counts(predictions)
    axes = plots.confusion_matrix(counts, title="Confusions").draw(PRINT).axes[0]
    cells = {(text.get_position()[1], text.get_position()[0]): text for text in axes.texts}
    for (true, read), count in np.ndenumerate(counts):
        assert cells[true, read].get_text() == str(count) if count else (true, read) not in cells
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted digit", "true digit")


@pytest.mark.parametrize("ending", VARIANTS)
def test_only_errors_are_coloured(ending, predictions):
    counts = confusion_counts(predictions)
    figure = plots.confusion_matrix(counts, title="Confusions")
    [cells] = everything(figure, VARIANTS[ending]).images
    assert len({tuple(cells[digit, digit]) for digit in range(10)}) == 1
    errors = np.where(np.eye(10, dtype=bool), 0, counts)
    assert ((cells[..., 3] == 0) == ((errors == 0) & ~np.eye(10, dtype=bool))).all()
    most = cells[np.unravel_index(errors.argmax(), errors.shape)][:3]
    assert f"#{bytes(most.astype(np.uint8)).hex()}" == VARIANTS[ending].heat[1]


def test_the_text_of_the_matrix_names_the_most_frequent_errors(predictions):
    counts = confusion_counts(predictions)
    figure = plots.confusion_matrix(counts, title="Confusions")
    for true, read, count in top_confusions(counts):
        assert f"{true} read as {read} ({times(count)})" in figure.alt
    assert f"{predictions.score.correct} of 500 on the diagonal" in figure.alt
    opened(figure.png())


def test_a_matrix_without_errors_says_so():
    figure = plots.confusion_matrix(np.diag([5] * 10), title="A perfect model")
    assert "Most frequent errors: none" in figure.alt
    opened(figure.png())


@pytest.mark.parametrize("ending", VARIANTS)
def test_every_count_can_be_read_on_its_colour(ending):
    counts = np.arange(100).reshape(10, 10)
    figure = plots.confusion_matrix(counts, title="All colours")
    axes = figure.draw(VARIANTS[ending]).axes[0]
    cells = axes.images[0].get_array()
    assert len(axes.texts) == 99
    for text in axes.texts:
        read, true = text.get_position()
        behind = f"#{bytes(cells[true, read, :3].astype(np.uint8)).hex()}"
        assert contrast(colors.to_hex(text.get_color()), behind) >= 4.5


def test_figures_do_not_change_what_they_show(predictions, test_split):
    before = test_split.images.clone(), predictions.logits.clone()
    rows = torch.arange(3)
    plots.prediction_grid(test_split, predictions, rows, title="Three images")
    plots.doubt_bars(test_split, predictions, rows, title="Three images")
    assert torch.equal(test_split.images, before[0])
    assert torch.equal(predictions.logits, before[1])
    assert isinstance(test_split, Split)


def test_a_long_title_is_broken_into_lines_that_fit(sample):
    title = " ".join(["A rather long title, as long as it gets"] * 6)
    for unit in ("grey level", "W" * 12):
        image = plots.single_image(sample.train.images[0], title=title, alt=ALT, unit=unit)
        figure = image.on_screen()
        figure.canvas.draw()
        boxes = [line.get_window_extent() for line in figure.texts]
        assert " ".join(line.get_text() for line in figure.texts) == title
        assert max(box.x1 for box in boxes) <= figure.bbox.x1
        assert max(box.y1 for box in boxes) <= figure.bbox.y1
        assert min(box.y0 for box in boxes) >= figure.axes[0].get_window_extent().y1


def test_a_name_is_no_formula():
    names = ["$a_1", "<b>&$"]
    figure = plots.learning_curves({name: [one_record(0)] for name in names}, title="1 $ < 2 $")
    assert {*names, "1 $ < 2 $"} <= {*words(figure)}
    opened(figure.png())
    for ending, content in figure.files("x").items():
        if ending.endswith(".svg"):
            assert problem_of_drawing(ending, content) is None
            assert b"&lt;b&gt;&amp;$" in content


@pytest.mark.parametrize(("number", "wished"), [(36, 12), (60, 10), (64, 8), (15, 6), (1, 12)])
@pytest.mark.parametrize("ending", VARIANTS)
def test_the_captions_of_a_grid_fit_side_by_side(number, wished, ending, sample):
    images = sample.train.images[:number]
    captions = ["9 (4)\n> 99.9%"] * number
    wrong = [True] * number
    figure = plots.image_grid(
        images, captions, title="T", alt=ALT, columns=wished, wrong=wrong
    )  # fmt: skip
    drawn = everything(figure, VARIANTS[ending])
    boxes = [text.get_window_extent() for text in drawn.texts]
    for line in range(2):
        for box, following in pairwise(boxes[line::2]):
            assert box.x1 <= following.x0 + 1 or box.y0 > following.y0
    in_a_row = len({round(box.x0) for box in boxes[1::2]})
    room = 6 if "narrow" in ending and wished > 6 else wished
    assert in_a_row == min(room, number)


@pytest.mark.parametrize("ending", VARIANTS)
def test_a_legend_of_many_or_long_names_stays_inside_the_figure(ending):
    for names in ([f"run {number}" for number in range(16)], ["a network " * 3, "b" * 30]):
        histories = {name: [one_record(0), one_record(1)] for name in names}
        drawn = everything(plots.learning_curves(histories, title="T"), VARIANTS[ending])
        loss, _, legend = drawn.axes
        boxes = [text.get_window_extent() for text in legend.texts]
        assert len(boxes) == len(names) + 2
        assert not any(
            box.overlaps(other) for place, box in enumerate(boxes) for other in boxes[:place]
        )
        assert max(box.x1 for box in boxes) <= legend.get_window_extent().x1
        assert min(box.y0 for box in boxes) >= loss.get_window_extent().y1


@pytest.mark.parametrize(
    ("loss", "told"), [(2e-6, "10⁻⁵"), (0.003, "0.01"), (0.2, "0.2"), (1.9, "2")]
)
def test_the_ticks_of_a_small_loss_can_be_read(loss, told):
    history = [
        one_record(0, train_loss=2.3, validation_loss=2.3),
        one_record(1, train_loss=loss, validation_loss=loss),
    ]
    axes = everything(plots.learning_curves({"run": history}, title="T"), PRINT).axes[0]
    ticks = [tick for tick in axes.get_yticklabels() if tick.get_text()]
    assert told in [tick.get_text() for tick in ticks]
    assert min(tick.get_window_extent().x0 for tick in ticks) >= 0


@pytest.mark.parametrize("ending", VARIANTS)
@pytest.mark.parametrize("epochs", [3, 100, 120, 128, 1_000])
def test_the_labels_of_the_epochs_stay_inside_the_figure(epochs, ending):
    history = [one_record(epoch) for epoch in range(epochs + 1)]
    drawn = everything(plots.learning_curves({"run": history}, title="T"), VARIANTS[ending])
    for axes in drawn.axes[:2]:
        low, high = axes.get_xlim()
        ends = [
            label.get_window_extent().x1
            for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
            if low <= place <= high
        ]
        assert len(ends) >= 3
        assert max(ends) <= axes.figure.bbox.x1


def test_a_line_chart_tells_its_lines_by_more_than_colour():
    figure = plots.line_chart(
        {f"network {number}": [(1, number), (2, 2 * number)] for number in range(1, 9)},
        title="Eight lines", x=ACROSS, y=plots.Axis("loss (nats)"),
    )  # fmt: skip
    plot = everything(figure).axes[0]
    styles = {(line.get_color(), line.get_marker(), line.get_linestyle()) for line in plot.lines}
    assert len(plot.lines) == len(styles) == 8
    assert len({(line.get_marker(), str(line._dash_pattern)) for line in plot.lines}) >= 4
    said = words(figure)
    assert {"shift (pixels)", "loss (nats)", *(f"network {n}" for n in range(1, 9))} <= set(said)


def test_the_text_and_the_data_of_a_line_chart_tell_each_line():
    figure = plots.line_chart(
        LINES, title="It falls", x=ACROSS, y=UPWARDS, references={"chance": 10}
    )
    assert figure.alt == (
        "It falls. accuracy (%) against shift (pixels). one: 98.5 at 0, 33 at 2; lowest 33 at 2, "
        "highest 98.5 at 0. another network: 99 at 0, 97 at 2; lowest 97 at 2, highest 99 at 0. "
        "Dotted lines: chance at 10."
    )
    rows = list(csv.reader(io.StringIO(figure.csv().decode())))
    assert rows[0] == ["line", "shift (pixels)", "accuracy (%)"]
    assert rows[1:] == [
        [name, *map(str, map(float, pair))] for name in LINES for pair in LINES[name]
    ]
    assert "chance" in words(figure)


@pytest.mark.parametrize("ending", VARIANTS)
@pytest.mark.parametrize(
    ("left", "right"), [(52, 52), (48, 48), (52, 90), (90, 52), (48, 52), (52, 20), (20, 52)]
)
def test_the_name_of_a_reference_is_written_where_no_line_runs(left, right, ending):
    line = [(x, left if x < 10 else right) for x in range(21)]
    chart = plots.line_chart(
        {"line": line}, title="T", x=ACROSS, y=UPWARDS, references={"chance": 50}
    )
    drawn = chart.draw(VARIANTS[ending])
    drawn.draw_without_rendering()
    axes = drawn.axes[0]
    [box] = [text.get_window_extent() for text in axes.texts if text.get_text() == "chance"]
    path = axes.lines[0].get_path().interpolated(50)
    assert not box.count_contains(axes.transData.transform(path.vertices))
    assert axes.bbox.y0 <= box.y0 < box.y1 <= axes.bbox.y1


def test_what_went_wrong_has_crosses_with_a_name():
    lost = {"diverged": [(2, 97)]}
    figure = plots.line_chart(LINES, title="T", x=ACROSS, y=UPWARDS, crosses=lost)
    assert figure.alt.endswith(" Crosses, diverged: 97 at 2.")
    assert figure.csv().decode().splitlines()[-1] == "diverged,2.0,97.0"
    assert "diverged" in words(figure)
    marks = [line for line in everything(figure).axes[0].lines if line.get_marker() == "x"]
    assert [line.get_xydata().tolist() for line in marks] == [[[2, 97]]]


def test_nothing_went_wrong_where_a_name_has_no_point():
    figure = plots.line_chart(LINES, title="T", x=ACROSS, y=UPWARDS, crosses={"diverged": []})
    assert figure.alt.endswith(" Crosses, diverged: none.")


@pytest.mark.parametrize(("highest", "between"), [(50, True), (2000, False)])
def test_a_short_logarithmic_axis_has_ticks_between_the_powers_of_ten(highest, between):
    upwards = plots.Axis("misread (%)", log=True, limits=(1, highest))
    figure = plots.line_chart({"one": [(0, 3), (1, 30)]}, title="T", x=ACROSS, y=upwards)
    drawn = figure.draw(PRINT)
    drawn.draw_without_rendering()
    told = {label.get_text() for label in drawn.axes[0].get_yticklabels()}
    assert "10" in told
    assert ({"2", "5", "20"} <= told) == between


def test_one_line_needs_no_legend_and_a_diagonal_no_name():
    figure = plots.line_chart(
        {"only": [(0, 0), (1, 0.5)]}, title="T", x=ACROSS, y=UPWARDS, diagonal=True
    )
    assert "only" not in words(figure)
    assert len(everything(figure).axes[0].lines) == 2


@pytest.mark.parametrize("lines", [{}, {"a": []}, {"a": [(0, 1)], "b": []}])
def test_a_line_chart_without_a_point_is_refused(lines):
    with pytest.raises(ValueError, match="a chart needs a line, and a line needs a point"):
        plots.line_chart(lines, title="T", x=ACROSS, y=UPWARDS)
    with pytest.raises(ValueError, match="a chart needs a bar"):
        plots.bar_chart([], title="T", axis=ACROSS)


def test_bars_begin_at_zero_or_are_dots():
    from_zero = plots.bar_chart(BARS, title="T", axis=plots.Axis("points"))
    plot = everything(from_zero).axes[0]
    assert plot.get_xlim()[0] == 0
    assert [bar.get_width() for bar in plot.patches] == [9, 3]
    assert all(bar.get_x() == 0 for bar in plot.patches)
    cut = plots.bar_chart(BARS, title="T", axis=plots.Axis("points", limits=(2, 12)))
    assert not everything(cut).axes[0].patches
    negative = plots.bar_chart(
        [plots.Bar("gain", -2), plots.Bar("cost", 1)], title="T", axis=ACROSS
    )
    assert everything(negative).axes[0].get_xlim() == (-2, 1)


def test_bars_say_their_values_and_spreads():
    figure = plots.bar_chart(
        BARS, title="It costs", axis=plots.Axis("points"), format_value="{:.1f}!"
    )
    assert {"9.0!", "3.0!", *(bar.name for bar in BARS)} <= set(words(figure))
    assert figure.alt == (
        "It costs. points: a mistake with a long name, longer than a phone is wide: 9.0! "
        "plus or minus 0.5!; none: 3.0!."
    )
    rows = list(csv.reader(io.StringIO(figure.csv().decode())))
    assert rows == [
        ["name", "points", "spread"],
        [BARS[0].name, "9.0", "0.5"],
        ["none", "3.0", "0.0"],
    ]


@pytest.mark.parametrize(("height", "width"), [(5, 5), (12, 12), (24, 24), (28, 28), (3, 9)])
def test_images_of_any_size_keep_their_pixels(height, width):
    images = torch.arange(3 * height * width).reshape(3, 1, height, width)
    figure = plots.image_grid(images, ["a", "b", "c"], title="T", alt=ALT, columns=3)
    (bitmap,) = everything(figure).images
    times = 28 // max(height, width)
    opaque = bitmap[..., 3] > 0
    shown = bitmap[opaque.any(axis=1)][:, opaque.any(axis=0)][..., 0]
    assert shown.shape == (times * height, 3 * times * width)
    small = np.concatenate(list(images[:, 0].numpy()), axis=1)
    expected = np.rint(small * 255 / small.max())
    assert np.array_equal(shown[::times, ::times], expected)
    assert np.array_equal(shown, shown[::times, ::times].repeat(times, 0).repeat(times, 1))


@pytest.mark.parametrize("ending", VARIANTS)
def test_what_a_chart_says_stays_inside_it(ending):
    charts = [
        plots.line_chart(LINES, title="T", x=ACROSS, y=UPWARDS, references={"chance": 10}),
        plots.bar_chart(BARS[1:], title="T", axis=plots.Axis("points"), format_value="{:.2f}%"),
    ]
    for chart in charts:
        drawn = chart.draw(VARIANTS[ending])
        drawn.canvas.draw()
        room = drawn.bbox
        for text in drawn.findobj(Text):
            if text.get_text() and text.get_visible():
                box = text.get_window_extent()
                assert room.x0 <= box.x0 + 1
                assert box.x1 <= room.x1 + 1, text.get_text()
