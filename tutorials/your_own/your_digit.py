"""Train a network on MNIST, then let it read photos of your own digits."""

import os
import sys

import torch
from PIL import Image, ImageOps
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, random_split
from torchvision import datasets, transforms

DATA, WEIGHTS, SEEN = "data", "your_digit.pt", "seen.png"
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
    right = [
        model(pixels.to(device)).argmax(dim=1).cpu() == digits
        for pixels, digits in DataLoader(images, batch_size=500)
    ]
    return torch.cat(right).double().mean().item()


def train(epochs):
    torch.manual_seed(1)
    mnist, test = (
        datasets.MNIST(DATA, part, transforms.ToTensor(), download=True)
        for part in (True, False)
    )
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
    model = Net().to(device)
    model.load_state_dict(
        torch.load(WEIGHTS, map_location=device, weights_only=True)
    )
    return model.eval()


def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("L")
    return transforms.functional.to_tensor(ImageOps.contain(photo, (200, 200)))


def ink_of(photo):
    brightest = F.max_pool2d(photo, 41, stride=1, padding=20)
    paper = -F.max_pool2d(-brightest, 41, stride=1, padding=20)
    return (1 - photo / paper.clamp(min=0.01))[:, 5:-5, 5:-5]


def strokes_of(ink):
    strokes = (ink > max(0.2, ink.quantile(0.999) / 2)).float()
    return strokes * (F.avg_pool2d(strokes, 15, stride=1, padding=7) > 0.05)


def frame(strokes):
    _, rows, columns = strokes.nonzero().T
    digit = strokes[
        :, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1
    ]
    h, w = (max(1, round(20 * n / max(digit.shape))) for n in digit.shape[1:])
    small = F.interpolate(digit[None], (h, w), mode="area")[0, 0]
    centre = (small.nonzero() * small[small > 0, None]).sum(dim=0) / small.sum()
    top, left = (round(13.5 - place) for place in centre.tolist())
    return F.pad(small, (left, 28 - left - w, top, 28 - top - h))[None, None]


@torch.no_grad()
def read(model, path):
    strokes = strokes_of(ink_of(open_photo(path)))
    if not 0 < strokes.mean() < 0.5:
        raise ValueError(f"{path}: no dark digit on bright paper")
    framed = frame(strokes)
    transforms.functional.to_pil_image(framed[0]).save(SEEN)
    return model(framed.to(device)).softmax(dim=1)[0].max(dim=0)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["train"]:
            save(train(epochs=4))
        case ["read", path] if os.path.exists(WEIGHTS):
            sys.tracebacklimit = 0
            confidence, digit = read(load(), path)
            print(f"{path}: a {digit}, confidence {confidence:.2f}")
        case _:
            sys.exit("usage: python your_digit.py train, then read photo.jpg")
