"""Kinds of figures, each with what it says and how it is drawn, behind `mnist_lessons.plots`."""
