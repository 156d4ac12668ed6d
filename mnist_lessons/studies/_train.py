"""One training of a study, in a process of its own."""

from datetime import UTC, datetime
from typing import Any

import torch

from mnist_lessons._machine import Code, machine
from mnist_lessons.data import load_mnist
from mnist_lessons.devices import select_device
from mnist_lessons.evaluation import Predictions, evaluate, predict
from mnist_lessons.models import count_parameters
from mnist_lessons.settings import Settings
from mnist_lessons.studies import Recipe, Record
from mnist_lessons.training import fit

__all__ = ["train"]


def train(recipe: Recipe, seed: int, begun_from: Code | None = None) -> Record:
    """Train a recipe with one seed, on one thread; what is chosen is scored on the test images.

    Args:
        recipe: how to train.
        seed: of the weights, the order and the augmentation.
        begun_from: the code when the study began: its own records change the checkout, too.
    """
    torch.set_num_threads(1)
    settings = Settings.from_environment()
    device = select_device(settings.device)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    mnist = load_mnist(settings)
    splits = recipe.prepare(mnist).to(device)
    torch.manual_seed(seed)
    model = recipe.model()
    config = recipe.config_for(seed)
    records = fit(model, splits, config, settings.checkpoints_of("studies"))
    asked = recipe.asked(model)
    score = evaluate(asked, splits.validation)
    return Record(
        recipe=recipe.name,
        made_by=recipe.key,
        seed=seed,
        parameters=count_parameters(model),
        seconds=round(sum(record.seconds for record in records), 3),
        validation={"correct": score.correct, "count": score.count, "loss": score.loss},
        curve=[record.validation_correct for record in records],
        test=_tested(predict(asked, splits.test)) if recipe.tested else None,
        machine={**machine(device), **(begun_from or {})},
        started=started,
        data=mnist.provenance.checksum,
    )


def _tested(predictions: Predictions) -> dict[str, Any]:
    score = predictions.score
    errors = sorted(predictions.errors.tolist())
    return {"correct": score.correct, "count": score.count, "loss": score.loss, "errors": errors}
