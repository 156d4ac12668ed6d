# %% [markdown] level="beginner" thumbnail="confusion-matrix"
# # A simple network reads handwritten digits
#
# You will train a fully connected network on MNIST, from the raw images to a
# confusion matrix. Every number and every figure comes from one run of the
# program that you are reading.
#
# ## What you will learn
#
# - how to look at the data before anything else,
# - why the data is split in three,
# - what a loss, a batch and an epoch are,
# - how to say how good the network is, and how sure you can be of that.

# %% [markdown]
# ## The data
#
# MNIST is a set of small grey images of handwritten digits. `load_mnist`
# checks every file against its published checksum. Then it splits the images
# in three:
#
# - the **training** split: the network learns from it,
# - the **validation** split: we watch it during training, and choose by it,
# - the **test** split: we score it once, at the very end.
#
# A score on images that have guided a choice is too good to be true. That is
# why there are three.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.runlog import start_run

SEED = 1

run = start_run("simple_dnn", seed=SEED)
mnist = run.loaded(load_mnist())
print(mnist.provenance)

# %%
named = {
    "train": mnist.train,
    "validation": mnist.validation,
    "test": mnist.test,
}
for name, split in named.items():
    for kind, tensor in (("images", split.images), ("labels", split.labels)):
        print(f"{name:10}  {kind}  {tensor.dtype}  {tuple(tensor.shape)}")

# %% [markdown]
# An image is a table of 28 by 28 bytes. A label is the digit that the writer
# meant.
#
# ## Look at the data
#
# One image first, with its true pixels. Zero is black, 255 is white: the ink
# is white.

# %%
image, digit = mnist.train.images[27], mnist.train.labels[27]
figure = plots.single_image(
    image,
    title=f"An image is 28 by 28 grey levels; here is a {digit}",
    alt=f"Training image 27, a handwritten {digit}: white strokes on "
    "black, 28 by 28 visible pixels, and a bar of grey levels.",
    unit="grey level (0 to 255)",
)
run.show(figure, "image-27")

# %%
some = slice(5, 41)
labels = [str(digit) for digit in mnist.train.labels[some].tolist()]
figure = plots.image_grid(
    mnist.train.images[some],
    labels,
    title="People write the same digit in many ways",
    alt=f"Training images 5 to 40, twelve in a row: {', '.join(labels)}.",
)
run.show(figure, "images-5-to-40")

# %% [markdown]
# ## Prepare the data
#
# A network learns best from numbers near one. We divide each pixel by the
# largest pixel of the *training* images. The other splits get the same
# divisor, even if their own largest pixel were another: nothing may be learned
# from the images that we keep for the test.
#
# The images become `float32`. Twice the precision would take twice the memory,
# and teach nothing.

# %%
largest = mnist.train.images.max().item()
splits = normalise(mnist, scale=largest).to(run.device)
for name, images in (
    ("before", mnist.train.images),
    ("after", splits.train.images),
):
    print(f"{name:6}  min {images.min()}, max {images.max()}", end="")
    print(f", {images.dtype}, {tuple(images.shape)}")

# %% [markdown]
# The new dimension of size 1 is the number of channels: grey images have one.
#
# ## The network
#
# Three [linear
# layers](https://docs.pytorch.org/docs/stable/nn.html#linear-layers), with a
# [ReLU](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html)
# after the first two. Without the ReLU, three linear layers would be no better
# than one.
#
# ```python
# nn.Sequential(
#     nn.Flatten(),         # (N, 1, 28, 28) -> (N, 784)
#     nn.Linear(784, 100),
#     nn.ReLU(),
#     nn.Linear(100, 100),
#     nn.ReLU(),
#     nn.Linear(100, 10),   # ten logits, one for each digit
# )
# ```
#
# The package has it as
# [`SimpleDNN`](../reference.md#mnist_lessons.models.SimpleDNN). How many
# numbers does it learn?

# %%
from mnist_lessons.models import SimpleDNN, count_parameters, summarise

torch.manual_seed(SEED)
model = SimpleDNN().to(run.device)
print("layer     output   parameters")
for layer in summarise(model):
    shape = str(layer.output_shape)
    print(f"{layer.name:8}  {shape:7}  {layer.parameters:10,}")
print(f"{'in all':17}  {count_parameters(model):10,}")

# %% [markdown]
# The last layer returns **logits**: ten numbers of any sign, the greatest for
# the digit that the network believes in. There is no softmax inside.
#
# ## The loss
#
# [Cross-entropy](https://docs.pytorch.org/docs/stable/nn.html#loss-functions)
# takes logits. It applies the softmax itself, which makes a probability $p_i$
# of each logit $z_i$, and is small when the true digit $y$ gets a high one:
#
# $$
# p_i = \frac{e^{z_i}}{\sum_{j=0}^{9} e^{z_j}},
# \qquad \text{loss} = -\ln p_y
# $$
#
# A network that knows nothing gives each digit one chance in ten, and has a
# loss of $-\ln \frac{1}{10} = \ln 10$. Ours knows nothing yet:

# %%
import math

from mnist_lessons.evaluation import evaluate

print(f"untrained: {evaluate(model, splits.validation)}")
print(f"ln 10 = {math.log(10):.4f}")

# %% [markdown]
# !!! warning "A mistake worth knowing"
#     The tutorial that this lesson comes from ends its network with
#     `softmax(x, dim=0)`, and then applies cross-entropy. Dimension 0 counts
#     the *images*: each image competes with its neighbours in the batch. The
#     accuracy still climbs, slowly. But the loss stays at ln 10 for ever, and
#     that is how one could have noticed. So: return logits, and know what your
#     loss should be before training.
#
# ## One epoch, step by step
#
# Training repeats one small step. Take a **batch** of images, compute the
# loss, compute the gradient of the loss with respect to each weight, and move
# each weight a little downhill. When every image has been used once, an
# **epoch** is over.
#
# The size of the move is the business of the
# [optimiser](https://docs.pytorch.org/docs/stable/optim.html). We take Adam,
# which adapts the size to each weight, with its usual learning rate.

# %%
from torch.nn import functional as F

optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
model.train()
# A new order each epoch; the last batch is smaller, and is used as well.
order = torch.randperm(len(splits.train)).to(run.device)
for rows in order.split(512):
    logits = model(splits.train.images[rows])  # (512, 10)
    loss = F.cross_entropy(logits, splits.train.labels[rows])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

print("after one epoch:")
print(evaluate(model, splits.validation))

# %% [markdown]
# That is all there is to it.
# [`fit`](../reference.md#mnist_lessons.training.fit) contains the same loop,
# and measures after each epoch: all validation images, and the first 10,000
# training images. It measures in eval mode, without gradients, and never
# touches the test split.
#
# ## Train for long
#
# We start again from fresh weights, with batches of 512 images. Epoch 0 is the
# untrained network. `run.fit` calls `fit`, logs what it measures, and keeps its
# state: a training that is interrupted goes on from where it was, and one that
# is finished is not repeated.

# %%
from mnist_lessons.training import TrainConfig

config = TrainConfig(
    epochs=128,
    batch_size=512,
    learning_rate=1e-3,
    optimiser="adam",
    seed=SEED,
)
torch.manual_seed(SEED)
model = SimpleDNN()
history = run.fit("dnn", model, splits, config)

# %% [markdown]
# ## Did it learn, or did it memorise?

# %%
best = min(history, key=lambda record: record.validation_loss)
last = history[-1]
figure = plots.learning_curves(
    {"SimpleDNN": history},
    title="The validation loss is lowest after epoch "
    f"{best.epoch} of {last.epoch}",
)
run.show(figure, "learning-curves")

# %%
print("epoch   train loss, accuracy   validation loss, accuracy")
for record in (best, last):
    print(f"{record.epoch:5}   ", end="")
    print(f"{record.train_loss:10.2g}  {record.train_accuracy:8.2%}   ", end="")
    print(f"{record.validation_loss:15.4f}  {record.validation_accuracy:8.2%}")

# %% [markdown]
# Compare the two lines. The distance between the two curves is what the
# network knows by heart: it holds for the training images and for no other.
# Where the validation loss turns upwards, the network goes on learning the
# training images, and becomes *surer of its mistakes*. This is **overfitting**.
# The accuracy hardly shows it, because it does not ask how sure the network
# was.
#
# ## The test, once
#
# Nothing has depended on the test images so far. The accuracy is a share of a
# finite number of images, so it is a little uncertain. The interval says how
# much: of 100 intervals made in this way, about 95 hold the accuracy that one
# would measure on endlessly many such images.

# %%
from mnist_lessons.evaluation import predict

predictions = predict(model, splits.test)
score = predictions.score
run.result(
    "dnn",
    f"SimpleDNN, {last.epoch} epochs",
    predictions,
    model,
    history,
)
print(f"test: {score}")

# %% [markdown]
# ## What it reads
#
# The first sixty test images. Above each: the predicted digit, the true digit
# in brackets, and the probability that the network gives to its prediction. A
# cross and a frame mark an error.

# %%
first = torch.arange(60)
right = int((predictions.digits == predictions.labels)[first].sum())
figure = plots.prediction_grid(
    mnist.test,
    predictions,
    first,
    title=f"{right} of the first 60 test images are read correctly",
)
run.show(figure, "sixty-results")

# %% [markdown]
# ## What it gets wrong
#
# The most interesting errors are those that the network was sure of. They come
# first here. [Browse the errors](../errors.md) shows them all, with the doubts
# of the network.

# %%
errors = predictions.errors
surest = errors[:15]
figure = plots.prediction_grid(
    mnist.test,
    predictions,
    surest,
    title=f"The {len(surest)} most confident of {len(errors)} errors",
    columns=6,
)
run.show(figure, "confident-errors")
sure = int((predictions.confidence[errors] > 0.9).sum())
print(f"{sure} of {len(errors)} errors have a probability above 90%")

# %% [markdown]
# Which digits does it take for which? In the matrix, a row is a true digit and
# a column is what the network read. Only the errors are coloured: the diagonal
# would drown them.

# %%
from mnist_lessons.evaluation import confusion_counts, top_confusions

counts = confusion_counts(predictions)
[(true, read, times)] = top_confusions(counts, 1)
title = f"The most frequent error: {true} read as {read}, {times} times"
run.show(plots.confusion_matrix(counts, title=title), "confusion-matrix")
for true, read, times in top_confusions(counts):
    print(f"{true} read as {read}: {times} times")

# %% [markdown]
# ## Your turn
#
# ### 1. Another architecture
#
# Change the number of layers or of units. Is a wider network better? Decide by
# the validation split. The test split has had its turn.
#
# ??? tip "Hint"
#     `SimpleDNN` takes the numbers of units: `SimpleDNN((300,))` has one hidden
#     layer. A few epochs are enough to compare. `fit` returns a record for
#     each epoch; the last one has the `validation_accuracy`.

# %% tags=["solution"]
from dataclasses import replace

from mnist_lessons.training import fit

short = replace(config, epochs=10)
for hidden in ((100, 100), (300,), (300, 300)):
    torch.manual_seed(SEED)
    other = SimpleDNN(hidden)
    start, *_, end = fit(other, splits, short)
    print(f"{hidden!s:10}  {count_parameters(other):7,} parameters", end="")
    print(f"  {end.validation_accuracy:.2%} after {end.epoch} epochs")
    assert end.validation_loss < start.validation_loss  # each of them learns

# %% [markdown]
# ### 2. A summary of the network
#
# Compute the number of parameters of each linear layer by hand, and compare
# with PyTorch.
#
# ??? tip "Hint"
#     Each output of a linear layer has one weight for each input, and one more
#     number, the bias, which is added.

# %% tags=["solution"]
from itertools import pairwise

sizes = (784, 100, 100, 10)
by_hand = sum(inputs * outputs + outputs for inputs, outputs in pairwise(sizes))
print(f"by hand {by_hand:,}, by PyTorch {count_parameters(model):,}")
assert by_hand == count_parameters(model)

# %% [markdown]
# ### 3. The doubts of the network
#
# Turn logits into probabilities with a softmax over the *classes*, `dim=1`.
# Which images make the network hesitate most?
#
# ??? tip "Hint"
#     Sum the probabilities of each image: what must come out? The network
#     hesitates where even the greatest of the ten is small. `argsort` gives the
#     rows in that order.

# %% tags=["solution"]
probabilities = predictions.logits.softmax(dim=1)
sums = probabilities.sum(dim=1)  # one for each image
assert torch.allclose(sums, torch.ones_like(sums))
doubtful = probabilities.max(dim=1).values.argsort()[:6]
figure = plots.doubt_bars(
    mnist.test,
    predictions,
    doubtful,
    title="The six test images that it doubts most",
)
run.show(figure, "doubts")

# %% [markdown]
# ## Write a digit yourself
#
# On the page [Draw a digit](../draw.md), this very network reads *your*
# writing. `run.publish` stores its weights for that page, in as few bytes as
# keep its accuracy on the validation images.

# %%
print(run.publish("dnn", model, splits, name="DNN of lesson 1"))

# %% [markdown]
# ## What we found

# %%
low, high = score.interval
print(f"Test images read correctly: {score.accuracy:.2%}")
print(f"95% interval: {low:.2%} to {high:.2%}")
print(f"Parameters: {count_parameters(model):,}")
print(f"Lowest validation loss: {best.validation_loss:.3f}, ", end="")
print(f"after epoch {best.epoch}")
print(f"Validation loss at the end: {last.validation_loss:.3f}, ", end="")
print(f"after epoch {last.epoch}")
print(f"Errors: {len(errors)}, with more than 90% confidence: {sure}")
run.finish()

# %% [markdown]
# It reads {{ dnn.test_accuracy | percent }} of the test images. Can fewer
# parameters do better? [The next lesson](improved_cnn.py) uses the fact that
# the pixels lie in a plane.
#
# *After PMNIST1 by Laurent Risser (CNRS/IMT), part of
# [FIDLE](https://fidle.cnrs.fr), written anew. See the
# [credits](../credits.md).*
