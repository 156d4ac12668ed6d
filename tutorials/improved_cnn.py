# %% [markdown] level="beginner" thumbnail="errors-long" needs="simple_dnn"
# # A convolutional network
#
# The [simple network](simple_dnn.py) was given the pixels of an image in a row,
# in no order that it knew of. But pixels have neighbours. A **convolutional
# network**, a *CNN*, uses that. You need the words of that lesson: layer, loss,
# epoch.
#
# ## What you will learn
#
# - what a convolution, pooling and dropout compute, and why,
# - how PyTorch's usual tools read images: `transforms` and `DataLoader`,
# - what 3 epochs of training give, and what 120 give,
# - how to compare two networks fairly: what did the architecture do, and what
#   the training?

# %% [markdown]
# ## The data
#
# The same images, in the same three splits. Each is of one of ten **classes**,
# the digits.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.runlog import start_run

SEED = 1

run = start_run("improved_cnn", seed=SEED)
mnist = run.loaded(load_mnist())

# %% [markdown]
# Do the splits share an image? A program can check it:

# %%
known = {image.numpy().tobytes() for image in mnist.train.images}
for split in (mnist.validation, mnist.test):
    images = {image.numpy().tobytes() for image in split.images}
    assert not images & known
    known |= images

# %% [markdown]
# ## Prepare the data
#
# The last lesson divided the pixels by 255. Here we also subtract their mean
# and divide by their standard deviation: then the values are centred on zero.
# Most programs take the same two constants, those of all training images of
# MNIST. So our validation images have a small part in them. How small?

# %%
pixels = mnist.train.images.double() / 255
centre, spread = pixels.mean().item(), pixels.std().item()
data = normalise(mnist, mean=0.1307, std=0.3081).to(run.device)

run.claim(
    f"Without the validation images, the mean is {centre:.4f} and the standard "
    f"deviation {spread:.4f}: the constants, up to a thousandth.",
    abs(centre - 0.1307) < 1e-3 and abs(spread - 0.3081) < 1e-3,
)

# %% [markdown]
# ### The usual tools
#
# In other programs you will meet three helpers in the place of `normalise`. A
# `Dataset` gives one image and its label by number. **Transforms** prepare that
# image: `ToTensor` divides by 255, `Normalize` does the rest. A `DataLoader`
# shuffles, and puts images together into batches. For MNIST, `torchvision` has
# the dataset ready:
#
# ```python
# from torchvision.datasets import MNIST
# from torchvision.transforms import ToTensor
#
# dataset = MNIST("data", train=True, download=True, transform=ToTensor())
# ```
#
# It takes three methods to write one, for any images:

# %%
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import Compose, Normalize, ToTensor

prepare = Compose([ToTensor(), Normalize([0.1307], [0.3081])])


class Digits(Dataset):
    def __init__(self, split, transform):
        self.split, self.transform = split, transform

    def __len__(self):
        return len(self.split)

    def __getitem__(self, row):
        image = self.split.images[row].numpy()  # (28, 28), bytes
        return self.transform(image), self.split.labels[row]


# %%
from timeit import timeit

loader = DataLoader(Digits(mnist.train, prepare), batch_size=64, shuffle=True)
loading = timeit(lambda: [len(images) for images, _ in loader], number=1)

order = torch.randperm(len(data.train)).to(run.device).split(64)
picking = timeit(lambda: [data.train.images[rows] for rows in order], number=1)

# %%
first, _ = next(iter(DataLoader(Digits(mnist.train, prepare), batch_size=64)))
assert torch.allclose(first, data.train.images[:64].cpu(), atol=1e-6)
run.claim(
    f"The loader gives the same numbers, and takes {loading:.1f} seconds in "
    f"the place of {picking:.1f}, more than three times as long.",
    loading > 3 * picking,
)

# %% [markdown]
# The loader prepares each image anew in each epoch: right where images are too
# many for the memory. All of MNIST fits, so these lessons prepare it once and
# pick rows.
#
# ## A convolution
#
# A **convolution** slides a small window over the image. In the window lie
# weights, the **kernel**. At each place, each pixel is multiplied by the weight
# that lies on it, and the products are added up: one number for each place. All
# of them together are a **feature map**.
#
# A network learns its kernels. To see what one does, we write one by hand.

# %%
from torch import nn
from torch.nn import functional as F

kernel = torch.tensor([-1.0, -1.0, 0.0, 1.0, 1.0]).repeat(5, 1)  # (5, 5)
convolution = nn.Conv2d(1, 1, kernel_size=5, bias=False)
with torch.no_grad():
    convolution.weight.copy_(kernel)

image = mnist.train.images[27:28] / 255  # (1, 28, 28)
feature_map = convolution(image).detach()[0]  # (24, 24)

row, column = divmod(feature_map.argmax().item(), 24)  # where it answers most
window = image[0, row : row + 5, column : column + 5]
answer = (window * kernel).sum()
assert torch.allclose(answer, feature_map[row, column], atol=1e-5)
assert (kernel.numel(), feature_map.numel()) == (25, 576)

# %%
run.show(
    plots.convolution(
        image,
        convolution,
        channel=0,
        at=(row, column),
        title="This kernel answers most at the left edge of a stroke",
    ),
    "convolution",
)

# %% [markdown]
# The same 25 weights look at all 576 places. A linear layer would need weights
# of its own for each place. And a stroke is a stroke, wherever it is: where the
# digit moves, its feature map moves along.
#
# ## Pooling
#
# **Max-pooling** keeps the greatest number of each 2 by 2 square. A quarter of
# the numbers is left: where in its square an answer stood is forgotten.

# %%
pooled = F.max_pool2d(feature_map[None], 2)[0]  # (12, 12)
square = feature_map[row // 2 * 2 :, column // 2 * 2 :][:2, :2]
assert pooled[row // 2, column // 2] == square.max()

# %%
run.show(
    plots.max_pooling(
        feature_map, title="Pooling keeps the greatest of four numbers"
    ),
    "pooling",
)

# %% [markdown]
# ## Dropout
#
# **Dropout** sets random units to zero in each step of the training, here half
# of them. So no unit can rely on one other unit alone, and knowing the training
# images by heart becomes hard. The units that stay are divided by the share
# that stays, here doubled: so their sum is, on average, what it was. When the
# network is measured, nothing is dropped.

# %%
torch.manual_seed(SEED)
dropout = nn.Dropout(0.5)
units = torch.rand(20)
once, again = dropout(units), dropout(units)
assert torch.equal(once[once > 0], 2 * units[once > 0])
assert torch.equal(dropout.eval()(units), units)  # eval mode: as it was

# %%
run.show(
    plots.dropout(
        units, once, again, title="Each step of the training drops other units"
    ),
    "dropout",
)

# %% [markdown]
# ## The network
#
# Two convolutions find patterns, and patterns of patterns. Two linear layers,
# the network's *head*, read the digit from them. Each line says what shape it
# makes of N images.


# %%
class ImprovedCNN(nn.Module):
    def __init__(self, dropout=0.5):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 10, kernel_size=5),  # (N, 10, 24, 24)
            nn.MaxPool2d(2),  # (N, 10, 12, 12)
            nn.ReLU(),
            nn.Conv2d(10, 20, kernel_size=5),  # (N, 20, 8, 8)
            nn.Dropout2d(dropout),  # drops whole feature maps
            nn.MaxPool2d(2),  # (N, 20, 4, 4)
            nn.ReLU(),
        ).to(memory_format=torch.channels_last)  # may be faster
        self.classifier = head(dropout)

    def forward(self, images):
        return self.classifier(self.features(images))


# %%
def head(dropout):
    return nn.Sequential(
        nn.Flatten(),  # (N, 320)
        nn.Linear(320, 50),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(50, 10),  # (N, 10), the logits
    )


# %% [markdown]
# The second convolution has 20 kernels, and each of them looks at all ten
# feature maps of the first. Where does the number 320 come from? A window of 5
# by 5 pixels has 24 places in a row of 28, so the first convolution makes 24 by
# 24. Pooling halves that to 12, the second convolution makes 8, pooling makes
# 4. With 20 feature maps, 20 x 4 x 4 numbers are left.

# %%
from mnist_lessons.models import SimpleDNN, summarise

layers = summarise(ImprovedCNN().features)
sides = [28, *(layer.output_shape[-1] for layer in layers)]
assert list(dict.fromkeys(sides)) == [28, 24, 12, 8, 4]

# %%
costs = []
for name, network in (("DNN", SimpleDNN()), ("CNN", ImprovedCNN())):
    layers = summarise(network)
    costs.append(
        {
            "network": name,
            "parameters": sum(layer.parameters for layer in layers),
            "multiplications": sum(layer.multiplications for layer in layers),
        }
    )
run.table(costs, "costs", title="Fewer numbers to learn, and more to compute")

# %% [markdown]
# A kernel is few weights that are used at many places.
#
# ## Three epochs
#
# The recipe is that of the blog post that this lesson comes from: batches of 64
# images, and Adagrad, an optimiser whose rate falls faster for weights whose
# gradients have been large. The post ends its network with `log_softmax` and
# trains with the **negative log-likelihood**. Both in one are the cross-entropy
# of the last lesson:

# %%
torch.manual_seed(SEED)
logits = ImprovedCNN()(data.train.images[:64].cpu())
labels = mnist.train.labels[:64]
likelihood = F.nll_loss(logits.log_softmax(dim=1), labels)
assert torch.allclose(likelihood, F.cross_entropy(logits, labels))

# %%
from mnist_lessons.training import TrainConfig

few = TrainConfig(
    epochs=3, batch_size=64, learning_rate=1e-2, optimiser="adagrad", seed=SEED
)
torch.manual_seed(SEED)
model_3 = ImprovedCNN()
history_3 = run.fit("cnn, short", model_3, data, few, preview=1)

# %%
from mnist_lessons.evaluation import predict

predictions_3 = predict(model_3, data.test)
run.result("cnn_3", "CNN, 3 epochs", predictions_3, model_3, history_3)
print(predictions_3.score)

# %% [markdown]
# Is that good? The DNN reads {{ simple_dnn:dnn.test_accuracy | percent }}.
# But both were trained from one seed, and another seed gives another accuracy.
# So we compare five trainings of each. They were made before: a **recorded
# study**.

# %%
from mnist_lessons.studies import load_study

study = load_study().values()
recipes = {step.recipe.name: step for steps in study for step in steps}


def mistakes(recipe):
    """Which test images each of its five networks misreads, 0 or 1."""
    records = recipes[recipe].records
    wrong = torch.zeros(len(records), records[0].test["count"])
    for seed, record in enumerate(records):
        wrong[seed, record.test["errors"]] = 1
    return wrong  # (5, 10000)


# %%
def measured(network, recipe, name):
    """Mean accuracy of a recipe, and its standard deviation over the seeds."""
    five = 1 - mistakes(name).mean(dim=1)
    columns = {"network": network, "recipe": recipe}
    return {**columns, "mean": five.mean(), "spread of the seeds": five.std()}


percent = {"mean": ".2%", "spread of the seeds": ".2%"}

# %%
of_lessons = [
    measured("DNN", "of its lesson, 128 epochs", "dnn"),
    measured("CNN", "of its lesson, 3 epochs", "cnn"),
]
run.table(
    of_lessons,
    "first-comparison",
    title="After three epochs, the CNN reads worse than the DNN",
    formats=percent,
)
cnns, dnns = (mistakes(name).sum(dim=1) for name in ("cnn", "dnn"))
run.claim(
    "The best of the five CNNs misreads more images than the worst DNN.",
    cnns.min() > dnns.max(),
)

# %% [markdown]
# So three epochs of this recipe are not enough. Is it the convolution, or the
# training? The validation loss was still falling: that is why we train on, and
# not because of a test.
#
# ## One hundred and twenty epochs
#
# The same network from the same fresh weights, and forty times the epochs.

# %%
from dataclasses import replace

many = replace(few, epochs=120)
torch.manual_seed(SEED)
model_120 = ImprovedCNN()
history_120 = run.fit("cnn, long", model_120, data, many)

# %%
end = history_120[-1]
run.show(
    plots.learning_curves(
        {"CNN": history_120},
        title=f"{end.validation_accuracy:.1%} after {end.epoch} epochs",
    ),
    "curves-long",
)

# %% [markdown]
# Both curves are measured after each epoch, in **eval mode**: dropout is off.

# %%
predictions_120 = predict(model_120, data.test)
run.result("cnn_120", "CNN", predictions_120, model_120, history_120)
print(predictions_120.score)

# %% [markdown]
# This trained network is *the CNN* of this site.
#
# ## What it gets wrong

# %%
errors = predictions_120.errors
run.show(
    plots.prediction_grid(
        mnist.test,
        predictions_120,
        errors[:16],
        title=f"The most confident of {len(errors)} errors",
        columns=8,
    ),
    "errors-long",
)

# %% [markdown]
# Would you have read them all? [Browse the errors](../errors.md) shows the
# rest.

# %%
from mnist_lessons.evaluation import confusion_counts, top_confusions

counts = confusion_counts(predictions_120)
[(true, read, times)] = top_confusions(counts, 1)
run.show(
    plots.confusion_matrix(
        counts,
        title=f"The most frequent error: {true} read as {read}, {times} times",
    ),
    "confusion-matrix",
)

# %% [markdown]
# ## A fair comparison
#
# After 120 epochs, the CNN beats the DNN. But is that the work of the
# convolution? The two differ in optimiser, batch size, dropout, normalisation
# and in time spent: nearly all that can differ does. A fair comparison takes
# the same care with both.
#
# In [One change at a time](beyond.py), each of the two gets a recipe that was
# improved step by step, the CNN within three epochs: Adam, a learning rate that
# rises and falls, slightly moved images, for the CNN no dropout, for the DNN
# some weight decay. So there are two networks with two recipes, five trainings
# of each.

# %%
run.claim("The CNN beats each of the five DNNs.", len(errors) < dnns.min())
assert recipes["cnn-90-views"].recipe.config.epochs == 90
improved = [
    measured("DNN", "improved, 40 epochs", "dnn-decayed"),
    measured("CNN", "improved, 3 epochs", "cnn-augmented"),
]
run.table(
    [*of_lessons, *improved],
    "recipes",
    title="Here, the recipes differ more than the networks",
    formats=percent,
)

# %% [markdown]
# How sure are these differences? There are two kinds of luck. One is that of
# the **seed**: another start, another network. The other is that of the
# **images**: other test images, other accuracies. All networks read the *same*
# images, so we compare image by image: what counts is where their mistakes
# differ. The **standard error** is how far a mean is typically off by luck.


# %%
def gain(before, after):
    """Gain in accuracy from one recipe to another, and its standard errors."""
    old, new = mistakes(before), mistakes(after)
    seeds = (old.mean(dim=1).var() + new.mean(dim=1).var()) / len(old)
    by_image = old.mean(dim=0) - new.mean(dim=0)  # (10000,)
    images = by_image.var() / len(by_image)
    return {
        "gain": by_image.mean().item(),
        "error by seeds": seeds.sqrt().item(),
        "error by images": images.sqrt().item(),
    }


# %%
changes = {
    "recipe of the DNN": ("dnn", "dnn-decayed"),
    "recipe of the CNN, 3 epochs": ("cnn", "cnn-augmented"),
    "CNN for DNN, both improved": ("dnn-decayed", "cnn-augmented"),
}
gains = [{"change": what, **gain(*pair)} for what, pair in changes.items()]
run.table(
    gains,
    "gains",
    title="A better recipe gives more than one point, the CNN a fifth of one",
    formats=dict.fromkeys(gains[0].keys() - {"change"}, ".2%"),
)

# %%
from math import hypot

recipe_dnn, recipe_cnn, architecture = (row["gain"] for row in gains)
run.claim(
    "Between the improved networks lies about a fifth of a point; each better "
    "recipe gives more than five times as much.",
    0.001 < architecture < 0.003
    and min(recipe_dnn, recipe_cnn) > 5 * architecture,
)
run.claim(
    "All three gains are more than twice both errors together.",
    all(
        row["gain"] > 2 * hypot(row["error by seeds"], row["error by images"])
        for row in gains
    ),
)

# %%
good_cnns, good_dnns = (
    mistakes(name).sum(dim=1) for name in ("cnn-augmented", "dnn-decayed")
)
run.claim(
    "Three good epochs beat 120 poor ones, and the improved simple network, on "
    "average, beats the old convolutional one.",
    good_cnns.max() < len(errors) and good_dnns.mean() < len(errors),
)
run.claim(
    "The improved CNN makes a fifth fewer mistakes than the improved DNN.",
    abs(good_cnns.mean() / good_dnns.mean() - 0.8) < 0.05,
)

# %% [markdown]
# The improved DNNs are close to the old CNN, which was trained once. The
# [results](../results.md) call the lead of even the best of them possible luck.
#
# And what did the architecture do? In three epochs, a fifth of a point: so near
# to 100%, every fifth mistake. And moved images teach a DNN what a convolution
# knows from the start. What if nobody moves them?

# %%
cnn, dnn = (
    recipes[f"{name}-schedule"].validation[0] for name in ("cnn", "dnn")
)
run.claim(
    "Without moved images, the CNN of 3 epochs reads nearly one point more of "
    "the validation images than the DNN of 40.",
    0.008 < cnn - dnn < 0.01,
)

# %% [markdown]
# With 90 epochs and five looks at an image, this CNN reads
# {{ beyond:long_mean | percent }}, probably [a little too
# much](../results.md#how-often-the-test-images-were-read). [Why
# convolution](robustness.py) shows its other strengths.

# %% [markdown]
# ## Your turn
#
# ### 1. The parameters by hand
#
# Predict which layer has the most parameters. Then compute the number of each
# layer by hand, and compare with PyTorch.
#
# ??? tip "Hint"
#     Each output channel of a convolution has a window of 5 by 5 weights for
#     *each* input channel, and one bias. The size of the image does not matter.
#     A linear layer has a weight for each pair of an input and an output, and a
#     bias for each output.

# %% tags=["solution"]
by_hand = [
    1 * 10 * 5 * 5 + 10,  # convolution: 1 channel in, 10 channels out
    10 * 20 * 5 * 5 + 20,
    320 * 50 + 50,  # linear: 320 numbers in, 50 out
    50 * 10 + 10,
]
learning = [layer for layer in summarise(ImprovedCNN()) if layer.parameters]
assert [layer.parameters for layer in learning] == by_hand
most = max(learning, key=lambda layer: layer.parameters)
assert most is learning[2]  # it is linear: no weights are shared

# %% [markdown]
# ### 2. Write a convolution
#
# Write `convolve(image, kernel)` with two loops, for one channel, and compare
# with PyTorch.
#
# ??? tip "Hint"
#     A window of 5 rows has 28 - 5 + 1 places in 28 rows. Fill a tensor of
#     zeros, place by place.


# %% tags=["solution"]
def convolve(image, kernel):
    size = len(kernel)
    places = len(image) - size + 1
    answers = torch.zeros(places, places)
    for row in range(places):
        for column in range(places):
            window = image[row : row + size, column : column + size]
            answers[row, column] = (window * kernel).sum()
    return answers


assert torch.allclose(convolve(image[0], kernel), feature_map, atol=1e-5)

# %% [markdown]
# ### 3. The forgotten `eval()`
#
# Anyone who forgets `model.eval()` leaves dropout on, and no error says so. Let
# the CNN read the same validation images twice in train mode, then twice in
# eval mode. Predict first: how many answers change, and how many more are
# wrong?
#
# ??? tip "Hint"
#     `model.train(True)` turns train mode on, `model.train(False)` off. Do not
#     use `predict` here: it takes care of the mode itself. The answer is the
#     `argmax` of the ten logits.

# %% tags=["solution"]
some = data.validation[:1_000]
torch.manual_seed(SEED)  # dropout draws at random
found = []
for mode in (True, False):
    model_120.train(mode)
    with torch.inference_mode():
        first = model_120(some.images).argmax(dim=1)
        second = model_120(some.images).argmax(dim=1)
    found.append(
        {
            "mode": "train" if mode else "eval",
            "answers that change": int((first != second).sum()),
            "mistakes": int((second != some.labels).sum()),
        }
    )

# %% tags=["solution"]
run.table(found, "modes", title="In train mode, the CNN contradicts itself")
in_train, in_eval = found
assert in_eval["answers that change"] == 0 < in_train["answers that change"]
assert in_train["mistakes"] > in_eval["mistakes"]

# %% [markdown]
# ### 4. Three better epochs
#
# Train for as few epochs as above, once without dropout, and once also with
# Adam and a **one-cycle** schedule: the learning rate rises first, then falls
# to zero. Predict the order of the three. Decide by the validation split.
#
# ??? tip "Hint"
#     `ImprovedCNN(dropout=0)` has no dropout. Give `TrainConfig` the arguments
#     `optimiser="adam"` and `schedule="one-cycle"`; `learning_rate` is then the
#     highest one.

# %% tags=["solution"]
one_cycle = replace(few, optimiser="adam", schedule="one-cycle")
attempts = {"no dropout": few, "no dropout, Adam, one-cycle": one_cycle}
ends = {"as above": history_3[-1]}
for name, recipe in attempts.items():
    torch.manual_seed(SEED)
    other = ImprovedCNN(dropout=0)
    *_, ends[name] = run.fit(name, other, data, recipe, preview=1)

# %% tags=["solution"]
run.table(
    [
        {
            "recipe": name,
            "validation loss": record.validation_loss,
            "validation accuracy": record.validation_accuracy,
        }
        for name, record in ends.items()
    ],
    "three-epochs",
    title="Without dropout, with Adam and a schedule, three epochs go far",
    formats={"validation accuracy": ".2%"},
)
losses = [record.validation_loss for record in ends.values()]
run.claim("Each loss is below the one before.", losses == sorted(losses)[::-1])

# %% [markdown] tags=["solution"]
# This is one seed. The tables above say how much another one may change.

# %% [markdown]
# ## Write a digit yourself
#
# On the page [Draw a digit](../draw.md), the CNN reads *your* writing.

# %% tags=["setup"]
run.publish("cnn_120", model_120, data, name="CNN")
run.finish()

# %% [markdown]
# ## What we found
#
# After three epochs the CNN reads {{ cnn_3.test_accuracy | percent }} of the
# test images, after 120 {{ cnn_120.test_accuracy | percent }}; the DNN of the
# last lesson reads {{ simple_dnn:dnn.test_accuracy | percent }}. But a
# better recipe takes that one to {{ beyond:dnn_mean | percent }}: compare
# networks only when both were trained with care, several times, on the same
# images.
#
# *After the blog post "MNIST (amélioré)", whose network is the first MNIST
# example of [PyTorch](https://github.com/pytorch/examples), written anew. See
# the [credits](../credits.md).*
