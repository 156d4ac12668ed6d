"""MNIST lessons: the tested package that the lessons import.

Import from the module that does the job, as the lessons do:
`from mnist_lessons.data import load_mnist`. Nothing is re-exported here, so that
building the site never pays for importing torch.
"""

__version__ = "0.1.0"
