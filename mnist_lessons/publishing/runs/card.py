"""What a run leaves behind in its `run.json`, typed: all that pages and plans read of it.

`mnist_lessons.runlog` writes it, and a build adds what the run was made from. What is not named
here is let be.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from mnist_lessons.publishing.runs.made_from import MadeFrom
from mnist_lessons.publishing.runs.shown import Claim, Figure, Key, Table
from mnist_lessons.settings import Profile

__all__ = [
    "AnyCard",
    "Card",
    "CardFault",
    "Count",
    "Data",
    "Date",
    "Epoch",
    "FailedCard",
    "Failure",
    "Layer",
    "Network",
    "Result",
    "Share",
    "Training",
    "read_card",
]

# What is more cannot be a float, with which pages reckon.
Count = Annotated[int, Meta(ge=0, le=2**53)]
Share = Annotated[float, Meta(ge=0, le=1)]
Date = Annotated[datetime, Meta(tz=True)]

_Card = TypeVar("_Card", bound="AnyCard")


class CardFault(ValueError):
    """Why a card cannot be read: a sentence that names the place."""


class Data(Struct, frozen=True, kw_only=True):
    """The images of a run: sizes by split, SHA-256 by file, and one checksum of all."""

    dataset: str
    source: str
    sizes: dict[str, Count]
    sha256: dict[str, str]
    licence: str
    is_sample: bool
    checksum: str


class Result(Struct, frozen=True, kw_only=True):
    """A trained model with its score on the test split.

    `fit` is the name of its training in the log; `interval` the 95% interval of its accuracy. What
    a model does not have, such as the epochs of nearest neighbours, is None.
    """

    key: Key
    title: str
    fit: str | None = None
    epochs: Count | None
    loss: float | None
    correct: Count
    count: Count
    accuracy: Share
    interval: tuple[Share, Share]
    parameters: Count | None
    multiplications: Count | None
    seconds_per_epoch: float | None


class Layer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A layer of a stored network: the shape of its weights, and that of its output.

    `padding` is the number of rows of zeros on each side of a convolution's input.
    """

    kind: Literal[
        "flatten",
        "linear",
        "relu",
        "conv",
        "scale_shift",
        "pool",
        "average_pool",
        "global_average_pool",
    ]
    weights: tuple[Count, ...] | UnsetType = UNSET
    padding: Count | UnsetType = UNSET
    shape: tuple[Count, ...]

    def __post_init__(self) -> None:
        if self.kind == "conv" and len(self.shape) != 3:
            raise ValueError("the shape of a convolution's output has 3 numbers")


class Network(Struct, frozen=True, kw_only=True):
    """A network that was stored as `KEY.weights`, for the page to draw on.

    A sentence calls it `name`, after "the". A pixel `p` of 0 to 255 enters it as
    `gain * p + offset`. The accuracy before it was stored and after it is of `count` validation
    images: no test image chose how it is stored.
    """

    key: Key
    title: str
    name: str
    gain: float
    offset: float
    storage: Literal["int8", "float16", "float32"]
    layers: list[Layer]
    accuracy: Share
    stored_accuracy: Share
    count: Count
    bytes: Count


class Epoch(Struct, frozen=True, kw_only=True):
    """A row of the log, measured after an epoch of the training `fit`; losses in nats.

    The counts are of the images on which the losses and the accuracy were measured.
    """

    fit: str
    epoch: Count
    train_loss: float | None
    validation_loss: float | None
    validation_accuracy: Share
    train_count: Count
    validation_count: Count


class Training(Struct, frozen=True, kw_only=True):
    """A training that was followed: its name in the log, and the lines that it printed."""

    fit: str
    printed: list[str]


class AnyCard(Struct, frozen=True, kw_only=True):
    """What a run has, whether it ended well or failed."""

    made_from: MadeFrom


class Card(AnyCard, frozen=True, kw_only=True):
    """The content of `run.json`; times in seconds, `commit` None where there was no checkout."""

    lesson: str
    status: str
    profile: Profile
    started: Date
    seconds: float
    processor_seconds: float = 0.0
    reused_seconds: float = 0.0
    device: str
    device_name: str
    threads: Count
    seed: int | float
    versions: dict[str, str]
    commit: str | None
    uncommitted_changes: bool
    data: Data | None
    values: dict[str, float | None]
    results: list[Result]
    networks: list[Network] = []
    figures: list[Figure]
    tables: list[Table] = []
    claims: list[Claim] = []
    log: list[Epoch]
    trainings: list[Training] = []
    cell_seconds: list[float]

    @property
    def whole_seconds(self) -> float:
        """With the trainings that came from checkpoints, which would take their time again."""
        return self.seconds + self.reused_seconds


class Failure(Struct, frozen=True):
    """A lesson did not run to its end.

    Attributes:
        lesson: its slug.
        cell: number of the code cell, from 1; 0 before the first.
        cells: number of code cells.
        line: line of the script, from 1.
        reason: error and message, on one line.
        traceback: the kernel's traceback without colours, or an empty string.
        error: name of the exception that a cell raised, or an empty string.
    """

    lesson: str
    cell: Count
    cells: Count
    line: Count
    reason: str
    traceback: str = ""
    error: str = ""

    def __str__(self) -> str:
        if not self.cell:
            return f"{self.lesson}: failed before its first cell: {self.reason}"
        where = f"code cell {self.cell} of {self.cells} (line {self.line})"
        return f"{self.lesson}: {where} failed: {self.reason}"

    @property
    def in_full(self) -> str:
        """The sentence, and the traceback where there is one."""
        return f"{self}\n{self.traceback}".strip()


class FailedCard(AnyCard, frozen=True, kw_only=True):
    """What must be known of a run that failed."""

    failure: Failure


def read_card(content: bytes, kind: type[_Card]) -> _Card:
    """Read the content of a `run.json`, as a card of one kind.

    Raises:
        CardFault: it is no JSON, or not such a card: the sentence names the place.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `")
        where = place.removesuffix("`").removeprefix("$").removeprefix(".") or "it"
        raise CardFault(f"{where}: {said[:1].lower()}{said[1:]}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CardFault("it is no JSON") from error
