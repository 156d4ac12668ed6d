"""The lesson in docs/write.md: its text is in order, it runs, and its page has all of it."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from mnist_lessons.publishing.writing.form import problems
from mnist_lessons.publishing.writing.teaching import problems_of_teaching

GUIDE = (Path(__file__).parents[3] / "docs" / "write.md").read_text(encoding="utf-8")


def listing(kind, beginning):
    """The listing in the guide of a kind that begins with a text."""
    [found] = re.findall(rf"```{kind}\n({re.escape(beginning)}.*?)```", GUIDE, re.DOTALL)
    return found


@pytest.mark.slow
def test_the_lesson_in_the_guide_runs_and_is_built(project, kernels):
    """In a kernel that trains: what a new author copies."""
    for script in (project.root / "tutorials").glob("*.py"):
        script.unlink()
    (project.root / "docs" / "index.md").write_text("# Home\n")
    lesson = listing("python", "# %% [markdown] level")
    (project.root / "tutorials" / "my_lesson.py").write_text(lesson)
    bands = listing("toml", '[my_lesson]\n"linear')
    (project.root / "tutorials" / "bands.toml").write_text(bands)
    [found] = project.lessons
    assert problems(found) == ()
    assert not [problem for problem in problems_of_teaching(found, {}) if ", line " in problem]

    result = project.build(MNIST_LESSONS_OFFLINE="1")
    assert result.returncode == 0, result.stderr
    page = BeautifulSoup(project.page("my_lesson"), "html.parser").article
    assert page.h1.get_text().strip().startswith("The smallest network")
    assert [fold.summary.get_text() for fold in page("details", ["folded-code", "success"])] == [
        "Show the code",
        "Solution",
    ]
    assert page.find("details", "success").find_next("pre", string=re.compile("7850"))
    assert "Training lowers the loss." in page.get_text()
    assert re.search(r"It reads \d\d\.\d\d% of the test images", page.get_text())
    assert page.math
    assert page.find("img", alt=re.compile("linear"))
    assert any("Both splits" in caption.get_text() for caption in page("caption"))
