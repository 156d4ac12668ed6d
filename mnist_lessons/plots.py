"""Every figure of the lessons, each with a text that replaces it for those who cannot see it."""

from mnist_lessons.figures.charts import Axis, Bar, bar_chart, line_chart
from mnist_lessons.figures.confusion import confusion_matrix
from mnist_lessons.figures.convolution import convolution
from mnist_lessons.figures.descent import descent
from mnist_lessons.figures.dropout import dropout
from mnist_lessons.figures.images import image_grid, single_image
from mnist_lessons.figures.learning import learning_curves
from mnist_lessons.figures.lesson_figure import LessonFigure
from mnist_lessons.figures.linear import linear_layer, weighted_sum
from mnist_lessons.figures.maps import map_grid
from mnist_lessons.figures.pooling import max_pooling
from mnist_lessons.figures.predictions import doubt_bars, prediction_grid
from mnist_lessons.figures.relu import relu
from mnist_lessons.figures.softmax import softmax_bars

__all__ = [
    "Axis",
    "Bar",
    "LessonFigure",
    "bar_chart",
    "confusion_matrix",
    "convolution",
    "descent",
    "doubt_bars",
    "dropout",
    "image_grid",
    "learning_curves",
    "line_chart",
    "linear_layer",
    "map_grid",
    "max_pooling",
    "prediction_grid",
    "relu",
    "single_image",
    "softmax_bars",
    "weighted_sum",
]
