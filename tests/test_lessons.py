"""The lessons as scripts that a learner starts, and as texts that keep the rules of their form."""

import ast
import csv
import json
import re
import runpy
import shutil
import signal
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from mkdocs.utils.yaml import yaml_load

from mnist_lessons.errors import ClaimError
from mnist_lessons.figures.look import VARIANTS
from mnist_lessons.publishing.site.reading_order import parts
from mnist_lessons.publishing.writing.form import problems
from mnist_lessons.publishing.writing.lessons import code_cells, discover
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings

ROOT = Path(__file__).parents[1]
LESSONS = {lesson.slug: lesson for lesson in discover(ROOT / "tutorials")}
BANDS = tomllib.loads((ROOT / "tutorials" / "bands.toml").read_text(encoding="utf-8"))

every_lesson = pytest.mark.parametrize("slug", LESSONS)


def card_of(folder, slug):
    return json.loads((folder / "runs" / slug / "run.json").read_text(encoding="utf-8"))


def log_of(folder, slug):
    with (folder / "runs" / slug / "log.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@every_lesson
def test_a_lesson_is_a_script_for_any_folder(previews, slug):
    folder, said = previews
    status, out, err = said[slug]
    assert status == 0, err
    assert out.splitlines()[-1] == f"figures, log.csv and run.json are in {Path('runs') / slug}"
    card = card_of(folder, slug)
    assert card["status"] == "finished"
    assert card["profile"] == "preview"
    assert card["results"] or card["values"]
    for result in card["results"]:
        assert f"{result['title']}: {result['accuracy']:.2%} of " in out[-1000:]


@every_lesson
def test_a_script_announces_the_sample_and_warns_of_nothing(previews, slug):
    _, said = previews
    lines = said[slug][2].splitlines()
    assert any("SAMPLE DATA" in line for line in lines)
    assert all(line.startswith("mnist_lessons: ") for line in lines)


@every_lesson
def test_a_script_leaves_its_figures_and_its_log(previews, slug):
    folder, _ = previews
    card = card_of(folder, slug)
    shown = [figure["name"] for figure in card["figures"]]
    assert len(shown) == len(set(shown)) >= 1
    for name in shown:
        assert (folder / "runs" / slug / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    of_figures = {f"{name}{ending}" for name in shown for ending in (".png", *VARIANTS)}
    of_figures |= {figure["data"] for figure in card["figures"] if figure["data"]}
    of_tables = {table["data"] for table in card["tables"]}
    of_results = {
        f"{result['key']}.errors.{kind}" for result in card["results"] for kind in ("json", "png")
    }
    of_networks = {f"{network['key']}.weights" for network in card["networks"]}
    of_networks |= {"training.digits.png"} if of_networks else set()
    assert of_networks or slug not in ("simple_dnn", "improved_cnn")
    rows = log_of(folder, slug)
    trains = "run.fit(" in LESSONS[slug].script.read_text(encoding="utf-8")
    assert len(rows) >= 3 if trains else not rows  # a loop of its own has no log
    assert [(row["fit"], int(row["epoch"])) for row in rows] == [
        (record["fit"], record["epoch"]) for record in card["log"]
    ]
    left = {path.name for path in (folder / "runs" / slug).iterdir()}
    assert left == {"log.csv", "run.json", *of_figures, *of_tables, *of_results, *of_networks}
    assert {path.name for path in folder.iterdir()} == {"runs"}
    assert {path.name for path in (folder / "runs").iterdir()} == {"checkpoints", *LESSONS}
    if not trains:
        return
    states = {path.name for path in (folder / "runs" / "checkpoints" / slug).iterdir()}
    assert states == {"lock", *(name for name in states if re.fullmatch(r"[0-9a-f]{64}\.pt", name))}


def test_a_finished_training_is_not_repeated(previews, start_lesson, tmp_path):
    first, _ = previews
    shutil.copytree(first / "runs" / "checkpoints", tmp_path / "runs" / "checkpoints")
    process = start_lesson("simple_dnn", tmp_path, MNIST_LESSONS_PROFILE="preview")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    card = card_of(tmp_path, "simple_dnn")
    for part in ("log", "values"):  # with the seconds of each epoch
        assert card[part] == card_of(first, "simple_dnn")[part]


def test_ctrl_c_in_training_leaves_the_log_so_far(start_lesson, tmp_path):
    process = start_lesson("simple_dnn", tmp_path, MNIST_LESSONS_PROFILE="full")
    assert any(line.startswith("epoch ") for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    # An interrupt may leave a file for the garbage collector, which tells of it under -W error.
    assert "KeyboardInterrupt" not in err
    assert str(Path("runs") / "simple_dnn") in err.splitlines()[-1]
    card, rows = card_of(tmp_path, "simple_dnn"), log_of(tmp_path, "simple_dnn")
    assert card["status"] == "interrupted"
    assert card["profile"] == "full"
    assert [int(row["epoch"]) for row in rows] == list(range(len(rows)))
    assert 0 < len(rows) == len(card["log"]) < 129


@every_lesson
def test_an_unknown_setting_ends_a_lesson_with_one_line(slug, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_LESSONS_PROFIL", "preview")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(LESSONS[slug].script), run_name="__main__")
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "MNIST_LESSONS_PROFIL" in err
    assert list(tmp_path.iterdir()) == []


def prose_of(slug):
    return [cell.source for cell in LESSONS[slug].notebook().cells if cell.cell_type == "markdown"]


def headings_of(slug):
    """Level and text of each heading, in order."""
    without_listings = re.sub(r"^```.*?^```", "", "\n\n".join(prose_of(slug)), flags=re.M | re.S)
    found = re.findall(r"^(#+) (.+)$", without_listings, flags=re.M)
    return [(len(marks), text) for marks, text in found]


@every_lesson
def test_a_code_cell_is_short(slug):
    for cell in code_cells(LESSONS[slug].notebook()):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert 1 <= len(lines) <= 16, cell.source


@every_lesson
def test_a_lesson_has_one_title_and_no_heading_skips_a_level(slug):
    assert problems(LESSONS[slug]) == ()
    levels = [level for level, _ in headings_of(slug)]
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


@every_lesson
def test_a_lesson_has_no_header_that_a_page_would_print(slug):
    kinds = {cell.cell_type for cell in LESSONS[slug].notebook().cells}
    assert kinds == {"markdown", "code"}
    script = LESSONS[slug].script.read_text(encoding="utf-8")
    assert re.match(r'# %% \[markdown\]( \w+="[^"\n]+")*\n# # ', script)


# What arithmetic gives, and what the lessons choose: none of these is measured.
NOT_MEASURED = {"100%", "6.25%", "90%", "95%"}


@every_lesson
def test_no_accuracy_is_typed_into_prose(slug):
    found = re.findall(r"\d[\d.,]*\s?%", " ".join(prose_of(slug)))
    assert {re.sub(r"\s", " ", text) for text in found} <= NOT_MEASURED


@every_lesson
def test_every_result_of_a_lesson_has_a_band(previews, slug):
    folder, _ = previews
    card = card_of(folder, slug)
    results = {f"{result['key']}.test_accuracy" for result in card["results"]}
    bands = BANDS.get(slug, {})
    assert results <= set(bands) <= set(card["values"])
    assert all(low < high for low, high in bands.values())
    assert all(0.9 <= low < high < 1 for low, high in map(bands.get, results))


def test_there_is_no_band_without_a_lesson():
    assert set(BANDS) <= set(LESSONS)


@every_lesson
def test_a_reader_meets_a_lesson_after_those_that_it_needs(slug):
    order = [Path(uri).stem for uri in parts(yaml_load((ROOT / "mkdocs.yml").read_text())["nav"])]
    before = order[: order.index(slug)]
    assert set(LESSONS[slug].needs) <= set(before)


def claims_of(source):
    """Each call of `run.claim`: its sentence and its condition, as syntax trees."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call.args for call in calls if ast.unparse(call.func) == "run.claim"]


def said_by(sentence):
    """What matches the sentences that a string, with or without values in it, can be."""
    parts = sentence.values if isinstance(sentence, ast.JoinedStr) else [sentence]
    texts = [part.value if isinstance(part, ast.Constant) else None for part in parts]
    return re.compile("".join(".+" if text is None else re.escape(text) for text in texts))


def computed_names(source):
    """The names that a program gives to what it computes: nothing imported, no literal."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and not is_literal(node.value):
            found |= {name.id for to in node.targets for name in names_in(to)}
        elif isinstance(node, ast.For | ast.comprehension):
            found |= {name.id for name in names_in(node.target)}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


def names_in(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name)]


def is_literal(tree):
    """Whether an expression is written out; empty lists and dicts are there to be filled."""
    try:
        value = ast.literal_eval(tree)
    except ValueError:
        return False
    return any(one not in ([], {}) for one in (value if isinstance(value, tuple) else [value]))


def names_a_computed_value(condition, source):
    return any(name.id in computed_names(source) for name in names_in(condition))


@every_lesson
def test_the_condition_of_a_claim_names_what_the_lesson_computes(slug):
    source = LESSONS[slug].script.read_text(encoding="utf-8")
    for _, condition in claims_of(source):
        assert names_a_computed_value(condition, source), ast.unparse(condition)


@pytest.mark.parametrize(
    ("source", "can_fail"),
    [
        ("run.claim('A.', True)", False),
        ("from m import low\nrun.claim('A.', low < 2)", False),
        ("low = 1\nrun.claim('A.', low < 2)", False),
        ("low, high = f()\nrun.claim('A.', 1 < high < 2)", True),
        ("rows = []\nfor row in f():\n    rows.append(row)\nrun.claim('A.', 1 in rows)", True),
        ("rows, n = [], []\nrows.append(f())\nrun.claim('A.', 1 in rows)", True),
        ("score = f()\nrun.claim('A.', all(x < score.best for x in [1]))", True),
    ],
)
def test_a_claim_that_cannot_fail_is_found(source, can_fail):
    [(_, condition)] = claims_of(source)
    assert names_a_computed_value(condition, source) == can_fail


@every_lesson
def test_a_claim_whose_condition_is_broken_ends_a_full_run_with_its_sentence(
    previews, slug, sample, tmp_path
):
    """The preview has evaluated each condition, and noted its sentence as it is said."""
    folder, _ = previews
    sentences = [claim["sentence"] for claim in card_of(folder, slug)["claims"]]
    for sentence, _ in claims_of(LESSONS[slug].script.read_text(encoding="utf-8")):
        assert any(map(said_by(sentence).fullmatch, sentences)), ast.unparse(sentence)
    run = Run(slug, seed=0, settings=Settings(runs=tmp_path))
    run.loaded(replace(sample, provenance=replace(sample.provenance, dataset="MNIST")))
    for sentence in sentences:
        run.claim(sentence, True)
        with pytest.raises(ClaimError, match=re.escape(sentence)):
            run.claim(sentence, False)
