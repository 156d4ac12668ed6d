"""Several views of an image: one answer, their mean, and none of them forgotten."""

import pytest
import torch
from torch import nn

from mnist_lessons.augmentation import affine
from mnist_lessons.data import normalise
from mnist_lessons.models import ImprovedCNN, count_parameters
from mnist_lessons.views import SeveralViews


class Remembering(nn.Module):
    """Gives each image's mean as ten logits, and keeps what it saw."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, images):
        self.seen.append(images)
        return images.mean(dim=(1, 2, 3))[:, None].expand(-1, 10)


def test_sees_each_image_as_it_is_and_moved_towards_each_corner(sample):
    images = normalise(sample).test.images
    framed = images.sum(dim=(1, 2, 3)) == images[:, :, 2:-2, 2:-2].sum(dim=(1, 2, 3))
    images = images[framed][:20]  # nothing is lost by moving: the border is black
    model = Remembering()
    SeveralViews(model, shift=2)(images)
    assert len(model.seen) == 5
    assert torch.equal(model.seen[0], images)
    corners = model.seen[1:]
    for across, down in ((-2, -2), (-2, 2), (2, -2), (2, 2)):
        rolled = images.roll((down, across), dims=(2, 3))
        distances = [(view - rolled).abs().max().item() for view in corners]
        assert min(distances) < 1e-4
        corners.pop(distances.index(min(distances)))
    assert not corners


def test_answers_with_the_mean_of_the_logits(sample):
    images = normalise(sample).test.images[:20]
    torch.manual_seed(0)
    model = ImprovedCNN().eval()
    several = SeveralViews(model, shift=0.5)
    with torch.inference_mode():
        expected = model(images)
        for across in (-0.5, 0.5):
            for down in (-0.5, 0.5):
                expected = expected + model(affine(images, across=across, down=down))
        assert torch.allclose(several(images), expected / 5, atol=1e-6)
    assert count_parameters(several) == count_parameters(model)


@pytest.mark.parametrize("shift", [0, -1, 15, float("nan"), True, "1"])
def test_a_shift_outside_its_range_is_refused(shift):
    with pytest.raises(ValueError, match=r"^shift must be a number above 0 to 14, not "):
        SeveralViews(Remembering(), shift)
