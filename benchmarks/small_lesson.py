# %% [markdown]
# # A small lesson
#
# It trains a small network for a moment, to have what every lesson has: prose,
# a formula, code, a figure and the log of a training.
#
# ## The data
#
# The images are those of the sample. An image is a vector $x$ of 784 numbers.

# %%
import torch

from mnist_lessons import plots
from mnist_lessons.data import load_mnist, normalise
from mnist_lessons.models import SimpleDNN
from mnist_lessons.runlog import start_run
from mnist_lessons.training import TrainConfig

run = start_run("small_lesson", seed=1)
mnist = run.loaded(load_mnist())
print(mnist.provenance)

# %% [markdown]
# ## Look at the data
#
# The strokes are white, the paper is black.

# %%
figure = plots.image_grid(
    mnist.train.images[:12],
    [str(digit) for digit in mnist.train.labels[:12].tolist()],
    title="The first twelve images",
    alt="The first twelve training images, each with its digit below it.",
)
run.show(figure, "images")

# %% [markdown]
# ## Train
#
# Two **epochs** are enough to see the loss fall. The network is that of
# [the first lesson](small_lesson.py):
#
# - it has three layers,
# - and a ReLU after the first two.

# %%
config = TrainConfig(epochs=2, batch_size=512, learning_rate=1e-3, optimiser="adam", seed=1)
torch.manual_seed(1)
history = run.fit("dnn", SimpleDNN(), normalise(mnist), config)

# %%
for record in history:
    print(f"{record.epoch}  {record.validation_loss:.4f}")
run.record(loss=history[-1].validation_loss)
run.finish()

# %% [markdown]
# ## What is left
#
# The loss on the validation images is {{ loss | number }} in the end.
