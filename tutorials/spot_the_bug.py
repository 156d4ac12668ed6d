# %% [markdown] level="intermediate" thumbnail="three-losses"
# # Spot the bug
#
# Eight mistakes that real tutorials made. None of them stops the program, and
# none raises an error. You look for each one first; then you see what it costs.
#
# ## What you will learn
#
# - which numbers you should know before a training starts,
# - which mistakes a log shows, and which it can never show,
# - how a test of a few lines finds each of the eight.
#
# Every case has the same form: a few lines of code, the question *What is
# wrong?*, the answer, the damage measured beside the right version, the sign by
# which one could have noticed, and the test that catches it. The tests are
# those of this project. Open the answer when you have one of your own.
#
# All eight come from the two tutorials that the [first](simple_dnn.py) and the
# [second](improved_cnn.py) lesson follow, and from a third one of the same
# blog. The code here says the same in few lines of our own.

# %% [markdown]
# ## The data
#
# Training images to learn from, validation images, test images.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.runlog import start_run

SEED = 1

run = start_run("spot_the_bug", seed=SEED)
mnist = run.loaded(load_mnist())
splits = normalise(mnist).to(run.device)
print(mnist.provenance)

# %%
figure = plots.image_grid(
    mnist.test.images[:12],
    mnist.test.labels[:12],
    title="Twelve of the images that should measure, and never teach",
)
run.show(figure, "test-images")

# %% [markdown]
# Usually we choose by the validation images, and score the test images once. In
# this lesson nothing is chosen: each network is trained as it is written down,
# and then scored. So the test images may measure every damage.
#
# ## The loop, and what can be broken in it
#
# The network is [`SimpleDNN`](../reference.md#mnist_lessons.models.SimpleDNN)
# of the first lesson. `fresh` makes it, always with the same weights, and puts
# behind it the layers that a mistake adds. `train` is the loop of the first
# lesson. What a mistake changes in it comes in from outside: how the images
# are cut into batches, and what happens after an epoch.

# %%
from torch import nn
from torch.nn import functional as F

from mnist_lessons.models import SimpleDNN


def fresh(*layers):
    torch.manual_seed(SEED)
    return nn.Sequential(SimpleDNN(), *layers).to(run.device)


# %%
def train(model, split, epochs, size=512, cut=torch.split, after=None):
    torch.manual_seed(SEED)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(split)).to(run.device)
        for rows in cut(order, size):
            logits = model(split.images[rows])  # (size, 10)
            loss = F.cross_entropy(logits, split.labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if after:
            after(model, rows)
    return model


# %% [markdown]
# First the right version, with which all others are compared. We note its
# validation loss before the first epoch and after each one.

# %%
from mnist_lessons.evaluation import evaluate, predict

EPOCHS = 16
losses = {}


def followed(name, *layers):
    whole = len(splits.validation)

    def note(model, _=None):
        score = evaluate(model, splits.validation, batch_size=whole)
        losses.setdefault(name, []).append(score.loss)

    model = fresh(*layers)
    note(model)
    return train(model, splits.train, EPOCHS, after=note)


# %%
right = followed("right")
predictions = predict(right, splits.test)
reference = predictions.score
run.record(reference=reference.accuracy)
print(reference)

# %% [markdown]
# ## 1. The perfect score
#
# ```python
# to_learn = MNIST("data", train=False, transform=to_tensor)
# to_check = MNIST("data", train=False, transform=to_tensor)
# batches = DataLoader(to_learn, batch_size=64, shuffle=True)
# ...
# print("The network has never seen these images:")
# print(accuracy(model, to_check))
# ```
#
# The log of this tutorial notes the accuracy on the last batch of an epoch.
# *Every* value in it is a multiple of 6.25%.
#
# ??? question "What is wrong?"
#     `train=False`, twice: the network learns from the test images. The
#     sentence that it prints is false, and no program checks a sentence.
#
#     The log gives it away. In batches of 64, the 60,000 training images leave
#     32 images for the last batch; the 10,000 test images leave 16. One image
#     of 16 is 6.25%.

# %%
run.table(
    [
        {"images": n, "in the last batch": n % 64, "one image is": 1 / (n % 64)}
        for n in (60_000, 10_000)
    ],
    "last-batches",
    title="What one image counts in the last batch",
    formats={"one image is": ".3%"},
)

# %% [markdown]
# We do the same: one network learns from the test images. Its twin learns from
# training images, as many where there are as many.

# %%
log = []


def note_last_batch(model, rows):
    log.append(evaluate(model, splits.test[rows]).accuracy)


leaked = train(fresh(), splits.test, 40, size=64, after=note_last_batch)
twin_images = splits.train[: len(splits.test)]
twin = train(fresh(), twin_images, 40, size=64)
run.table(
    [{"epoch": n + 1, "last batch": log[n]} for n in range(0, len(log), 8)],
    "leaked-log",
    title="The accuracy on the last batch, in every eighth epoch",
    formats={"last batch": ".2%"},
)

# %%
named = {
    f"{len(splits.test):,} test images": leaked,
    f"{len(twin_images):,} training images": twin,
    f"{len(splits.train):,} training images": right,
}
rows = [
    {
        "learned from": name,
        "test": evaluate(model, splits.test).accuracy,
        "validation": evaluate(model, splits.validation).accuracy,
    }
    for name, model in named.items()
]

# %%
run.table(
    rows,
    "leaked",
    title="The network that learned from the test images reads those best",
    formats={"test": ".2%", "validation": ".2%"},
)

# %%
leaked_claim = evaluate(leaked, splits.test)
leaked_truth = evaluate(leaked, splits.validation)
twin_truth = evaluate(twin, splits.test)
run.record(
    leaked_claim=leaked_claim.accuracy,
    leaked_truth=leaked_truth.accuracy,
    twin=twin_truth.accuracy,
)

# %% [markdown]
# The first network announces {{ leaked_claim | percent }}. Of the validation
# images, which are new to it, it reads {{ leaked_truth | percent }}. Its twin
# learned as much, and tells the truth: {{ twin | percent }}. The mistake costs
# twice: the score is false, and most of the images to learn from are never
# used.
#
# **The sign.** A score of 100%: there are test images that nobody can read. And
# the steps of the log: count how many images a number stands for.
#
# **The test** compares every image of every split:
# `tests/test_data.py::test_no_image_is_in_two_splits`.
#
# <!-- lessons: test tests/test_data.py test_no_image_is_in_two_splits -->

# %% [markdown]
# ## 2. Only patience helps
#
# ```python
# def forward(self, images):
#     x = F.relu(self.first(images.flatten(1)))
#     x = F.relu(self.second(x))
#     return F.softmax(self.output(x), dim=0)
#
# loss = F.cross_entropy(model(images), labels)
# ```
#
# The accuracy climbs, but slowly. The tutorial trains for 128 epochs.
#
# ??? question "What is wrong?"
#     `dim=0` counts the images of the batch. The softmax lets each image
#     compete with its neighbours for every digit, instead of letting the ten
#     digits compete for every image. What the network says of an image depends
#     on its company. (There is a second mistake in these lines. It is the
#     next case.)

# %%
import math

batch_wise = followed("softmax, dim=0", nn.Softmax(dim=0))
start, *_, end = losses["softmax, dim=0"]
run.table(
    [
        {"epochs": 0, "validation loss": start},
        {"epochs": EPOCHS, "validation loss": end},
    ],
    "hardly-learning",
    title=f"The loss hardly leaves ln 10, {math.log(10):.4f}",
    formats={"validation loss": ".4f"},
)

# %%
PATIENCE = run.epochs(128, preview=32)
patient = train(fresh(nn.Softmax(dim=0)), splits.train, PATIENCE)
everything = len(splits.test)

# %%
rows = [
    {"network": "right", "epochs": EPOCHS, "test accuracy": reference.accuracy}
]
for epochs, model in ((EPOCHS, batch_wise), (PATIENCE, patient)):
    score = evaluate(model, splits.test, batch_size=everything)
    row = {"network": "softmax, dim=0", "epochs": epochs}
    rows.append({**row, "test accuracy": score.accuracy})
run.table(
    rows,
    "patience",
    title="Many more epochs help, with all test images in one batch",
    formats={"test accuracy": ".2%"},
)

# %% [markdown]
# More epochs hide the mistake. Now we let the patient network read the same
# images in smaller batches. For a right network, the size of the batch cannot
# matter.

# %%
sizes = [1, 2, 5, 10, 30, 100, 300, 1_000, 3_000, 10_000]
sizes = [size for size in sizes if size <= everything]
by_size = {"softmax, dim=0": [], "right": []}
for name, model in zip(by_size, (patient, right), strict=True):
    for size in sizes:
        score = evaluate(model, splits.test, batch_size=size)
        by_size[name].append((size, 100 * score.accuracy))
(_, alone), *_, (_, together) = by_size["softmax, dim=0"]

# %%
figure = plots.line_chart(
    by_size,
    title=f"Alone in its batch, {alone:.1f}% of the images are read correctly; "
    f"in batches of {sizes[-1]:,}, {together:.1f}%",
    x=plots.Axis("images in a batch (logarithmic)", log=True),
    y=plots.Axis("test accuracy (%)", limits=(0, 100)),
)
run.show(figure, "accuracy-by-batch-size")

# %%
in_order = splits.test[splits.test.labels.argsort(stable=True)]
tenth = everything // 10
rows = []
for epochs, model in ((EPOCHS, batch_wise), (PATIENCE, patient)):
    score = evaluate(model, in_order, batch_size=tenth)
    rows.append({"epochs": epochs, "test accuracy": score.accuracy})
run.table(
    rows,
    "sorted",
    title=f"The test images sorted by digit, in batches of {tenth:,}",
    formats={"test accuracy": ".2%"},
)

# %%
zeros = (splits.test.labels == 0).double().mean().item()
print(f"share of zeros among the test images: {zeros:.2%}")
whole = evaluate(batch_wise, splits.test, batch_size=everything)
run.record(
    dim_0=whole.accuracy,
    dim_0_patient=together / 100,
    dim_0_alone=alone / 100,
)

# %% [markdown]
# An image that is alone gets the share 1 for every digit. All ten are equal,
# the first one wins, and the network reads a zero, always. That is why it is
# right as often as there are zeros. Sorted images are poor company as well.
#
# **The sign.** A network that knows nothing has a loss of ln 10, because it
# gives each of ten digits one chance in ten. This network *learns*, and its
# loss hardly leaves ln 10. And a training that needs eight times as long as
# that of others asks for a look at the code, not for patience.
#
# **The test** reads images alone, in a batch and in reverse order:
# `tests/test_models.py::test_a_prediction_does_not_depend_on_the_other_images`.
#
# <!-- lessons: test tests/test_models.py
# test_a_prediction_does_not_depend_on_the_other_images -->

# %% [markdown]
# ## 3. The obvious repair
#
# ```python
# def forward(self, images):
#     x = F.relu(self.first(images.flatten(1)))
#     x = F.relu(self.second(x))
#     return F.softmax(self.output(x), dim=1)  # the classes, at last
#
# loss = F.cross_entropy(model(images), labels)
# ```
#
# ??? question "What is wrong?"
#     `F.cross_entropy` takes logits and applies the softmax itself. Here it is
#     applied twice. The network can say at most 1 for one digit and 0 for the
#     nine others, and the second softmax takes these for logits that hardly
#     differ.
#
# How low can this loss get? For a perfect answer the second softmax gives the
# true digit e / (e + 9), and the loss is the negative logarithm of that:

# %%
floor = math.log(math.e + 9) - 1
twice = followed("softmax, dim=1", nn.Softmax(dim=1))
twice_score = evaluate(twice, splits.test)
print(f"the lowest possible loss: {floor:.4f}")

# %%
scores = {"right": reference, "softmax, dim=1": twice_score}
rows = [
    {
        "network": name,
        "validation loss": losses[name][-1],
        "test accuracy": score.accuracy,
    }
    for name, score in scores.items()
]
run.table(
    rows,
    "twice",
    title="A loss that stays high, and an accuracy that is not bad",
    formats={"validation loss": ".4f", "test accuracy": ".2%"},
)

# %%
ends = {name: values[-1] for name, values in losses.items()}
names = ["right", "softmax, dim=1", "softmax, dim=0"]
figure = plots.line_chart(
    {name: list(enumerate(losses[name])) for name in names},
    title=f"The loss ends at {ends[names[0]]:.2f} without a softmax, "
    f"at {ends[names[1]]:.2f} and {ends[names[2]]:.2f} with one",
    x=plots.Axis("epoch", limits=(-0.5, 22)),  # room for the names of the lines
    y=plots.Axis("validation loss (nats)", limits=(0, 2.6)),
    references={"ln 10": math.log(10), "ln(e + 9) - 1": floor},
)
run.show(figure, "three-losses")

# %% [markdown]
# The mistake also weakens the signal to learn from. Here is the gradient at
# the very start: how strongly does the loss of 512 images ask for other
# logits?

# %%
some = splits.train[:512]
strength = {}
for name, layer in (
    ("right", nn.Identity()),
    ("softmax, dim=1", nn.Softmax(dim=1)),
    ("softmax, dim=0", nn.Softmax(dim=0)),
):
    logits = fresh()(some.images).detach().requires_grad_()
    loss = F.cross_entropy(layer(logits), some.labels)
    (gradient,) = torch.autograd.grad(loss, logits)
    strength[name] = gradient.norm().item()

# %%
rows = [
    {
        "network": name,
        "size": size,
        "right / this one": strength["right"] / size,
    }
    for name, size in strength.items()
]
run.table(
    rows,
    "gradients",
    title="Behind a softmax, the gradient of the logits is smaller",
    formats={"size": ".1e", "right / this one": ".0f"},
)

# %%
run.record(
    dim_1=twice_score.accuracy,
    dim_1_loss=twice_score.loss,
    floor=floor,
    weaker_dim_1=strength["right"] / strength["softmax, dim=1"],
    weaker_dim_0=strength["right"] / strength["softmax, dim=0"],
)

# %% [markdown]
# Adam adapts the size of its steps, and makes up for much of that. So the
# accuracy is not bad: {{ dim_1 | percent }}. An optimiser whose steps shrink
# with the gradient has nothing to make up with.
#
# **The sign.** At the start all three losses are ln 10; there is nothing to
# see. But a loss has to be able to reach zero. This one cannot get below
# {{ floor | number }}.
#
# **The test** lets the network learn 32 images by heart, and asks for a loss
# near zero: `tests/test_models.py::test_32_images_can_be_learned_by_heart`.
#
# <!-- lessons: test tests/test_models.py
# test_32_images_can_be_learned_by_heart -->

# %% [markdown]
# ## 4. The images that nobody saw
#
# ```python
# start = 0
# while start + batch_size < len(images):
#     step(images[start : start + batch_size])
#     start += batch_size
# ```
#
# ??? question "What is wrong?"
#     The last batch is dropped where it is smaller than the others. That much
#     was perhaps meant. But with `<` in the place of `<=`, a *full* last batch
#     is dropped as well. Where one batch holds all images, there is no step at
#     all, and no error either.


# %%
def cut_short(order, size):
    start = 0
    while start + size < len(order):
        yield order[start : start + size]
        start += size


order = torch.arange(60_000)
loops = {"above": cut_short, "right": torch.split}
rows = []
for size in (32, 64, 500, 512, 10_000, 30_000, 60_000):
    row = {"batch size": size}
    for loop, cut in loops.items():
        lengths = [len(batch) for batch in cut(order, size)]
        row[f"steps, {loop}"] = len(lengths)
        row[f"images, {loop}"] = sum(lengths)
    rows.append(row)

# %%
run.table(
    rows,
    "steps",
    title="An epoch of 60,000 images, in the loop above and in the right one",
)

# %% [markdown]
# How much does it matter? With batches of 512, other images are left out in
# each epoch, because the order is new each time. But in a small training with
# one batch, everything is lost:

# %%
dropped = train(fresh(), splits.train, EPOCHS, cut=cut_short)
dropped_score = evaluate(dropped, splits.test)
few = splits.train[:2_000]
never = train(fresh(), few, 100, size=len(few), cut=cut_short)
never_score = evaluate(never, splits.test)
once = train(fresh(), few, 100, size=len(few))
once_score = evaluate(once, splits.test)
untrained = evaluate(fresh(), splits.test)

# %%
scores = {
    "batches of 512, last one dropped": dropped_score,
    "batches of 512, all images": reference,
    f"one batch of {len(few):,}, dropped": never_score,
    f"one batch of {len(few):,}, used": once_score,
    "untrained": untrained,
}
run.table(
    [{"training": n, "test accuracy": x.accuracy} for n, x in scores.items()],
    "dropped",
    title="Where the only batch is dropped, nothing is learned",
    formats={"test accuracy": ".2%"},
)

# %%
run.record(
    dropped=dropped_score.accuracy,
    never_trained=never_score.accuracy,
    one_batch=once_score.accuracy,
)

# %% [markdown]
# **The sign.** With batches of 512, none that a log of losses could show. Count
# the images that an epoch has used, and print the number.
#
# **The test** notes which images the training sees, for sizes that divide
# their number and sizes that do not:
# `tests/test_training.py::test_every_image_is_seen_exactly_once_per_epoch`.
#
# <!-- lessons: test tests/test_training.py
# test_every_image_is_seen_exactly_once_per_epoch -->

# %% [markdown]
# ## 5. The last line of the log
#
# ```python
# for epoch in range(epochs):
#     for images, labels in batches:
#         logits = model(images)
#         step(logits, labels)
#     right = logits.argmax(dim=1) == labels
#     print(f"epoch {epoch}: accuracy {right.float().mean():.4f}")
# ```
#
# ??? question "What is wrong?"
#     The last line is outside of the inner loop, where `logits` are those of
#     the *last batch* only: 16 images, in case 1. The number looks like an
#     accuracy of the epoch, with four decimals.
#
# What does a good network score on 16 images? We take the right one, and cut
# its test predictions into groups of 16:

# %%
correct = predictions.digits == predictions.labels
groups = correct[: len(correct) // 16 * 16].reshape(-1, 16).sum(dim=1)
counts = groups.bincount(minlength=17) / len(groups)
spread = (groups / 16).std().item()
perfect = counts[16].item()
print(f"{len(groups)} groups, {perfect:.0%} of them without an error")

# %%
bars = [
    plots.Bar(f"{k} of 16, announced as {k / 16:.2%}", 100 * counts[k].item())
    for k in range(16, int(groups.min()) - 1, -1)
]
figure = plots.bar_chart(
    bars,
    title=f"A network with {reference.accuracy:.1%} announces 100% on "
    f"{perfect:.0%} of the groups",
    axis=plots.Axis("share of the groups of 16 test images (%)"),
    format_value="{:.1f}",
)
run.show(figure, "sixteen-images")

# %%
low, high = reference.interval
least, most = groups.min() / 16, groups.max() / 16
run.table(
    [
        {"measured": "groups of 16, all", "from": least, "to": most},
        {"measured": "all images, 95% interval", "from": low, "to": high},
    ],
    "spread",
    title="The accuracies of groups of 16 have a standard deviation of "
    f"{100 * spread:.1f} points",
    formats={"from": ".2%", "to": ".2%"},
)

# %%
run.record(
    sixteen_spread=spread,
    sixteen_perfect=perfect,
    sixteen_lowest=groups.min().item() / 16,
)

# %% [markdown]
# **The sign.** The accuracy jumps from epoch to epoch, always by the same
# steps, and 100% comes and goes.
#
# **The test** counts one image after the other, and asks for the same score
# whatever the batches:
# `tests/test_evaluation.py::test_the_score_does_not_depend_on_the_batch_size`.
#
# <!-- lessons: test tests/test_evaluation.py
# test_the_score_does_not_depend_on_the_batch_size -->

# %% [markdown]
# ## 6. One layer like all the others
#
# ```python
# def forward(self, images):
#     x = F.relu(self.first(images.flatten(1)))
#     x = F.relu(self.second(x))
#     x = F.relu(self.output(x))
#     return F.dropout(x, training=self.training)
#
# loss = F.cross_entropy(model(images), labels)
# ```
#
# ??? question "What is wrong?"
#     The logits went through a ReLU and through dropout. Where a ReLU returns
#     zero, its gradient is zero. If the logit of a digit is negative for all
#     images once, none of them pulls it up again. Only a change of the layers
#     before, made for the other digits, could. As a rule, that digit is dead.
#     And in training, dropout sets half of the answers themselves to zero.

# %%
variants = {
    "right": right,
    "dropout": train(fresh(nn.Dropout()), splits.train, EPOCHS),
    "ReLU": train(fresh(nn.ReLU()), splits.train, EPOCHS),
    "ReLU, dropout": train(
        fresh(nn.ReLU(), nn.Dropout()), splits.train, EPOCHS
    ),
}

# %%
rows = []
for name, model in variants.items():
    read = predict(model, splits.test)
    row = {"on the logits": name, "accuracy": read.score.accuracy}
    row["test loss"] = read.score.loss
    rows.append({**row, "never read": 10 - len(read.digits.unique())})
run.table(
    rows,
    "variants",
    title="What a layer on the logits costs; how many digits are never read",
    formats={"accuracy": ".2%", "test loss": ".4f"},
)

# %%
clipped = predict(variants["ReLU, dropout"], splits.test)
times = clipped.digits.bincount(minlength=10).tolist()
dead = times.count(0)
equal = int((clipped.logits == 0).all(dim=1).sum())
print(f"all ten logits are zero for {equal:,} images")
figure = plots.bar_chart(
    [plots.Bar(f"read as {digit}", times[digit]) for digit in range(10)],
    title=f"Of ten digits, the network with ReLU and dropout reads {10 - dead}",
    axis=plots.Axis("test images"),
    format_value="{:,.0f}",
)
run.show(figure, "digits-read")
run.record(
    clipped=clipped.score.accuracy, clipped_loss=clipped.score.loss, dead=dead
)

# %% [markdown]
# Compare the lines of the table: it is the ReLU that costs so much. Each dead
# digit costs about a tenth of the images. Which digits die depends on the first
# weights and on the order of the images: another seed may lose more, or fewer.
# Images of a dead digit often end with ten zeros, and the first of ten equals
# is read: a 0.
#
# **The sign.** The loss gets stuck, far above that of the right network. A
# table of the digits that were read shows what is missing.
#
# **The test** asks for negative logits:
# `tests/test_models.py::test_forward_returns_logits`.
#
# <!-- lessons: test tests/test_models.py test_forward_returns_logits -->

# %% [markdown]
# ## 7. Two numbers for one network
#
# ```python
# model.train()
# for epoch in range(epochs):
#     for images, labels in batches:
#         loss = step(model(images), labels)
#     log(loss)
# print("accuracy:", accuracy(model, test_images))
# ```
#
# ??? question "What is wrong?"
#     Nobody has called `model.eval()`. Dropout goes on switching off parts of
#     the network while it is examined. The logged loss has the same fault: it
#     is that of a crippled network.
#
# This needs a network with dropout: `ImprovedCNN` of the [second
# lesson](improved_cnn.py), trained by
# [`run.fit`](../reference.md#mnist_lessons.runlog.Run.fit).

# %%
from mnist_lessons.models import ImprovedCNN
from mnist_lessons.training import TrainConfig

config = TrainConfig(
    epochs=3,
    batch_size=64,
    learning_rate=1e-3,
    seed=SEED,
)
torch.manual_seed(SEED)
cnn = ImprovedCNN()
history = run.fit("cnn", cnn, splits, config)

# %% [markdown]
# Now the same weights, measured in both modes:

# %%
from mnist_lessons.evaluation import Predictions


def measured_in(training, split):
    cnn.train(training)
    with torch.inference_mode():
        parts = [cnn(images).cpu() for images in split.images.split(1_000)]
    return Predictions(torch.cat(parts), split.labels.cpu()).score


# %%
modes = {"train mode": True, "train mode again": True, "eval mode": False}
learned = splits.train[:10_000]
rows = [
    {
        "measured in": name,
        "test accuracy": measured_in(training, splits.test).accuracy,
        "training loss": measured_in(training, learned).loss,
    }
    for name, training in modes.items()
]

# %%
run.table(
    rows,
    "modes",
    title="One network, and three answers",
    formats={"test accuracy": ".2%", "training loss": ".4f"},
)

# %%
torch.manual_seed(SEED)
forgotten = measured_in(True, splits.test)
loss_in_train_mode = measured_in(True, learned).loss
examined = measured_in(False, splits.test)
run.record(
    forgotten=forgotten.accuracy,
    examined=examined.accuracy,
    train_mode_loss=loss_in_train_mode,
    eval_mode_loss=measured_in(False, learned).loss,
)

# %% [markdown]
# The same weights, on the same images: {{ forgotten | percent }} and
# {{ examined | percent }} of the test images, and a training loss of
# {{ train_mode_loss | number }} and {{ eval_mode_loss | number }}.
#
# **The sign.** Measure twice. If the number changes, something random is at
# work. And a training loss far above the validation loss deserves a question:
# were both measured in the same way?
#
# **The test** does just that, it measures twice:
# `tests/test_evaluation.py::test_dropout_is_off_while_measuring`.
#
# <!-- lessons: test tests/test_evaluation.py
# test_dropout_is_off_while_measuring -->

# %% [markdown]
# ## 8. Only looking
#
# ```python
# np.random.seed(1)
# for epoch in range(epochs):
#     train_once(model, order=np.random.permutation(len(images)))
#     some = np.random.permutation(len(images))[:1000]
#     print(accuracy(model, images[some], labels[some]))
# ```
#
# ??? question "What is wrong?"
#     The log draws from the random numbers of the training. Whoever logs less
#     often, or not at all, gets other batches in the next epoch, and another
#     network. The experiment depends on whether somebody looked.
#
# A hash of all weights is enough to see it. Three trainings from one seed:

# %%
import hashlib

own = torch.Generator().manual_seed(SEED)


def look(model, generator=None):
    some = torch.randperm(len(splits.train), generator=generator)[:1_000]
    evaluate(model, splits.train[some])


def hash_of(model):
    weights = [weight.cpu().numpy() for weight in model.state_dict().values()]
    return hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()


# %%
looks = {
    "no log": None,
    "log, the same random numbers": lambda model, _: look(model),
    "log, random numbers of its own": lambda model, _: look(model, own),
}
hashes, accuracies = [], []
for after in looks.values():
    model = train(fresh(), splits.train, 4, after=after)
    hashes.append(hash_of(model)[:12])
    accuracies.append(evaluate(model, splits.test).accuracy)

# %%
columns = zip(looks, hashes, accuracies, strict=True)
run.table(
    [{"log": n, "hash": h, "test accuracy": a} for n, h, a in columns],
    "hashes",
    title="One of the logs changes the weights",
    formats={"test accuracy": ".2%"},
)

# %%
run.claim(
    "A log that draws random numbers of the training changes the weights.",
    hashes[1] != hashes[0],
)
run.claim(
    "A log with random numbers of its own leaves them as they are.",
    hashes[2] == hashes[0],
)
run.record(looked=accuracies[1], not_looked=accuracies[0])

# %% [markdown]
# The accuracies differ by little, and neither is wrong. What is lost is the
# right to say *the same seed gives the same network*. Without it, nobody can
# tell a change that helped from a change that only shuffled.
#
# **The sign.** None, in any single log. Train twice, with and without the log,
# and compare the hashes.
#
# **The test** does that with
# [`fit`](../reference.md#mnist_lessons.training.fit), and with a loop that
# measures nothing:
# `tests/test_training.py::test_measuring_does_not_change_the_training`.
#
# <!-- lessons: test tests/test_training.py
# test_measuring_does_not_change_the_training -->

# %% [markdown]
# ## What each of them costs
#
# The points of accuracy, hundredths of all images, that a mistake loses, or by
# which it makes a score false. For the groups of 16 images it is one standard
# deviation; for the log that draws random numbers, the difference of the two
# networks. Each mistake was made in one training. The last line of the table
# shows how much another order of the images can do alone: a cost of that size
# may be luck.

# %%
best = reference.accuracy
costs = {
    "1. trained on the test set": leaked_claim.accuracy - leaked_truth.accuracy,
    "2. softmax over the batch": best - whole.accuracy,
    "3. softmax before cross-entropy": best - twice_score.accuracy,
    "4. last batch dropped": best - dropped_score.accuracy,
    "5. accuracy of 16 images": spread,
    "6. ReLU and dropout on the logits": best - clipped.score.accuracy,
    "7. eval() forgotten": examined.accuracy - forgotten.accuracy,
    "8. log draws random numbers": abs(accuracies[0] - accuracies[1]),
}

# %% [markdown]
# How visible was each? That is a judgement, and this is ours. **Loud**: the
# loss or the accuracy that everybody logs was strange. **Quiet**: one more
# number would have shown it. **Silent**: no log of one training can show it.

# %%
shown = [
    ("loud", f"{leaked_claim.accuracy:.2%} on the test"),
    ("loud", f"the loss ends at {losses['softmax, dim=0'][-1]:.4f}"),
    ("loud", f"the loss cannot get below {floor:.4f}"),
    ("quiet", "the number of images in an epoch"),
    ("loud", f"100% in {perfect:.0%} of the groups"),
    ("loud", f"the loss ends at {clipped.score.loss:.2f}"),
    ("quiet", "two losses of the same weights"),
    ("silent", "two hashes, of two trainings"),
]

# %%
cases = list(zip(costs, costs.values(), shown, strict=True))
run.table(
    [
        {"mistake": m, "points": 100 * cost, "visible": how, "shown by": what}
        for m, cost, (how, what) in cases
    ],
    "costs-and-signs",
    title="What each mistake costs, and what showed it",
    formats={"points": ".2f"},
)

# %%
ranked = sorted(cases, key=lambda case: -case[1])
worst = ranked[0][0].partition(". ")[2]
figure = plots.bar_chart(
    [
        plots.Bar(f"{name} ({how})", 100 * cost)
        for name, cost, (how, _) in ranked
    ],
    title=f"The costliest mistake: {worst}, {100 * ranked[0][1]:.1f} points",
    axis=plots.Axis("accuracy lost, or falsely claimed (points)"),
)
run.show(figure, "costs")

# %% [markdown]
# Points do not tell all. The dropped batch costs little where batches are
# small, and takes everything where one batch holds all images. The softmax over
# the batch takes everything from an image that comes alone. And a log that
# draws random numbers costs hardly any accuracy, but every comparison.

# %% [markdown]
# !!! info "It happens to the best"
#     Each of these is public, and taught many readers something all the same.
#
#     - PyTorch's *Learn the Basics* put a ReLU on its logits
#       ([pytorch/tutorials #1526](https://github.com/pytorch/tutorials/issues/1526),
#       2021), and so had its MNIST example before
#       ([pytorch/examples #117](https://github.com/pytorch/examples/pull/117),
#       2017): case 6.
#     - A notebook in
#       [rasbt/deeplearning-models #25](https://github.com/rasbt/deeplearning-models/issues/25)
#       loaded its test images with `train=True`, and scored higher on the test
#       than in validation: case 1, mirrored.
#     - A script in
#       [karpathy/lecun1989-repro #3](https://github.com/karpathy/lecun1989-repro/pull/3)
#       printed the same loss for training and test, to the last digit. Both
#       were the loss of the last training image: a relative of case 5.
#     - The [MNIST tutorial of
#       Flax](https://github.com/google/flax/blob/0bd3e830fbf60fdd4ce61327e7a0a0316e7b6b34/docs_nnx/mnist_tutorial.md)
#       cuts the test images into batches of 32 and drops the incomplete one: 16
#       of 10,000 images are never scored. A relative of case 4.
#     - A course of Microsoft Learn applied softmax twice
#       ([MicrosoftDocs/ml-basics #48](https://github.com/MicrosoftDocs/ml-basics/issues/48),
#       2021): case 3.
#
# Two of the signs are old advice. Andrej Karpathy's [recipe for training neural
# networks](https://karpathy.github.io/2019/04/25/recipe/) says: check the loss
# at the start, and let the network learn one batch by heart.
#
# ## Your turn
#
# ### 1. A test of your own
#
# Write `depends_on_company(model)`: does the answer for the first test image
# change when other images are in the batch? Which of the networks above pass?
#
# ??? tip "Hint"
#     Compare `model(images[:1])` with the first row of `model(images)`, in eval
#     mode and without gradients. Floating-point numbers need a tolerance.


# %% tags=["solution"]
def depends_on_company(model, images=splits.test.images[:64]):
    model.eval()
    with torch.inference_mode():
        alone, in_company = model(images[:1])[0], model(images)[0]
    return not torch.allclose(alone, in_company, rtol=1e-3, atol=1e-4)


# %% tags=["solution"]
asked = {"right": right, "dim=0": patient, "dim=1": twice}
run.table(
    [
        {"network": name, "depends on its company": depends_on_company(model)}
        for name, model in asked.items()
    ],
    "company",
    title="Only the softmax over the batch lets images compete",
)
assert depends_on_company(patient)
assert not depends_on_company(right)
assert not depends_on_company(twice)

# %% [markdown]
# ### 2. Was the network bad, or only its loss?
#
# Take the trained network of case 3, and cut off its softmax without training
# again. What happens to its accuracy, and to its loss on the images that it
# reads rightly?
#
# ??? tip "Hint"
#     `twice[0]` is the network without the layer behind it. Softmax over the
#     classes never changes which of ten numbers is the greatest.

# %% tags=["solution"]
bare = predict(twice[0], splits.test)
with_softmax = predict(twice, splits.test)
same = (bare.digits == with_softmax.digits).double().mean().item()
assert same > 0.999

# %% tags=["solution"]
read = bare.digits == bare.labels
rows = []
for name, asked in (("with", with_softmax), ("without", bare)):
    row = {"softmax": name, "test accuracy": asked.score.accuracy}
    loss = F.cross_entropy(asked.logits[read], asked.labels[read]).item()
    rows.append({**row, "loss": asked.score.loss, "where right": loss})
run.table(
    rows,
    "without-softmax",
    title="The same digits, and a low loss on those that it reads rightly",
    formats={"test accuracy": ".2%", "loss": ".4f", "where right": ".4f"},
)
assert loss < floor

# %% [markdown]
# It reads as it did before: only its loss looked at it through frosted glass.
# Yet such a loss is also a poor teacher. Behind a softmax, a mistake can cost
# only so much, however sure the network is. So it never learned to doubt, and
# without the softmax its mistakes cost a lot. Compare with the right version.
#
# ### 3. A ninth mistake
#
# ```python
# means = [F.cross_entropy(model(x), y).item() for x, y in batches]
# print(f"loss: {sum(means) / len(means):.4f}")
# ```
#
# What is wrong, when is it harmless, and how far off can it be?
#
# ??? tip "Hint"
#     The last batch may hold fewer images than the others. How much does each
#     of its images count?

# %% tags=["solution"]
true = predictions.score.loss
table = []
for size in (16, 64, len(correct) - 1):
    means, sums = [], []
    for start in range(0, len(correct), size):
        rows = slice(start, start + size)
        logits, labels = predictions.logits[rows], predictions.labels[rows]
        means.append(F.cross_entropy(logits, labels).item())
        sums.append(means[-1] * len(labels))
    unweighted, weighted = sum(means) / len(means), sum(sums) / len(correct)
    assert math.isclose(weighted, true, rel_tol=1e-3)
    row = {"batch size": size, "last batch": len(labels)}
    table.append({**row, "mean of means": unweighted, "weighted": weighted})

# %% tags=["solution"]
run.table(
    table,
    "means",
    title="Only the weighted mean is the same for all batches",
    formats={"mean of means": ".4f", "weighted": ".4f"},
)

# %% [markdown]
# It is harmless where all batches are equal. Where the last one holds a single
# image, that image counts as much as a whole batch. The test is
# `tests/test_training.py::test_losses_are_means_over_images_not_over_batches`.
#
# <!-- lessons: test tests/test_training.py
# test_losses_are_means_over_images_not_over_batches -->
#
# ## What we found

# %%
loud = sum(how == "loud" for how, _ in shown)
print(f"The right version: {reference.accuracy:.2%} of the test images.")
print(f"{loud} of {len(shown)} mistakes stood in the log for all to see.")
for name, cost, (how, _) in ranked[:3]:
    print(f"{name} ({how}): {100 * cost:.2f} points")
run.finish()

# %% [markdown]
# None of the eight raised an error. The loud ones stood in the log, for whoever
# knew what the numbers should have been: ln 10 before the training, towards
# zero after it, and never 100%. The others need a second look: another
# measurement, or a count. And every one is found by a test of a few lines,
# which never tires of looking.
#
# *The cases are after PMNIST1 by Laurent Risser, part of
# [FIDLE](https://fidle.cnrs.fr), and after the blog posts "MNIST (initiation)"
# and "MNIST (amélioré)"; the code was written anew. See the
# [credits](../credits.md).*
