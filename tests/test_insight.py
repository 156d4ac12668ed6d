"""What a map of covered places says, of models that look where we know."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mnist_lessons.insight import occlusion_map
from mnist_lessons.models import ImprovedCNN


class Eye(nn.Module):
    """Believes in 3 with the strength of the pixel at row 10 and column 20; nothing else counts."""

    def __init__(self, strength=4.0):
        super().__init__()
        self.strength = nn.Parameter(torch.tensor(strength))
        self.dropout = nn.Dropout(0.5)

    def forward(self, images):
        seen = self.dropout(images[:, 0, 10, 20])
        return F.one_hot(torch.tensor(3), 10) * (self.strength * seen)[:, None]


@pytest.fixture
def image(sample):
    image = sample.validation.images[:1].float() / 255  # (1, 28, 28)
    image[0, 10, 20] = 1
    return image


@pytest.mark.parametrize("side", [1, 3, 7])
def test_only_squares_over_what_the_model_looks_at_count(image, side):
    before = image.clone()
    found = occlusion_map(Eye(), image, 3, side=side, grey=0)
    assert torch.equal(image, before)
    assert (found.shape, found.dtype) == ((28, 28), torch.float32)
    reach = side // 2
    expected = torch.full((28, 28), torch.tensor([4.0, *[0.0] * 9]).softmax(dim=0)[0].item())
    expected[10 - reach : 11 + reach, 20 - reach : 21 + reach] = 0.1
    torch.testing.assert_close(found, expected)


def test_the_grey_and_the_digit_are_those_asked_for(image):
    half = occlusion_map(Eye(), image, 3, side=1, grey=0.5)[10, 20].item()
    logits = torch.zeros(10)
    logits[3] = 2
    assert half == pytest.approx(logits.softmax(dim=0)[3].item())
    other = occlusion_map(Eye(), image, 8, side=1, grey=0.5)[10, 20].item()
    assert other == pytest.approx((1 - half) / 9)


def test_it_is_the_same_as_covering_by_hand(image):
    torch.manual_seed(1)
    model = ImprovedCNN()
    found = occlusion_map(model, image, 7, side=5)
    assert model.training
    model.eval()
    for row, column in ((0, 0), (14, 9), (27, 12), (3, 27)):
        covered = image.clone()
        covered[0, max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3] = 0.5
        with torch.inference_mode():
            alone = model(covered[None]).softmax(dim=1)[0, 7].item()
        assert found[row, column].item() == pytest.approx(alone, abs=1e-6)


def test_an_image_need_not_be_square():
    found = occlusion_map(Eye(), torch.ones(1, 21, 30), 3, side=1, grey=0)
    assert found.shape == (21, 30)
    assert (found < 0.2).nonzero().tolist() == [[10, 20]]


@pytest.mark.parametrize("side", [0, -3, 4])
def test_a_side_has_a_middle(image, side):
    with pytest.raises(ValueError, match="side must be an odd number"):
        occlusion_map(Eye(), image, 3, side=side)


@pytest.mark.parametrize("digit", [-1, 10, 3.0, True])
def test_a_digit_is_from_0_to_9(image, digit):
    with pytest.raises(ValueError, match="digit must be a whole number from 0 to 9"):
        occlusion_map(Eye(), image, digit)
