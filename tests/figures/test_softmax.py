"""Ten logits stand beside the ten probabilities that PyTorch's softmax makes of them."""

import pytest
import torch
from matplotlib.text import Text

from mnist_lessons import plots
from mnist_lessons._words import percent, signed
from mnist_lessons.figures.look import VARIANTS

LOGITS = torch.tensor([6.5, -6.4, -4.2, -4.25, -2.2, 0.8, 3.6, -3, -3.2, -4.5])


@pytest.mark.parametrize("ending", VARIANTS)
@pytest.mark.parametrize("label", [0, 6])
def test_both_panels_show_the_numbers_and_mark_the_true_digit(label, ending):
    figure = plots.softmax_bars(LOGITS, label, title="Logits")
    shares = LOGITS.double().softmax(dim=0)
    drawn = figure.draw(VARIANTS[ending])
    logits, probabilities = (axes for axes in drawn.axes if axes.patches)
    for axes, values in ((logits, LOGITS), (probabilities, 100 * shares)):
        assert [bar.get_width() for bar in axes.patches] == pytest.approx(values.tolist())
        assert [digit for digit, bar in enumerate(axes.patches) if bar.get_hatch()] == [label]
    texts = {text.get_text() for text in drawn.findobj(Text)}
    assert f"true: {label}" in texts
    assert {percent(shares[0].item()), percent(shares[label].item())} <= texts
    assert {"+6.5", signed(LOGITS[label].item(), 1)} <= texts


def test_an_array_is_drawn_like_a_tensor():
    figure = plots.softmax_bars(LOGITS.numpy(), 6, title="Logits")
    assert figure.table == plots.softmax_bars(LOGITS, 6, title="Logits").table


def test_the_text_tells_the_greatest_and_the_true_digit():
    right = plots.softmax_bars(LOGITS, 0, title="Logits").alt
    assert right.endswith("that of 0: +6.5 becomes 94.5%, and that is the true digit.")
    wrong = plots.softmax_bars(LOGITS, 6, title="Logits").alt
    assert wrong.endswith("0: +6.5 becomes 94.5%. The true digit is 6: +3.6 becomes 5.2%.")
    table = plots.softmax_bars(LOGITS, 6, title="Logits").table
    assert table[0] == ["digit", "logit", "probability"]
    assert sum(row[2] for row in table[1:]) == pytest.approx(1)


@pytest.mark.parametrize(("logits", "label"), [(LOGITS[:9], 0), (LOGITS[None], 0), (LOGITS, 10)])
def test_anything_but_ten_logits_and_a_digit_is_refused(logits, label):
    with pytest.raises(ValueError, match="the ten logits of one image and a digit from 0 to 9"):
        plots.softmax_bars(logits, label, title="Logits")
