# %% [markdown] level="intermediate" thumbnail="moved" needs="improved_cnn"
# # Why convolution
#
# Every digit of MNIST stands in the middle of its image. What does a network
# make of one that does not? You will move, turn, blur and cover digits, and
# watch two networks fail, each in its own way.
#
# ## What you will learn
#
# - how to measure what a network can bear,
# - what a convolution knows from the start, and a fully connected network must
#   be shown,
# - what changed copies of the training images teach, and what they spoil,
# - how to see which part of an image a network needs.

# %% [markdown]
# ## Would you still read it?
#
# The images are those of the [simple network](simple_dnn.py), with numbers
# from 0, black, to 1, white.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import Split, load_mnist, normalise
from mnist_lessons.runlog import start_run

SEED = 1

run = start_run("robustness", seed=SEED)
data = normalise(run.loaded(load_mnist())).to(run.device)
images, labels = data.validation.images, data.validation.labels

# %% [markdown]
# The first change is a move: of every four images, one goes to the right, one
# down, one left, one up. `F.pad` adds black pixels at an edge; where its number
# is negative, it cuts off as many.

# %%
from torch.nn import functional as F


def shift(images, pixels):
    """Move the first image to the right, the next down, left, up, and so on."""
    moved = torch.empty_like(images)
    for way, (x, y) in enumerate([(1, 0), (0, 1), (-1, 0), (0, -1)]):
        x, y = x * pixels, y * pixels
        moved[way::4] = F.pad(images[way::4], (x, -x, y, -y))
    return moved


# %% [markdown]
# The others come from the package. **Noise** adds a random number to each
# pixel; the amount is the standard deviation of these numbers, where 1 is the
# step from black to white. **Blur** mixes each pixel with its neighbours. A
# grey **square** covers a part. **Inverted** is black ink on white paper. Noise
# and squares are random, but the same in each call: so all networks meet the
# same images.

# %%
from mnist_lessons.corruptions import add_noise, blur, invert, occlude
from mnist_lessons.corruptions import resize, rotate


def changed(images):
    noise, places = (torch.Generator().manual_seed(SEED) for _ in range(2))
    return {
        "as they are": images,
        "moved by 2 pixels": shift(images, 2),
        "moved by 4 pixels": shift(images, 4),
        "turned by 30°": rotate(images, 30),
        "0.7 times the size": resize(images, 0.7),
        "noise of 0.4": add_noise(images, 0.4, noise),
        "blur of 2 pixels": blur(images, 2),
        "square of 9 pixels": occlude(images, 9, places),
        "inverted": invert(images),
    }


# %%
four = images[labels == 4][:1]  # (1, 1, 28, 28)
names, versions = zip(*changed(four).items(), strict=True)
title = "A handwritten 4, and eight ways to make it harder to read"
figure = plots.image_grid(torch.cat(versions), names, title=title, columns=5)
run.show(figure, "moved")

# %% [markdown]
# Which of these can *you* read? Keep that in mind: it is the measure for what
# follows.
#
# ## Two networks
#
# The DNN has the layers of the [simple network](simple_dnn.py), the CNN those
# of the [convolutional one](improved_cnn.py). But their trainings are shorter
# here, and the names say so. Short trainings are enough: we ask how far the
# accuracy falls, and not where it begins. The schedule `one-cycle` saves
# epochs: the learning rate rises, and then falls to nothing. So few epochs need
# no dropout.

# %%
from dataclasses import replace

from mnist_lessons.models import ImprovedCNN, SimpleDNN
from mnist_lessons.training import TrainConfig

for_dnn = TrainConfig(
    epochs=30, batch_size=256, learning_rate=4e-3, optimiser="adam",
    schedule="one-cycle", seed=SEED,
)  # fmt: skip
for_cnn = replace(for_dnn, epochs=4, batch_size=64, learning_rate=5e-3)


def train(name, network, config):
    torch.manual_seed(config.seed)
    model = network()
    run.fit(name, model, data, config, every=10, preview=12)
    return model


# %%
def small_cnn():
    return ImprovedCNN(dropout=0)


DNN, CNN = "DNN, 30 epochs", "CNN, 4 epochs"
dnn = train(DNN, SimpleDNN, for_dnn)
cnn = train(CNN, small_cnn, for_cnn)
models = {DNN: dnn, CNN: cnn}

# %% [markdown]
# ## Move the digits
#
# Neither network has ever seen a digit that was moved on purpose. We move the
# validation images, and count what is still read. The test images have their
# turn once, at the end: you and I draw conclusions on the way, and the
# exercises change the training.

# %%
from mnist_lessons.evaluation import evaluate


def accuracy(model, images, labels=labels):
    return evaluate(model, Split(images, labels)).accuracy


def by_shift(model):
    """The accuracy in percent after moves by 0 to 6 pixels."""
    return [(n, 100 * accuracy(model, shift(images, n))) for n in range(7)]


# %%
axes = {
    "x": plots.Axis("moved by (pixels)"),
    "y": plots.Axis("accuracy (%)", limits=(0, 100)),
    "references": {"a guess": 10},
}
lines = {name: by_shift(model) for name, model in models.items()}
title = "Both fall, and the DNN falls first"
run.show(plots.line_chart(lines, title=title, **axes), "shift-untaught")

# %%
moved = shift(images, 3)
wrong, wrong_cnn = (1 - accuracy(model, moved) for model in (dnn, cnn))
lost = 1 - (moved.sum() / images.sum()).item()
run.claim(
    f"Moved by three pixels, the DNN misreads {wrong:.0%} of the digits, more "
    f"than twice as many as the CNN with {wrong_cnn:.0%}.",
    wrong > 2 * wrong_cnn,
)
run.claim(f"The move cut off only {lost:.2%} of the ink.", lost < 0.01)

# %% [markdown]
# So the edge of the image is not to blame. Three pixels are a tenth of its
# width, and no reader would mind.
#
# ## A weight for each pixel
#
# Why does the DNN fall first? Each of the 100 units of its first layer
# multiplies each pixel by a weight, and adds up the products. Here is the unit
# that this 4 excites most: with the 4 in its place, and with the 4 three pixels
# further right.

# %%
first = dnn.layers[1]  # a linear layer, 784 pixels to 100 units
places = torch.cat((four, shift(four, 3)))
before, after = first(places.flatten(1)).detach()  # (100,) each
unit = before.argmax().item()

title = f"In place, the strokes lie where unit {unit} waits for ink"
run.show(plots.linear_layer(places[0], first, unit, title=title), "unit")
title = "Three pixels further right, they meet other weights"
run.show(plots.linear_layer(places[1], first, unit, title=title), "unit-moved")

# %%
above = (first.weight[unit] > 0).float()  # 1 where its weight is above zero
on, off = (places.flatten(1) @ above) / places.sum(dim=(1, 2, 3))
run.claim(
    f"In place, {on:.0%} of the ink lies on weights above zero; moved, "
    f"{off:.0%}, and the sum falls from {before[unit]:.1f} to "
    f"{after[unit]:.1f}, to less than half.",
    on > off + 0.05 and after[unit] < before[unit] / 2,
)

# %% [markdown]
# Nothing tells the network that the weights in both places should agree. Worse,
# some weights have never learned anything:

# %%
inked = (data.train.images > 0).float().mean(dim=0).flatten()  # (784,)
never, seldom = inked == 0, inked < 0.01
torch.manual_seed(SEED)
start = SimpleDNN().to(run.device).layers[1].weight
run.claim(
    f"{never.sum()} pixels are black in all training images, and have the "
    f"random weights of the start; {seldom.sum()}, more than a third of all, "
    "have ink in less than 1 image in 100.",
    torch.equal(first.weight[:, never], start[:, never])
    and seldom.float().mean() > 1 / 3,
)

# %% [markdown]
# The gradient of a weight has the pixel as a factor, and a black pixel is zero.
# (Weight decay would shrink the weight all the same; there is none here.) The
# weights of pixels that seldom have ink were taught by few images.

# %%
there = moved.sum(dim=(0, 1)).flatten()[seldom].sum() / moved.sum()
run.claim(
    f"But only {there:.1%} of the ink that was moved lies there: nearly all of "
    "it meets weights that were trained for other strokes.",
    there < 0.1,
)

# %% [markdown]
#
# ## The same weights everywhere
#
# The first convolution of the CNN has ten kernels, or **filters**, of 5 by 5
# weights. Each slides over the whole image, so each weight meets ink in every
# training image. Here are the feature maps of the first five filters, for the 4
# in its place and for the moved one:

# %%
centre = data.train.images[:, 0, 4:24, 4:24]  # each weight comes here
assert (centre > 0).flatten(1).any(dim=1).all()

before, after = cnn.features[0](places).detach()  # (10, 24, 24) each
maps = torch.cat((before[:5], after[:5]))
names = [f"{n}{how}" for how in ("", ", moved") for n in range(1, 6)]
title = "The digit moves, and its feature maps move along"
run.show(plots.image_grid(maps, names, title=title, columns=5), "feature-maps")
run.claim(
    "Three columns further right, the maps are the same numbers.",
    torch.allclose(after[:, :, 3:], before[:, :, :-3], atol=1e-5),
)

# %% [markdown]
# Bright is where a filter answers most: each at its own side of the strokes.
# That the answers move along is no habit that the CNN has learned. It is
# arithmetic, and true of any weights: the same weights give the same answer in
# every place. This is called **equivariance**, here to moves. A convolution
# cannot know a stroke in one place and not know it in another.
#
# Then why does the CNN fall as well? **Pooling** keeps the greatest answer of
# each square of 2 by 2. That softens a small move, and does not undo it. After
# pooling twice, 4 by 4 places are left, and the last layers have a weight for
# each of them: they are a fully connected network again. In much larger
# networks, even a move by one pixel can turn the answer, as [Azulay and
# Weiss](https://arxiv.org/abs/1805.12177) measured.
#
# ## Teach it with changed copies
#
# What a network does not know from the start, examples can teach.
# **Augmentation** changes each training image a little, in a new way in each
# epoch. The digit stays the same, so the label does.
# `RandomAffine`, written out in [One change at a time](beyond.py#augmentation),
# moves an image by up to three pixels along each axis, turns it by up to 15
# degrees, and resizes it by up to 15 per cent. Every copy can still be read:

# %%
from mnist_lessons.augmentation import RandomAffine

augment = RandomAffine(shift=3, degrees=15, scale=0.15)
torch.manual_seed(SEED)
copies = augment(four.expand(8, -1, -1, -1))
title = "One image gives as many training images as one likes"
numbers = torch.arange(1, 9)
run.show(plots.image_grid(copies, numbers, title=title, columns=8), "copies")

# %% [markdown]
# Two new networks start from the same weights and follow the same two recipes.
# Only their images differ.

# %%
DNN_TAUGHT, CNN_TAUGHT = "DNN, with copies", "CNN, with copies"
taught_dnn = train(DNN_TAUGHT, SimpleDNN, replace(for_dnn, augment=augment))
taught_cnn = train(CNN_TAUGHT, small_cnn, replace(for_cnn, augment=augment))
models |= {DNN_TAUGHT: taught_dnn, CNN_TAUGHT: taught_cnn}

# %%
lines = {name: by_shift(model) for name, model in models.items()}
title = "With copies, both bear larger moves"
run.show(plots.line_chart(lines, title=title, **axes), "shift")

taught, untaught = dict(lines[DNN_TAUGHT]), dict(lines[CNN])
run.claim(
    "Up to three pixels, the moves that it was shown, the DNN with copies "
    "reads more than 95% of the digits; moved by two pixels or more, it reads "
    "more of them than the CNN without copies.",
    min(taught[n] for n in range(4)) > 95
    and all(taught[n] > untaught[n] for n in range(2, 7)),
)

# %% [markdown]
# Nothing in the architecture of the DNN has changed, and now it bears more than
# the untaught CNN. So convolution is not the only way to bear moved digits. But
# it comes without examples, and with a quarter of the
# [parameters](improved_cnn.py#the-network).
#
# ## What else they bear
#
# Now the four networks read the validation images after each change of the
# first figure.


# %%
def accuracies(split):
    """For each change, the accuracy of each network."""
    return {
        change: {
            name: accuracy(model, images, split.labels)
            for name, model in models.items()
        }
        for change, images in changed(split.images).items()
    }


# %%
found = accuracies(data.validation)
run.table(
    [{"the images": change, **row} for change, row in found.items()],
    "changes",
    title="Copies help with what they show, and can harm elsewhere",
    formats=dict.fromkeys(models, ".1%"),
)

# %%
others = found.keys() - {"as they are", "blur of 2 pixels"}
run.claim(
    "Without copies, the CNN reads over eight points more than the DNN after "
    "each change but the blur.",
    all(found[change][CNN] - found[change][DNN] > 0.08 for change in others),
)

# %%
noise, turned = found["noise of 0.4"], found["turned by 30°"]
run.claim(
    "The copies cost both networks over eight points on noisy digits.",
    min(noise[DNN] - noise[DNN_TAUGHT], noise[CNN] - noise[CNN_TAUGHT]) > 0.08,
)
run.claim(
    "A turn costs each network over four points, and none reads half of the "
    "inverted digits.",
    all(found["as they are"][n] - turned[n] > 0.04 for n in models)
    and max(found["inverted"].values()) < 0.5,
)

# %% [markdown]
# **Noise** is the surprise. Augmentation teaches what it shows; it promises
# nothing about other changes, and can make them worse. Perhaps a network that
# has learned to find ink in many places finds it in noise, too. So test the
# change that you expect to meet.
#
# **Turned**: no ordinary convolution is built for turns, since a turned edge
# wants another filter; [group-equivariant
# ones](https://arxiv.org/abs/1602.07576) are. The copies turned by up to 15
# degrees. That helps at 30, too, and is not enough.
#
# **Inverted**: you read black ink without a thought. For a network, every pixel
# has changed. An edge from dark to bright is the opposite edge for a filter,
# and a weight above zero that waited for ink now meets paper.
#
# Each column is one training. Training settles how a network reads images like
# those that it saw. How it reads others is partly luck, as exercise 1 shows. So
# trust a difference only where several seeds show it. Blur and squares fell
# with copies, too: whether by the copies, one seed cannot say.
#
# ## Where do they look?
#
# Why does noise hurt the DNN so much more? Cover a small square of an image
# with grey, and ask the network for the probability of the true digit. Do that
# with the square around each pixel. This is an **occlusion map**, after [Zeiler
# and Fergus](https://arxiv.org/abs/1311.2901).


# %%
def occlusion_map(model, image, digit):
    """How probable the digit is with a grey square of 7 by 7 at each place."""
    covered = image.repeat(28, 28, 1, 1, 1)  # (28, 28, 1, 28, 28)
    for row in range(28):
        for column in range(28):
            top, left = max(row - 3, 0), max(column - 3, 0)
            covered[row, column, :, top : row + 4, left : column + 4] = 0.5
    model.eval()
    with torch.inference_mode():
        logits = model(covered.flatten(0, 1))  # (784, 10)
    return logits.softmax(dim=1)[:, digit].reshape(28, 28)


# %% [markdown]
# We take the first 50 validation images that all four networks read. A square
# *misleads* a network where it takes the probability of the true digit below
# one half. The figure shows the four images in which the largest number of
# squares mislead the CNN. Where the colour is strong, a square costs the
# network the digit. The line is the outline of the digit.

# %%
from mnist_lessons.evaluation import predict

answers = [predict(model, data.validation) for model in models.values()]
right = torch.stack([answer.digits == answer.labels for answer in answers])
some = data.validation[right.all(dim=0).nonzero()[:50, 0]]
digits = some.labels.tolist()
maps = {}  # for each network (50, 28, 28)
for name, model in models.items():
    pairs = zip(some.images, digits, strict=True)
    maps[name] = torch.stack([occlusion_map(model, *pair) for pair in pairs])

# %%
misled = (maps[CNN] < 0.5).flatten(1).sum(dim=1)
most = misled.argsort(descending=True, stable=True)[:4].tolist()
pairs = [(row, name) for row in most for name in (DNN, CNN)]
run.show(
    plots.map_grid(
        torch.stack([1 - maps[name][row] for row, name in pairs]),
        torch.stack([some.images[row] for row, _ in pairs]),
        [f"a {digits[row]}, {name}" for row, name in pairs],
        title="The DNN is misled beside the digit, the CNN at its strokes",
        unit="1 - probability of the digit, with a square around this place",
    ),
    "occlusion-maps",
)

# %% [markdown]
# The CNN loses the digit where a square covers a stroke or fills a gap between
# strokes. The DNN loses it far from any ink, too. Is that so on all 50 images?
# We look at the squares that touch no ink. How many of them mislead?

# %%
ink = F.max_pool2d(some.images, 7, stride=1, padding=3)[:, 0] > 0
beside = {n: (maps[n][~ink] < 0.5).float().mean().item() for n in models}
run.table(
    [{"network": n, "squares that mislead": beside[n]} for n in models],
    "beside",
    title="Squares on the empty background mislead the DNNs",
    formats={"squares that mislead": ".1%"},
)

# %%
pairs = [(DNN, CNN), (DNN_TAUGHT, CNN_TAUGHT)]
run.claim(
    "More than 15% of them mislead each DNN, at least five times as many as "
    "the CNN that saw the same images.",
    all(beside[a] > max(0.15, 5 * beside[b]) for a, b in pairs),
)

# %% [markdown]
# A DNN has weights for the background, too, and no training image taught it
# that grey means nothing there. The copies did not help: their background is
# black as well. That fits the noise, which puts grey everywhere.
#
# ## The test, once

# %%
tested = accuracies(data.test)
run.claim(
    "After each change, each network reads the same share of the test images "
    "as of the validation images, give or take four points.",
    all(
        abs(share - found[change][name]) < 0.04
        for change, row in tested.items()
        for name, share in row.items()
    ),
)

# %%
by_two = tested["moved by 2 pixels"]
run.record(
    dnn=tested["as they are"][DNN],
    cnn=tested["as they are"][CNN],
    dnn_moved=by_two[DNN],
    cnn_moved=by_two[CNN],
    taught_moved=by_two[DNN_TAUGHT],
)

# %% [markdown]
# As they are, the DNN of 30 epochs reads {{ dnn | percent }} of them, and that
# of *A simple network* {{ simple_dnn:dnn.test_accuracy | percent }}; the CNN of
# 4 epochs reads {{ cnn | percent }}, and that of *A convolutional network*
# {{ improved_cnn:cnn_120.test_accuracy | percent }}. So the short trainings
# cost nothing here.
#
# ## Your turn
#
# ### 1. How much is luck?
#
# Train the CNN with copies once more, from another seed. Predict first: how far
# apart are the accuracies of the two, on the images as they are, and on changed
# ones?
#
# ??? tip "Hint"
#     `replace` makes a recipe with another `seed`, and with `augment`.
#     `changed` and `accuracy` do the rest.

# %% tags=["solution"]
other_seed = replace(for_cnn, augment=augment, seed=SEED + 1)
other = train("CNN, exercise 1", small_cnn, other_seed)
first = {change: row[CNN_TAUGHT] for change, row in found.items()}
second = {n: accuracy(other, one) for n, one in changed(images).items()}
run.table(
    [{"the images": n, "seed 1": first[n], "seed 2": second[n]} for n in first],
    "luck",
    title="As they are, both read the same; changed, some differ",
    formats={"seed 1": ".1%", "seed 2": ".1%"},
)

# %% tags=["solution"]
luck = {change: abs(first[change] - second[change]) for change in first}
largest = max(luck, key=luck.get)
run.claim(
    f"The two accuracies differ by {luck['as they are']:.2%} on the images as "
    f"they are, and by {luck[largest]:.1%} in this row: {largest}.",
    luck["as they are"] < 0.005 and luck[largest] > 0.02,
)
run.claim(
    "But both read fewer noisy digits than the CNN without copies.",
    max(first["noise of 0.4"], second["noise of 0.4"]) < noise[CNN],
)

# %% [markdown]
# ### 2. Put the digit back
#
# Before a drawing on the page [Draw a digit](../draw.md) goes to a network, its
# ink is moved to the middle. Write `centred(image)`. It moves the digit by
# whole pixels, until the centre of mass of its ink lies in the middle, or less
# than one pixel below it and right of it, as in MNIST. Use it on the images
# that were moved by three pixels. What does the DNN read then?
#
# ??? tip "Hint"
#     The centre of mass across is the sum of ink times place, divided by the
#     sum of the ink. The place of the first column is 0.5, the middle of the
#     image is at 14. `Tensor.ceil` rounds up. `Tensor.roll` moves an image;
#     what leaves on one side comes back on the other, and here it is black.


# %% tags=["solution"]
def centred(image):  # (1, 28, 28)
    places = torch.arange(28, device=image.device) + 0.5
    down = (image.sum(dim=(0, 2)) * places).sum() / image.sum()
    across = (image.sum(dim=(0, 1)) * places).sum() / image.sum()
    steps = [int((14 - centre).ceil()) for centre in (down, across)]
    return image.roll(steps, dims=(1, 2))


put_back = torch.stack([centred(image) for image in moved])

# %% tags=["solution"]
in_place, off, restored = (
    accuracy(dnn, one) for one in (images, moved, put_back)
)
run.claim(
    f"Moved, {off:.1%} are read; put back, {restored:.1%}, as many as in "
    "place up to half a point.",
    off + 0.2 < restored and abs(restored - in_place) < 0.005,
)
same = (put_back == images).flatten(1).all(dim=1).float().mean()
assert same > 0.9  # nearly all are the very images that they were

# %% [markdown]
# ### 3. Teach it the negative
#
# Train a DNN for 5 epochs on every training image and its inverted copy.
# Predict first: does it read both kinds, and what does that cost on ordinary
# digits?
#
# ??? tip "Hint"
#     `torch.cat` joins images and labels. `replace` puts a new training split
#     into `data`.

# %% tags=["solution"]
doubled = Split(
    torch.cat((data.train.images, invert(data.train.images))),
    torch.cat((data.train.labels, data.train.labels)),
)
both_data = replace(data, train=doubled)
torch.manual_seed(SEED)
both_dnn = SimpleDNN()
short = replace(for_dnn, epochs=5)
history = run.fit("DNN, exercise 3", both_dnn, both_data, short, preview=5)
plain = train("DNN, 5 epochs", SimpleDNN, short)

# %% tags=["solution"]
networks = {"DNN, 5 epochs": plain, "DNN, 5 epochs, both kinds": both_dnn}
ordinary = {name: accuracy(model, images) for name, model in networks.items()}
black = {n: accuracy(networks[n], invert(images)) for n in networks}
run.table(
    [{"ink": "white", **ordinary}, {"ink": "black", **black}],
    "both",
    title="Shown both, the network reads both",
    formats=dict.fromkeys(networks, ".1%"),
)

# %% tags=["solution"]
run.claim(
    "Of inverted digits it reads more than nine in ten; that costs it less "
    "than two points on ordinary ones.",
    black["DNN, 5 epochs, both kinds"] > 0.9
    and ordinary["DNN, 5 epochs, both kinds"]
    > ordinary["DNN, 5 epochs"] - 0.02,
)

# %% tags=["setup"]
run.finish()

# %% [markdown]
# ## What we found
#
# - A score on a test set holds for images *like those of the test set*. Moved
#   by two pixels, the DNN of 30 epochs reads {{ dnn_moved | percent }} in the
#   place of {{ dnn | percent }}, the CNN of 4 epochs {{ cnn_moved | percent }}
#   in the place of {{ cnn | percent }}.
# - A fully connected layer has a weight for each pixel, and must see a stroke
#   in every place. A convolution uses the same weights everywhere, and pooling
#   forgives small moves. Large ones mislead both.
# - Changed copies teach a DNN what convolution has built in: moved by two
#   pixels, it then reads {{ taught_moved | percent }}. With noise, they harm
#   both networks.
# - A DNN heeds the empty background, and a CNN hardly does.
#
# *The changes follow D. Hendrycks and T. Dietterich, [Benchmarking neural
# network robustness](https://arxiv.org/abs/1903.12261), and N. Mu and J.
# Gilmer, [MNIST-C](https://arxiv.org/abs/1906.02337). Weight sharing and
# pooling go back to K. Fukushima, "Neocognitron", 1980; for digits, see Y.
# LeCun and others, "Gradient-based learning applied to document recognition",
# 1998.*
