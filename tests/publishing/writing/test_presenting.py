"""Which code of a lesson only presents."""

import pytest
from nbformat import v4

from mnist_lessons.publishing.writing.presenting import shares

PRESENTING = {
    "print": "print(loss)",
    "print within a call": "list(map(str, [print(loss)]))",
    "sys.stdout": "sys.stdout.write('a')",
    "a figure": "plots.bars(rows)",
    "an imported figure": "from mnist_lessons.plots import bars\nbars(rows)",
    "an axis": "figure, axes = plt.subplots()\naxes.plot(rows)",
    "a note of the run": "run.record(images=3)",
    "a table": "run.table(rows, 'rows')",
    "words": "title = 'A title'",
    "aligned text": "row = f'{name:10} {loss:>8.3f}'",
    "imports of what presents": "from mnist_lessons import plots\nfrom a.runlog import start_run",
    "a loop around nothing else": "for row in rows:\n    print(row)",
    "a function around nothing else": 'def tell(row):\n    """Tell it."""\n    print(row)',
    "a branch of both": "if row:\n    print(row)\nelse:\n    print(3)",
}


def measured(*sources, tags=()):
    return shares([v4.new_code_cell(source, metadata={"tags": list(tags)}) for source in sources])


@pytest.mark.parametrize("source", PRESENTING.values(), ids=PRESENTING.keys())
def test_what_presents(source):
    lines = [line for line in source.splitlines() if '"""' not in line]
    found = list(measured(source).presenting)
    assert found in (
        [line.strip() for line in lines],
        [line.strip() for line in lines if line != "else:"],
    )


@pytest.mark.parametrize(
    "source",
    [
        "loss.backward()",
        "rows = [model(image) for image in images]",
        "history = run.fit('dnn', model, splits, config)",
        "mnist = run.loaded(load_mnist())",
        "run.claim('It falls.', last < first)",
        "assert print is not None, f'{loss:>8}'",
        "text_of_a_row = f'{loss:.3f}'",
        "class Net(nn.Module):\n    def forward(self, images):\n        return self.layers(images)",
        "import torch",
    ],
)
def test_what_teaches(source):
    assert measured(source).presenting == []


def test_a_statement_counts_once_and_only_as_far_as_it_presents():
    source = "for row in rows:\n    loss = f(row)\n    print(\n        row,\n        loss,\n    )"
    assert measured(source).presenting == ["print("]
    assert measured(source).shown == 6


@pytest.mark.parametrize(
    "named", ["bars = print", "bars = run.show", "from a.plots import b as bars", "bars = plots.b"]
)
def test_another_name_counts_in_all_cells(named):
    assert measured(named, "bars(3)").presenting[-1:] == ["bars(3)"]
    assert measured(named, "x(3)").presenting[-1:] != ["x(3)"]


def test_blank_lines_and_comments_do_not_count():
    found = measured("# Why\nx = 1\n\n    # and how\nprint(x)")
    assert (found.shown, found.presents) == (2, 50)


def test_plumbing_and_solutions_are_counted_apart():
    kinds = [
        v4.new_code_cell("x = 1\nprint(x)", metadata={"tags": tags}) for tags in ([], ["setup"])
    ]
    kinds.append(v4.new_code_cell("print(1)\n" * 9, metadata={"tags": ["solution"]}))
    found = shares(kinds)
    assert (found.shown, found.folded, len(found.presenting), found.hides) == (2, 2, 1, 50)


def test_a_lesson_without_code_presents_nothing():
    assert (measured().presents, measured().hides) == (0, 0)
