# %% [markdown] level="intermediate" thumbnail="right-loss" needs="improved_cnn"
# # Spot the bug
#
# Eight mistakes that real tutorials made. None of them stops the program, and
# none raises an error. Find each one before you open its solution.
#
# ## What you will learn
#
# - which numbers you should know before a training starts,
# - which mistakes a log shows, and which it can never show,
# - how a test of a few lines finds each of the eight.
#
# Each case is a short program, with what it prints, and one question. Its
# solution says what is wrong, what that costs, by which **sign** one could have
# noticed, and which test of this project catches it.
#
# All eight come from the two tutorials that [A simple network](simple_dnn.py)
# and [A convolutional network](improved_cnn.py) follow, and from a third one of
# the same blog. The code says the same in few lines of our own. You need the
# words of those two lessons.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.runlog import start_run

SEED = 1

run = start_run("spot_the_bug", seed=SEED)
splits = normalise(run.loaded(load_mnist())).to(run.device)

# %% [markdown]
# ## The right version
#
# First a training without a mistake. The network is
# [`SimpleDNN`](../reference.md#mnist_lessons.models.SimpleDNN), the DNN of *A
# simple network*. `fresh` makes one, always with the same weights. `step` is
# one step of the loop of that lesson.

# %%
from functools import partial

from torch import nn
from torch.nn import functional as F

from mnist_lessons.models import SimpleDNN

adam = partial(torch.optim.Adam, lr=1e-3)


def fresh(kind=SimpleDNN):
    torch.manual_seed(SEED)
    return kind().to(run.device)


# %%
def step(model, optimiser, batch):
    loss = F.cross_entropy(model(batch.images), batch.labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% [markdown]
# `train` learns from some images, and checks itself with others: before the
# first epoch, and after each one. `log` prints some of the scores.

# %%
from mnist_lessons.evaluation import evaluate


def train(model, learn, check, epochs, size=512, make=adam):
    torch.manual_seed(SEED)
    optimiser = make(model.parameters())
    scores = [evaluate(model, check, batch_size=len(check))]
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(learn)).to(run.device)
        for rows in order.split(size):
            step(model, optimiser, learn[rows])
        scores.append(evaluate(model, check, batch_size=len(check)))
    return scores


# %%
def log(scores):
    for epoch, score in enumerate(scores):
        if epoch in (0, 1, 2, 4, 8, 16, 32, 64, 128):
            result = f"loss {score.loss:.4f}, accuracy {score.accuracy:.2%}"
            print(f"epoch {epoch:3}: {result}")


# %%
EPOCHS = 16
right = fresh()
right_scores = train(right, splits.train, splits.validation, EPOCHS)
log(right_scores)

# %%
import math

run.show(
    plots.line_chart(
        {"right": [(n, score.loss) for n, score in enumerate(right_scores)]},
        title="A right loss starts at ln 10, and falls towards zero",
        x=plots.Axis("epoch"),
        y=plots.Axis("validation loss (nats)", limits=(0, 2.6)),
        references={"ln 10": math.log(10)},
    ),
    "right-loss",
)

# %%
run.claim(
    "The loss starts within 0.02 of ln 10, and ends below 0.1.",
    abs(right_scores[0].loss - math.log(10)) < 0.02
    and right_scores[-1].loss < 0.1,
)

# %% [markdown]
# Compare every log below with this one.
#
# Usually the test images are read once. But in this lesson nothing is chosen:
# each network is trained as it is written down. So the test images may measure
# every damage.
#
# ## 1. The perfect score
#
# A blog post trains, tests, and is proud. Here, `mnist` stands for
# `torchvision.datasets.MNIST`.


# %%
def mnist(train):
    return splits.train if train else splits.test


to_learn = mnist(train=False)
to_check = mnist(train=False)

perfect = fresh()
perfect_scores = train(perfect, to_learn, to_check, epochs=32, size=64)
log(perfect_scores)
print("All these images were new to the network.")

# %% [markdown]
# What is wrong?

# %% [markdown] tags=["solution"]
# `train=False`, twice: the network learns the test images, and is then tested
# with them. The sentence that it prints is false, and no program checks a
# sentence. The validation images are new to it indeed.

# %% tags=["solution"]
announced = perfect_scores[-1].accuracy
true = evaluate(perfect, splits.validation).accuracy
run.claim(
    f"It announces {announced:.2%}, and reads {true:.2%} of the validation "
    "images, over three points less.",
    announced - true > 0.03,
)

# %% [markdown] tags=["solution"]
# **The sign.** A score of 100%: some test images cannot be read by anybody.
#
# **The test** compares every image of every split:
# `tests/test_data.py::test_no_image_is_in_two_splits`.
#
# <!-- lessons: test tests/test_data.py test_no_image_is_in_two_splits -->

# %% [markdown]
# ## 2. Ten probabilities
#
# A network should say probabilities. So this one makes them itself.


# %%
class Probable(SimpleDNN):
    def forward(self, images):
        return F.softmax(self.layers(images), dim=1)


probable = fresh(Probable)
probable_scores = train(probable, splits.train, splits.validation, EPOCHS)
log(probable_scores)

# %% [markdown]
# The accuracy is good. What is wrong?

# %% [markdown] tags=["solution"]
# `F.cross_entropy` takes logits, and applies the softmax itself. Here it is
# applied twice. A perfect answer of this network is 1 for the true digit and 0
# for the nine others. The second softmax takes these for logits that hardly
# differ, and gives the true digit e / (e + 9). So the loss cannot get lower
# than minus the logarithm of that:

# %% tags=["solution"]
floor = math.log(math.e + 9) - 1
perfect_answer = torch.eye(10)[:1]  # all for the digit 0
lowest = F.cross_entropy(perfect_answer, torch.tensor([0])).item()
assert math.isclose(lowest, floor, rel_tol=1e-5)

run.claim(
    f"The loss ends a little above its floor, {floor:.4f}.",
    floor < probable_scores[-1].loss < floor + 0.1,
)

# %% tags=["solution"]
from mnist_lessons.evaluation import predict

predictions = predict(right, splits.test)
best = predictions.score.accuracy
probably = evaluate(probable, splits.test).accuracy
run.claim(
    f"It reads {probably:.2%} of the test images, the right version {best:.2%}:"
    " here, the mistake costs less than three points.",
    0 < best - probably < 0.03,
)

# %% [markdown] tags=["solution"]
# **The sign.** At the start, this loss is ln 10, like the right one. Later it
# stops far from zero. Know how low a loss can get. The cross-entropy of logits,
# with one true digit for each image, can come as near to zero as one likes.
# (Some losses cannot, and are right. **Label smoothing** asks for a little of
# each digit: with 0.1 of it, no answer has a loss below 0.5003.)

# %% tags=["solution"]
smoothed = torch.full((1, 10), 0.01)
smoothed[0, 0] = 0.91  # what it asks for, where 0 is the true digit
least = F.cross_entropy(smoothed.log(), torch.tensor([0]), label_smoothing=0.1)
assert math.isclose(least, 0.5003, abs_tol=5e-5)

# %% [markdown] tags=["solution"]
# **The test** lets a network learn 32 images by heart, and asks for a loss near
# zero: `tests/test_models.py::test_32_images_can_be_learned_by_heart`.
#
# <!-- lessons: test tests/test_models.py
# test_32_images_can_be_learned_by_heart -->

# %% [markdown]
# ## 3. Patience
#
# This tutorial trains for 128 epochs. It needs them: the accuracy climbs, but
# slowly.


# %%
class Patient(SimpleDNN):
    def forward(self, images):
        return F.softmax(self.layers(images), dim=0)


patient = fresh(Patient)
patience = run.epochs(128, preview=32)
patient_scores = train(patient, splits.train, splits.validation, patience)
log(patient_scores)

# %% [markdown]
# These lines have the mistake of case 2, and another one. What else is wrong?

# %% [markdown] tags=["solution"]
# `dim=0` counts the images of the batch. The ten digits should compete for each
# image. Here, the images of a batch compete for each digit. So what the network
# says of an image depends on its company. Let it read the test images in
# batches of other sizes:

# %% tags=["solution"]
all_of_them = len(splits.test)
sizes = [1, 2, 5, 10, 30, 100, 300, 1_000, 3_000, 10_000]
by_size = {"right": [], "softmax, dim=0": []}
for name, model in zip(by_size, (right, patient), strict=True):
    for size in (size for size in sizes if size <= all_of_them):
        score = evaluate(model, splits.test, batch_size=size)
        by_size[name].append((size, 100 * score.accuracy))
(_, alone), *_, (_, together) = by_size["softmax, dim=0"]

# %% tags=["solution"]
run.show(
    plots.line_chart(
        by_size,
        title=f"Alone, {alone:.1f}% of the images are read correctly; "
        f"{all_of_them:,} together, {together:.1f}%",
        x=plots.Axis("images in a batch (logarithmic)", log=True),
        y=plots.Axis("test accuracy (%)", limits=(0, 100)),
    ),
    "accuracy-by-batch-size",
)
lonely = predict(patient, splits.test[:200], batch_size=1).digits
run.claim(
    "Alone in its batch, each of the first 200 images is read as a 0.",
    bool((lonely == 0).all()),
)

# %% [markdown] tags=["solution"]
# An image that is alone gets the share 1 of each digit. All ten are equal, and
# the first of ten equals is the 0.
#
# How can the accuracy climb at all? Here is the gradient of the ten logits at
# the start: it is far weaker than that of the right network. The steps of plain
# gradient descent, `sgd`, are as small as the gradient, unless we make its rate
# as many times larger. Adam divides each gradient by its usual size, so a weak
# gradient does not matter to it. What costs the rest is the wrong loss itself.

# %% tags=["solution"]
some = splits.train[:512]
logits = fresh()(some.images).detach().requires_grad_()


def gradient(change):
    """Size of the gradient of the logits, for a network that ends so."""
    loss = F.cross_entropy(change(logits), some.labels)
    return torch.autograd.grad(loss, logits)[0].norm().item()


# %% tags=["solution"]
kinds = {
    "right": (SimpleDNN, nn.Identity(), right_scores),
    "softmax, dim=1": (Probable, nn.Softmax(dim=1), probable_scores),
    "softmax, dim=0": (Patient, nn.Softmax(dim=0), patient_scores),
}

# %% tags=["solution"]
signals, strongest = [], gradient(nn.Identity())
images = splits.train, splits.validation
for name, (kind, change, with_adam) in kinds.items():
    weaker = strongest / gradient(change)
    row = {"network": name, "times weaker": weaker}
    row["Adam"] = with_adam[EPOCHS].accuracy
    for column, rate in (("sgd", 0.1), ("sgd, larger rate", 0.1 * weaker)):
        sgd = partial(torch.optim.SGD, lr=rate)
        scores = train(fresh(kind), *images, EPOCHS, make=sgd)
        row[column] = scores[EPOCHS].accuracy
    signals.append(row)

# %% tags=["solution"]
run.table(
    signals,
    "signals",
    title=f"Validation accuracy after {EPOCHS} epochs: a larger rate makes up "
    "for the weak gradient, not for the wrong loss",
    formats={"times weaker": ",.0f"}
    | dict.fromkeys(("Adam", "sgd", "sgd, larger rate"), ".2%"),
)

# %% tags=["solution"]
by_adam, by_sgd, by_larger = (
    [row[how] for row in signals] for how in ("Adam", "sgd", "sgd, larger rate")
)
run.claim(
    "With Adam, the softmax over the digits costs less than 3 points, with "
    "plain gradient descent more than 4.",
    by_adam[0] - by_adam[1] < 0.03 and by_sgd[0] - by_sgd[1] > 0.04,
)

# %% tags=["solution"]
run.claim(
    "The softmax over the batch costs about ten points with Adam, and with "
    "plain gradient descent more than half of all images are misread.",
    0.07 < by_adam[0] - by_adam[2] < 0.13 and by_sgd[2] < 0.5,
)
run.claim(
    "With the larger rate, plain gradient descent, too, reads more than seven "
    "in ten, but fewer than the right network.",
    0.7 < by_larger[2] < by_sgd[0] - 0.05,
)

# %% [markdown] tags=["solution"]
# **The sign.** A network that knows nothing has a loss of ln 10. This one
# *learns*, and its loss hardly leaves ln 10. And a training that needs 128
# epochs where others need 16 asks for a look at the code.
#
# **The test** reads images alone, in a batch and in reverse order:
# `tests/test_models.py::test_a_prediction_does_not_depend_on_the_other_images`.
#
# <!-- lessons: test tests/test_models.py
# test_a_prediction_does_not_depend_on_the_other_images -->

# %% [markdown]
# ## 4. Batches by hand
#
# This tutorial cuts its batches itself. We try its epoch with 2,000 images:
# first in batches of 500, then all at once.


# %%
def one_epoch(model, optimiser, learn, size):
    order = torch.randperm(len(learn)).to(run.device)
    start = 0
    while start + size < len(learn):
        rows = order[start : start + size]
        step(model, optimiser, learn[rows])
        start += size


# %%
few = splits.train[:2_000]
cut = {}
for size in (500, len(few)):
    cut[size] = fresh()
    optimiser = adam(cut[size].parameters())
    for _ in range(64):
        one_epoch(cut[size], optimiser, few, size)
    score = evaluate(cut[size], splits.validation)
    print(f"batches of {size}: accuracy {score.accuracy:.2%}")

# %% [markdown]
# What is wrong?

# %% [markdown] tags=["solution"]
# `<` should be `<=`, and even then the rest would be lost. The last batch is
# dropped where it is smaller than the others. That much was perhaps meant. But
# a *full* last batch is dropped, too. Where one batch holds all images, no step
# is made at all.

# %% tags=["solution"]
whole = fresh()
train(whole, few, splits.validation, 64, size=len(few))
learned = evaluate(whole, splits.test).accuracy
untrained = evaluate(fresh(), splits.test).accuracy
unmoved = evaluate(cut[len(few)], splits.test).accuracy

run.claim(
    f"Without a step, the network reads {unmoved:.2%} of the test images, as "
    "many as before the training.",
    unmoved == untrained,
)
run.claim(
    f"The right loop learns from the same single batch to read {learned:.1%}, "
    "more than eight in ten.",
    learned > 0.8,
)

# %% tags=["solution"]
rows = []
for size in (32, 512, 60_000):
    used = size * len(range(0, 60_000 - size, size))
    rows.append({"batch size": size, "used": used, "skipped": 60_000 - used})
run.table(rows, "steps", title="An epoch of 60,000 images in this loop")
assert rows[1]["skipped"] == 96

# %% [markdown] tags=["solution"]
# With batches of 512, an epoch skips 96 of 60,000 images, and the next epoch
# other ones: nobody notices.
#
# **The sign.** With small batches, none that a log of losses could show. Count
# the images that an epoch has used, and print the number.
#
# **The test** notes which images a training sees, for batch sizes that divide
# their number and for others:
# `tests/test_training.py::test_every_image_is_seen_exactly_once_per_epoch`.
#
# <!-- lessons: test tests/test_training.py
# test_every_image_is_seen_exactly_once_per_epoch -->

# %% [markdown]
# ## 5. A restless log
#
# The accuracy of this training jumps up and down. Its author makes the learning
# rate smaller, and it still jumps.

# %%
learn = splits.train[:10_000]
restless = fresh()
optimiser = adam(restless.parameters(), lr=3e-4)
for epoch in range(1, 13):
    order = torch.randperm(len(learn)).to(run.device)
    for rows in order.split(64):
        batch = learn[rows]
        step(restless, optimiser, batch)
    score = evaluate(restless, batch)
    print(f"epoch {epoch}: accuracy {score.accuracy:.4f}")

# %% [markdown]
# What is wrong?

# %% [markdown] tags=["solution"]
# The measurement stands outside of the inner loop, where `batch` is the *last*
# batch. Of 10,000 images in batches of 64, the last one has 16: training images
# that the network has just learned from. The number
# looks like an accuracy of the epoch, with four decimals. What does a good
# network score on 16 images? We cut the test images into groups of 16, and let
# the right network read them:

# %% tags=["solution"]
correct = predictions.digits == predictions.labels
groups = correct[: len(correct) // 16 * 16].reshape(-1, 16).sum(dim=1)
counts = groups.bincount(minlength=17) / len(groups)
spread = (groups / 16).std().item()
all_right = counts[16].item()

# %% tags=["solution"]
run.show(
    plots.bar_chart(
        [
            plots.Bar(f"{k} of 16, announced as {k / 16:.2%}", 100 * counts[k])
            for k in range(16, int(groups.min()) - 1, -1)
        ],
        title=f"A network with {best:.1%} announces 100% "
        f"on {all_right:.0%} of the groups",
        axis=plots.Axis("share of the groups of 16 test images (%)"),
        format_value="{:.1f}",
    ),
    "sixteen-images",
)

# %% tags=["solution"]
run.claim(
    "More than half of the groups announce 100%, and their accuracies have a "
    "standard deviation of three to six points.",
    all_right > 0.5 and 0.03 < spread < 0.06,
)

# %% [markdown] tags=["solution"]
# **The sign.** The accuracy jumps by equal steps, and 100% comes and goes. Here
# a step is 6.25%, one of 16 images.
#
# Steps tell even more. The blog post of case 1 logs like this, and *each* of
# its values is a multiple of 6.25%. But 60,000 training images would leave 32
# for the last batch, not 16. So it cannot have learned from all of them. The
# 10,000 test images leave 16.

# %% tags=["solution"]
assert 60_000 % 64 == 32
assert 10_000 % 64 == 16
assert 1 / 16 == 0.0625

# %% [markdown] tags=["solution"]
# **The test** counts one image after the other, and asks for the same score
# whatever the batches:
# `tests/test_evaluation.py::test_the_score_does_not_depend_on_the_batch_size`.
#
# <!-- lessons: test tests/test_evaluation.py
# test_the_score_does_not_depend_on_the_batch_size -->

# %% [markdown]
# ## 6. Three layers
#
# Another blog post has the layers of the DNN, and adds dropout.


# %%
class ThreeLayers(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(784, 100)
        self.second = nn.Linear(100, 100)
        self.output = nn.Linear(100, 10)

    def forward(self, images):
        x = F.relu(self.first(images.flatten(1)))
        x = F.relu(self.second(x))
        x = F.relu(self.output(x))
        return F.dropout(x, training=self.training)


# %%
three = fresh(ThreeLayers)
log(train(three, splits.train, splits.validation, EPOCHS))

# %% [markdown]
# Two things are done that should not be done. Which are they, and which of them
# does the damage?

# %% [markdown] tags=["solution"]
# The logits go through a ReLU, and through dropout. Let us have one of them at
# a time:


# %% tags=["solution"]
def ending(layer):
    model = fresh(lambda: nn.Sequential(SimpleDNN(), layer))
    train(model, splits.train, splits.validation, EPOCHS)
    return model


variants = {
    "nothing": right,
    "dropout": ending(nn.Dropout()),
    "ReLU": ending(nn.ReLU()),
    "ReLU and dropout": three,
}

# %% tags=["solution"]
endings = []
for name, model in variants.items():
    read = predict(model, splits.test)
    row = {"on the logits": name, "accuracy": read.score.accuracy}
    row["loss"] = read.score.loss
    endings.append({**row, "digits never read": 10 - len(read.digits.unique())})
run.table(
    endings,
    "endings",
    title="The ReLU on the logits loses whole digits, the dropout none",
    formats={"accuracy": ".2%", "loss": ".4f"},
)

# %% [markdown] tags=["solution"]
# How much of that is luck? Five trainings of the DNN with five seeds, of 128
# epochs each, are [recorded](beyond.py). Two of them typically differ by their
# standard deviation times the root of 2.

# %% tags=["solution"]
from mnist_lessons.studies import load_study

ladders = load_study().values()
recipes = {one.recipe.name: one for ladder in ladders for one in ladder}
_, deviation = recipes["dnn"].test
luck = math.sqrt(2) * deviation

# %% tags=["solution"]
nothing, dropout, relu, both = (row["accuracy"] for row in endings)
run.claim(
    f"Two seeds typically differ by {100 * luck:.2f} points.",
    0.001 < luck < 0.003,
)
run.claim(
    "The dropout costs nothing measurable: with and without it, the accuracies "
    "differ by less than three times that.",
    abs(nothing - dropout) < 3 * luck,
)
run.claim(
    "With this seed, the ReLU costs more than ten points, with dropout and "
    "without.",
    nothing - max(relu, both) > 0.1,
)

# %% [markdown] tags=["solution"]
# Below zero, a ReLU returns zero, and its gradient is zero. So a digit whose
# logit is below zero for *every* image learns nothing any more: it is dead.
# (The layers before it still learn, for the other digits. Only by chance could
# they bring it back.) How many die depends on the first weights. We try six
# seeds, four epochs each:


# %% tags=["solution"]
def lost(seed):
    """How many digits a network with a ReLU on its logits never reads."""
    torch.manual_seed(seed)
    model = nn.Sequential(SimpleDNN(), nn.ReLU()).to(run.device)
    train(model, splits.train, splits.validation, epochs=4)
    return 10 - len(predict(model, splits.validation).digits.unique())


# %% tags=["solution"]
dead = [lost(seed) for seed in range(1, 7)]
run.claim(
    f"With the seeds 1 to 6, so many digits are dead: {dead}.",
    max(dead) > min(dead),
)
gone = endings[-1]["digits never read"]
run.claim(
    f"Above, {gone} are dead, and about as many tenths of the images lost.",
    abs(nothing - both - gone / 10) < 0.05,
)

# %% [markdown] tags=["solution"]
# **The sign.** The loss stays far above that of the right network. Count which
# digits are read: some may never be.
#
# **The test** asks for negative logits:
# `tests/test_models.py::test_forward_returns_logits`.
#
# <!-- lessons: test tests/test_models.py test_forward_returns_logits -->

# %% [markdown]
# ## 7. Better on new images
#
# Dropout, in its right place. The log compares the loss of the training images
# with that of the validation images.


# %%
def with_dropout():
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 100),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(100, 100),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(100, 10),
    )


# %%
dropping = fresh(with_dropout)
optimiser = adam(dropping.parameters())
for epoch in range(1, EPOCHS + 1):
    total = 0
    dropping.train()
    order = torch.randperm(len(splits.train)).to(run.device)
    for rows in order.split(512):
        loss = step(dropping, optimiser, splits.train[rows])
        total += loss * len(rows)
    learning = total / len(order)
    checking = evaluate(dropping, splits.validation).loss
    if epoch % 4 == 0:
        print(f"training loss {learning:.4f}, validation loss {checking:.4f}")
print("So it has learned nothing by heart.")

# %% [markdown]
# The loop is right, and so is each number. The last sentence is wrong. Why?

# %% [markdown] tags=["solution"]
# The two losses were not measured in the same way. The training loss is that of
# a network half of whose hidden units are switched off. And it is the mean of a
# whole epoch, in which the network was still learning. The validation loss is
# that of the whole network at the end of the epoch. Measured alike, in eval
# mode at the end:

# %% tags=["solution"]
alike = evaluate(dropping, splits.train).loss
run.claim(
    f"Measured alike, the training loss is {alike:.4f}, below the validation "
    f"loss of {checking:.4f}. The logged one was {learning:.4f}.",
    alike < checking and learning > 1.3 * checking,
)

# %% [markdown] tags=["solution"]
# So it reads the images that it learned from better than new ones: it has
# learned a little by heart.
#
# A training loss in train mode is no fault: it is what the training makes
# smaller. It may be logged. But it is not comparable with a loss in eval mode.
# (The mode can be wrong in the other way, too: an [exercise of the second
# lesson](improved_cnn.py#3-the-forgotten-eval) tests with dropout on.)
#
# **The sign.** A training loss far above the validation loss asks a question:
# were both measured in the same way?
#
# **The test** measures twice, and asks for the same number:
# `tests/test_evaluation.py::test_dropout_is_off_while_measuring`.
#
# <!-- lessons: test tests/test_evaluation.py
# test_dropout_is_off_while_measuring -->

# %% [markdown]
# ## 8. The same seed
#
# The seed is set. So this program prints the same lines each time that it runs.

# %%
logged = fresh()
optimiser = adam(logged.parameters())
torch.manual_seed(SEED)
for epoch in range(1, 5):
    order = torch.randperm(len(splits.train))
    for rows in order.split(512):
        step(logged, optimiser, splits.train[rows])
    some = torch.randperm(len(splits.train))[:1_000]
    score = evaluate(logged, splits.train[some])
    print(f"epoch {epoch}: {score.accuracy:.1%} of 1,000 training images")

# %% [markdown]
# "The same seed, the same network", says the tutorial. What could change the
# network all the same?

# %% [markdown] tags=["solution"]
# The log draws its 1,000 images with the random numbers of the training.
# Without the log, the next epoch gets other batches. So the network depends on
# who looks at it. Three trainings from one seed show it. A **hash** of all
# weights, a short number that changes with any of them, tells whether two
# networks are the same.

# %% tags=["solution"]
import hashlib


def hash_of(model):
    weights = [weight.cpu().numpy() for weight in model.state_dict().values()]
    return hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()


def trained(draw):
    """The training above, with another way to draw images for the log."""
    model = fresh()
    optimiser = adam(model.parameters())
    torch.manual_seed(SEED)
    for _ in range(4):
        for rows in torch.randperm(len(splits.train)).split(512):
            step(model, optimiser, splits.train[rows])
        draw(len(splits.train))
    return model


# %% tags=["solution"]
own = torch.Generator().manual_seed(SEED)
looks = {
    "as above": logged,
    "none": trained(lambda images: None),
    "own random numbers": trained(partial(torch.randperm, generator=own)),
}
hashes = [hash_of(model)[:12] for model in looks.values()]
accuracies = [evaluate(one, splits.test).accuracy for one in looks.values()]

# %% tags=["solution"]
columns = zip(looks, hashes, accuracies, strict=True)
run.table(
    [{"log": n, "hash": h, "test": accuracy} for n, h, accuracy in columns],
    "hashes",
    title="One of the logs changes the weights",
    formats={"test": ".2%"},
)

# %% tags=["solution"]
run.claim(
    "The log above changes the weights, one with random numbers of its own "
    "does not.",
    hashes[0] != hashes[1] and hashes[1] == hashes[2],
)
run.claim(
    "The accuracies differ by less than three times what two seeds typically "
    "differ by, so that may be luck.",
    abs(accuracies[0] - accuracies[1]) < 3 * luck,
)

# %% [markdown] tags=["solution"]
# Neither accuracy is wrong. But a training that is repeated should give the
# same weights, whatever is logged. Then you can check a result, and find the
# change that broke a program: go back half of the changes, compare the hashes,
# and so on.
#
# One seed cannot tell whether a change *helped*. Another layer or another batch
# size changes all numbers, although the seed is the same. To know that, train
# with several seeds, as in [One change at a time](beyond.py).
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
# Four of the eight spoil the network. Four spoil what is said of it. Which are
# which, and how visible was each? Say **loud** where the loss or the accuracy
# in the log was strange, **quiet** where one more number would have shown the
# mistake, and **silent** where no log of one training can show it. The answer
# names all eight, so it is folded, too.

# %% tags=["solution"]
share = "{:.2%}".format
top = share(best)
says_16 = f"100% for {all_right:.0%} of groups"
costs = [
    ("2. softmax before the loss", "loud", top, share(probably)),
    ("3. softmax over the batch", "loud", top, share(together / 100)),
    ("4. the only batch dropped", "loud", share(learned), share(untrained)),
    ("6. ReLU on the logits", "loud", top, share(relu)),
    ("1. learned the test images", "loud", share(true), share(announced)),
    ("5. accuracy of 16 images", "loud", top, says_16),
    ("7. two modes", "quiet", f"loss {alike:.3f}", f"loss {learning:.3f}"),
    ("8. log draws random numbers", "silent", "one network", "another one"),
]

# %% tags=["solution"]
columns = ("mistake", "visible", "right", "with it")
run.table(
    [dict(zip(columns, row, strict=True)) for row in costs],
    "costs",
    title="The first four spoil the network, the others what is said of it",
)
run.record(reference=best, leaked_claim=announced, leaked_truth=true)
visible = [how for _, how, *_ in costs]
assert [visible.count(how) for how in ("loud", "quiet")] == [6, 1]

# %% [markdown] tags=["solution"]
# The percentages are accuracies. Each mistake was made in one training, that of
# case 3 in 128 epochs: another seed would give other numbers.
#
# Six of the eight are loud: they stood in the log, for anyone who knew what
# the numbers should have been. Where a right network reads
# {{ reference | percent }}, {{ leaked_claim | percent }} is a sign.

# %% [markdown]
# ??? info "It happens to the best"
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
#       2021): case 2.
#
# Two of the signs are old advice. Andrej Karpathy's [recipe for training neural
# networks](https://karpathy.github.io/2019/04/25/recipe/) says: check the loss
# at the start, and let the network learn one batch by heart.
#
# ## Your turn
#
# The exercises call the mistakes by their names.
#
# ### 1. A test of your own
#
# Write `depends_on_company(model)`: does the answer for the first test image
# change when other images are in the batch? Predict first: for which of the
# networks `right`, `probable` and `patient` is it true?
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


assert depends_on_company(patient)
assert not depends_on_company(right)
assert not depends_on_company(probable)

# %% [markdown]
# ### 2. Was the network bad, or only its loss?
#
# Take the trained network of case 2, and cut off its softmax. It is not trained
# again. Predict before you run: what happens to its accuracy, to its loss, and
# to its loss on the images that it reads rightly?
#
# ??? tip "Hint"
#     `probable.layers` is the network without its softmax. The softmax over the
#     digits never changes which of ten numbers is the greatest.

# %% tags=["solution"]
with_softmax = predict(probable, splits.test)
bare = predict(probable.layers, splits.test)
same = (bare.digits == with_softmax.digits).double().mean().item()
assert same > 0.999

# %% tags=["solution"]
read = bare.digits == bare.labels
cuts = []
for name, asked in (("with", with_softmax), ("without", bare)):
    row = {"softmax": name, "test accuracy": asked.score.accuracy}
    loss = F.cross_entropy(asked.logits[read], asked.labels[read]).item()
    cuts.append({**row, "loss": asked.score.loss, "where right": loss})

# %% tags=["solution"]
run.table(
    cuts,
    "without-softmax",
    title="The same digits, and a low loss on those that it reads rightly",
    formats={"test accuracy": ".2%", "loss": ".4f", "where right": ".4f"},
)
assert loss < floor / 10

# %% [markdown] tags=["solution"]
# Only its loss was bad: it reads as before. But behind a softmax, a mistake can
# cost only so much, however sure the network is of it. So the network never
# learned to doubt, and without the softmax its mistakes cost a lot.

# %% [markdown]
# ### 3. A ninth mistake
#
# ```python
# means = [F.cross_entropy(model(x), y).item() for x, y in batches]
# print(f"loss: {sum(means) / len(means):.4f}")
# ```
#
# What is wrong, and when is it harmless? Write a loop that gives the same loss
# for batches of any size.
#
# ??? tip "Hint"
#     The last batch may hold fewer images than the others. How much does each
#     of its images count?

# %% tags=["solution"]
table = []
for size in (16, 64, len(correct) - 1):
    means, sums = [], []
    for start in range(0, len(correct), size):
        rows = slice(start, start + size)
        logits, labels = predictions.logits[rows], predictions.labels[rows]
        means.append(F.cross_entropy(logits, labels).item())
        sums.append(means[-1] * len(labels))
    weighted = sum(sums) / len(correct)
    assert math.isclose(weighted, predictions.score.loss, rel_tol=1e-3)
    row = {"batch size": size, "last batch": len(labels)}
    row["mean of means"] = sum(means) / len(means)
    table.append({**row, "weighted": weighted})

# %% tags=["solution"]
run.table(
    table,
    "means",
    title="Only the weighted mean is the same for all batches",
    formats={"mean of means": ".4f", "weighted": ".4f"},
)

# %% [markdown] tags=["solution"]
# It is harmless where all batches are equal. Where the last one holds a single
# image, that image counts as much as a whole batch. The test is
# `tests/test_training.py::test_losses_are_means_over_images_not_over_batches`.
#
# <!-- lessons: test tests/test_training.py
# test_losses_are_means_over_images_not_over_batches -->

# %% tags=["setup"]
run.finish()

# %% [markdown]
# ## What we found
#
# None of the eight raised an error. Most stood in the log, for anyone who knew
# what the numbers should have been: ln 10 before the training, near zero after
# it, and never 100%. The others need a second look: another measurement,
# another training. And each is found by a test of a few lines,
# which never tires of looking.
#
# *The cases are after PMNIST1 by Laurent Risser, part of
# [FIDLE](https://fidle.cnrs.fr), and after the blog posts "MNIST (initiation)"
# and "MNIST (amélioré)"; the code was written anew. See the
# [credits](../credits.md).*
