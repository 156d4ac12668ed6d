# %% [markdown] level="beginner" thumbnail="image-27"
# # A simple network
#
# You will write a network that reads handwritten digits, train it, and measure
# how well it reads. You need to know Python, and nothing of networks. (Some
# words are known from [From nothing](from_nothing.py); here is their PyTorch.)
# Every number and figure comes from one run of this program.
#
# ## What you will learn
#
# - how to look at the data before anything else, and why it is split in three,
# - what a network computes: weights, layers, probabilities,
# - how it learns: a loss, its gradient, and many small steps,
# - what overfitting is, and when to stop,
# - how to say how good the network is, and how sure you can be of that.

# %% [markdown]
# ## The data
#
# MNIST is a set of small grey images of handwritten digits, some to train with
# and some to test with. `load_mnist` checks every file against its published
# checksum, and sets a part of the training images aside. So there are three
# splits:
#
# - the **training** split: the network learns from it,
# - the **validation** split: we watch it during training, and choose by it,
# - the **test** split: we score it once, at the very end.
#
# Why three? A network may know its training images by heart. And a score
# that we chose by is too good. So the last score is taken on images that have
# guided nothing.
#
# `run` is the logbook of this experiment. `run.loaded` notes which images came
# in, `run.table` and `run.show` keep a table and a figure, and `run.device` is
# the graphics card, if there is one.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.runlog import start_run

SEED = 1  # all chance comes from here: the same seed repeats the training

run = start_run("simple_dnn", seed=SEED)
mnist = run.loaded(load_mnist())

# %%
names = "train", "validation", "test"
images = {name: getattr(mnist, name).images for name in names}
run.table(
    [{"split": n, "shape": str(tuple(images[n].shape))} for n in names],
    "shapes",
    title="Most images are there to learn from",
)

# %% [markdown]
# The images of a split are one **tensor**: a table of numbers with any number
# of dimensions. Its **shape** says how many there are in each: so many images,
# 28 rows, 28 columns. Each number is a byte. To each image belongs a **label**,
# the digit that the writer meant.
#
# ## Look at the data
#
# One image first. Zero is black, 255 is white: the ink is white.

# %%
image, digit = mnist.train.images[27], mnist.train.labels[27]
run.show(
    plots.single_image(image, title=f"28 by 28 grey levels make a {digit}"),
    "image-27",
)

# %%
some = mnist.train[5:41]
run.show(
    plots.image_grid(
        some.images, some.labels, title="People write a digit in many ways"
    ),
    "images-5-to-40",
)

# %% [markdown]
# ## Prepare the data
#
# Networks are usually given small numbers. So we divide each pixel by the
# largest pixel of the *training* images. The validation and test images are
# divided by the same number: nothing may be learned from them, not even how
# white their white is.

# %%
largest = mnist.train.images.max().item()
data = normalise(mnist, scale=largest).to(run.device)

pixels = mnist.train.images[27] / 255
assert torch.equal(data.train.images[27, 0].cpu(), pixels)

# %% [markdown]
# Now they are numbers from 0 to 1, with a fraction. And the images have a new
# dimension, of size 1: it counts the **channels**. A grey image has one, a
# colour image would have three.
#
# ## One unit
#
# A network is made of **units**. A unit multiplies each of its inputs by a
# number of its own, its **weight** for this input, and adds up the products.
# Then it adds one more number, its **bias**. A **linear layer** is many such
# units side by side: all get the same inputs, each has weights of its own.

# %%
from torch import nn

torch.manual_seed(SEED)
layer = nn.Linear(784, 100)  # 28 x 28 = 784 inputs, 100 units

pixels = pixels.flatten()  # (784,)
by_hand = (layer.weight[0] * pixels).sum() + layer.bias[0]  # the first unit
assert torch.allclose(by_hand, layer(pixels)[0], atol=1e-6)

# %%
run.show(
    plots.linear_layer(
        pixels.view(28, 28), layer, unit=0, title="A unit makes one number"
    ),
    "one-unit",
)

# %% [markdown]
# The weights are random: nothing has been learned yet. Learning will mean
# changing them.
#
# ## Why a bend is needed
#
# Two linear layers do no more than one. A sum of sums is a sum: for any two of
# them there is one that gives the same answers.

# %%
second = nn.Linear(100, 10)
weight = second.weight @ layer.weight  # (10, 784)
bias = second.weight @ layer.bias + second.bias  # (10,)
alone = nn.functional.linear(pixels, weight, bias)
assert torch.allclose(alone, second(layer(pixels)), atol=1e-5)

# %% [markdown]
# So something must stand between them that is not linear. The **ReLU** keeps
# what is above zero, and makes zero of what is below. Here are the 100 units of
# our layer, before and after it.

# %%
sums = layer(pixels).detach()  # detach: numbers alone, nothing to learn from
passing = int((sums > 0).sum())
run.show(
    plots.relu(sums, title=f"{passing} of {len(sums)} units pass the ReLU"),
    "relu",
)

# %% [markdown]
# ## The network
#
# Three linear layers, with a ReLU after the first two. The layers between the
# pixels and the answer are called **hidden**. Each line says what shape it
# makes of N images.


# %%
class SimpleDNN(nn.Module):
    def __init__(self, hidden=(100, 100)):
        super().__init__()
        first, second = hidden
        self.layers = nn.Sequential(
            nn.Flatten(),  # (N, 1, 28, 28) -> (N, 784)
            nn.Linear(784, first),
            nn.ReLU(),
            nn.Linear(first, second),
            nn.ReLU(),
            nn.Linear(second, 10),  # (N, 10): one number for each digit
        )

    def forward(self, images):
        return self.layers(images)


# %% [markdown]
# `nn.Module` is what each network of PyTorch is built on: it finds all weights
# that must be learned. `forward` says how the answer is computed. We call this
# network *the DNN*: a **deep neural network**, deep because it has several
# layers.

# %%
from mnist_lessons.models import count_parameters, summarise

torch.manual_seed(SEED)
model = SimpleDNN().to(run.device)
run.table(
    [{"layer": x.name, "parameters": x.parameters} for x in summarise(model)],
    "layers",
    title=f"The DNN learns {count_parameters(model):,} numbers",
)

# %% [markdown]
# All weights and biases together are its **parameters**.
#
# ## From numbers to probabilities
#
# The last layer gives ten numbers of any sign, the **logits**. The greatest
# stands for the digit that the network believes in. The **softmax** makes
# probabilities of them: each logit $z_i$ is made positive by $e^{z_i}$, and
# divided by the sum of all ten.
#
# $$
# p_i = \frac{e^{z_i}}{\sum_{j=0}^{9} e^{z_j}}
# $$

# %%
model.eval()  # we measure, and do not train
with torch.no_grad():  # so no gradients are needed
    logits = model(data.train.images[27:28])[0].cpu()  # (10,)

probabilities = logits.exp() / logits.exp().sum()
assert torch.allclose(probabilities, logits.softmax(dim=0))

# %%
run.show(
    plots.softmax_bars(logits, digit, title="Untrained: 10% for each, nearly"),
    "softmax",
)

# %% [markdown]
# ## The loss
#
# Training needs one number that says how bad the answers are: the **loss**. We
# take the **cross-entropy**, minus the logarithm of the probability that the
# *true* digit $y$ was given:
#
# $$
# \text{loss} = -\ln p_y
# $$
#
# Why a logarithm? A network that is sure and right pays next to nothing, one
# that is sure and wrong pays without limit. Its unit is the **nat**. Of many
# images, we take the mean.
#
# What should the loss be before training? Each digit has one chance in ten, so
# $-\ln \frac{1}{10} = \ln 10$. `run.claim` says a sentence, and ends the
# program where its condition does not hold.

# %%
import math

from mnist_lessons.evaluation import evaluate

untrained = evaluate(model, data.validation)
run.claim(
    f"The untrained network has a loss of {untrained.loss:.3f}, and ln 10 "
    f"is {math.log(10):.3f}.",
    abs(untrained.loss - math.log(10)) < 0.02,
)

# %% [markdown]
# Know this number before you train. Where a new network begins far from it,
# something is wrong already. [Spot the bug](spot_the_bug.py) uses that.
#
# ## One epoch, step by step
#
# Training repeats one small step. Take a **batch** of images. Compute their
# loss. Compute its **gradient**: for each parameter, how much the loss would
# grow if this parameter grew a little. Then move each parameter the other way,
# downhill. When every image has been used once, an **epoch** is over.
#
# Each batch gives another gradient, only roughly the one of all images: this
# is **stochastic gradient descent**. The **learning rate** says how far a step
# goes. The **optimiser** takes it. Ours, **Adam**, moves all parameters at
# about the same pace, however small their gradients.

# %%
from torch.nn import functional as F

before = [parameter.detach().clone() for parameter in model.parameters()]

optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
model.train()
order = torch.randperm(len(data.train)).to(run.device)  # each image once
for rows in order.split(512):
    logits = model(data.train.images[rows])  # (512, 10)
    loss = F.cross_entropy(logits, data.train.labels[rows])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

# %% [markdown]
# Five lines do all of it:
#
# - `model(...)` computes the logits of 512 images at once,
# - `F.cross_entropy` applies the softmax and the logarithm, and takes the mean,
# - `zero_grad` forgets the gradient of the batch before,
# - `backward` goes back through all computations, from the loss to the first
#   layer, and finds the gradient of each parameter on its way:
#   **backpropagation**,
# - `step` moves the parameters.
#
# What has one epoch done? We measure on images that it has not learned from.

# %%
one_epoch = evaluate(model, data.validation)
run.claim(
    f"After one epoch it reads {one_epoch.accuracy:.1%} of them, nine in ten.",
    one_epoch.accuracy > 0.89,
)

# %% [markdown]
# The **accuracy** is the share of images that are read correctly.
#
# ## How long is a step?
#
# Nobody can draw a loss of so many parameters. But we can walk along one line:
# from the parameters before the epoch, at 0, to those after it, at 1, and
# beyond.

# %%
from torch.func import functional_call

names = [name for name, _ in model.named_parameters()]
start = dict(zip(names, before, strict=True))
end = {name: value.detach() for name, value in model.named_parameters()}
some = data.train[:1_000]


def loss_at(place):
    """The loss of the network at a place of the line."""
    there = {n: start[n] + place * (end[n] - start[n]) for n in names}
    logits = functional_call(model, there, some.images)
    return F.cross_entropy(logits, some.labels)


# %% [markdown]
# Walk downhill: measure the slope, and go against it, by the learning rate
# times the slope. (On another line, and for Adam, other rates are right.)


# %%
def descend(learning_rate, steps=7):
    """The places and losses of a walk downhill that begins at 0."""
    place, path = torch.tensor(0.0, requires_grad=True), []
    for _ in range(steps):
        loss = loss_at(place)
        path.append((place.item(), loss.item()))
        (slope,) = torch.autograd.grad(loss, place)
        place = (place - learning_rate * slope).detach().requires_grad_()
    return path


paths = {f"learning rate {rate}": descend(rate) for rate in (0.02, 0.2, 0.8)}
with torch.no_grad():
    curve = [(x, loss_at(x).item()) for x in torch.linspace(-0.5, 3.2, 75)]

# %%
run.show(
    plots.descent(
        curve,
        paths,
        title="A small step hardly moves, a large one leaves the valley",
        x=plots.Axis("place on the line"),
    ),
    "descent",
)
ends = [path[-1][1] for path in paths.values()]
run.claim("The middle learning rate ends lowest.", ends[1] == min(ends))

# %% [markdown]
# ## Train for long
#
# One epoch is not enough. We begin again, from the same fresh parameters, and
# train for 128 epochs. `run.fit` is the loop above, once for each epoch, with
# an order of its own: so its first epoch differs a little from ours. After each
# it logs the loss and the accuracy of the validation images and of some
# training images. A training that is interrupted goes on at the next start.

# %%
from mnist_lessons.training import TrainConfig

config = TrainConfig(
    epochs=128, batch_size=512, learning_rate=1e-3, optimiser="adam", seed=SEED
)
torch.manual_seed(SEED)
model = SimpleDNN()  # run.fit moves it to the device
history = run.fit("dnn", model, data, config)

# %% [markdown]
# ## Did it learn, or did it memorise?

# %%
best = min(history, key=lambda record: record.validation_loss)
last = history[-1]
run.show(
    plots.learning_curves(
        {"DNN": history},
        title=f"The validation loss is lowest after epoch {best.epoch}",
    ),
    "learning-curves",
)
run.claim(
    "The validation loss is lowest long before the end.",
    best.epoch < last.epoch / 2,
)

# %% [markdown]
# On the training images, the loss falls to nearly nothing. On the validation
# images it falls, and then *rises*: what the network goes on learning lowers
# the loss of its training images alone. This is **overfitting**. Stopping where
# the validation loss is lowest is **early stopping**. Should we have done it?
# The same training, stopped there, gives us that network to compare with.

# %%
from dataclasses import replace

from mnist_lessons.evaluation import predict

torch.manual_seed(SEED)
stopped = SimpleDNN()
early = replace(config, epochs=best.epoch)
history_stopped = run.fit("dnn, stopped early", stopped, data, early)


# %%
def compared(epoch, network):
    """How well a network reads the validation images, and how sure it is."""
    answers = predict(network, data.validation)
    return {
        "epochs": epoch,
        "loss": answers.score.loss,
        "accuracy": answers.score.accuracy,
        "mistakes": len(answers.errors),
        "confidence in mistakes": answers.confidence[answers.errors].mean(),
    }


# %%
at_best, at_last = compared(best.epoch, stopped), compared(last.epoch, model)
run.table(
    [at_best, at_last],
    "stopping",
    title="The loss overfits here, the accuracy does not",
    formats={"accuracy": ".2%", "confidence in mistakes": ".0%"},
)
run.claim(
    "At the end the validation loss is far higher, and yet more images are "
    "read correctly.",
    at_last["loss"] > 1.5 * at_best["loss"]
    and at_last["mistakes"] < at_best["mistakes"],
)

# %%
surer = at_last["confidence in mistakes"] - at_best["confidence in mistakes"]
run.claim(
    "The network has grown surer of its mistakes.",
    surer > 0.1,
)

# %% [markdown]
# The **confidence** is the probability that the network gives to its own
# answer. A mistake that is made with certainty costs a great loss, and counts
# in the accuracy like any other
# ([Guo and others](https://arxiv.org/abs/1706.04599) found the same in large
# networks). Which network would you keep? If you need to know how sure it is,
# the one that was stopped early, or the last one, mended as in [When to
# doubt](doubt.py). If you need only the digit, the last one. We
# need only the digit.
#
# ## The test, once
#
# Nothing has depended on the test images so far. Now each is read once.
# `run.result` notes the score for the page of [results](../results.md).

# %%
predictions = predict(model, data.test)
score = predictions.score
run.result("dnn", "DNN", predictions, model, history)
print(score)

# %% [markdown]
# Other test images would give another accuracy. The interval is Wilson's, made
# of the two counts. Intervals that are made in this way hold the accuracy on
# endlessly many images about 95 times in 100.
#
# ## What it reads
#
# The first sixty test images. Above each: the digit that was read, the true
# digit in brackets, and the confidence. A cross and a frame mark an error.

# %%
right = int((predictions.digits == predictions.labels)[:60].sum())
run.show(
    plots.prediction_grid(
        mnist.test,
        predictions,
        torch.arange(60),
        title=f"{right} of the first 60 test images are read correctly",
    ),
    "sixty-results",
)

# %% [markdown]
# ## What it gets wrong
#
# The errors teach most, above all those that the network was sure of.

# %%
errors = predictions.errors  # the most confident first
sure = int((predictions.confidence[errors] > 0.9).sum())
run.claim(
    "Of more than half of its mistakes the network is over 90% sure.",
    sure > len(errors) / 2,
)

# %%
run.show(
    plots.prediction_grid(
        mnist.test,
        predictions,
        errors[:15],
        title=f"{sure} of {len(errors)} errors have a confidence above 90%; "
        "these have the highest",
        columns=6,
    ),
    "confident-errors",
)

# %% [markdown]
# [Browse the errors](../errors.md) shows them all. Which digits does it take
# for which? In a **confusion matrix**, a row is a true digit and a column is
# what was read. Only the errors are coloured: the diagonal would drown them.

# %%
from mnist_lessons.evaluation import confusion_counts, top_confusions

counts = confusion_counts(predictions)
[(true, read, times)] = top_confusions(counts, 1)
run.show(
    plots.confusion_matrix(
        counts,
        title=f"The most frequent error: {true} read as {read}, {times} times",
    ),
    "confusion-matrix",
)

# %% [markdown]
# ## Your turn
#
# ### 1. Another architecture
#
# Predict before you run: which of these networks reads best after ten epochs,
# and which is slowest? One with hidden layers of 100 and 100 units, one with
# 300 and 300, one with 10 and 10. Decide by the validation split. The test
# split has had its turn.
#
# ??? tip "Hint"
#     `SimpleDNN` takes the numbers of units: `SimpleDNN((300, 300))`. The last
#     record of `run.fit` has the `validation_accuracy`.

# %% tags=["solution"]
short = replace(config, epochs=10)
trained = []
for hidden in ((10, 10), (100, 100), (300, 300)):
    torch.manual_seed(SEED)
    other = SimpleDNN(hidden)
    *_, end = run.fit(f"{hidden[0]} units", other, data, short, every=10)
    trained.append(
        {
            "hidden units": str(hidden),
            "parameters": count_parameters(other),
            "seconds an epoch": end.seconds,
            "validation accuracy": end.validation_accuracy,
        }
    )

# %% tags=["solution"]
run.table(
    trained,
    "architectures",
    title="After ten epochs, the widest network reads best",
    formats={"validation accuracy": ".2%"},
)
accuracies = [row["validation accuracy"] for row in trained]
run.claim(
    "Each wider network reads more of the validation images.",
    accuracies == sorted(accuracies),
)
run.claim(
    "Trained for long, 100 units read about what 300 read after ten epochs.",
    abs(last.validation_accuracy - accuracies[-1]) < 0.002,
)

# %% [markdown] tags=["solution"]
# So ten epochs compare how *fast* these networks learn. How well they read in
# the end is another question.

# %% [markdown]
# ### 2. A summary of the network
#
# Compute the number of parameters by hand, and compare with PyTorch.
#
# ??? tip "Hint"
#     Each unit of a linear layer has one weight for each input, and a bias.

# %% tags=["solution"]
from itertools import pairwise

sizes = (784, 100, 100, 10)
counted = sum(inputs * units + units for inputs, units in pairwise(sizes))
assert counted == count_parameters(model)

# %% [markdown]
# ### 3. Write the loss
#
# Write `cross_entropy(logits, labels)` for a whole batch, without
# `nn.functional`. Compare with PyTorch. Then multiply the logits
# by 100: what happens to yours?
#
# ??? tip "Hint"
#     The loss of one image is $\ln \sum_j e^{z_j} - z_y$. The logit of the true
#     digit is `logits[torch.arange(len(labels)), labels]`. Great logits: what
#     is $e^{1000}$? Subtracting the greatest logit of each image from all ten
#     changes no probability.


# %% tags=["solution"]
def cross_entropy(logits, labels):
    shifted = logits - logits.max(dim=1, keepdim=True).values
    true = shifted[torch.arange(len(labels)), labels]
    return (shifted.exp().sum(dim=1).log() - true).mean()


logits, labels = predictions.logits, predictions.labels
for factor in (1, 100):
    ours = cross_entropy(factor * logits, labels)
    assert torch.allclose(ours, F.cross_entropy(factor * logits, labels))
assert (100 * logits).exp().isinf().any()  # without the shift: no number

# %% [markdown]
# ### 4. The doubts of the network
#
# Which test images make the network hesitate most? Predict first: will they be
# hard for you, too?
#
# ??? tip "Hint"
#     `predictions.confidence` is small where the network hesitates. `argsort`
#     gives the rows in that order.

# %% tags=["solution"]
doubtful = predictions.confidence.argsort()[:6]
run.show(
    plots.doubt_bars(
        mnist.test,
        predictions,
        doubtful,
        title="The six test images that the DNN doubts most",
    ),
    "doubts",
)

# %% [markdown]
# ## Write a digit yourself
#
# On the page [Draw a digit](../draw.md), networks read *your* writing: among
# them one with the layers of this one, which also learned from changed images.

# %% tags=["setup"]
run.publish("dnn", model, data, name="DNN")
run.finish()

# %% [markdown]
# ## What we found
#
# A network of three layers reads {{ dnn.test_accuracy | percent }} of the test
# images. Its training needs one number, the loss, and many small steps
# downhill. Its validation loss rises again while its accuracy does not fall.
# And of most of its mistakes it is more than 90% sure: [When to
# doubt](doubt.py) shows how to mend that.
#
# All this takes no notice of which pixels are neighbours. [The next
# lesson](improved_cnn.py) does.
#
# *After PMNIST1 by Laurent Risser (CNRS/IMT), part of
# [FIDLE](https://fidle.cnrs.fr), written anew. See the
# [credits](../credits.md).*
