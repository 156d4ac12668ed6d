"""What a GPU made of the networks is shown where it is recorded, and nothing where it is not."""

import json

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown

from benchmarks.gpu.parts import PARTS, RECIPES
from mnist_lessons.errors import DataError
from mnist_lessons.publishing.exhibits import gpu
from mnist_lessons.publishing.exhibits.markers import filled_markdown
from mnist_lessons.publishing.exhibits.sources import Sources

HOSTILE = '<script>alert(1)</script> "x" | `<img src=x onerror=alert(1)>` [x](javascript:x)'


def compared(within=True):
    return {
        "correct": [4_890, 4_880, 4_885], "count": 5_000, "mean": 0.977, "cpu_mean": 0.9774,
        "cpu_spread": 0.0007, "limits": [0.9746, 0.9802], "within": within,
    }  # fmt: skip


def trained(recipe, **changes):
    result = {
        "recipe": recipe, "seeds": [1, 2, 3], "seconds": [7.0, 6.0, 5.0], "same_bits": True,
        "needed": "nothing besides fit", "validation": compared(), "test": compared(),
    }  # fmt: skip
    return result | changes


def raced(way, seconds):
    best = {
        "batch_size": 1_024, "epochs": 5, "warm_up": 12.34, "seconds": [seconds] * 5,
        "mean_seconds": seconds, "accuracy": 0.9912,
    }  # fmt: skip
    reached = seconds is not None
    tried = [best if reached else best | {"seconds": [1.0] * 5}]
    return {"way": way, "goal": 0.99, "tried": tried, "best": best if reached else None}


def limited(way):
    step = {
        "batch_size": 64, "microseconds": 812.4, "kernel_microseconds": 97.6, "kernels": 61.0,
        "share": 0.12, "limit": "launches", "top": [],
    }  # fmt: skip
    return {"way": way, "steps": [step]}


def many(network):
    one = {"trainings": 5, "accuracy": 0.9911, "spread": 0.0005, "per_second": 3.5, "seconds": 0.3}
    together = one | {"models": 128, "per_second": 41.25}
    return {"network": network, "batch_size": 256, "epochs": 3, "apart": one, "together": together}


RESULTS = {
    **{name: trained(name) for name in RECIPES},
    "fit": raced("fit", 1.25),
    "loop": raced("loop", 0.875),
    "graph": raced("graph", 0.125),
    "compile": raced("compile", None),
    "compile-graph": raced("compile-graph", 0.25),
    "limit-fit": limited("fit"),
    "limit-graph": limited("graph"),
    "many-dnn": many("dnn"),
    "many-cnn": many("cnn"),
}


def record_of(results=RESULTS, **changes):
    parts = [
        {
            "name": part.name, "title": part.title, "seconds": 1.0,
            **(
                {"outcome": "done", "result": results[part.name]}
                if part.name in results
                else {"outcome": "skipped", "reason": "takes 30 s at the least, and 3 s are left"}
            ),
        }
        for part in PARTS
    ]  # fmt: skip
    machine = {
        "card": "NVIDIA H100 80GB HBM3",
        "driver": "580.1",
        "torch": "2.11.0",
        "cuda": "13.0",
    }
    content = {
        "started": "2026-11-27T10:11:12+00:00", "rehearsal": False, "machine": machine,
        "data": "abc", "commit": "0123456789abcdef", "code": "fedcba9876543210", "complete": True,
        "parts": parts, "seconds": 300.0,
    }  # fmt: skip
    return content | changes


@pytest.fixture
def section(tmp_path):
    """Makes the section of a record, as HTML."""

    def make(content) -> BeautifulSoup:
        file = tmp_path / "gpu.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        html = Markdown(extensions=["tables"]).convert(gpu.block(file))
        return BeautifulSoup(html, "html.parser")

    return make


def rows_of(table):
    return [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]


def test_without_a_record_there_is_not_even_a_heading(tmp_path):
    assert gpu.block(tmp_path / "gpu.json") == ""


def test_everything_that_was_measured_is_shown(section):
    soup = section(record_of())
    assert soup.h2.get_text() == "On a GPU"
    text = soup.get_text(" ", strip=True)
    assert "NVIDIA H100" in text
    assert "driver 580.1, PyTorch 2.11.0, CUDA 13.0" in text
    assert "commit 0123456789ab" in text
    assert "Not measured" not in text
    accuracy, races, limits, together = map(rows_of, soup("table"))
    assert accuracy[1] == [
        "dnn", "3", "validation", "97.70%", "97.74%", "97.46% to 98.02%", "yes", "yes", "6.0",
    ]  # fmt: skip
    assert len(accuracy) == 1 + 2 * len(RECIPES)
    assert races[3] == ["a CUDA graph of the step", "1,024", "5", "0.125", "99.12%", "12.3"]
    assert races[4][3] == "not reached"
    assert "mean over 5 seeds" in text
    assert limits[1] == ["fit, as in the lessons", "64", "812", "98", "61", "12%", "launches"]
    assert together[2][2:] == ["3.50", "99.11% (± 0.05%)", "128", "41.25", "99.11% (± 0.05%)"]


@pytest.mark.parametrize(
    ("fastest", "said"),
    [
        (
            0.25,
            "takes 0.250 s: of what was hoped for, 1 s is reached and 0.3 s is reached.",
        ),
        (0.5, "1 s is reached and 0.3 s is missed."),
        (1.5, "1 s is missed and 0.3 s is missed."),
        (None, "No way reached it."),
    ],
)
def test_the_goals_are_judged_by_the_fastest_way(fastest, said, section):
    results = {"fit": raced("fit", None), "graph": raced("graph", fastest)}
    assert said in section(record_of(results)).get_text()


def test_one_way_alone_is_not_called_the_fastest(section):
    text = section(record_of({"fit": raced("fit", 0.25)})).get_text()
    assert "It takes 0.250 s" in text
    assert "The fastest takes" not in text


def test_what_missed_its_check_is_said(section):
    missed = trained("dnn", validation=compared(within=False), same_bits=False, needed="more")
    rows = rows_of(section(record_of({"dnn": missed})).table)
    assert rows[1][6:8] == ["no", "no (needed: more)"]
    assert rows[2][6:8] == ["yes", "no (needed: more)"]


def test_a_part_that_is_lacking_is_named_and_has_no_empty_table(section):
    soup = section(record_of({"graph": raced("graph", 0.125)}, complete=False))
    assert len(soup("table")) == 1
    items = [item.get_text() for item in soup("li")]
    assert "train the recipe dnn: takes 30 s at the least, and 3 s are left" in items
    assert items[-1] == "what came after: the check was cut off"
    assert len(items) == len(PARTS)


def test_a_record_without_a_single_result_still_says_so(section):
    soup = section(record_of({}, parts=[], complete=False))
    assert soup("table") == []
    assert soup.li.get_text() == "what came after: the check was cut off"


def test_nothing_in_a_record_has_an_effect(section):
    machine = {"card": HOSTILE, "driver": HOSTILE, "torch": HOSTILE, "cuda": None}
    results = {"dnn": trained(HOSTILE, same_bits=False, needed=HOSTILE), "many-dnn": many(HOSTILE)}
    content = record_of(results, machine=machine, commit=HOSTILE, code=HOSTILE, started=HOSTILE)
    content["parts"][1] |= {"title": HOSTILE, "reason": HOSTILE}
    soup = section(content)
    assert soup(["script", "img"]) == []
    assert [link["href"] for link in soup("a")] == ["tutorials/beyond.py"]
    assert HOSTILE in soup.get_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot read gpu.json"),
        ("[]", "gpu.json is no record of the GPU check"),
        ("{}", "gpu.json is no record of the GPU check"),
        (record_of(rehearsal=True), "gpu.json is of a rehearsal"),
        (record_of({"fit": {}}), "gpu.json is no record of the GPU check"),
        (record_of({"fit": raced("by hand", 1.0)}), "KeyError: 'by hand'"),
        (record_of(parts=[{}]), "KeyError: 'outcome'"),
        (record_of(machine=None), "AttributeError"),
    ],
)
def test_what_is_no_record_stops_the_build(content, message, section):
    with pytest.raises(DataError, match=message):
        section(content)


def test_a_page_shows_the_section_in_its_place(tmp_path):
    folder = tmp_path / "mnist_lessons" / "studies"
    folder.mkdir(parents=True)

    def shown():
        text = "# Results\n\n<!-- lessons: gpu -->\n\n## The runs\n"
        return filled_markdown(text, Sources(tmp_path, {}))[0]

    assert shown().split() == ["#", "Results", "##", "The", "runs"]
    (folder / "gpu.json").write_text(json.dumps(record_of()))
    headings = [line for line in shown().splitlines() if line.startswith("#")]
    assert headings == ["# Results", "## On a GPU", "## The runs"]
    (folder / "gpu.json").write_text("{}")
    with pytest.raises(DataError, match=r"gpu\.json is no record"):
        shown()
