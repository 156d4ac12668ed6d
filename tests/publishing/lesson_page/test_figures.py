"""A figure on a page: files of its run, one picture for each palette, a caption, its data."""

import csv
import io
import shutil
import struct
from base64 import b64encode
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup
from nbformat import v4
from PIL import Image

from benchmarks.browsing import Visit, chromium
from benchmarks.static import serving_folder
from mnist_lessons import plots
from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.lesson_page import cells as lesson_cells
from mnist_lessons.publishing.runs.store import StoredRun
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings
from tests.publishing.cards import as_built

ROOT = Path(__file__).parents[3]
COUNTS = torch.arange(100).reshape(10, 10).numpy()
TITLE = '1 < 2 & "quoted" </figcaption><script>alert(1)</script>'


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The folder of a run that has shown a figure with data, and one without. Only to be copied."""
    run = Run("lesson", seed=0, settings=Settings(runs=tmp_path_factory.mktemp("drawn")))
    run.show(plots.confusion_matrix(COUNTS, title=TITLE), "matrix")
    digits = torch.arange(2 * 784).reshape(2, 28, 28)
    alt = "Two images without any meaning."
    run.show(plots.image_grid(digits, ["a", "b"], title="Two", alt=alt), "Two_images")
    return as_built(run.folder).folder


@pytest.fixture
def run(drawn, tmp_path):
    """A run that has shown these figures."""
    return StoredRun(shutil.copytree(drawn, tmp_path / "lesson"))


def output(content, **about):
    bundle = {"image/png": b64encode(content).decode(), "text/plain": "<Figure>"}
    return v4.new_output("display_data", bundle, metadata={"image/png": about})


def shown(run, name, /, **changes):
    """What a notebook has of a figure of a run."""
    about = next(figure for figure in run.card.figures if figure.name == name)
    kept = {key: getattr(about, key) for key in ("alt", "title", "name")}
    return output((run.folder / f"{name}.png").read_bytes(), **kept | changes)


def notebook_of(*outputs):
    return v4.new_notebook(cells=[v4.new_code_cell("f()", outputs=list(outputs))])


def html_of(notebook, run):
    [cell] = lesson_cells.rendered(lesson_cells.prepared(notebook, run))
    return BeautifulSoup(cell, "html.parser")


def test_a_page_gets_the_drawings_and_the_data(run):
    notebook = notebook_of(shown(run, "matrix"), shown(run, "Two_images"))
    files = lesson_cells.shown_files(notebook, run)
    endings = (".svg", ".dark.svg", ".narrow.svg", ".narrow.dark.svg")
    drawn = [f"{name}{ending}" for name in ("matrix", "Two_images") for ending in endings]
    assert sorted(files) == sorted([*drawn, "matrix.csv"])
    assert all(content == (run.folder / name).read_bytes() for name, content in files.items())
    _, *rows = csv.reader(io.StringIO(files["matrix.csv"].decode()))
    assert [[int(cell) for cell in row[1:]] for row in rows] == COUNTS.tolist()


def test_a_figure_is_one_picture_for_each_palette_with_a_caption(run):
    notebook = notebook_of(shown(run, "matrix"), shown(run, "Two_images"))
    files = lesson_cells.shown_files(notebook, run)
    figures = html_of(notebook, run).select("figure.lesson-figure")
    assert len(figures) == 2
    for figure, about in zip(figures, run.card.figures, strict=True):
        assert [child.name for child in figure.find_all(True, recursive=False)] == [
            *("picture", "picture", "figcaption")
        ]
        assert [picture["class"] for picture in figure("picture")] == [
            ["only-light"],
            ["only-dark"],
        ]
        for picture in figure("picture"):
            image, source = picture.img, picture.source
            assert (image["alt"], image["loading"]) == (about.alt, "lazy")
            assert "narrow" in source["srcset"]
            assert source["media"].startswith("(max-width:")
            assert ("dark" in image["src"]) == ("dark" in source["srcset"])
            for tag, name in ((image, image["src"]), (source, source["srcset"])):
                svg = BeautifulSoup(files[name], "html.parser").svg
                assert [tag["width"], tag["height"]] == [svg["width"], svg["height"]]
            assert int(source["width"]) <= int(image["width"])
        links = [link["href"] for link in figure("a")]
        assert links == ([about.data] if about.data else [])
        assert set(links) <= set(files)
        assert all(link.has_attr("download") for link in figure("a"))
        assert figure.figcaption.contents[0] == about.title


@pytest.mark.parametrize(
    "change", [{"name": "other"}, {"name": "../lesson/matrix"}, {"name": 3}, {"name": None}]
)
def test_a_picture_without_drawings_is_shown_as_it_is(change, run):
    notebook = notebook_of(shown(run, "matrix", **change))
    [(name, content)] = lesson_cells.shown_files(notebook, run).items()
    assert content == (run.folder / "matrix.png").read_bytes()
    page = html_of(notebook, run)
    [image] = page("img")
    assert image["src"] == name
    width, height = struct.unpack(">II", content[16:24])
    assert [int(image["width"]), int(image["height"])] == [width // 2, height // 2]
    assert not page("figcaption"), "its title is in the picture"


def test_drawings_of_another_figure_are_not_taken_for_those_of_a_picture(run):
    buffer = io.BytesIO()
    Image.new("L", (20, 10)).save(buffer, "png")
    about = {"alt": "Another picture of that name.", "title": "T", "name": "matrix"}
    notebook = notebook_of(output(buffer.getvalue(), **about), shown(run, "matrix"))
    page = html_of(notebook, run)
    assert len(page("figure")) == 1
    assert page.select_one("div.lesson-figure img")["alt"] == about["alt"]
    [png] = [name for name in lesson_cells.shown_files(notebook, run) if name.endswith(".png")]
    assert page.select_one("div.lesson-figure img")["src"] == png


@pytest.mark.parametrize("ending", [".svg", ".narrow.dark.svg"])
def test_a_drawing_that_could_run_something_is_not_published(ending, run):
    file = run.folder / f"matrix{ending}"
    file.write_bytes(file.read_bytes().replace(b"</svg>", b"<script>alert(1)</script></svg>"))
    notebook = notebook_of(shown(run, "matrix"))
    with pytest.raises(BuildFailure, match=rf"matrix{ending} could do more .* element script"):
        lesson_cells.shown_files(notebook, run)


def test_a_lesson_with_a_drawing_that_could_run_something_fails(project):
    before = project.site()
    evil = (
        "import os\nfrom pathlib import Path\n\n"
        "tiny.publish('one')\n"
        "folder = Path(os.environ['MNIST_LESSONS_RUNS']) / 'one'\n"
        "length = (folder / 'curve.svg').write_text('<svg onload=\"alert(1)\"/>')"
    )
    project.write("one", end=evil)
    result = project.build()
    assert result.returncode == 1
    assert "one" in result.stderr
    assert "the figure curve.svg could do more in a reader's browser" in result.stderr
    assert project.site() == before


def test_the_html_of_a_cell_changes_with_the_size_of_its_figure(run):
    notebook = notebook_of(shown(run, "matrix"))
    before = lesson_cells.prepared(notebook, run)
    assert lesson_cells.prepared(notebook, run) == before
    file = run.folder / "matrix.svg"
    file.write_bytes(file.read_bytes().replace(b'width="', b'width="1', 1))
    assert lesson_cells.prepared(notebook, StoredRun(run.folder)) != before


@pytest.fixture
def page_of(run):
    """Opens a page with the figures of a run, far below its beginning, in a real browser."""
    notebook = notebook_of(shown(run, "matrix"), shown(run, "Two_images"))
    for scheme in ("default", "slate"):
        (run.folder / f"{scheme}.html").write_text(
            '<!doctype html><meta charset="utf-8"><title>T</title>'
            '<meta name="viewport" content="width=device-width">'
            '<link rel="stylesheet" href="figures.css">'
            f'<body class="md-typeset" data-md-color-scheme="{scheme}">{html_of(notebook, run)}',
            encoding="utf-8",
        )
    shutil.copy(ROOT / "docs" / "stylesheets" / "figures.css", run.folder)
    with serving_folder(run.folder) as address, chromium() as browser:
        yield lambda scheme, width: Visit(
            browser, f"{address}{scheme}.html", width=width, height=2000, wait_until="networkidle"
        )


VISIBLE = """() => [...document.querySelectorAll('img')].filter(one => one.checkVisibility())
    .map(one => [one.currentSrc.split('/').pop(), one.naturalWidth > 0, one.width])"""


@pytest.mark.parametrize(
    ("scheme", "width", "ending"),
    [
        ("default", 1280, ".svg"),
        ("default", 390, ".narrow.svg"),
        ("slate", 1280, ".dark.svg"),
        ("slate", 390, ".narrow.dark.svg"),
    ],
)
def test_a_browser_loads_and_shows_the_one_drawing_that_fits(scheme, width, ending, page_of):
    visit = page_of(scheme, width)
    page = visit.page
    expected = [f"matrix{ending}", f"Two_images{ending}"]
    seen = page.evaluate(VISIBLE)
    assert [[name, loaded] for name, loaded, _ in seen] == [[name, True] for name in expected]
    assert all(wide <= width for *_, wide in seen)
    assert [url.rsplit("/")[-1] for url in visit.sent if "svg" in url] == expected
    page.emulate_media(media="print")
    page.wait_for_function(f"({VISIBLE})().every(([, loaded]) => loaded)")
    names = [name for name, *_ in page.evaluate(VISIBLE)]
    assert names == [name.replace(".dark", "") for name in expected], "paper is white"
