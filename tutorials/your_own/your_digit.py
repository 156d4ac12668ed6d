"""Train a network on MNIST, then let it read photos of your own digits."""

import argparse
import os

import torch
from PIL import Image, ImageOps
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, random_split
from torchvision import datasets, transforms

DATA, WEIGHTS = "data", "your_digit.pt"
device = "cuda" if torch.cuda.is_available() else "cpu"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 16, 12, 12)
            nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),  # (N, 32, 5, 5)
            nn.Flatten(), nn.Dropout(0.25), nn.Linear(800, 10),  # (N, 10)
        )  # fmt: skip

    def forward(self, images):
        return self.layers((images - 0.1307) / 0.3081)


def learn(model, images, optimiser):
    model.train()
    for pixels, digits in DataLoader(images, batch_size=64, shuffle=True):
        loss = F.cross_entropy(model(pixels.to(device)), digits.to(device))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


@torch.no_grad()
def accuracy(model, images):
    model.eval()
    right = 0
    for pixels, digits in DataLoader(images, batch_size=500):
        answers = model(pixels.to(device)).argmax(dim=1).cpu()
        right += (answers == digits).sum().item()
    return right / len(images)


def train(epochs):
    torch.manual_seed(1)
    options = {"download": True, "transform": transforms.ToTensor()}
    mnist, test = (datasets.MNIST(DATA, t, **options) for t in (True, False))
    training, validation = random_split(mnist, [0.9, 0.1])
    model = Net().to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(1, epochs + 1):
        learn(model, training, optimiser)
        print(f"epoch {epoch}: validation {accuracy(model, validation):.2%}")
    print(f"test {accuracy(model, test):.2%}")
    return model


def save(model):
    torch.save(model.state_dict(), WEIGHTS + ".part")
    os.replace(WEIGHTS + ".part", WEIGHTS)


def load():
    model = Net().to(device).eval()
    state = torch.load(WEIGHTS, map_location=device, weights_only=True)
    model.load_state_dict(state)
    return model


def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("L")
    photo.thumbnail((200, 200))
    return transforms.functional.to_tensor(photo)  # (1, height, width)


def ink_of(photo):
    brightest = F.max_pool2d(photo, 41, stride=1, padding=20)
    paper = -F.max_pool2d(-brightest, 41, stride=1, padding=20)
    return 1 - photo / paper.clamp(min=0.01)


def strokes_of(ink):
    strokes = (ink > max(0.2, ink.max() / 2)).float()
    crowd = F.avg_pool2d(strokes, 15, stride=1, padding=7)
    return strokes * (crowd > 0.05)


def frame(strokes):
    _, rows, columns = strokes.nonzero().T
    digit = strokes[:, rows.min() : rows.max() + 1]
    digit = digit[:, :, columns.min() : columns.max() + 1]
    h, w = (max(1, round(20 * n / max(digit.shape))) for n in digit.shape[1:])
    small = F.interpolate(digit[None], (h, w), mode="area")[0, 0]
    mass = small[small > 0, None]
    centre = (small.nonzero() * mass).sum(dim=0) / mass.sum()
    top, left = (round(13.5 - place) for place in centre.tolist())
    return F.pad(small, (left, 28 - left - w, top, 28 - top - h))[None, None]


@torch.no_grad()
def read(model, path):
    strokes = strokes_of(ink_of(open_photo(path)))
    if not strokes.any():
        raise ValueError(f"{path}: no ink found")
    return model(frame(strokes).to(device)).softmax(dim=1)[0].max(dim=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["train", "read"])
    parser.add_argument("photos", nargs="*")
    given = parser.parse_args()
    if given.task == "train":
        save(train(epochs=4))
    elif not os.path.exists(WEIGHTS):
        parser.error("no weights yet: train first")
    try:
        for path in given.photos:
            confidence, digit = read(load(), path)
            print(f"{path}: a {digit}, confidence {confidence:.2f}")
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")
