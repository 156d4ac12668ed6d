# %% [markdown] level="beginner" thumbnail="one-weight"
# # From nothing: one neuron to backpropagation
#
# You will build a network that reads handwritten digits, from nothing: sums,
# products, and the rule by which it learns. You need Python, a little NumPy,
# and what school told you of slopes. Every number here comes from a run of this
# program.
#
# ## What you will learn
#
# - what a neuron, a layer and a network compute,
# - what a gradient is, and how backpropagation finds it,
# - how to check a gradient,
# - why the first weights must have the right size,
# - what PyTorch does for you.

# %% [markdown]
# ## The data
#
# MNIST has small grey images of handwritten digits, each with its **label**:
# the digit that the writer meant. A network learns from the **training**
# images. Others, the **validation** images, show whether it reads what it has
# not seen. `mnist_lessons` is the package of this site, and `run` the logbook
# of this program.

# %%
import numpy as np
from threadpoolctl import threadpool_limits

from mnist_lessons import plots
from mnist_lessons.data import load_mnist
from mnist_lessons.runlog import start_run

threadpool_limits(1)  # in steps so small, threads would wait for each other
SEED = 1  # all chance comes from here: the same seed gives the same run

run = start_run("from_nothing", seed=SEED)
mnist = run.loaded(load_mnist())

# %%
few, title = mnist.train[:24], "Each image comes with the digit that was meant"
run.show(plots.image_grid(few.images, few.labels, title=title), "digits")


# %%
def arrays(split):
    """Each image as a row of 784 numbers from 0 to 1, and the labels."""
    pixels = split.images.numpy().reshape(-1, 784)  # 28 x 28 = 784
    return pixels / np.float32(255), split.labels.numpy()


x, y = arrays(mnist.train)  # (N, 784) and (N,)
x_validation, y_validation = arrays(mnist.validation)

# %% [markdown]
# ## One neuron
#
# A **neuron**, also **unit**, multiplies each of its inputs $x_i$ by a number
# of its own, the **weight** $w_i$. It adds up the products, and its **bias**
# $b$:
#
# $$
# z = \sum_{i=1}^{784} x_i w_i + b
# $$
#
# Can one neuron tell a 1 from a 0? Let us choose its weights by hand: the mean
# image of all ones minus that of all zeros. Ink where ones have it raises the
# sum, ink where zeros have it lowers it. The bias puts 0 midway.

# %%
zero, one = (x[y == digit].mean(axis=0) for digit in (0, 1))
weights, bias = one - zero, -(one - zero) @ (zero + one) / 2

image = x_validation[y_validation == 0][0].reshape(28, 28)
run.show(
    plots.weighted_sum(image, weights, bias, title="A 0 makes a negative sum"),
    "one-unit",
)

# %%
either = y_validation < 2  # the zeros and ones
sums = x_validation[either] @ weights + bias
right = ((sums > 0) == (y_validation[either] == 1)).mean()
run.claim(f"One neuron reads {right:.1%} of the zeros and ones.", right > 0.97)

# %% [markdown]
# ## A layer
#
# Ten digits need ten neurons, each with weights of its own: a **linear layer**.
# The weights of a neuron are a column of one table `w`, and one matrix product
# gives all sums of all images, `x @ w + b`. The greatest sum is the answer.
#
# By hand, the weights for a digit are its mean image $m$. With the bias
# $-\frac{1}{2}\sum{m_i^2}$, the nearest mean image wins: its distance squared
# is $\sum{x_i^2}-2\sum{x_im_i}+\sum{m_i^2}$, where the first sum is the same
# for all.

# %%
means = [x[y == digit].mean(axis=0) for digit in range(10)]
w = np.stack(means, axis=1).astype(np.float64)  # (784, 10)
b = -(w**2).sum(axis=0) / 2  # (10,)

z = x_validation @ w + b  # (N, 10): one sum for each digit
right = (z.argmax(axis=1) == y_validation).mean()
run.claim(f"The ten read {right:.1%} of the validation images.", right > 0.75)

# %% [markdown]
# To do better, the weights must be learned. That needs a number that says how
# wrong a network is, and a way to lower it.
#
# ## Probabilities
#
# The ten sums $z_i$ are called **logits**. The **softmax** makes probabilities
# of them: $e^{z_i}$ is positive, and division by the sum of all ten makes them
# add up to 1.
#
# $$
# p_i = \frac{e^{z_i}}{\sum_{j=0}^{9} e^{z_j}}
# $$


# %%
def softmax(z):
    powers = np.exp(z)  # (N, 10); in float32 for z up to 88 only
    return powers / powers.sum(axis=1, keepdims=True)


row = softmax(z).max(axis=1).argmin()  # where the surest answer is least sure
run.show(
    plots.softmax_bars(
        z[row], y_validation[row], title="Logits that are close leave a doubt"
    ),
    "softmax",
)

# %% [markdown]
# ## The loss
#
# The **loss** looks at one of these probabilities, that of the *true* digit
# $y$. We take the **cross-entropy**, $L = -\ln p_y$, in nats.

# %% tags=["setup"]
p = np.linspace(0.005, 1, 200)
run.show(
    plots.line_chart(
        {"loss": list(zip(p, np.log(1 / p), strict=True))},
        title="It costs much to give the true digit a small probability",
        x=plots.Axis("probability of the true digit"),
        y=plots.Axis("loss (nats)"),
    ),
    "cross-entropy",
)

# %% [markdown]
# Of many images, we take the mean. Put the softmax into the logarithm, and the
# fraction becomes a difference:
#
# $$
# L = \ln \sum_{j=0}^{9} e^{z_j} - z_y
# $$


# %%
def cross_entropy(z, y):
    true = z[np.arange(len(y)), y]  # (N,): of each row, the logit of its label
    return (np.log(np.exp(z).sum(axis=1)) - true).mean()


# %% [markdown]
# ## The gradient is a slope
#
# Take a single weight, that of a pixel in the middle for the digit 1. Vary it,
# hold all others, and draw the loss. To measure its slope, go a small step
# $\varepsilon$ up and a step $\varepsilon$ down, and divide the difference of
# the losses by $2\varepsilon$. This is a **finite difference**.

# %%
some, labels = x[:1_000].astype(np.float64), y[:1_000]
PLACE = 28 * 14 + 14, 1  # a pixel in the middle; the neuron of the 1


def loss_with(value):
    """The loss of 1,000 images when this one weight has another value."""
    changed = w.copy()
    changed[PLACE] = value
    return cross_entropy(some @ changed + b, labels)


here, eps = w[PLACE], 1e-5
slope = (loss_with(here + eps) - loss_with(here - eps)) / (2 * eps)

# %%
values = np.linspace(here - 9, here + 6, 46)
tangent = loss_with(here) + slope * (values - here)
run.show(
    plots.line_chart(
        {
            "loss": [(value, loss_with(value)) for value in values],
            "tangent": list(zip(values, tangent, strict=True)),
        },
        title=f"At {here:.2f}, the loss has a slope of {slope:.3f}",
        x=plots.Axis("one weight"),
        y=plots.Axis("loss (nats)"),
    ),
    "one-weight",
)

# %% [markdown]
# The straight line, the **tangent**, touches the curve at our weight, and has
# its slope. It rises, so a slightly smaller weight has a smaller loss. The
# slopes along *all* weights and biases are the **gradient**. To learn is to
# repeat one step: move each weight a little against its slope.
#
# $$
# w \leftarrow w - \text{rate} \cdot \frac{\partial L}{\partial w}
# $$
#
# The fraction is the slope of $L$ along $w$. To measure it takes two losses for
# each weight, and networks have many. A formula gives all slopes at once.
#
# ## The slope of the loss: p minus y
#
# Begin at the end. How does $L = \ln s - z_y$, with $s = \sum_j e^{z_j}$,
# change with a logit $z_i$? The slope of $\ln s$ is $1/s$, and $s$ grows by the
# slope of $e^{z_i}$, which is $e^{z_i}$ again. Together: $e^{z_i} / s$, the
# probability $p_i$. And $-z_y$ adds $-1$, if $i$ is the true digit. So, with
# $y_i = 1$ for the true digit and 0 for the others:
#
# $$
# \frac{\partial L}{\partial z_i} = p_i - y_i
# $$
#
# In words: what the network says, minus what is true. A step against it raises
# the logit of the true digit, and lowers each other one by as much as the
# network believed in it.
#
# From a logit to a weight is one step more. In $z_i$, the weight $w_{ki}$ is
# multiplied by the pixel $x_k$: this is the slope of $z_i$ along it. Both
# slopes are multiplied, $x_k (p_i - y_i)$, and the mean over all images is a
# matrix product.


# %%
def p_minus_y(z, y):
    """The slopes of the mean loss along all logits."""
    slopes = softmax(z)
    slopes[np.arange(len(y)), y] -= 1
    return slopes / len(y)


gradient = some.T @ p_minus_y(some @ w + b, labels)  # (784, 10)
assert gradient.size == 7_840
assert np.isclose(gradient[PLACE], slope, rtol=1e-6)

# %% [markdown]
# One product finds all 7,840 slopes.
#
# ## A hidden layer
#
# One layer can only weigh pixels. So we put another one before it, of 100
# neurons: a **hidden layer**. A sum of sums is a sum, so two linear layers in a
# row would do no more than one. Something must bend in between: the **ReLU**
# keeps a sum that is above 0, and makes 0 of all others.

# %% tags=["setup"]
bent, slope_of_it = [(-2, 0), (0, 0), (2, 2)], [(-2, 0), (0, 0), (0, 1), (2, 1)]
run.show(
    plots.line_chart(
        {"ReLU": bent, "its slope": slope_of_it},
        title="The ReLU has slope 1 above zero, and 0 below",
        x=plots.Axis("sum of the neuron"),
        y=plots.Axis("output, and its slope"),
    ),
    "relu",
)


# %%
def forward(parameters, x):
    """From 784 pixels to 100 hidden neurons to 10 digits."""
    w1, b1, w2, b2 = parameters
    z1 = x @ w1 + b1  # (N, 100): hidden sums
    h = np.maximum(z1, 0)  # the ReLU: hidden outputs
    return z1, h, h @ w2 + b2  # the last one is (N, 10): logits


# %% [markdown]
# All weights and biases are the **parameters** of the network.
#
# ## The chain rule
#
# A weight of the first layer changes a sum, the sum changes an output of the
# ReLU, that changes the logits, and these change the loss. Think of wheels:
# turn the first once, and the second turns twice; turn the second once, and the
# third turns three times. So the first turns the third six times. Slopes
# multiply along a chain: the **chain rule**. Where several chains lead to the
# loss, their products are added up.
#
# The slopes along the logits are $p - y$; we call them `dz2`. Each step
# multiplies by one more slope:
#
# - to the weights `w2`: by the hidden outputs, `h.T @ dz2`,
# - to the biases `b2`: by 1, so only the sum over the images is left,
# - to the hidden outputs: by the weights, `dz2 @ w2.T`,
# - through the ReLU: by 1 or 0, `* (z1 > 0)`.
#
# Then comes a linear layer again, with `x` in the place of `h`. To go in this
# way from the loss to the first layer is **backpropagation**.


# %%
def backward(parameters, x, y):
    """The gradient of the mean loss, an array for each of the parameters."""
    w2 = parameters[2]
    z1, h, z2 = forward(parameters, x)
    dz2 = p_minus_y(z2, y)  # (N, 10)
    dh = dz2 @ w2.T  # (N, 100)
    dz1 = dh * (z1 > 0)  # nothing comes back where nothing went through
    return x.T @ dz1, dz1.sum(axis=0), h.T @ dz2, dz2.sum(axis=0)


# %% [markdown]
# The first weights are drawn at random. *Where to begin* says why in this size.

# %%
from itertools import pairwise


def new_network(sizes=(784, 100, 10), factor=1.0):
    """For each layer its weights and its biases, in one list."""
    rng, parameters = np.random.default_rng(SEED), []
    for inputs, units in pairwise(sizes):
        spread = factor * np.sqrt(2 / inputs)
        parameters.append(rng.normal(0, spread, (inputs, units)))
        parameters.append(np.zeros(units))
    return parameters


# %% [markdown]
# ## Is it right?
#
# A network with a wrong gradient often learns, too, only badly. So compare with
# slopes that are measured, at 20 random places of each array.


# %%
def measured(parameters, array, place, eps):
    """The slope of the loss along one number of one array."""
    losses = []
    for step in (eps, -eps):
        moved = [values.copy() for values in parameters]
        moved[array].flat[place] += step
        *_, z = forward(moved, some[:100].astype(moved[0].dtype))
        losses.append(float(cross_entropy(z, labels[:100])))
    return (losses[0] - losses[1]) / (2 * eps)


# %%
start = new_network()
gradients = backward(start, some[:100], labels[:100])
errors, rng = [], np.random.default_rng(SEED)
for array, slopes in enumerate(gradients):
    places = rng.integers(slopes.size, size=20)
    found = [measured(start, array, place, eps=1e-5) for place in places]
    errors.append(abs(found - slopes.flat[places]).max() / abs(slopes).max())
run.claim(
    "Both agree to a millionth of the greatest slope.", max(errors) < 1e-6
)

# %% [markdown]
# Why a step of 0.00001, and not a much smaller one? Try all. A number has at
# least 15 digits in **float64**, and 6 in **float32**, which takes half the
# memory.


# %%
def errors_by_step(dtype):
    """For each step, the usual error of a slope, as a share of it."""
    parameters = [values.astype(dtype) for values in start]
    places = np.random.default_rng(SEED).integers(1_000, size=20)
    true = gradients[2].flat[places]  # of the second layer, in float64
    errors = []
    for eps in 10.0 ** np.arange(-8, 0.5, 0.5):
        slopes = [measured(parameters, 2, place, eps) for place in places]
        errors.append((eps, np.median(np.abs(slopes / true - 1))))
    return errors


in_64, in_32 = errors_by_step(np.float64), errors_by_step(np.float32)
run.record(truncation=in_64[-3][1] / in_64[-5][1])  # at 0.1 and at 0.01
assert [np.finfo(t).precision for t in (np.float64, np.float32)] == [15, 6]

# %%
run.show(
    plots.line_chart(
        {"float64": in_64, "float32": in_32},
        title="Long steps miss the bend, short ones drown in rounding",
        x=plots.Axis("step ε", log=True),
        y=plots.Axis("error, as a share of the slope", log=True),
    ),
    "steps",
)
run.claim(
    "At its best step, float32 is still over ten thousand times less exact.",
    min(e for _, e in in_32) > 10_000 * min(e for _, e in in_64),
)

# %% [markdown]
# Each curve falls, and rises again, for two reasons:
#
# - **On the right, the loss bends.** A straight line through places far apart
#   is not the tangent. This *truncation* error grows with $\varepsilon^2$: in
#   float64, a step longer by a factor of 10 makes it
#   {{ truncation | number }} times as large.
# - **On the left, digits are missing.** The two losses agree in nearly all
#   digits. Their difference is made of the last ones, which are rounded, and is
#   divided by a tiny $\varepsilon$. This *rounding* error grows with
#   $1/\varepsilon$.
#
# In float32, the shortest steps change no digit of the loss: the slope comes
# out as 0, and the error is all of it.
#
# ## Where to begin
#
# How large should the random first weights be, the **initialisation**? A sum of
# $n$ products, with weights of spread $s$, is about $\sqrt{n s^2}$ times as
# large as its inputs: squares add up. The ReLU drops half of these. So the
# size stays the same from layer to layer where $s = \sqrt{2 / n}$: the
# **Kaiming initialisation** ([He and
# others](https://arxiv.org/abs/1502.01852)). And half of that, double, or
# nothing? Ten layers show it.


# %%
def spreads(factor):
    """The standard deviation of the outputs of each of ten ReLU layers."""
    h, found = some, []
    for w in new_network((784, *[100] * 10), factor)[::2]:  # the biases are 0
        h = np.maximum(h @ w, 0)
        found.append(h.std())
    return found


double, kaiming, half, zero = (spreads(factor) for factor in (2, 1, 0.5, 0))

# %%
named = {"double": double, "Kaiming": kaiming, "half": half}
run.show(
    plots.line_chart(
        {name: list(enumerate(found, 1)) for name, found in named.items()},
        title="A factor of two in each layer is a thousand after ten",
        x=plots.Axis("layer"),
        y=plots.Axis("standard deviation of its outputs", log=True),
    ),
    "ten-layers",
)
run.claim("Kaiming weights keep the size.", 0.3 < kaiming[-1] / kaiming[0] < 3)
assert np.allclose([double[-1] / half[-1], zero[-1]], [1_024**2, 0])

# %% [markdown]
# And zeros let nothing arrive.
#
# ## Train
#
# Each step takes another 100 images, a **batch**: on average, their gradient is
# that of all images. When each has been used once, an **epoch** is over. The
# **learning rate** says how far a step goes. This is **stochastic gradient
# descent**, *SGD*.

# %%
RATE = 0.3  # the learning rate


def batches(rng, dtype=np.float32):
    """All training images once, in random order, 100 at a time."""
    for rows in rng.permutation(len(x)).reshape(-1, 100):
        yield x[rows].astype(dtype), y[rows]


def train(parameters, batches):
    for images, labels in batches:
        gradient = backward(parameters, images, labels)
        for values, slopes in zip(parameters, gradient, strict=True):
            values -= RATE * slopes  # in place


# %%
network = [values.astype(np.float32) for values in start]
rng = np.random.default_rng(SEED)
for epoch in range(run.epochs(10, preview=2)):
    train(network, batches(rng))
    *_, z = forward(network, x_validation)
    right = (z.argmax(axis=1) == y_validation).mean()
    print(f"after epoch {epoch + 1} it reads {right:.1%}")
run.record(validation_accuracy=right)
run.claim("The network reads over 97 in 100 validation images.", right > 0.97)

# %% [markdown]
# ## The same in PyTorch
#
# PyTorch has layers, losses and optimisers ready. And it notes each
# computation, so that `backward()` can apply the chain rule to all:
# **autograd**. Does it find what we found? We give it our weights.

# %%
import torch
from torch import nn
from torch.nn import functional as F


def in_torch(parameters):
    model = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    for theirs, ours in zip(model.parameters(), parameters, strict=True):
        theirs.data = torch.tensor(ours.T)  # its tables lie the other way
    return model


# %%
def autograd(parameters, images, labels):
    model = in_torch(parameters)
    loss = F.cross_entropy(model(torch.tensor(images)), torch.tensor(labels))
    loss.backward()
    return [values.grad.numpy().T for values in model.parameters()]


errors = {}
for dtype in (np.float64, np.float32):
    images = some[:100].astype(dtype)
    given = [v.astype(dtype) for v in start], images, labels[:100]
    pairs = zip(backward(*given), autograd(*given), strict=True)
    errors[dtype] = max(abs(a - b).max() / abs(a).max() for a, b in pairs)

# %%
run.claim(
    f"Our gradient is that of autograd, up to {errors[np.float64]:.0e} of the "
    f"greatest slope in float64 and {errors[np.float32]:.0e} in float32.",
    errors[np.float64] < 1e-10 and errors[np.float32] < 1e-5,
)

# %% [markdown]
# The network of `in_torch` and these lines are all that a training needs.


# %%
def train_torch(model, batches):
    optimiser = torch.optim.SGD(model.parameters(), lr=RATE)
    for images, labels in batches:
        loss = F.cross_entropy(model(images), labels)
        optimiser.zero_grad()  # forget the last gradient
        loss.backward()  # find the new one
        optimiser.step()  # move the parameters


# %% [markdown]
# ## Twins that part
#
# Both programs begin with the same weights, and see the same batches in the
# same order. Do they end with the same network? After each step, the folded
# code notes how far their weights lie apart, and how many hidden sums so far
# were above 0 in one program alone.


# %% tags=["setup"]
def side_by_side(dtype, seed):
    ours = [values.astype(dtype) for values in start]
    theirs, disagreed, steps = in_torch(ours), 0, []
    for images, labels in batches(np.random.default_rng(seed), dtype):
        tensors = torch.tensor(images), torch.tensor(labels)
        sums = theirs[0](tensors[0]).detach().numpy()
        disagreed += ((forward(ours, images)[0] > 0) != (sums > 0)).sum()
        train(ours, [(images, labels)])
        train_torch(theirs, [tensors])
        others = [values.detach().numpy().T for values in theirs.parameters()]
        pairs = zip(ours, others, strict=True)
        steps.append((max(abs(a - b).max() for a, b in pairs), disagreed))
    return steps


# %%
twins = {"float64": side_by_side(np.float64, seed=1)}
for seed in (1, 2, 3, 4):  # another seed, another order of the images
    twins[f"float32, order {seed}"] = side_by_side(np.float32, seed)

in_64, *in_32 = (steps[-1][0] for steps in twins.values())
run.claim(
    f"After an epoch, the weights differ by {in_64:.0e} in float64, and "
    "in float32 by more than a million times as much.",
    in_64 < 1e-10 and min(in_32) > 1e6 * in_64,
)

# %%
parted = sum(apart > 1e-4 for apart in in_32)
lines = {
    name: [(place + 1, steps[place][0]) for place in range(0, len(steps), 6)]
    for name, steps in twins.items()
}
run.show(
    plots.line_chart(
        lines,
        title=f"float32 parts with {parted} of 4 orders of the images",
        x=plots.Axis("step of the epoch"),
        y=plots.Axis("greatest distance of a weight", log=True),
    ),
    "twins",
)

# %%
run.claim(
    "No weights lie 0.00001 apart before a sum has disagreed.",
    all(n > 0 for steps in twins.values() for far, n in steps if far > 1e-5),
)
assert twins["float64"][-1][1] == 0

# %% [markdown]
# NumPy and PyTorch add up products in different orders, and each addition is
# rounded. So their weights soon differ in the last digits. In float64, no sum
# disagreed in our epoch, and the difference stays there.
#
# In float32 the ReLU can make it count. Where a sum lies so near to 0 that
# rounding decides its sign, one program lets it through and the other does not:
# one gets a gradient from this image, the other none. Each great leap comes
# after such a sum.
#
# ## Your turn
#
# ### 1. Zeros
#
# Predict before you run: all weights and biases begin at zero. Which of the
# four arrays change in an epoch of training? How many images will it read?
#
# ??? tip "Hint"
#     Follow `backward` line by line. What is `h`, if `w1` is zero? What is
#     `dh`, if `w2` is? `new_network(factor=0)` makes this network.

# %% tags=["solution"]
zeros = new_network(factor=0)
train(zeros, batches(np.random.default_rng(SEED)))
assert [bool(values.any()) for values in zeros] == [False, False, False, True]

*_, z = forward(zeros, x_validation)
right = (z.argmax(axis=1) == y_validation).mean()
run.claim(
    f"The network answers each image alike, and {right:.1%} are right.",
    len(set(z.argmax(axis=1))) == 1 and right < 0.15,
)

# %% [markdown] tags=["solution"]
# All outputs `h` are 0, so `w2` has the slope 0. All of `w2` is 0, so nothing
# comes back to `w1` and `b1`. Only `b2` learns: how frequent each digit is.
#
# And weights that are equal, but not zero? Then all hidden neurons compute the
# same, get the same gradient and stay the same: a hundred do the work of one.
# Chance must make them differ.

# %% tags=["solution"]
equal = [np.full_like(values, 0.01) for values in start]
train(equal, batches(np.random.default_rng(SEED), np.float64))
assert np.allclose(equal[0], equal[0][:, :1])  # one column, a hundred times
assert not np.allclose(equal[0], 0.01)  # and it has learned

# %% [markdown]
# ### 2. Another bend
#
# Put $\tanh$ in the place of the ReLU: `np.tanh`. Derive its slope, write
# `forward_tanh` and `backward_tanh`, and check the slope of one weight of the
# first layer.
#
# ??? tip "Hint"
#     Only the bend and its slope change.
#     $\tanh z = \frac{e^z - e^{-z}}{e^z + e^{-z}}$. By the rule for fractions,
#     its slope is $1 - \tanh^2 z$, and $\tanh z$ is `h`.


# %% [markdown] tags=["solution"]
# With $u = e^z$ and $v = e^{-z}$, the slope of $u - v$ is $u + v$, and that of
# $u + v$ is $u - v$. So
#
# $$
# \frac{\partial}{\partial z} \frac{u - v}{u + v}
# = \frac{(u + v)^2 - (u - v)^2}{(u + v)^2} = 1 - \tanh^2 z
# $$


# %% tags=["solution"]
def forward_tanh(parameters, x):
    w1, b1, w2, b2 = parameters
    h = np.tanh(x @ w1 + b1)
    return h, h @ w2 + b2


def backward_tanh(parameters, x, y):
    h, z2 = forward_tanh(parameters, x)
    dz2 = p_minus_y(z2, y)
    dz1 = dz2 @ parameters[2].T * (1 - h**2)
    return x.T @ dz1, dz1.sum(axis=0), h.T @ dz2, dz2.sum(axis=0)


# %% tags=["solution"]
slopes, *_ = backward_tanh(start, some, labels)
place = np.unravel_index(abs(slopes).argmax(), slopes.shape)
losses = []
for step in (1e-5, -1e-5):
    moved = [values.copy() for values in start]
    moved[0][place] += step
    losses.append(cross_entropy(forward_tanh(moved, some)[1], labels))
assert np.isclose((losses[0] - losses[1]) / 2e-5, slopes[place], rtol=1e-6)

# %% tags=["setup"]
run.finish()

# %% [markdown]
# ## What we found
#
# A network is weighted sums and bends, and its loss is one number.
# Backpropagation finds its slope along each weight, by
# multiplying slopes from the end to the beginning. In NumPy, such a network
# reads {{ validation_accuracy | percent }} of the validation images, and its
# gradient is that of PyTorch.
#
# [The next lesson](simple_dnn.py) leaves the gradient to PyTorch.
