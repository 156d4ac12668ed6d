"""Trainings whose steps need nothing from the host: one, or several as one batch of models."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn, optim
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from mnist_lessons.data import Split
from mnist_lessons.training import SCHEDULES, TrainConfig

__all__ = ["Together", "replayed"]

_WARM_UP = 3  # steps; what is made at the first step must be there before a graph is captured


class Together:
    """Trainings of one recipe that differ in their seeds alone, step by step beside each other.

    Images, order, learning rates, weights and the number of the step lie on the device, so that a
    step is the same list of kernels each time and can be captured as a CUDA graph. Adam changes
    each weight by itself: stacked weights are trained as each would be alone. Unlike `fit`, an
    epoch leaves out the images that do not fill a batch, and the loss is not looked at.

    Args:
        network: makes a fresh network without buffers from PyTorch's random numbers.
        split: normalised images, on the device.
        config: how to train, with Adam; without weight decay, averages and augmentation.
        models: how many at once.

    Attributes:
        steps: of a whole training.
        loss: sum of the models' mean losses, of images (models * batch, 1, 28, 28) and labels
            (models * batch,); may be replaced by a compiled one.

    Raises:
        ValueError: the recipe asks for what is not done here, or not one batch can be filled.
    """

    def __init__(
        self, network: Callable[[], nn.Module], split: Split, config: TrainConfig, models: int = 1
    ) -> None:
        _check(config)
        device = split.images.device
        self._network = network
        self._split = split
        self._config = config
        modules = [network().to(device) for _ in range(models)]
        if any(True for _ in modules[0].buffers()):
            raise ValueError("networks with buffers cannot be trained together")
        parameters, logits = _stacked(modules)
        # Where the weights of each model lie, to be written and read.
        self._weights = [
            [one.detach()[number] if models > 1 else one.detach() for one in parameters]
            for number in range(models)
        ]
        batches = len(split) // config.batch_size
        if not batches:
            raise ValueError(f"{len(split)} images do not fill a batch of {config.batch_size}")
        self.steps = batches * config.epochs
        share = SCHEDULES[config.schedule]
        rates = [config.learning_rate * share(step / self.steps) for step in range(self.steps)]
        self._rates = torch.tensor(rates, device=device)
        self._order = torch.zeros(
            self.steps, models * config.batch_size, dtype=torch.int64, device=device
        )
        self._step = torch.zeros(1, dtype=torch.int64, device=device)
        self._optimiser = optim.Adam(
            parameters,
            lr=torch.tensor(config.learning_rate, device=device),
            fused=True,
            capturable=device.type == "cuda",
        )

        def loss(images: Tensor, labels: Tensor) -> Tensor:
            total = F.cross_entropy(
                logits(images), labels, reduction="sum", label_smoothing=config.label_smoothing
            )
            return total / config.batch_size

        self.loss: Callable[[Tensor, Tensor], Tensor] = loss

    def start(self, seeds: Sequence[int]) -> None:
        """Begin anew: fresh weights, one seed for each model, and an optimiser without a past."""
        with torch.no_grad():
            for seed, weights in zip(seeds, self._weights, strict=True):
                torch.manual_seed(seed)
                for mine, fresh in zip(weights, self._network().parameters(), strict=True):
                    mine.copy_(fresh)
            for state in self._optimiser.state.values():
                for value in state.values():
                    value.zero_()
        self._step.zero_()

    def shuffle(self, seeds: Sequence[int]) -> None:
        """Draw the order of the images of all epochs for each model, by its seed alone."""
        size = self._config.batch_size
        batches = len(self._split) // size
        order = self._order.view(self._config.epochs, batches, len(seeds), size)
        for number, seed in enumerate(seeds):
            generator = torch.Generator(order.device).manual_seed(seed)
            for epoch in order:
                drawn = torch.randperm(
                    len(self._split), generator=generator, device=order.device
                )  # fmt: skip
                epoch[:, number] = drawn[: batches * size].view(batches, size)

    def step(self) -> None:
        """Take one step with each model."""
        rows = self._order.index_select(0, self._step).flatten()
        images = self._split.images.index_select(0, rows)
        labels = self._split.labels.index_select(0, rows)
        rate = self._optimiser.param_groups[0]["lr"]
        rate.copy_(self._rates.index_select(0, self._step).squeeze(0))
        self._optimiser.zero_grad()
        self.loss(images, labels).backward()
        self._optimiser.step()
        self._step += 1

    def trained(self) -> Iterator[nn.Module]:
        """Each model with the weights that it has now."""
        for weights in self._weights:
            model = self._network().to(self._step.device)
            with torch.no_grad():
                for mine, found in zip(model.parameters(), weights, strict=True):
                    mine.copy_(found)
            yield model


def replayed(training: Together, seeds: Sequence[int]) -> Callable[[], None]:
    """A CUDA graph of the training's step; the training has to be started after this.

    Warm-up and capture share a stream: cuBLAS and autograd keep things for each stream.
    """
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.stream(stream):
        training.start(seeds)
        for _ in range(min(_WARM_UP, training.steps)):
            training.step()
    torch.cuda.synchronize()
    with torch.cuda.graph(graph, stream=stream):
        training.step()
    torch.cuda.synchronize()
    return graph.replay


def _check(config: TrainConfig) -> None:
    if config.optimiser != "adam" or config.weight_decay or config.averaging or config.augment:
        raise ValueError("only Adam, without weight decay, averages and augmentation, is done here")


def _stacked(
    modules: Sequence[nn.Module],
) -> tuple[list[nn.Parameter] | list[Tensor], Callable[[Tensor], Tensor]]:
    """The weights, stacked where there are several models, and what makes logits of all images."""
    if len(modules) == 1:
        return list(modules[0].parameters()), modules[0]
    weights, _ = stack_module_state(list(modules))
    bare = deepcopy(modules[0]).to("meta")

    def one(own: dict[str, Tensor], images: Tensor) -> Tensor:
        logits: Tensor = functional_call(bare, own, (images,))
        return logits

    def logits(images: Tensor) -> Tensor:
        apart = images.unflatten(0, (len(modules), -1))
        return vmap(one, randomness="different")(weights, apart).flatten(0, 1)

    return list(weights.values()), logits
