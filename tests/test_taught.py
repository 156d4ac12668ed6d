"""What a lesson teaches is what the package has: a class of both names in both is the same."""

import ast
from pathlib import Path

import pytest
import torch

from mnist_lessons import models
from mnist_lessons.publishing.writing.lessons import SOLUTION, code_cells, discover, tagged
from mnist_lessons.publishing.writing.teaching import read_teaching

TUTORIALS = Path(__file__).parents[1] / "tutorials"
LESSONS = discover(TUTORIALS)
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
# What a lesson must have in view as soon as `teaching.toml` names it.
IN_VIEW = {"simple_dnn": {"SimpleDNN"}, "improved_cnn": {"ImprovedCNN"}}


def definitions(lesson):
    """The imports, functions and classes of a lesson's shown code."""
    shown = [cell for cell in code_cells(lesson.notebook()) if not tagged(cell, SOLUTION)]
    statements = [one for cell in shown for one in ast.parse(cell.source).body]
    return [one for one in statements if isinstance(one, DEFINITIONS)]


def taught(lesson):
    """The names of its classes that the package has, too."""
    named = {one.name for one in definitions(lesson) if isinstance(one, ast.ClassDef)}
    return sorted(named & set(models.__all__))


def class_of(statements, name):
    """The class that definitions make, without what the lesson does with it."""
    namespace = {}
    exec(compile(ast.Module(statements, []), "a lesson", "exec"), namespace)
    return namespace[name]


def difference(mine, ours):
    """What two networks differ in; empty where they are the same."""
    networks = []
    for kind in (mine, ours):
        torch.manual_seed(1)
        networks.append(kind())
    one, other = networks
    if str(one) != str(other):
        return "layers"
    weights, others = one.state_dict(), other.state_dict()
    if list(weights) != list(others) or not all(
        map(torch.equal, weights.values(), others.values())
    ):
        return "first weights"
    if [value.stride() for value in weights.values()] != [w.stride() for w in others.values()]:
        return "order in memory"
    logits = []
    for network in networks:
        torch.manual_seed(2)
        images = torch.randn(4, 1, 28, 28)
        logits += [network.train()(images), network.eval()(images)]
    return (
        "" if torch.equal(logits[0], logits[2]) and torch.equal(logits[1], logits[3]) else "answers"
    )


def test_each_class_of_a_lesson_is_that_of_the_package():
    differences = {
        (lesson.slug, name): difference(class_of(definitions(lesson), name), getattr(models, name))
        for lesson in LESSONS
        for name in taught(lesson)
    }
    assert not any(differences.values()), differences


def test_a_lesson_that_is_measured_has_its_network_in_view():
    measured = read_teaching(TUTORIALS, LESSONS)
    seen = {lesson.slug: set(taught(lesson)) for lesson in LESSONS if lesson.slug in measured}
    assert all(IN_VIEW.get(slug, set()) <= names for slug, names in seen.items()), seen


DNN = """
import torch
from torch import nn

class SimpleDNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(),
            nn.Linear(100, 10),
        )

    def forward(self, images):
        return self.layers(images)
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", ""),
        ("nn.ReLU(), nn.Linear(100, 100)", "nn.GELU(), nn.Linear(100, 100)", "layers"),
        ("100, 10)", "100, 10, bias=False)", "layers"),
        ("super().__init__()", "super().__init__(); torch.rand(1)", "first weights"),
        ("self.layers(images)", "self.layers(images * 2)", "answers"),
    ],
)
def test_a_difference_is_seen(old, new, told):
    source = DNN.replace(old, new) if old else DNN
    assert source != DNN or not old
    assert difference(class_of(ast.parse(source).body, "SimpleDNN"), models.SimpleDNN) == told
