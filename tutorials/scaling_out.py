# %% [markdown] level="advanced" thumbnail="differences" needs="simple_dnn"
# # Scaling out
#
# Two **processes**, programs that run at the same time, share the training of
# one network. They do the same arithmetic as one, and still their weights can
# end far from those of one: rounding begins it, and a bend makes it large.
#
# ## What you will learn
#
# - how a batch is divided among processes,
# - why the weights can come to differ all the same,
# - what one gains by it, and what to type for several machines.
#
# ## Train in halves
#
# The loss of a **batch**, the images of one step, is the mean of the losses of
# its images. So its gradient is a sum, to which each **share** of the batch
# adds its own. This is a step in shares, in one process still: `backward` adds
# to the gradient that is there.

# %%
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from mnist_lessons import plots
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.runlog import start_run

torch.set_num_threads(1)  # a process is then one core
run = start_run("scaling_out", seed=1)
train = normalise(run.loaded(load_mnist())).train  # on the CPU
adam = partial(torch.optim.Adam, lr=1e-3)


# %%
def fresh(seed, activation=nn.ReLU):
    """The DNN, untrained, with any activation."""
    torch.manual_seed(seed)
    first, second = nn.Linear(784, 100), nn.Linear(100, 100)
    hidden = (first, activation(), second, activation())
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(100, 10))


def step(network, optimiser, images, labels, parts):
    optimiser.zero_grad()
    shares = images.tensor_split(parts), labels.tensor_split(parts)
    for share, true in zip(*shares, strict=True):
        loss = F.cross_entropy(network(share), true, reduction="sum")
        (loss / len(images)).backward()
    optimiser.step()


assert (0.1 + 0.2) + 0.3 != 0.1 + (0.2 + 0.3)  # 0.6000000000000001, and 0.6

# %% [markdown]
# The gradient is the same, but for one thing, which the last line shows. A
# computer rounds after each addition. In another order, it rounds differently.
#
# Does that matter? We train the same network twice, once with whole batches and
# once in halves. The numbers are `float32`, as usual: they have about 7 digits.
# After each step we measure how far the two are apart: the greatest difference
# of a weight. And we watch the weighted sums that go into the ReLUs. A sum that
# is above zero in one training and not in the other has **flipped**.


# %%
def batches(count, epochs, seed):
    """The rows of one batch after another, each image once an epoch."""
    torch.manual_seed(seed)
    for _ in range(epochs):
        yield from torch.randperm(count).split(512)


# %%
def positive(network, images):
    """Which sums of the hidden layers are above zero, for each image."""
    with torch.no_grad():
        first = network[:2](images)
        return torch.cat([first, network[2:4](first)], dim=1) > 0


def apart(one, other):
    """The greatest difference of a weight."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max((left - right).abs().max().item() for left, right in pairs)


# %%
def compare(one, other, parts, make=adam, epochs=1, seed=1):
    """Sums that have flipped before each step, and the difference after it."""
    optimisers = make(one.parameters()), make(other.parameters())
    for rows in batches(len(train), epochs, seed):
        images, labels = train.images[rows], train.labels[rows]
        flipped = positive(one, images) != positive(other, images)
        step(one, optimisers[0], images, labels, 1)
        step(other, optimisers[1], images, labels, parts)
        yield flipped.sum().item(), apart(one, other)


# %%
rows, lines, epochs = [], {}, run.epochs(2, preview=1)
for seed in (1, 2, 3):
    pair = fresh(seed), fresh(seed)
    flips, far = zip(*compare(*pair, 2, epochs=epochs, seed=seed), strict=True)
    calm = next((at for at, number in enumerate(flips) if number), len(flips))
    row = {"seed": seed, "steps without a flip": calm}
    row["apart until then"] = max(far[:calm])
    row["one step later"] = far[calm] if calm < len(far) else None
    rows.append({**row, "at the end": far[-1]})
    lines[f"seed {seed}"] = list(enumerate(far, start=1))

# %%
run.table(
    rows,
    "flips",
    title=f"{len(far)} steps, whole and in halves: the greatest difference",
    formats=dict.fromkeys(list(rows[0])[2:], ".0e"),
)

# %%
run.show(
    plots.line_chart(
        lines,
        title="Rounding alone leaves the weights together, until a sum flips",
        x=plots.Axis("step"),
        y=plots.Axis("greatest difference of a weight", log=True),
    ),
    "differences",
)
run.claim(
    "While no sum has flipped, no weight differs by a hundred-thousandth.",
    max(row["apart until then"] for row in rows) < 1e-5,
)

# %% [markdown]
# `1e-7` is a ten-millionth: its 1 stands in the seventh place behind the point.
# With rounding alone, the weights stay within a hundred-thousandth of each
# other. Then a sum flips, or none does: a dash stands where none did. That is
# luck. Another processor, which rounds
# in another order, has other luck.
#
# In the step after a flip, the difference jumps, or begins to climb. A flip
# matters because a ReLU has a bend at zero. Above zero, the weights of the sum
# get their part of the gradient; below, they get none. So one image pulls at
# these weights in one training only. Then the weights differ more, so more sums
# flip, and so on.
#
# ## Is it the bend?
#
# Do not wait for luck: make the difference. No batch is divided now, but one of
# the two trainings begins with a millionth added to each bias of its first
# layer. We try ReLU, and tanh, a curve without a bend, each with Adam and with
# plain gradient descent.


# %%
def nudged(activation, make):
    """The steps of two trainings that begin a millionth apart."""
    pair = fresh(1, activation), fresh(1, activation)
    pair[1][1].bias.data += 1e-6
    return list(compare(*pair, parts=1, make=make))


# %%
plain, causes = partial(torch.optim.SGD, lr=0.5), []
for activation in (nn.ReLU, nn.Tanh):
    for optimiser, make in (("Adam", adam), ("plain", plain)):
        flips, far = zip(*nudged(activation, make), strict=True)
        row = {"activation": activation.__name__, "optimiser": optimiser}
        row |= {"flips": sum(flips), "after 10 steps": far[:10][-1]}
        causes.append({**row, "after the epoch": far[-1]})

# %%
run.table(
    causes,
    "causes",
    title="A millionth grows large only where there is a bend",
    formats=dict.fromkeys(list(causes[0])[3:], ".0e"),
)

ends = [row["after the epoch"] for row in causes]
run.claim(
    "Both pairs with ReLU end more than ten times as far apart as both with "
    "tanh.",
    min(ends[:2]) > 10 * max(ends[2:]),
)

# %% [markdown]
# So the bend is the cause, with either optimiser. With tanh, sums flip, too,
# and nothing comes of it. Adam divides each gradient by its usual size, which
# enlarges the difference even with tanh, but in the first steps only.
#
# ## Why more digits help
#
# A flip needs a sum that lies closer to zero than rounding reaches. How many
# sums of the first layer are so close, of all training images?

# %%
sums = fresh(seed=1)[:2](train.images).detach().abs()
wide, near = (int((sums < width).sum()) for width in (1e-3, 1e-5))
run.record(sums=sums.numel(), wide=wide, near=near)
run.claim(
    "A hundred times closer to zero lie about a hundred times fewer sums.",
    0.005 < near / wide < 0.02,
)
finer = torch.finfo(torch.float32).eps / torch.finfo(torch.float64).eps
assert finer == 536_870_912

# %% [markdown]
# Of {{ sums | count }} sums, {{ wide | count }} lie within a thousandth of
# zero, and {{ near | count }} within a hundred-thousandth. Within a
# ten-millionth, about a hundredth of these should lie: enough for a training in
# `float32` to meet one now and then. `float64` rounds 536,870,912 times more
# finely. So a flip is that many times rarer: it practically never comes.
#
# So do not ask two trainings in `float32` for the same weights where the order
# of additions can change: with another number of processes, another processor,
# another version. To check the arithmetic, ask in `float64`.
#
# ## Two processes
#
# Each process holds all weights, and starts from the same ones. In a step, it
# computes the gradient of its own share. Then an **all-reduce** adds up the
# gradients of all processes, and gives the sum to each. So all take the same
# step.

# %%
import torch.distributed as dist


def shared_step(network, optimiser, images, labels):
    number, count = dist.get_rank(), dist.get_world_size()
    share = images.tensor_split(count)[number]
    true = labels.tensor_split(count)[number]
    optimiser.zero_grad()
    loss = F.cross_entropy(network(share), true, reduction="sum")
    (loss / len(images)).backward()
    for weights in network.parameters():
        dist.all_reduce(weights.grad)  # now the sum, in every process
    optimiser.step()


# %% [markdown]
# `get_rank` is the number of this process, from 0 on, and `get_world_size` says
# how many there are. Around the step, each process runs this program, in
# `float64`:

# %%
from time import perf_counter

from mnist_lessons.distributed import process_group


def program(count, file):
    train = normalise(load_mnist().head(count)).train
    network = fresh(seed=1).double()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    with process_group():  # meet the others
        begin = perf_counter()
        for rows in batches(count, epochs=1, seed=1):
            images, labels = train.images[rows].double(), train.labels[rows]
            shared_step(network, optimiser, images, labels)
        if dist.get_rank() == 0:
            torch.save([network.state_dict(), perf_counter() - begin], file)


# %% [markdown]
# `torchrun --standalone --nproc-per-node=2 program.py` starts it twice. The
# folded cells write these functions into `program.py`, and start it.

# %% tags=["setup"]
import inspect
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HEAD = """import torch; import torch.distributed as dist; from torch import nn
from time import perf_counter; from torch.nn import functional as F
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.distributed import process_group
torch.set_num_threads(1)"""

# %% tags=["setup"]
parts = map(inspect.getsource, (fresh, batches, shared_step, program))
with tempfile.TemporaryDirectory() as folder:
    file, saved = Path(folder, "program.py"), Path(folder, "saved.pt")
    call = f"program({len(train)}, {str(saved)!r})"
    file.write_text("\n".join([HEAD, *parts, call]))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--local-addr=127.0.0.1", "--nproc-per-node=2", str(file)]
    settings = {"MNIST_LESSONS_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=os.environ | settings, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    weights, seconds_two = torch.load(saved)

# %% [markdown]
# The same in this process alone, with whole batches:

# %%
alone, two = fresh(seed=1).double(), fresh(seed=1).double()
two.load_state_dict(weights)
optimiser = adam(alone.parameters())
begin = perf_counter()
for rows in batches(len(train), epochs=1, seed=1):
    step(alone, optimiser, train.images[rows].double(), train.labels[rows], 1)
seconds_one = perf_counter() - begin

run.claim(
    "Between one process and two, in float64, no weight differs by a millionth "
    "of a millionth.",
    apart(alone, two) < 1e-12 < 1e-2 < apart(alone, fresh(1).double()),
)

# %% [markdown]
# Two processes do the arithmetic of one.
#
# ## What is gained

# %%
ratio = seconds_two / seconds_one
run.record(ratio=round(ratio, 1))

# %% [markdown]
# With two processes, an epoch took {{ ratio }} times as long as with one; two
# perfect ones would need half the time. (That is rough: other programs may have
# been busy.) Probably because the network is small: a share is computed in
# milliseconds, and then each process waits for the slower one. It pays when a
# step computes far longer than it talks:
#
# - with networks that multiply far more for each weight, such as convolutions,
# - with a GPU for each process, and fast wires between them,
# - with larger batches. But that is another training, and often asks for
#   another learning rate ([Goyal et al.](https://arxiv.org/abs/1706.02677)).
#
# Without GPUs, try threads first: with `OMP_NUM_THREADS=2`, *one* process uses
# two cores.
#
# ## Several GPUs, several machines
#
# PyTorch's
# [DistributedDataParallel](https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html)
# does the all-reduce for you, and begins while `backward` still computes.
# [Our program](../reference.md#mnist_lessons.distributed.main) uses it. With
# four GPUs in one machine:
#
# ```bash
# torchrun --standalone --nproc-per-node=4 \
#   -m mnist_lessons.distributed --epochs 5 --output weights.pt
# ```
#
# With two such machines, type this on both. `FIRST` is the name of one of them,
# where all processes meet (`rdzv`, *rendezvous*) in PyTorch's own way (`c10d`).
#
# ```bash
# torchrun --nnodes=2 --nproc-per-node=4 --rdzv-id=mnist \
#   --rdzv-backend=c10d --rdzv-endpoint=FIRST:29400 \
#   -m mnist_lessons.distributed --epochs 5 --output weights.pt
# ```
#
# Each machine needs the same versions and the images. The processes talk
# without password or encryption: use a network that you trust. These two
# commands were *not* run for this page.
#
# ## What a share does not know
#
# **Batch normalisation** takes mean and spread of a share only, so two
# processes train another network than one; PyTorch's `SyncBatchNorm` mends it.
# [Dropout](improved_cnn.py) draws at random: with the same seed in all
# processes, images in the same place of two shares lose the same units.
#
# ## Your turn
#
# ### 1. Which of them stay together?
#
# Two more activations: `nn.LeakyReLU` keeps a hundredth of a negative number;
# `nn.GELU` is a ReLU whose bend is rounded off. Predict before you run: which
# pair, nudged by a millionth, ends further apart?
#
# ??? tip "Hint"
#     `nudged(nn.GELU, adam)` gives the flips and the difference of each step.
#     Which of the two has a bend?

# %% tags=["solution"]
leaky, rounded = (
    nudged(activation, adam)[-1][1] for activation in (nn.LeakyReLU, nn.GELU)
)
print(f"LeakyReLU {leaky:.0e}, GELU {rounded:.0e}")
run.claim(
    "The pair with a bend ends more than ten times further apart.",
    leaky > 10 * rounded,
)

# %% [markdown]
# ### 2. A mean of means
#
# DistributedDataParallel takes the *mean* over the processes, and many programs
# give it the mean loss of each share. With two halves that is right. Divide 512
# images into 500 and 12. Is it still right? Write the mean that is.
#
# ??? tip "Hint"
#     `torch.autograd.grad(loss, network.parameters())` gives the parts of a
#     gradient. An image in the small share should count as much as one in
#     the large share.

# %% tags=["solution"]
network = fresh(seed=1)


def gradient(rows):
    loss = F.cross_entropy(network(train.images[rows]), train.labels[rows])
    parts = torch.autograd.grad(loss, network.parameters())
    return torch.cat([part.flatten() for part in parts])


# %% tags=["solution"]
whole = gradient(slice(0, 512))
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
    formats={"relative error": ".0e"},
)
assert errors["weighted by images"] < 1e-4 < 1e-2 < errors["mean of means"]

# %% tags=["setup"]
run.finish()

# %% [markdown]
# ## What we found
#
# Two processes do the arithmetic of one: each computes a share, and the
# gradients are added up. Only the rounding differs. That is harmless until a
# sum next to zero flips at the bend of a ReLU: from that step on, two trainings
# go their own ways.
#
# *After [PyTorch Distributed](https://arxiv.org/abs/2006.15704) by Shen Li and
# others (2020), the paper about DistributedDataParallel.*
