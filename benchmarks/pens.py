"""How the page to draw on reads people who wrote no digit of MNIST."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import joblib
import numpy as np
import torch
from bs4 import BeautifulSoup
from torch import Tensor, nn

from benchmarks import confidence
from benchmarks.confidence import MISTAKES, RIGHT, UNSURE
from benchmarks.rows import Part
from mnist_lessons.calibration import answered, with_temperature
from mnist_lessons.data import Split
from mnist_lessons.errors import DataError, SettingError
from mnist_lessons.evaluation import Predictions, predict
from mnist_lessons.export import load
from mnist_lessons.framing import SIDE, pixels_of
from mnist_lessons.pens import PenDigit, load_pens

__all__ = ["Network", "Reading", "measure", "networks_of", "pixels", "placed"]

_SHARES = (0.75, 0.30, 0.90)  # of the pad, filled by the longer side of a digit; the first counts
_BATCH = 250  # digits that a process frames at a time

_BEST, _DNN = 0.97, 0.94  # accuracies to reach: of the best network, of the DNN
_APART = 0.005  # accuracy that the size of the drawing may cost

_Strokes = Sequence[Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Network:
    """A network of the page.

    Attributes:
        name: in a sentence, after "the".
        model: with the stored weights.
        gain: a pixel, 0 to 255, times `gain` plus `offset` is what the network reads.
        offset: see `gain`.
        temperature: what the page divides logits by.
        sure: least confidence of what the page says as an answer.
    """

    name: str
    model: nn.Module
    gain: float
    offset: float
    temperature: float = 1.0
    sure: float = 0.0

    @property
    def is_dnn(self) -> bool:
        """Whether it has no convolution."""
        return not any(isinstance(module, nn.Conv2d) for module in self.model.modules())

    def read(self, images: Split) -> Predictions:
        """What it makes of pixels, float32 (N, 1, 28, 28), 0 to 255: before any temperature."""
        return predict(self.model, Split(images.images * self.gain + self.offset, images.labels))


@dataclass(frozen=True)
class Reading:
    """How a network reads the digits: one line of the table. Shares are from 0 to 1.

    Attributes:
        network: its name.
        accuracies: at each size of the drawings; the rest is at the first size.
        sure_mistakes: share of its mistakes that have more than 90% confidence.
        sure_right: share of its right answers that have.
        unsure: share of the digits at which the page is not sure.
        wrong: share of wrong answers where the page is sure.
        temperature: what its logits were divided by.
        sure: least confidence of an answer.
        missed: what is not reached.
    """

    COLUMNS: ClassVar = (
        f"{'':<24} accuracy, drawn at         over 90% sure, of   not     wrong   tempe-  sure\n"
        f"{'':<24} {'75%':<8} {'30%':<8} {'90%':<8}  mistakes  right     sure    if sure "
        "rature  from    missed"
    )

    network: str
    accuracies: tuple[float, ...]
    sure_mistakes: float
    sure_right: float
    unsure: float
    wrong: float
    temperature: float
    sure: float
    missed: tuple[str, ...]

    def __str__(self) -> str:
        accuracies = " ".join(f"{accuracy:<8.2%}" for accuracy in self.accuracies)
        return (
            f"{self.network:<24} {accuracies}  {self.sure_mistakes:<9.1%} {self.sure_right:<9.1%} "
            f"{self.unsure:<7.1%} {self.wrong:<7.2%} {self.temperature:<7g} {self.sure:<7g} "
            f"{', '.join(self.missed) or 'nothing'}"
        )

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self)


def measure(site: Path, *, test: bool = False, choose: bool = False) -> Part:
    """Let the networks of a site's page to draw on read the pen digits, framed as there.

    Args:
        site: a built site.
        test: read the digits of the test writers, not of those who may choose.
        choose: choose temperature and threshold by the digits, and write them down for the page.

    Raises:
        SettingError: there is no page with networks in the site.
        DataError: this machine has no pen digits.
        ValueError: something would be chosen by the test writers.
    """
    if test and choose:
        raise ValueError("nothing is chosen by the digits of the test writers")
    networks = networks_of(site)
    pens = load_pens()
    if pens is None:
        raise DataError("this machine has no pen digits: see MNIST_LESSONS_DATA in docs/run.md")
    digits = pens.test if test else pens.choosing
    sizes = [pixels(digits, share) for share in _SHARES]
    read = [[network.read(images) for images in sizes] for network in networks]
    if choose:
        chosen = [confidence.choose(first) for first, *_ in read]
        networks = [replace(one, **these) for one, these in zip(networks, chosen, strict=True)]
        names = (network.name for network in networks)
        confidence.write(dict(zip(names, chosen, strict=True)))
    best = max(first.score.accuracy for first, *_ in read)
    rows = [_reading(*one, best=best) for one in zip(networks, read, strict=True)]
    writers = sorted({digit.writer for digit in digits})
    heading = [
        f"How the networks of the page to draw on read {len(digits):,} digits by the "
        f"{len(writers)} {'test' if test else 'choosing'} writers, who wrote no digit of MNIST.",
        "E. Alpaydin, F. Alimoglu, Pen-Based Recognition of Handwritten Digits, 1998, "
        "DOI 10.24432/C5MG6K, CC BY 4.0.",
    ]
    if choose:
        heading.append(f"Temperature and least confidence were chosen by them: {confidence.PLACE}")
    return Part(heading, rows, {"digits": len(digits), "writers": writers})


def networks_of(site: Path) -> list[Network]:
    """The networks that the page to draw on loads, in its order.

    Raises:
        SettingError: there is no such page.
    """
    folder = site / "draw"
    try:
        page = BeautifulSoup((folder / "index.html").read_bytes(), "html.parser")
        described = json.loads((folder / "networks.json").read_bytes())["networks"]
    except OSError as error:
        raise SettingError(f"there is no page to draw on in {site}: {error.strerror}") from error
    section = page.find(attrs={"data-draw": True})
    keys = str(section["data-draw"]).split() if section else []
    if not keys:
        raise SettingError(f"the page to draw on in {site} has no networks")
    by_key = {one["key"]: one for one in described}
    return [_network(by_key[key], folder / f"{key}.weights.bin") for key in keys]


def _network(description: Mapping[str, Any], weights: Path) -> Network:
    model = load(description, gzip.decompress(weights.read_bytes()))
    noted = ("name", "gain", "offset", "temperature", "sure")
    return Network(model=model, **{name: description[name] for name in noted})


def pixels(digits: Sequence[PenDigit], share: float) -> Split:
    """The digits as the page frames them: float32 (N, 1, 28, 28), 0 to 255, and labels.

    Args:
        digits: at least one.
        share: of the pad that the longer side of each fills, 0 to 1.
    """
    batches = [digits[begin : begin + _BATCH] for begin in range(0, len(digits), _BATCH)]
    parallel = joblib.Parallel(n_jobs=min(len(batches), joblib.cpu_count()))
    framed = parallel(joblib.delayed(_framed)(batch, share) for batch in batches)
    return Split(torch.cat(framed), torch.tensor([digit.digit for digit in digits]))


def _framed(digits: Sequence[PenDigit], share: float) -> Tensor:
    images = [pixels_of(placed(digit.strokes, share)) for digit in digits]
    return torch.from_numpy(np.stack(images)).unsqueeze(1)


def placed(strokes: _Strokes, share: float) -> list[list[tuple[float, float]]]:
    """Strokes in the middle of the pad, scaled so that their longer side fills a share of it."""
    points = np.array([*chain(*strokes)], dtype=float)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = share * SIDE / max(*(high - low), 1)
    x0, y0 = (low + high) / 2
    return [
        [((x - x0) * scale + SIDE / 2, (y - y0) * scale + SIDE / 2) for x, y in stroke]
        for stroke in strokes
    ]


def _reading(network: Network, read: Sequence[Predictions], *, best: float) -> Reading:
    accuracies = tuple(predictions.score.accuracy for predictions in read)
    told = with_temperature(read[0], network.temperature)
    mistakes, right = confidence.surer(told)
    said = answered(told, network.sure)
    unsure = (said.count - said.answered) / said.count
    least = max(_BEST * (accuracies[0] == best), _DNN * network.is_dnn)
    reached = {
        f"{least:.0%} at 75%": accuracies[0] >= least,
        f"within {100 * _APART:g} points": accuracies[0] - min(accuracies) <= _APART + 1e-9,
        f"mistakes at most {MISTAKES:.0%}": mistakes <= MISTAKES,
        f"right at least {RIGHT:.0%}": right >= RIGHT,
        f"not sure at most {UNSURE:.0%}": unsure <= UNSURE,
    }
    return Reading(
        network.name,
        accuracies,
        sure_mistakes=mistakes,
        sure_right=right,
        unsure=unsure,
        wrong=1 - said.accuracy,
        temperature=network.temperature,
        sure=network.sure,
        missed=tuple(what for what, is_reached in reached.items() if not is_reached),
    )
