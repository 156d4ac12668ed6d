"""A lesson whose models are not of PyTorch: its scores and mistakes stand among those of others."""

import json
import re
import sys

import pytest
from bs4 import BeautifulSoup

NEIGHBOURS = """\
# %% [markdown]
# # Nearest neighbours
#
# The nearest image alone reads {{ knn_1.test_accuracy | percent }}.

# %%
from sklearn.neighbors import KNeighborsClassifier

from mnist_lessons.data import load_mnist
from mnist_lessons.evaluation import Predictions
from mnist_lessons.runlog import start_run

run = start_run("neighbours", seed=1)
mnist = run.loaded(load_mnist())
train, test = (
    part.images.flatten(1).numpy() / 255 for part in (mnist.train, mnist.test)
)

# %%
for number in (1, 3):
    model = KNeighborsClassifier(number).fit(train, mnist.train.labels)
    votes = model.predict_proba(test)
    predictions = Predictions.from_probabilities(votes, mnist.test.labels)
    run.result(f"knn_{number}", f"Neighbours: {number}", predictions)
    run.record(**{f"score_{number}": model.score(test, mnist.test.labels)})
run.finish()
"""


@pytest.fixture
def built_with_neighbours(project, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setenv("MPLBACKEND", "agg")
    (project.root / "tutorials" / "neighbours.py").write_text(NEIGHBOURS, encoding="utf-8")
    markers = {"results": ("comparison", "costs", "pairs"), "errors": ("errors",)}
    for page, names in markers.items():
        blocks = "\n\n".join(f"<!-- lessons: {name} -->" for name in names)
        (project.root / "docs" / f"{page}.md").write_text(f"# {page}\n\n{blocks}\n")
    done = project.build()
    assert done.returncode == 0, done.stderr
    return project


def test_models_of_scikit_learn_stand_among_results_pairs_and_errors(built_with_neighbours):
    project = built_with_neighbours
    values = project.stored("neighbours").card.values
    scores = [values[f"score_{number}"] for number in (1, 3)]
    assert scores == [values[f"knn_{number}.test_accuracy"] for number in (1, 3)]
    assert all(0.8 < score < 1 for score in scores)
    assert f"alone reads {scores[0]:.2%}" in project.page("neighbours")

    site = project.root / "site"
    results, errors = (
        BeautifulSoup((site / page / "index.html").read_bytes(), "html.parser")
        for page in ("results", "errors")
    )
    dash = "\N{EN DASH}"
    tables = [
        [[cell.get_text() for cell in row(["th", "td"])] for row in table.select("tbody tr")]
        for table in results.select("table")
    ]
    compared = [row[:3] for row in tables[0]]
    for number, score in zip((1, 3), scores, strict=True):
        assert [f"Neighbours: {number} seed 1", f"{score:.2%}", dash] in compared
        assert [f"Neighbours: {number}", *[dash] * 4] in tables[1]
    assert "Neighbours: 3" in results.select("table")[2].get_text()
    read = [
        {text.rpartition(", ")[2] for text in (item.get_text() for item in section("li"))}
        for section in errors.select("section.errors-network")
    ]
    assert read == [{"> 99.9%"}, {"33.3%", "66.7%", "> 99.9%"}]
    log = json.loads((site / "tutorials/neighbours/run.json").read_bytes())["results"]
    assert all(re.fullmatch(r"\d+\.\d+", str(result["loss"])) for result in log)
