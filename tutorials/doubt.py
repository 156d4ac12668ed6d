# %% [markdown] level="intermediate" thumbnail="strangers-SimpleDNN"
# # When to doubt
#
# A network always answers. Show it a sneaker, and it names a digit. In this
# lesson, you ask two networks how sure they are, find out whether that is
# true, and let them refuse to answer. Every number and every figure comes from
# one run of the program that you are reading.
#
# ## What you will learn
#
# - what it means that a network is 90% sure, and how to check it,
# - how a single number mends the confidence and changes no answer,
# - what is gained by answering only when sure, and what it costs,
# - why a network that is sure may be looking at no digit at all.

# %% [markdown]
# ## The data
#
# The digits are those of the [first lesson](simple_dnn.py), in the same three
# splits. The validation split will have a second task here: it shows how sure
# a network should be. The test split is scored once, near the end.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.runlog import start_run

SEED = 1

run = start_run("doubt", seed=SEED)
mnist = run.loaded(load_mnist())
print(mnist.provenance)

# %%
labels = mnist.validation.labels[:24].tolist()
figure = plots.image_grid(
    mnist.validation.images[:24],
    [str(label) for label in labels],
    title="Some digits are written clearly, others leave a doubt",
)
run.show(figure, "digits")

# %% [markdown]
# Some of these you would read aloud without a thought. With others, you would
# say "perhaps". A network should do the same.
#
# ## Two networks
#
# The first network is [`SimpleDNN`](simple_dnn.py), trained for as long as in
# its lesson. It knows its training images by heart.

# %%
from mnist_lessons.models import SimpleDNN
from mnist_lessons.training import TrainConfig

splits = normalise(mnist).to(run.device)
long = TrainConfig(
    epochs=128,
    batch_size=512,
    learning_rate=1e-3,
    seed=SEED,
)
torch.manual_seed(SEED)
dnn = SimpleDNN()
history = run.fit("dnn", dnn, splits, long, every=32, preview=60)

# %% [markdown]
# The second is the network with [convolutions](improved_cnn.py), trained for a
# few epochs only, and without dropout. Its learning rate rises in the first
# quarter of the training and then falls to zero, a *one-cycle schedule*: so it
# learns much in little time.

# %%
from mnist_lessons.models import ImprovedCNN

short = TrainConfig(
    epochs=3,
    batch_size=64,
    learning_rate=5e-3,
    schedule="one-cycle",
    seed=SEED,
)
torch.manual_seed(SEED)
cnn = ImprovedCNN(dropout=0.0)
_ = run.fit("cnn", cnn, splits, short)

# %% [markdown]
# ## How sure is it?
#
# A network returns ten **logits**, one for each digit. The **softmax** turns
# them into ten numbers between 0 and 1 that add up to 1. We call them
# probabilities, and the greatest of them the **confidence** of the answer. But
# nothing has proved yet that they deserve these names.
#
# They do if the network keeps its word. Of all images that it reads with a
# confidence of 0.8, eight in ten should be read correctly. Such a network is
# **calibrated**. Then its mean confidence equals its accuracy:

# %%
from mnist_lessons.evaluation import predict

models = {"SimpleDNN": dnn, "ImprovedCNN": cnn}
validation = {
    name: predict(model, splits.validation) for name, model in models.items()
}
rows = [
    {
        "network": name,
        "accuracy": predictions.score.accuracy,
        "mean confidence": predictions.confidence.mean(),
    }
    for name, predictions in validation.items()
]

# %%
percent = {"accuracy": ".2%", "mean confidence": ".2%"}
title = "How right both networks are on the validation images, and how sure"
run.table(rows, "validation", title=title, formats=percent)

# %% [markdown]
# The means can agree by luck. So we look closer, and sort the images into
# **bins**: confidence up to 1/15, up to 2/15, and so on. In each bin, compare
# the mean confidence with the share of right answers.

# %%
from mnist_lessons.calibration import reliability_bins

bins = [
    {
        "confidence": f"{part.low:.2f} to {part.high:.2f}",
        "images": part.count,
        "mean confidence": part.confidence,
        "accuracy": part.accuracy,
    }
    for part in reliability_bins(validation["SimpleDNN"])
]

# %%
highest, total = bins[-1]["images"], len(mnist.validation)
title = f"For SimpleDNN, {highest:,} of {total:,} lie in the highest bin"
run.table(bins, "bins", title=title, formats=percent)

# %% [markdown]
# Look at the column of images first. Nearly all lie in the highest bin. A bin
# with a handful of images says little: one image more or less would change its
# accuracy a lot.
#
# ## One number for all bins
#
# The **expected calibration error**, ECE for short, is the distance between
# confidence and accuracy, averaged over the bins. A bin counts as much as it
# has images. Zero is perfect.

# %%
from mnist_lessons.calibration import expected_calibration_error

by_hand = sum(
    part.count / total * abs(part.accuracy - part.confidence)
    for part in reliability_bins(validation["SimpleDNN"])
)
print(f"by hand, SimpleDNN {by_hand:.4f}")

# %%
run.table(
    [
        {"network": name, "ECE": expected_calibration_error(predictions)}
        for name, predictions in validation.items()
    ],
    "validation-ece",
    title="How far confidence lies from accuracy, on the validation images",
    formats={"ECE": ".4f"},
)

# %% [markdown]
# ## A temperature
#
# [Guo and others](https://arxiv.org/abs/1706.04599) found a cure that could
# not be simpler: divide all logits by one number, the **temperature**. See
# what it does to one image, about which `SimpleDNN` has a slight doubt:

# %%
predictions = validation["SimpleDNN"]
row = (predictions.confidence - 0.9).abs().argmin()
logits = predictions.logits[row]  # (10,)
columns, rows = ("temperature", "digit", "confidence"), []
for temperature in (0.25, 0.5, 1, 2, 4):
    probabilities = (logits / temperature).softmax(dim=0)
    confidence, digit = probabilities.max(dim=0)
    row = temperature, digit, confidence
    rows.append(dict(zip(columns, row, strict=True)))
run.table(
    rows,
    "one-image",
    title="The higher the temperature, the less sure, and of the same digit",
    formats={"temperature": "g", "confidence": ".1%"},
)

# %% [markdown]
# A high temperature makes the network modest, a low one makes it bold. The
# digit stays the same: when all logits are divided by the same positive
# number, the greatest remains the greatest.
#
# Which temperature is the right one? The one with the lowest cross-entropy on
# images that the network has *not* learned. The training images would tell it
# to be as bold as can be. So this is a choice, and it is made on the
# validation split.

# %%
from mnist_lessons.calibration import fit_temperature, with_temperature

temperatures = {
    name: fit_temperature(predictions)
    for name, predictions in validation.items()
}
for name, temperature in temperatures.items():
    mended = with_temperature(validation[name], temperature)
    assert torch.equal(mended.digits, validation[name].digits)


# %%
def verdict(temperature):
    if 0.9 < temperature < 1.1:
        return "about as sure as it should be"
    return "too sure" if temperature > 1 else "not sure enough"


columns, rows = ("network", "temperature", "it was"), []
for name, temperature in temperatures.items():
    row = name, temperature, verdict(temperature)
    rows.append(dict(zip(columns, row, strict=True)))
title = "The temperature that each network needs"
run.table(rows, "fitted", title=title, formats={"temperature": ".2f"})

# %%
steps = [step / 4 for step in range(1, 25)]
curves = {
    name: [(t, with_temperature(one, t).score.loss) for t in steps]
    for name, one in validation.items()
}
best = " and ".join(f"{temperatures[name]:.2f} ({name})" for name in models)
figure = plots.line_chart(
    curves,
    title=f"The validation loss is lowest at a temperature of {best}",
    x=plots.Axis("temperature"),
    y=plots.Axis("validation loss (nats)"),
)
run.show(figure, "temperatures")

# %% [markdown]
# A temperature of 1 changes nothing. The further the lowest point lies from 1,
# the more there was to mend.
#
# ## Why too sure?
#
# Remember how a network is trained. The cross-entropy asks for a high
# probability of the true digit. Even when all training images are read
# correctly, the loss can still fall: the network only has to make its logits
# greater. So it becomes surer and surer of images that it knows by heart, and
# is as sure of others. If this is true, a short training should need a lower
# temperature than a long one:

# %%
from dataclasses import replace

from mnist_lessons.training import fit

hasty = replace(long, epochs=8)
torch.manual_seed(SEED)
young = SimpleDNN()
*_, end = fit(young, splits, hasty)
young_temperature = fit_temperature(predict(young, splits.validation))

# %%
last, temperature = history[-1], temperatures["SimpleDNN"]
columns = "epochs", "temperature", "validation accuracy"
trainings = [
    (hasty.epochs, young_temperature, end.validation_accuracy),
    (last.epoch, temperature, last.validation_accuracy),
]
run.table(
    [dict(zip(columns, row, strict=True)) for row in trainings],
    "short-and-long",
    title="SimpleDNN after a short training and after a long one",
    formats={"temperature": ".2f", "validation accuracy": ".2%"},
)

# %%
run.claim(
    "The short training needs the lower temperature.",
    young_temperature < temperature,
)

# %% [markdown]
# So how much a network knows and how well it knows itself are two questions.
#
# ## The test, once
#
# The temperatures are chosen. Now both networks read the test images, once.
# All that follows looks at these same predictions, before and after the
# temperature.

# %%
before = {name: predict(model, splits.test) for name, model in models.items()}
after = {
    name: with_temperature(before[name], temperatures[name]) for name in models
}


# %%
def measured(name, when, found):
    return {
        "network": name,
        "temperature": when,
        "accuracy": found.score.accuracy,
        "mean confidence": found.confidence.mean(),
        "loss": found.score.loss,
        "ECE": expected_calibration_error(found),
    }


# %%
both = [
    (name, when, found[name])
    for name in models
    for when, found in (("before", before), ("after", after))
]
run.table(
    [measured(*each) for each in both],
    "test",
    title="The test images, before the temperature and after it",
    formats={**percent, "loss": ".4f", "ECE": ".4f"},
)

# %% [markdown]
# The accuracy has not moved, of course. The **reliability diagram** shows the
# bins: on the dotted line, confidence and accuracy are the same. Below it, the
# network promises more than it keeps; above it, it keeps more than it
# promises. Bins with fewer than ten images are left out: they would jump about
# and say nothing.


# %%
def reliability(predictions):
    return [
        (part.confidence, part.accuracy)
        for part in reliability_bins(predictions)
        if part.count >= 10
    ]


def ece(found):
    return {
        name: expected_calibration_error(one) for name, one in found.items()
    }


error_before, error_after = ece(before), ece(after)

# %%
for name in models:
    figure = plots.line_chart(
        {
            "before": reliability(before[name]),
            "after": reliability(after[name]),
        },
        title=f"{name}: ECE {error_before[name]:.4f} before and "
        f"{error_after[name]:.4f} after a temperature of "
        f"{temperatures[name]:.2f}",
        x=plots.Axis("mean confidence in the bin", limits=(0, 1)),
        y=plots.Axis("share of right answers", limits=(0, 1)),
        diagonal=True,
    )
    run.show(figure, f"reliability-{name}")

# %% [markdown]
# A line through bins with few images is rough, after the temperature too. That
# is a limit of the diagram, not of the temperature. The ECE has the opposite
# one: where nearly all images lie in one bin, that bin decides it.
#
# ## Answer only when sure
#
# Now the confidence can be put to use. Choose a **threshold**. Below it, the
# network says "I don't know", and a human reads the image. What is the
# accuracy of the answers that are left, and how many are there?

# %%
from mnist_lessons.calibration import answered


def bargain(name, when, found, threshold):
    some = answered(found, threshold)
    return {
        "network": name,
        "temperature": when,
        "threshold": threshold,
        "answered": some.share,
        "accuracy": some.accuracy,
        "wrong": some.answered - some.correct,
    }


# %%
run.table(
    [bargain(*each, bar) for each in both for bar in (0.0, 0.9, 0.99)],
    "thresholds",
    title="The higher the threshold, the fewer answers, and wrong ones",
    formats={"threshold": "g", "answered": ".2%", "accuracy": ".2%"},
)

# %% [markdown]
# Each refusal buys accuracy. The same threshold means another thing before the
# temperature and after it. Only a calibrated network gives it a meaning: of
# the answers with a confidence of 0.99 or more, at least 99 of a hundred should
# be right. Compare the lines before and after.
#
# A single threshold is a single point. The whole bargain is a curve: sort the
# images by confidence, answer the surest first, and watch the accuracy fall
# as more and more are answered.

# %%
from mnist_lessons.calibration import selective_curve

curves = {
    name: [(one.share, one.accuracy) for one in selective_curve(found, 50)]
    for name, found in after.items()
}
points = curves["SimpleDNN"]
share, accuracy = min(points, key=lambda one: abs(one[0] - 0.9))
figure = plots.line_chart(
    curves,
    title=f"SimpleDNN reads {points[-1][1]:.2%} of all images correctly, and "
    f"{accuracy:.2%} of the {share:.0%} that it is surest of",
    x=plots.Axis("share of the images that are answered"),
    y=plots.Axis("share of the answers that are right"),
)
run.show(figure, "answered")

# %% [markdown]
# The curve shows whether the *order* is right: whether doubt comes where errors
# are. A network that doubts at random has a flat curve. Temperature hardly
# changes the order, so it hardly changes the curve. It changes which threshold
# leads to which point of it.
#
# ## The errors that stay
#
# No threshold catches them all. These are the errors that `SimpleDNN` is
# surest of, after the temperature.

# %%
found = after["SimpleDNN"]
errors = found.errors
surest = errors[:12]
sure = int((found.confidence[errors] >= 0.9).sum())
figure = plots.prediction_grid(
    mnist.test,
    found,
    surest,
    title=f"{sure} of {len(errors)} errors have a confidence of 0.9 or more; "
    f"here are the {len(surest)} surest",
    columns=6,
)
run.show(figure, "confident-errors")

# %% [markdown]
# Would you have been in doubt? Judge each image for yourself, and its label,
# too. And remember what calibrated means: where such a network is 90% sure, it
# is wrong one time in ten. It does not say which time.
#
# ## Strangers
#
# So far, every image was a digit, drawn by the same kind of people as the
# training images. Nobody can promise that of the world. We make three kinds of
# strangers:
#
# - **inverted digits**, black on white: for you, they are as easy as before,
# - **noise**: each pixel is drawn at random from 0 to 255,
# - **clothes** from
#   [Fashion-MNIST](https://github.com/zalandoresearch/fashion-mnist), which
#   has the form of MNIST.

# %%
from mnist_lessons.data import Split

images, labels = mnist.test.images, mnist.test.labels
generator = torch.Generator().manual_seed(SEED)
noise = torch.randint(256, images.shape, generator=generator)
none = torch.full_like(labels, -1)  # no digit is the right answer
kinds = {
    "digits": mnist.test,
    "inverted": Split(255 - images, labels),
    "noise": Split(noise.to(torch.uint8), none),
}

# %% [markdown]
# The clothes are found or fetched, and checked, as the digits are. Where they
# are not to be had, the lesson says so and goes on without them.

# %%
from mnist_lessons.clothes import CLASSES, load_clothes

clothes = run.loaded_extra("Fashion-MNIST", load_clothes())
if clothes is None:
    print("No Fashion-MNIST is to be had here: no clothes in this run.")
else:
    kinds["clothes"] = Split(clothes.images[: len(none)], none)

# %%
run.table(
    [
        {
            "kind": kind,
            "images": len(split),
            "mean grey level": split.images.float().mean(),
        }
        for kind, split in kinds.items()
    ],
    "kinds",
    title="The digits and the strangers",
    formats={"mean grey level": ".0f"},
)

# %%
captions = [kind for kind in kinds for _ in range(6)]
if clothes is not None:
    captions[-6:] = [CLASSES[label] for label in clothes.labels[:6]]
figure = plots.image_grid(
    torch.cat([split.images[:6] for split in kinds.values()]),
    captions,
    title="First the digits, then the strangers",
    alt="Six images of each kind: test digits, white on black; the same "
    "digits, black on white; grey noise without any form; and clothes, if "
    f"they were to be had. The captions: {', '.join(captions)}.",
    columns=6,
)
run.show(figure, "strangers")

# %% [markdown]
# What do the networks say? Here are the first two of each kind of stranger,
# not selected, and the probabilities that `SimpleDNN` gives to the ten digits
# after the temperature. A hatched bar is the digit that an inverted image
# shows.


# %%
def ask(name, split):
    pixels = split.images.unsqueeze(1).float() / 255  # (N, 1, 28, 28)
    predictions = predict(models[name], Split(pixels, split.labels))
    return with_temperature(predictions, temperatures[name])


pairs = [split[:2] for kind, split in kinds.items() if kind != "digits"]
few = Split(
    torch.cat([pair.images for pair in pairs]),
    torch.cat([pair.labels for pair in pairs]),
)
said = ask("SimpleDNN", few)

# %%
sure = int((said.confidence >= 0.9).sum())
figure = plots.doubt_bars(
    few,
    said,
    torch.arange(len(few)),
    title=f"SimpleDNN has a confidence of 0.9 or more for {sure} of these "
    f"{len(few)} strangers",
)
run.show(figure, "doubts")

# %% [markdown]
# Two of a kind prove little. So we ask about all of them. For noise and for
# clothes, every answer is wrong, and the surer the worse. An inverted digit
# could be read: the last column says how often it is.

# %%
replies = {
    name: {kind: ask(name, split) for kind, split in kinds.items()}
    for name in models
}


def replied(name, kind):
    found = replies[name][kind]
    is_digit = bool((found.labels >= 0).all())
    return {
        "network": name,
        "images": kind,
        "confidence": found.confidence.mean(),
        "answered at 0.9": answered(found, 0.9).share,
        "answered at 0.99": answered(found, 0.99).share,
        "read rightly": found.score.accuracy if is_digit else None,
    }


# %%
rows = [replied(name, kind) for name in models for kind in kinds]
shares = dict.fromkeys(tuple(rows[0])[3:], ".2%")
sure = answered(replies["SimpleDNN"]["noise"], 0.9).share
run.table(
    rows,
    "replies",
    title=f"With a threshold of 0.9, SimpleDNN answers {sure:.1%} of the noise",
    formats={"confidence": ".3f", **shares},
)

# %%
steps = [step / 50 for step in range(5, 51)]
for name, found in replies.items():
    shares = {kind: answered(one, 0.9).share for kind, one in found.items()}
    told = ", ".join(f"{share:.1%} of {kind}" for kind, share in shares.items())
    figure = plots.line_chart(
        {
            kind: [(step, answered(one, step).share) for step in steps]
            for kind, one in found.items()
        },
        title=f"With a threshold of 0.9, {name} answers {told}",
        x=plots.Axis("threshold", limits=(0.1, 1)),
        y=plots.Axis("share that is answered", limits=(0, 1)),
    )
    run.show(figure, f"strangers-{name}")

# %% [markdown]
# If the confidence told strangers from digits, the line of the digits would
# stay high, and all other lines would lie at the bottom. Compare that with the
# two figures. How many strangers pass depends on the network and on the kind
# of stranger, and no score on digits has announced it: not the accuracy, and
# not the ECE.
#
# **A softmax is not made to detect strangers.** It compares the ten digits
# with each other, and has no eleventh place for "none of these". Its ten
# numbers add up to 1, whatever the image. A high one says "much more a 5 than
# any other digit". It does not say "a 5".
#
# Far from the training images, a network can even be surest. One with ReLUs
# is made of linear pieces. Make an image brighter and brighter, without end,
# and almost always the confidence goes to 1
# ([Hein and others](https://arxiv.org/abs/1812.05720) prove it). Pixels end at
# 255, but look at the mean grey levels above: the strangers are far brighter
# than the digits.
#
# And the temperature? It was fitted on digits, and knows nothing of strangers.
# Where it makes them less sure, it does the same to the digits.
#
# The greatest probability is still the usual
# [first attempt](https://arxiv.org/abs/1610.02136) to find strangers, and the
# measure for better ones. A threshold protects from digits that are hard to
# read. Against what is no digit, nobody can rely on it: it may work for one
# network and fail for another. Something else must stand guard: a check of
# the image before the network sees it, or a network that
# [met strangers in its training](https://arxiv.org/abs/1812.04606). You can be
# one yourself: scribble on the page [Draw a digit](../draw.md), and see how
# sure the networks are.

# %% [markdown]
# ## Your turn
#
# ### 1. Keep a promise
#
# You promise that 99.5 of 100 answers will be right. Choose the threshold for
# `SimpleDNN`, after the temperature. Does it keep the promise on the test
# images?
#
# ??? tip "Hint"
#     A threshold is a choice: make it on the validation split. Try some
#     thresholds from low to high, and take the first that is good enough
#     there.

# %% tags=["solution"]
name = "SimpleDNN"
chosen_on = with_temperature(validation[name], temperatures[name])
tried = [answered(chosen_on, step / 200) for step in range(200)]
shares = [one.share for one in tried]
assert shares == sorted(shares, reverse=True)  # a higher bar, fewer answers

threshold = next(
    (step / 200 for step, one in enumerate(tried) if one.accuracy >= 0.995), 1
)

# %% tags=["solution"]
rows = []
for split, found in (("validation", chosen_on), ("test", after[name])):
    some = answered(found, threshold)
    rows.append(
        {"split": split, "answered": some.share, "right": some.accuracy}
    )
run.table(
    rows,
    "promise",
    title=f"The share of answers that is right, at a threshold of {threshold}",
    formats={"answered": ".2%", "right": ".2%"},
)

# %% [markdown]
# On the validation split the promise is kept by construction. On the test
# split it can narrowly fail: the threshold was the luckiest one. Whoever
# promises should leave a margin.
#
# ### 2. How many bins?
#
# We took 15 bins, as Guo and others did. Compute the ECE of the same
# predictions with 3, 15 and 75 bins. What do you see, and can it be the other
# way round?
#
# ??? tip "Hint"
#     Each bin of the 3 consists of five bins of the 15. When five bins become
#     one, what happens where one promises too much and another too little?

# %% tags=["solution"]
rows = []
for name, found in after.items():
    coarse, usual, fine = found_errors = [
        expected_calibration_error(found, bins) for bins in (3, 15, 75)
    ]
    # Too much and too little cancel in a wider bin: it can only hide errors.
    assert coarse <= usual + 1e-5
    assert usual <= fine + 1e-5
    columns = "network", "3 bins", "15 bins", "75 bins"
    rows.append(dict(zip(columns, (name, *found_errors), strict=True)))
title = "The more bins, the larger the ECE"
run.table(
    rows, "more-bins", title=title, formats=dict.fromkeys(columns[1:], ".4f")
)

# %% [markdown]
# An ECE without its number of bins says nothing. And with very many bins, each
# has few images, and even an honest network gets an error.
#
# ### 3. Another score
#
# The softmax forgets how great the logits were. Is the greatest *logit* a
# better sign of strangers than the greatest probability? Compare by the
# **AUROC**: the probability that a digit, taken at random, has a higher score
# than a stranger. One half is a blind guess; less than that, and strangers
# score higher than digits.
#
# ??? tip "Hint"
#     `sklearn.metrics.roc_auc_score(is_digit, score)` computes it. To believe
#     it, compare all pairs of some digits and some strangers yourself.

# %% tags=["solution"]
from sklearn.metrics import roc_auc_score


def auroc(digits, strangers):
    is_digit = [1] * len(digits) + [0] * len(strangers)
    return roc_auc_score(is_digit, torch.cat([digits, strangers]))


columns = "network", "strangers", "by probability", "by greatest logit"
rows = []
for name, found in replies.items():
    own = found["digits"]
    for kind in [kind for kind in kinds if kind != "digits"]:
        other = found[kind]
        by_probability = auroc(own.confidence, other.confidence)
        by_logit = auroc(own.logits.amax(dim=1), other.logits.amax(dim=1))
        row = name, kind, by_probability, by_logit
        rows.append(dict(zip(columns, row, strict=True)))

# %% tags=["solution"]
title = "How well two scores tell digits from strangers (AUROC)"
run.table(rows, "auroc", title=title, formats=dict.fromkeys(columns[2:], ".3f"))

# %% tags=["solution"]
digits, strangers = own.confidence[:200], other.confidence[:200]
higher = (digits[:, None] > strangers).double()  # (200, 200)
equal = (digits[:, None] == strangers).double()
by_pairs = (higher + equal / 2).mean().item()
print(f"by pairs {by_pairs:.4f}, scikit-learn {auroc(digits, strangers):.4f}")
assert abs(by_pairs - auroc(digits, strangers)) < 1e-9

# %% [markdown]
# Compare the networks and the kinds before you trust either score.
#
# ### 4. Ask two
#
# A human who doubts asks another. Answer only where both networks name the
# same digit. How many digits are answered, how well, and do strangers pass?
#
# ??? tip "Hint"
#     `replies` holds what both networks say, kind by kind. Compare their
#     `digits`.

# %% tags=["solution"]
first, second = replies.values()
rows = []
for kind in kinds:
    agree = first[kind].digits == second[kind].digits
    rows.append({"images": kind, "answered": agree.double().mean()})
title = "How often both networks name the same digit"
run.table(rows, "ask-two", title=title, formats={"answered": ".2%"})

# %% tags=["solution"]
one, two = first["digits"], second["digits"]
agree = one.digits == two.digits
wrong = int((agree & (one.digits != one.labels)).sum())
print(
    f"wrong answers to digits: {wrong} of {int(agree.sum()):,}, "
    f"alone {len(one.errors)} and {len(two.errors)}"
)
assert wrong <= min(len(one.errors), len(two.errors))

# %% [markdown]
# ## What we found

# %%
rows = []
for name, temperature in temperatures.items():
    some = answered(after[name], 0.9)
    rows.append(
        {
            "network": name,
            "temperature": temperature,
            "ECE before": error_before[name],
            "ECE after": error_after[name],
            "answered": some.share,
            "right": some.accuracy,
        }
    )

# %%
title = "What a temperature does, and then a threshold of 0.9"
forms = {"temperature": ".2f", "answered": ".2%", "right": ".2%"}
errors = {"ECE before": ".4f", "ECE after": ".4f"}
run.table(rows, "found", title=title, formats={**forms, **errors})

# %%
some = answered(after["SimpleDNN"], 0.9)
run.record(
    temperature=temperatures["SimpleDNN"],
    accuracy=after["SimpleDNN"].score.accuracy,
    answered=some.share,
    answered_accuracy=some.accuracy,
    noise_answered=answered(replies["SimpleDNN"]["noise"], 0.9).share,
    inverted_answered=answered(replies["ImprovedCNN"]["inverted"], 0.9).share,
)
run.finish()

# %% [markdown]
# `SimpleDNN` reads {{ accuracy | percent }} of all test images. Where it has a
# confidence of 0.9 or more after a temperature of {{ temperature | number }},
# it answers {{ answered | percent }} of them, and {{ answered_accuracy |
# percent }} of these answers are right. With the same threshold it answers
# {{ noise_answered | percent }} of the images that are nothing but noise.
# `ImprovedCNN` answers {{ inverted_answered | percent }} of the inverted
# digits. Nothing in their training spoke of either.
#
# So a confidence can be made truer, at the price of one number and a validation
# split. Then it is a better reason to say "I don't know". But that holds for
# images like those that it was fitted on, and for no others.
#
# *After C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, [On calibration of
# modern neural networks](https://arxiv.org/abs/1706.04599) (2017). Clothes:
# [Fashion-MNIST](https://github.com/zalandoresearch/fashion-mnist), © Zalando
# SE, MIT licence. See the [credits](../credits.md).*
