# %% [markdown] level="intermediate" thumbnail="rates" needs="simple_dnn"
# # How long and how much
#
# How far should a step go, when should a training stop, how many images does it
# need, and which of its numbers can you believe? Each answer is measured here,
# with many short trainings of one network, that of [A simple
# network](simple_dnn.py).
#
# ## What you will learn
#
# - how to find a learning rate, and what momentum and Adam do with it,
# - two rules that stop a training, and why they disagree,
# - why the accuracy on the training images proves nothing,
# - what more images buy,
# - why the best of twenty networks is not as good as it looks.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import Split, load_mnist, normalise
from mnist_lessons.evaluation import evaluate, predict
from mnist_lessons.models import SimpleDNN
from mnist_lessons.runlog import start_run

SEED = 1

run = start_run("how_long", seed=SEED)
mnist = run.loaded(load_mnist())
data = normalise(mnist, scale=255).to(run.device)

# %% [markdown]
# Test images are not needed: we compare trainings, and the validation images
# can do that.
#
# ## One loop for all
#
# Each training begins with `fresh`, which makes a network and its optimiser
# from a seed. Then `train` takes some steps, and returns the loss of each.

# %%
from itertools import islice

from torch.nn import functional as F

BATCH = 200


def fresh(make, seed=SEED, **options):
    torch.manual_seed(seed)
    model = SimpleDNN().to(run.device)
    return model, make(model.parameters(), **options)


def dealt(split):
    """Batches without end: when all images were used, they are dealt anew."""
    while True:
        yield from torch.randperm(len(split)).split(BATCH)


# %%
def train(model, optimiser, split, steps):
    losses = []
    for rows in islice(dealt(split), steps):
        logits = model(split.images[rows])
        loss = F.cross_entropy(logits, split.labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


# %% [markdown]
# ## How far should a step go?
#
# The optimiser turns the gradient $g$ of a batch into a step. **SGD**, plain
# stochastic gradient descent, goes against it, by the learning rate $\eta$:
#
# $$
# w \leftarrow w - \eta\, g
# $$
#
# **Momentum** steps along a sum of all gradients so far, in which older ones
# count less and less. What the batches agree on adds up; their noise partly
# cancels.
#
# $$
# v \leftarrow 0.9\, v + g \qquad w \leftarrow w - \eta\, v
# $$
#
# How long does a step become where every batch has the same gradient, 1?

# %%
velocity = 0.0
for _ in range(100):
    velocity = 0.9 * velocity + 1
assert abs(velocity - 10) < 0.001  # 1 + 0.9 + 0.81 + ... = 10

# %% [markdown]
# Ten times as long. **Adam** divides a running mean of the gradients by their
# usual size, for each parameter by its own. So the rate alone says about how
# long its steps are.
#
# We try all three at ten rates, from 0.0001 to 3. Each training learns from
# 20,000 images for three epochs. One **diverges** if its steps climb where they
# should descend. We say so where the loss of a batch rises above three times
# $\ln 10$, the loss of guessing.

# %%
import math
from functools import partial

from torch.optim import SGD, Adam

RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
OPTIMISERS = {
    "SGD": SGD,
    "with momentum": partial(SGD, momentum=0.9),
    "Adam": Adam,
}

some = data.train[:20_000]
steps = run.epochs(3 * 20_000 // BATCH, preview=20)


# %%
def tried(make, rate, **options):
    """The accuracy on the validation images, and the highest loss."""
    model, optimiser = fresh(make, lr=rate, **options)
    losses = train(model, optimiser, some, steps)
    return 100 * evaluate(model, data.validation).accuracy, max(losses)


lines, diverged = {name: [] for name in OPTIMISERS}, []
for name, make in OPTIMISERS.items():
    for rate in RATES:
        accuracy, highest = tried(make, rate)
        lines[name].append((rate, accuracy))
        if highest > 3 * math.log(10):
            diverged.append((rate, accuracy))

# %%
run.show(
    plots.line_chart(
        lines,
        title="Each optimiser has its own good rates, and diverges above them",
        x=plots.Axis("learning rate", log=True),
        y=plots.Axis("validation accuracy (%)", limits=(0, 100)),
        crosses={"diverged": diverged},
    ),
    "rates",
)

# %% [markdown]
# At the left end, three epochs are not enough. At the right end, the network is
# thrown far away, and mostly ends at about one in ten, as one that guesses.

# %%
over_90 = {name: sum(y > 90 for _, y in lines[name]) for name in lines}
most = {name: max(y for _, y in lines[name]) for name in lines}
sgd, momentum, adam = lines
run.claim(
    f"Of the ten rates, {over_90[adam]} bring Adam above 90%, "
    f"{over_90[momentum]} momentum and {over_90[sgd]} plain SGD.",
    over_90[adam] > max(over_90[momentum], over_90[sgd]),
)
run.claim(
    f"At its best rate, Adam reads {most[adam]:.1f}%, momentum "
    f"{most[momentum]:.1f}%, plain SGD {most[sgd]:.1f}%.",
    min(most[adam], most[momentum]) > most[sgd] + 0.5,
)

# %% [markdown]
# So where you have not tuned the rate, Adam forgives most. And is momentum only
# SGD with longer steps? Compare it at 0.003 with plain SGD at 0.03, and so on.

# %%
plain, heavy = dict(lines[sgd]), dict(lines[momentum])
pairs = (0.003, 0.03), (0.01, 0.1), (0.03, 0.3)
apart = max(abs(heavy[rate] - plain[tenfold]) for rate, tenfold in pairs)
run.claim(
    f"At small rates the two are within {apart:.1f} points; at 0.1 momentum "
    "reads more than plain SGD at 1.",
    apart < 3 and heavy[0.1] > plain[1] and heavy[0.3] > 90 > plain[3],
)

# %% [markdown]
# While steps are short, the two are nearly one method. Where they are long,
# momentum wins: at 0.3 it still learns, while plain SGD diverges at 3. From now
# on we take Adam at 0.003.
#
# ## How long?
#
# In [A simple network](simple_dnn.py#did-it-learn-or-did-it-memorise) the
# validation loss turned early, while the accuracy went on rising. There we
# looked back at a whole training. A rule for **early stopping** decides while
# it runs: it gives up after so many epochs without a better one, its
# **patience**, and keeps the best.


# %%
def stopped(values, patience):
    """The place of the last value seen, and of the best, the lowest."""
    best = 0
    for place, value in enumerate(values):
        if value < values[best]:
            best = place
        if place - best == patience:
            break
    return place, best


assert stopped([5, 3, 4, 2, 6, 7, 1], patience=2) == (5, 3)

# %% [markdown]
# The 1 at the end was never seen: no rule knows what it misses.
#
# Should it watch the loss or the accuracy? The validation images cannot say
# what a rule has cost: it chose by them. So we learn from 10,000 training
# images alone. As many others, which these trainings never see, are the
# **judges**. Five seeds show what is luck.

# %%
half = min(10_000, len(data.train) // 2)
learned, judges = data.train[:half], data.train[-half:]


def followed(seed, epochs):
    """After each epoch, the scores on the validation images and the judges."""
    model, optimiser = fresh(Adam, seed=seed, lr=0.003)
    for _ in range(epochs):
        train(model, optimiser, learned, math.ceil(half / BATCH))
        yield evaluate(model, data.validation), evaluate(model, judges)


epochs = run.epochs(32, preview=3)
histories = [list(followed(seed, epochs)) for seed in range(1, 6)]


# %%
from statistics import mean, stdev

RULES = {
    "loss": lambda score: score.loss,
    "accuracy": lambda score: -score.accuracy,  # the lowest is the best
}


def outcome(watched, patience):
    """The epochs trained, and how the judges score what is kept: means."""
    trained, kept = [], []
    for history in histories:
        values = [RULES[watched](seen) for seen, _ in history]
        last, best = stopped(values, patience)
        trained.append(last + 1)  # the first place is epoch 1
        kept.append(history[best][1])
    return mean(trained), kept


# %% tags=["setup"]
ends = [history[-1][1] for history in histories]


def row(name, trained, kept):
    lost = [
        100 * (end.accuracy - one.accuracy)
        for end, one in zip(ends, kept, strict=True)
    ]
    return {
        "rule": name,
        "epochs trained": trained,
        "loss": mean(score.loss for score in kept),
        "accuracy": mean(score.accuracy for score in kept),
        "points lost": mean(lost),
        "± error": stdev(lost) / 5**0.5,
    }


# %%
by_loss = row("loss, patience 5", *outcome("loss", 5))
by_accuracy = row("accuracy, patience 5", *outcome("accuracy", 5))
to_the_end = row("none", epochs, ends)
run.table(
    [by_loss, by_accuracy, to_the_end],
    "stopping",
    title="What each rule keeps, as the judges score it",
    formats={"epochs trained": ".1f", "accuracy": ".2%"}
    | dict.fromkeys(("points lost", "± error"), ".2f"),
)

# %%
run.claim(
    "Stopping by the loss keeps the lowest loss and the lowest accuracy.",
    by_loss["loss"] < min(by_accuracy["loss"], to_the_end["loss"])
    and by_loss["accuracy"]
    < min(by_accuracy["accuracy"], to_the_end["accuracy"]),
)

# %% [markdown]
# All are means of five trainings. **Points lost** are counted from the end of
# the same training; behind them is their [standard
# error](improved_cnn.py#a-fair-comparison).
#
# The rules disagree because the accuracy counts a mistake in the same way
# however sure the network was, and the loss counts how sure. In its later
# epochs, this network learns to read a few more digits, and grows surer of its
# mistakes. So choose by what you need: probabilities, or digits.

# %%
waits = (1, 2, 3, 5, 8, 12)
bought = {
    f"stopped by {watched}": [
        (trained, 100 * mean(score.accuracy for score in kept))
        for trained, kept in (outcome(watched, wait) for wait in waits)
    ]
    for watched in RULES
}
lowest = min(accuracy for line in bought.values() for _, accuracy in line)
limits = math.floor(lowest), math.ceil(100 * to_the_end["accuracy"] + 0.2)

# %%
run.show(
    plots.line_chart(
        bought,
        title=f"Patience of {', '.join(map(str, waits))} epochs: the first "
        "to give up loses most",
        x=plots.Axis("epochs trained, mean of five"),
        y=plots.Axis("accuracy kept, by the judges (%)", limits=limits),
        references={f"all {epochs} epochs": 100 * to_the_end["accuracy"]},
    ),
    "patience",
)

# %%
hasty = row("hasty", *outcome("accuracy", 1))
patient = row("patient", *outcome("accuracy", 8))
run.claim(
    f"By accuracy, a patience of 1 loses {hasty['points lost']:.1f} points, and"
    f" one of 8 {patient['points lost']:.2f} ± {patient['± error']:.2f}; it "
    f"trains {patient['epochs trained']:.0f} of {epochs} epochs.",
    hasty["points lost"] > 3 * max(patient["points lost"], 0.1)
    and patient["epochs trained"] < 0.95 * epochs,
)
by_loss_kept = dict(zip(waits, bought["stopped by loss"], strict=True))
assert by_loss_kept[12][1] < by_loss_kept[5][1] + 0.1

# %% [markdown]
# One epoch that is no better says little: batches are noisy. By accuracy, a
# long patience loses next to nothing, and saves little. By loss, waiting longer
# wins nothing back.
#
# ## Learned by heart
#
# Could we do without validation images? Give a *random* label to each of 1,000
# images: there is no rule to be learned.

# %%
thousand = data.train[:1_000]
torch.manual_seed(SEED)
by_chance = torch.randint(10, (len(thousand),)).to(run.device)
nonsense = Split(thousand.images, by_chance)

marks, curves = range(5, run.epochs(100, preview=10) + 1, 5), {}
for labels, split in (("true", thousand), ("random", nonsense)):
    model, optimiser = fresh(Adam, lr=0.003)
    learning = curves[f"{labels} labels, training"] = []
    checking = curves[f"{labels} labels, validation"] = []
    for epoch in marks:
        train(model, optimiser, split, steps=5 * 1_000 // BATCH)  # five epochs
        learning.append((epoch, 100 * evaluate(model, split).accuracy))
        seen = evaluate(model, data.validation)
        checking.append((epoch, 100 * seen.accuracy))

# %%
run.show(
    plots.line_chart(
        curves,
        title="Random labels are learned by heart, too",
        x=plots.Axis("epoch"),
        y=plots.Axis("accuracy (%)", limits=(0, 105)),
    ),
    "by-heart",
)

# %%
true, read, recited, guessed = (line[-1][1] for line in curves.values())
run.claim(
    f"Both networks know their training images, {true:.0f}% and "
    f"{recited:.0f}%; of the validation images they read {read:.0f}% and "
    f"{guessed:.0f}%.",
    min(true, recited) > 98 and read > 85 and guessed < 15,
)

# %% [markdown]
# Large networks do so, too ([Zhang and
# others](https://arxiv.org/abs/1611.03530)). So the accuracy on training images
# proves nothing: one that recites has the same as one that reads.
#
# ## How much data?
#
# Train with 100 images, with 300, and so on, up to all. Each of five seeds
# draws other images, unless it takes all. Every training takes the same number
# of *steps*. With the same number of epochs, a few images would get a few
# steps: too few to learn even those.

# %%
SIZES = 100, 300, 1_000, 3_000, 10_000, 55_000
budget = run.epochs(800, preview=15)  # steps
sizes = sorted({min(size, len(data.train)) for size in SIZES})


def learned_from(size, seed, steps):
    """The share of validation images that is misread, in per cent."""
    model, optimiser = fresh(Adam, seed=seed, lr=0.003)
    rows = torch.randperm(len(data.train))[:size]
    train(model, optimiser, data.train[rows], steps)
    return 100 - 100 * evaluate(model, data.validation).accuracy


misread = {
    size: [learned_from(size, seed, budget) for seed in range(1, 6)]
    for size in sizes
}

# %% tags=["setup"]
sized = [
    {
        "images": size,
        "each seen": budget * min(size, BATCH) / size,
        "accuracy (%)": 100 - mean(errors),
        "± seeds": stdev(errors),
        "misread (%)": mean(errors),
    }
    for size, errors in misread.items()
]

# %% tags=["setup"]
run.table(
    sized,
    "sizes",
    title="More images, fewer mistakes: the means of five trainings",
    formats={"each seen": ",.1f"}
    | dict.fromkeys(("accuracy (%)", "± seeds", "misread (%)"), ".2f"),
)

# %%
hurried = learned_from(100, SEED, steps=4)
run.claim(
    f"After four epochs, which are 4 steps, 100 images leave {hurried:.0f}% "
    "misread.",
    hurried > 1.5 * mean(misread[100]),
)

# %% [markdown]
# **Each seen** says how often an image was used, and **± seeds** is the
# standard deviation of the five. Of the whole set, each was seen a few times
# only. Was that enough? Train once more with each of the two largest sets, for
# longer. In the figure, both axes are logarithmic: equal distances are equal
# *factors*.

# %%
longer = {size: learned_from(size, SEED, 4 * budget) for size in sizes[-2:]}
lines_of_steps = {
    f"{budget:,} steps, {name}": [(n, of(misread[n])) for n in sizes]
    for name, of in (("worst", max), ("mean", mean), ("best", min))
}
lines_of_steps[f"{4 * budget:,} steps, seed 1"] = list(longer.items())

# %%
run.show(
    plots.line_chart(
        lines_of_steps,
        title=f"Up to {sizes[-2]:,}, ten times as many images leave less than "
        "half of the mistakes",
        x=plots.Axis("training images", log=True),
        y=plots.Axis("validation images misread (%)", log=True, limits=(1, 50)),
    ),
    "data-scaling",
)

# %%
at_100, _, at_1_000, _, at_10_000, *_ = map(mean, misread.values())
run.claim(
    f"From 100 images to 1,000 the mistakes are divided by "
    f"{at_100 / at_1_000:.1f}, from 1,000 to 10,000 by "
    f"{at_1_000 / at_10_000:.1f}.",
    min(at_100 / at_1_000, at_1_000 / at_10_000) > 2,
)
some_gain, all_gain = (misread[n][0] - longer[n] for n in sizes[-2:])
run.claim(
    f"More steps gain {all_gain:.1f} points for all images, and "
    f"{some_gain:.1f} for {sizes[-2]:,}.",
    all_gain > max(some_gain, 0) + 0.3,
)

# %% [markdown]
# Up to 10,000 images, the points lie roughly on a straight line: a factor of
# ten divides the mistakes by more than two. More steps bring the last point
# nearer to it. This is **data scaling** ([Hestness and
# others](https://arxiv.org/abs/1712.00409) found it in many tasks). Many books
# call this a *learning curve*. Before you collect more data, draw the line for
# what you have: it says what more would buy at best.
#
# ## The best of twenty
#
# Train one recipe with twenty seeds, and keep the best network. Choose by {{
# few | count }} validation images, and let all others judge. Then choose by the
# next {{ few | count }}, ten times in all.

# %%
right = []
for seed in range(1, 21):
    model, optimiser = fresh(Adam, seed=seed, lr=0.003)
    train(model, optimiser, some, steps)
    answers = predict(model, data.validation)
    right.append(answers.digits == answers.labels)
right = torch.stack(right).float()  # (20 networks, N images)

chosen = []
for few in torch.arange(right.shape[1]).chunk(10):
    others = torch.ones(right.shape[1], dtype=torch.bool)
    others[few] = False
    on_few, on_others = right[:, few].mean(dim=1), right[:, others].mean(dim=1)
    best = on_few.argmax()
    chosen.append((on_few[best], on_others[best]))

# %%
average = right.mean().item()
on_few, on_others = torch.tensor(chosen).mean(dim=0).tolist()
lead, kept = 100 * (on_few - average), 100 * (on_others - average)
run.claim(
    f"All twenty read {average:.2%} on average; the winner leads by {lead:.2f} "
    f"points on the images that chose it, by {kept:.2f} on all others.",
    kept < 0.6 * lead,
)
spread = 100 * right.mean(dim=1).std().item()
run.claim(
    f"The twenty have a spread of {spread:.2f} points; Adam at 0.01 and at "
    f"0.003 differed by {abs(lines[adam][4][1] - lines[adam][3][1]):.2f}.",
    abs(lines[adam][4][1] - lines[adam][3][1]) < 2 * spread,
)

# %% [markdown]
# Most of the lead was luck: the **winner's curse**. [One change at a
# time](beyond.py#3-the-winners-curse) computes it for recipes. So what was
# chosen is measured anew, on images that chose nothing. And the spread says how
# to read the top of Adam's line in the figure of the rates, with one training
# for each point: what differs by so little may be luck.
#
# ## Your turn
#
# ### 1. A heavier ball
#
# With a momentum of 0.99 in the place of 0.9, which of the rates is best?
# Predict first, from the length of a step.
#
# ??? tip "Hint"
#     $1 + 0.99 + 0.99^2 + \dots = 1 / (1 - 0.99)$. One training is
#     `tried(SGD, rate, momentum=0.99)`.

# %% tags=["solution"]
rolling = {rate: tried(SGD, rate, momentum=0.99)[0] for rate in RATES[2:7]}
favourite, before = max(rolling, key=rolling.get), max(plain, key=plain.get)
run.claim(
    f"The best rate is {favourite}, with momentum 0.9 it is "
    f"{max(heavy, key=heavy.get)}, and without momentum {before}.",
    favourite < before / 5,
)

# %% [markdown] tags=["solution"]
# Steps can become still longer, so a smaller rate will do. But a
# sum that forgets so slowly also takes hundreds of steps to grow.

# %% [markdown]
# ### 2. Half the mistakes
#
# How many times as many images halve the mistakes? Predict from the table.
# Then compute it for the line from 100 to 10,000 images.
#
# ??? tip "Hint"
#     On a straight line of that figure, $n$ images leave
#     $c \cdot n^{-s}$ mistakes. Two points give the slope $s$.

# %% tags=["solution"]
slope = math.log(at_100 / at_10_000) / math.log(sizes[4] / sizes[0])
factor = 2 ** (1 / slope)
run.claim(
    f"Half the mistakes need {factor:.1f} times as many images.",
    4 < factor < 9,
)

# %% [markdown]
# ### 3. A rule that runs along
#
# Write a class `EarlyStopping(patience)` for use *during* a training. After
# each epoch, `gives_up(value, model)` says whether to stop. It keeps the
# weights of the best epoch. Check that they have the lowest validation loss.
#
# ??? tip "Hint"
#     `model.state_dict()` gives the weights that the training goes on changing:
#     `copy.deepcopy` keeps them. `model.load_state_dict` puts them back.

# %% tags=["solution"]
import copy


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.waited, self.best = patience, 0, math.inf

    def gives_up(self, value, model):
        self.waited += 1
        if value < self.best:
            self.best, self.waited = value, 0
            self.weights = copy.deepcopy(model.state_dict())
        return self.waited == self.patience


# %% tags=["solution"]
model, optimiser = fresh(Adam, lr=0.003)
rule, losses = EarlyStopping(patience=5), []
for _ in range(epochs):
    train(model, optimiser, learned, math.ceil(half / BATCH))
    losses.append(evaluate(model, data.validation).loss)
    if rule.gives_up(losses[-1], model):
        break

model.load_state_dict(rule.weights)
restored = evaluate(model, data.validation).loss
assert abs(restored - min(losses)) < 1e-6
assert stopped(losses, 5) == (len(losses) - 1, losses.index(min(losses)))

# %% [markdown]
# ### 4. All rates in one training
#
# Thirty trainings found the good rates. A **range test** needs one for each
# optimiser: make the rate a little larger at each step, and note where the loss
# shoots up. Does it agree with the crosses of the figure?
#
# ??? tip "Hint"
#     `for group in optimiser.param_groups: group["lr"] = rate` sets the rate.
#     Multiply it by 1.1 at each step, from 0.0001 on.


# %% tags=["solution"]
def range_test(make):
    """The first rate at which a training diverges."""
    rate = 0.0001
    model, optimiser = fresh(make, lr=rate)
    while rate < 100:
        for group in optimiser.param_groups:
            group["lr"] = rate
        [loss] = train(model, optimiser, some, steps=1)
        if not loss < 3 * math.log(10):
            break
        rate *= 1.1
    return rate


# %% tags=["solution"]
shot_up = {name: range_test(make) for name, make in OPTIMISERS.items()}
best = {name: max(lines[name], key=lambda point: point[1])[0] for name in lines}
for name, rate in shot_up.items():
    print(f"{name}: best at {best[name]}, the loss shoots up at {rate:.2f}")
run.claim(
    "For Adam and momentum, the loss shoots up at over five times the best "
    "rate.",
    all(shot_up[name] > 5 * best[name] for name in (adam, momentum)),
)

# %% [markdown] tags=["solution"]
# A rate that is held for three epochs does more harm than one that is passed in
# a step. So the test may pass the first cross: stay well below what it says.

# %% tags=["setup"]
run.record(
    few=right.shape[1] // 10, recited=recited / 100, guessed=guessed / 100
)
run.record(over_90=over_90[adam], lead=round(lead, 2), kept=round(kept, 2))
run.record(divided=round(at_1_000 / at_10_000, 1))
run.finish()

# %% [markdown]
# ## On one card
#
# 1. **Before training**, the loss must be about $\ln 10$, the logarithm of the
#    number of classes: [A simple network](simple_dnn.py#the-loss).
# 2. **Rate**: short trainings at 0.001, 0.003, 0.01 and so on, until one
#    [diverges](#how-far-should-a-step-go); keep the best on validation. No time
#    for that? Adam at 0.003: {{ over_90 | count }} of its 10 rates brought it
#    above nine in ten.
# 3. **Stop** by the loss if you need probabilities; if you need digits, by the
#    accuracy, and [be patient](#how-long).
# 4. **Training accuracy** proves nothing: {{ recited | percent }} with random
#    labels, and {{ guessed | percent }} of the validation images.
# 5. **More images**: ten thousand left fewer mistakes than one thousand, by a
#    factor of {{ divided | number }}. Give many images many steps.
# 6. **The best of many** is flattered: of a lead of {{ lead | number }} points,
#    {{ kept | number }} were left on other images. So score what you chose once
#    more, on [the test images](simple_dnn.py#the-test-once).
# 7. **A gain** counts when it exceeds the luck of the seeds: [One change at
#    a time](beyond.py#the-fully-connected-network) shows how to tell.
