# %% [markdown] level="advanced" thumbnail="differences"
# # Scaling out
#
# Some networks take weeks on one processor. So several **processes** train
# them together: programs that run at the same time, on one machine or on many.
# Here two processes train the network of the [first lesson](simple_dnn.py).
# The training loop is the same `fit`, and knows nothing of it.
#
# ## What you will learn
#
# - how a batch is divided among processes, and why that changes nothing,
# - why the weights come to differ all the same,
# - what one gains by it, and when one gains nothing,
# - what to type for one machine, and for several.

# %% [markdown]
# ## The data
#
# One **batch** is the images of one step. Each process gets the whole batch,
# and computes a part of it, its **share**. These are the first images of a
# batch of 24, and the process that computes each of them.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import Split, load_mnist, normalise
from mnist_lessons.runlog import start_run

SEED = 1
torch.set_num_threads(1)  # a process is then one core

run = start_run("scaling_out", seed=SEED)
mnist = run.loaded(load_mnist())
print(mnist.provenance)

# %%
figure = plots.image_grid(
    mnist.train.images[:24],
    ["process 0"] * 12 + ["process 1"] * 12,
    title="Each of two processes computes one half of a batch",
    alt="The first 24 training images: the first twelve are computed by "
    "process 0, the other twelve by process 1.",
    columns=6,
)
run.show(figure, "shares")

# %% [markdown]
# ## Two halves make a whole
#
# The loss of a batch is the *mean* of the losses of its images. So its gradient
# is the mean of the gradients of the two halves. Try it, in one process still.
# `float64` numbers have about 16 digits, those of `float32` about 7.

# %%
from torch.nn import functional as F

from mnist_lessons.models import SimpleDNN

splits = normalise(mnist)  # on the CPU
torch.manual_seed(SEED)
network = SimpleDNN().double()


def gradient(rows):
    logits = network(splits.train.images[rows].double())
    loss = F.cross_entropy(logits, splits.train.labels[rows])
    parts = torch.autograd.grad(loss, network.parameters())
    return torch.cat([part.flatten() for part in parts])


# %%
whole = gradient(slice(0, 512))
halves = (gradient(slice(0, 256)) + gradient(slice(256, 512))) / 2
difference = (whole - halves).abs().max().item()
run.table(
    [
        {"of the gradients": "greatest number", "size": whole.abs().max()},
        {"of the gradients": "greatest difference", "size": difference},
    ],
    "halves",
    title=f"Both ways give the same {len(whole):,} numbers, but for rounding",
    formats={"size": ".2g"},
)

# %% [markdown]
# `1e-18` is 1 divided by ten 18 times. So the two are the same, but for the
# last of 16 digits. They differ because a computer rounds after every addition.
# In another order, it rounds otherwise:

# %%
print(f"(0.1 + 0.2) + 0.3 = {(0.1 + 0.2) + 0.3}")
print(f"0.1 + (0.2 + 0.3) = {0.1 + (0.2 + 0.3)}")

# %% [markdown]
# ## What the processes tell each other
#
# Each process holds all weights, and starts from the same ones. In every step
# they talk twice:
#
# 1. Each computes the logits of its share. An **all-gather** gives all logits
#    to all processes. So each of them knows the loss of the whole batch.
# 2. Each goes back through its own share, from the loss to the weights. An
#    **all-reduce** adds up what they find. So each of them knows the gradient
#    of the whole batch.
#
# Then each takes the same step, and all have the same weights again. The
# second part is done by PyTorch's
# [DistributedDataParallel](https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html).
# The first is done by
# [`Shared`](../reference.md#mnist_lessons.distributed.Shared), which looks like
# any model from outside. This is its `forward`:

# %%
import inspect
from textwrap import dedent

from mnist_lessons.distributed import Shared

print(dedent(inspect.getsource(Shared.forward)))

# %% [markdown]
# `get_world_size()` is the number of processes, `get_rank()` the number of this
# one, from 0 on. Where a batch cannot be divided evenly, the last shares are
# smaller. Their logits are filled up with zeros for the journey, and these are
# cut off again.
#
# !!! warning "A mistake worth knowing"
#     DistributedDataParallel takes the *mean* over the processes, but here the
#     parts of the gradient must be *added*. So on its way back through the
#     all-gather, the gradient is multiplied by the number of processes. Adam
#     would hardly notice if this were forgotten: it divides by the size of the
#     gradient. A comparison with one process does.
#
# ## One process, as ever
#
# First the training that we know, in this program. Only a few epochs: the
# question is not how well it reads.

# %%
from mnist_lessons.training import TrainConfig

config = TrainConfig(
    epochs=run.epochs(4, preview=2),
    batch_size=512,
    learning_rate=1e-3,
    seed=SEED,
)
torch.manual_seed(SEED)
model = SimpleDNN()
history = run.fit("one process", model, splits, config)

# %% [markdown]
# ## Two processes
#
# `mnist_lessons.distributed` is a program that does the same, alone or with
# others. [torchrun](https://docs.pytorch.org/docs/stable/elastic/run.html)
# starts it as often as one asks, and tells each process its number. `torchrun`
# is short for `python -m torch.distributed.run`. With `--standalone`, all
# processes are on this machine, and 127.0.0.1 is its address for itself.
#
# Every process gets one thread, and the CPU. There they talk through
# [gloo](https://github.com/pytorch/gloo), a library for such talk.

# %%
import os
import subprocess
import sys

os.environ.update(MNIST_LESSONS_DEVICE="cpu", OMP_NUM_THREADS="1")


def torchrun(processes, *options):
    command = ["-m", "torch.distributed.run", "--standalone"]
    command += ["--local-addr=127.0.0.1", f"--nproc-per-node={processes}"]
    command += ["-m", "mnist_lessons.distributed", *options]
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    sys.stdout.write(done.stdout)


# %% [markdown]
# For one process, no `torchrun` is needed: the program's `main` is called in
# this process. It writes the weights after each epoch into a file.

# %%
import tempfile
from pathlib import Path

from mnist_lessons.distributed import main

folder = tempfile.TemporaryDirectory()


def train(processes, dtype, epochs=config.epochs):
    options = [f"--epochs={epochs}", f"--batch-size={config.batch_size}"]
    options += [f"--images={len(mnist.train)}", f"--dtype={dtype}"]
    file = Path(folder.name) / "weights.pt"
    options += [f"--output={file}"]
    if processes > 1:
        torchrun(processes, *options)
    elif main(options):
        raise RuntimeError("the training failed")
    return torch.load(file)


# %%
trained = {}
for processes in (1, 2):
    print(f"processes: {processes}")
    trained["float32", processes] = train(processes, "float32")

# %% [markdown]
# But for the seconds, the lines look much alike. Do the weights, too?


# %%
def greatest_difference(left, right):
    return max((left[name] - right[name]).abs().max().item() for name in left)


# %%
alone, together = (trained["float32", n]["weights"] for n in (1, 2))
here = greatest_difference(model.state_dict(), alone[-1])
rows = [
    {"processes": "one and two", "epoch": epoch, "difference": difference}
    for epoch, difference in enumerate(
        map(greatest_difference, alone, together)
    )
]
same = {"processes": "fit, and one", "epoch": config.epochs, "difference": here}

# %%
run.table(
    [same, *rows],
    "weights-apart",
    title="The greatest difference of a weight, after each epoch",
    formats={"difference": ".2g"},
)

# %% [markdown]
# One process gives the same bits each time. Two processes begin with the same
# weights, but then they differ. Is that a mistake of ours, or is it the
# rounding?
#
# ## Ask the rounding
#
# If it is the rounding, more digits must help. So the same once more, in
# `float64`. A mistake would stay.

# %%
for processes in (1, 2):
    print(f"processes: {processes}")
    trained["float64", processes] = train(processes, "float64")

# %%
lines = {}
for dtype in ("float32", "float64"):
    alone, together = (trained[dtype, n]["weights"] for n in (1, 2))
    apart = list(map(greatest_difference, alone, together))
    lines[dtype] = list(enumerate(apart))[1:]  # none before training
last = {dtype: points[-1][1] for dtype, points in lines.items()}
figure = plots.line_chart(
    lines,
    title="One and two processes end within "
    f"{last['float64']:.0e} in float64, {last['float32']:.0e} in float32",
    x=plots.Axis("epoch"),
    y=plots.Axis("greatest difference of a weight", log=True),
    references={"one millionth": 1e-6},
)
run.show(figure, "differences")

# %%
run.claim(
    "In float64, no weight differs by a millionth.", last["float64"] < 1e-6
)
run.record(**{f"difference_{dtype}": value for dtype, value in last.items()})
largest = max(w.abs().max().item() for w in model.state_dict().values())
print(f"the largest weight: {largest:.2f}")

# %% [markdown]
# It was the rounding. The arithmetic is that of one process.
#
# In `float32`, such differences grow with every step. Each step starts from
# the weights that the last one left, so it hands their differences on. Two
# things enlarge them:
#
# - Adam divides the gradient by its usual size, to which it adds 1e-8. Where a
#   gradient is nearly zero, little is left of it but rounding, and Adam can
#   make a full step of that. In `float64`, the rounding lies far below 1e-8,
#   and no step is made of it.
# - A ReLU is a bend. Where a number lies just above zero in one training and
#   just below in the other, the gradient takes another way.
#
# Plain gradient descent does not divide. Whether that helps, you can try: the
# program takes `--optimiser sgd` as well.
#
# Does any of this matter for reading digits? Let both networks of each kind
# read the validation images, and count where they disagree.

# %%
from mnist_lessons.evaluation import predict


def reader(dtype, processes):
    network = SimpleDNN().to(getattr(torch, dtype))
    network.load_state_dict(trained[dtype, processes]["weights"][-1])
    images = splits.validation.images.to(getattr(torch, dtype))
    return predict(network, Split(images, splits.validation.labels))


# %%
rows = []
for dtype in ("float32", "float64"):
    one, two = (reader(dtype, processes) for processes in (1, 2))
    row = {"numbers": dtype, "correct, one process": one.score.correct}
    row["correct, two"] = two.score.correct
    rows.append({**row, "otherwise": int((one.digits != two.digits).sum())})
run.table(
    rows,
    "readers",
    title=f"How many of {len(splits.validation):,} images are read otherwise",
)

# %% [markdown]
# So do not ask two trainings in `float32` for the same bits, where the order of
# the additions can change: with another number of processes, another
# processor, another version. Ask in `float64` whether the arithmetic is right.
#
# ## What is gained
#
# Seconds, measured while this page was made: the median epoch of the trainings
# in `float32`, without loading and measuring. Other programs may have been busy
# meanwhile, so they are rough.

# %%
from statistics import median

seconds = {
    processes: median(
        entry["seconds"] for entry in trained["float32", processes]["log"][1:]
    )
    for processes in (1, 2)
}
ratio = seconds[2] / seconds[1]
figure = plots.bar_chart(
    [plots.Bar("one process", seconds[1]), plots.Bar("two", seconds[2])],
    title=f"With two processes, an epoch takes {ratio:.2f} times as long",
    axis=plots.Axis("seconds for an epoch"),
)
run.show(figure, "seconds")
run.record(seconds_one=seconds[1], seconds_two=seconds[2], ratio=ratio)

# %% [markdown]
# Two perfect processes would take 0.5 times as long. Above 1, they lose. Expect
# little or nothing here: the network is small, and where a core has other work
# to do, one process waits for the other. What is there to do in one step?

# %%
from mnist_lessons.models import count_parameters, summarise

products = [layer.multiplications for layer in summarise(model)]
share = config.batch_size // 2
steps = -(-len(mnist.train) // config.batch_size)
# Forwards once; backwards once for the weights, once for the layer below, and
# below the first layer there is none.
passes = 3 * sum(products) - next(filter(None, products))
work = {
    "multiplications for a share": share * passes,
    "bytes of the gradient": 4 * count_parameters(model),
    "bytes of all logits": 4 * 10 * config.batch_size,
}

# %%
run.table(
    [{"in one step": name, "number": number} for name, number in work.items()],
    "work",
    title="What is computed in one step, and what is sent",
)
run.table(
    [{"processes": n, "ms": 1000 * seconds[n] / steps} for n in (1, 2)],
    "steps",
    title="Milliseconds for one step",
    formats={"ms": ".1f"},
)

# %% [markdown]
# A core does so many multiplications in a few milliseconds. Then it waits for
# the other process, twice, and copies the bytes. And some work is not divided
# at all: each process cuts the batch from all images, and changes all weights.
# With more processes, only the computing gets shorter, and soon there is
# nothing left to divide.
#
# It pays when the computing of one step takes far longer than the talking:
#
# - with networks that multiply far more for each weight, as convolutions do on
#   large images,
# - with a GPU for each process, and fast wires between them,
# - with batches so large that each share still fills its processor.
#
# Often the batch is made larger with the number of processes. That is faster,
# but it is another training, with fewer steps, and often asks for another
# learning rate ([Goyal et al., 2017](https://arxiv.org/abs/1706.02677)). Here,
# the batch stays as it is.
#
# On one machine without GPUs, try threads first: `OMP_NUM_THREADS=2` lets *one*
# process use two cores, without any of this.
#
# ## Several GPUs, several machines
#
# Where a machine has a GPU for each process, the program takes them, and
# [NCCL](https://docs.nvidia.com/deeplearning/nccl/) instead of gloo.
#
# ```bash
# torchrun --standalone --nproc-per-node=4 \
#   -m mnist_lessons.distributed --epochs 5 --output weights.pt
# ```
#
# With several machines, type the same line on each of them. In place of
# `FIRST` stands the name of one of them, by which the others reach it.
#
# ```bash
# torchrun --nnodes=2 --nproc-per-node=4 --rdzv-id=mnist \
#   --rdzv-backend=c10d --rdzv-endpoint=FIRST:29400 \
#   -m mnist_lessons.distributed --epochs 5 --output weights.pt
# ```
#
# `--nnodes` is the number of machines. `rdzv` stands for *rendezvous*: at port
# 29400 of `FIRST`, the processes meet, and get their numbers. Each machine
# needs the same versions and the images. Process 0 writes the file, on its own
# machine. The processes talk without password or encryption, so let them do it
# in a network that you trust.
#
# These two commands were *not* run for this page, which is made on one machine.
#
# ## What a share does not know
#
# `SimpleDNN` treats each image by itself. Not all layers do.
#
# - **Batch normalisation** takes the mean and the spread over a batch. Here it
#   sees a share only, so two processes train another network than one.
#   PyTorch's `SyncBatchNorm` lets them talk about that as well.
# - **Dropout** ([second lesson](improved_cnn.py)) switches off random units.
#   All processes draw from the same seed, so images in the same place of two
#   shares lose the same units: less chance than in one process, and other
#   weights.
#
# And each process holds all images and puts its share together from them. With
# data that does not fit, each would load its share alone, with PyTorch's
# `DistributedSampler`.
#
# ## Your turn
#
# ### 1. Three processes
#
# Three do not divide 512. Which shares do they get? Are the weights after one
# epoch still those of one process?
#
# ??? tip "Hint"
#     `rows` in `Shared.forward` is rounded up. `train` takes any number of
#     processes; more of them than cores are slow, but they work.

# %% tags=["solution"]
three = train(3, "float64", epochs=1)
rows = -(-config.batch_size // 3)
print("shares:", [len(range(512)[rows * n :][:rows]) for n in range(3)])
difference = greatest_difference(
    trained["float64", 1]["weights"][1], three["weights"][1]
)
print(f"greatest difference: {difference:.1e}")
assert difference < 1e-6

# %% [markdown]
# ### 2. A mean of means
#
# Many programs let each process take the mean loss of *its* share, and average
# the gradients. With two halves that is right, as you have seen. Divide 512
# images into 500 and 12. Is it still right? How would you mend it?
#
# ??? tip "Hint"
#     `gradient` is still there. An image in the small share should count as
#     much as one in the large share.

# %% tags=["solution"]
large, small = gradient(slice(0, 500)), gradient(slice(500, 512))
ways = {
    "mean of means": (large + small) / 2,
    "weighted by images": (500 * large + 12 * small) / 512,
}
errors = {
    name: ((way - whole).norm() / whole.norm()).item()
    for name, way in ways.items()
}

# %% tags=["solution"]
run.table(
    [{"way": name, "relative error": error} for name, error in errors.items()],
    "means",
    title="Only the weighted mean is the gradient of the whole batch",
    formats={"relative error": ".1e"},
)
assert errors["weighted by images"] < 1e-12 < 1e-3 < errors["mean of means"]

# %% [markdown]
# With all logits in every process, `Shared` needs no weights for the shares:
# there is one mean, over the whole batch.
#
# ## What we found

# %%
folder.cleanup()
run.table(
    [{"numbers": dtype, "difference": value} for dtype, value in last.items()],
    "found",
    title="One and two processes: the greatest difference of a weight after "
    f"{config.epochs} epochs",
    formats={"difference": ".1e"},
)
print(f"an epoch with two processes: {ratio:.2f} times as long")
run.finish()

# %% [markdown]
# Two processes train the network of one: in `float64`, no weight differs by a
# millionth. In `float32`, the greatest difference of a weight is
# {{ difference_float32 | number }}, because sums are rounded in another order.
# An epoch took {{ seconds_one | number }} seconds with one process, and
# {{ seconds_two | number }} with two. `fit` was not changed for any of this.
#
# *After [PyTorch Distributed](https://arxiv.org/abs/2006.15704) by Shen Li and
# others (2020), the paper about DistributedDataParallel.*
