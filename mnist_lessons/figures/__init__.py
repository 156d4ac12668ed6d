"""How figures are drawn, behind `mnist_lessons.plots`."""
