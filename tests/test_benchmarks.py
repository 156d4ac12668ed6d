"""The benchmark compares equal arithmetic, runs, and leaves nothing behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import torch
from torch.nn import functional as F

from benchmarks import our_loops, scale, seed_loops
from benchmarks.__main__ import main
from benchmarks.copies import copy_of_project
from benchmarks.lessons import two_cores
from benchmarks.links import broken_links
from benchmarks.rows import Check, Row

ROOT = Path(__file__).parents[1]

# In the place of a lesson that trains.
SHORT = """\
# %% [markdown]
# # A short lesson
#
# It only says hello.

# %%
from mnist_lessons.runlog import start_run

run = start_run("{slug}", seed=1)
print("hello")
run.finish()
"""


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files: its path is short enough for a kernel's sockets."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder).resolve()


@pytest.fixture
def short_project(tmp_path) -> Path:
    """This project with lessons that do not train, and leave nothing for its pages to show."""
    root = tmp_path / "project"
    for name in ("benchmarks", "docs", "mnist_lessons", "tests", "tutorials"):
        ignored = shutil.ignore_patterns("__pycache__", "*.toml")
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    shutil.copy(ROOT / "mkdocs.yml", root)
    for page in (root / "docs").glob("*.md"):
        text = re.sub("<!-- lessons: .* -->", "", page.read_text("utf-8"))
        page.write_text(re.sub(r"(tutorials/\w+\.py)#[\w-]+", r"\1", text), "utf-8")
    for script in (root / "tutorials").glob("*.py"):
        script.write_text(SHORT.format(slug=script.stem), encoding="utf-8")
    return root


def start_bench(*options: str, cwd: Path = ROOT, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks", *options],
        cwd=cwd,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def bench(*options: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    process = start_bench(*options, cwd=cwd, **variables)
    out, err = process.communicate(timeout=600)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def in_this_process(monkeypatch, capsys) -> Callable[..., tuple[int, str]]:
    """Runs what ends before anything is measured; exit status, and what it wrote to stderr."""

    def run(*options: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["python -m benchmarks", *options])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().err

    return run


def working_in(folder: Path) -> list[psutil.Process]:
    """The running processes whose working directory is below a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            is_there = Path(process.cwd()).is_relative_to(folder)
        except psutil.Error:  # another user's, or gone
            continue
        if is_there and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def with_weights_of(source: torch.nn.Module, target: torch.nn.Module) -> torch.nn.Module:
    pairs = zip(target.parameters(), source.parameters(), strict=True)
    for mine, theirs in pairs:
        mine.data.copy_(theirs.data)
    return target


def assert_same_gradients(one: torch.nn.Module, other: torch.nn.Module) -> None:
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-6)


def test_cnn_has_the_loss_and_gradients_of_the_seed(sample):
    from mnist_lessons.data import normalise
    from mnist_lessons.models import ImprovedCNN

    batch = normalise(sample, mean=0.1307, std=0.3081).train[:64]
    seed = seed_loops.CNN().eval()  # dropout draws at random
    ours = with_weights_of(seed, ImprovedCNN()).eval()
    theirs = F.nll_loss(seed(batch.images), batch.labels)
    mine = F.cross_entropy(ours(batch.images), batch.labels)
    torch.testing.assert_close(mine, theirs)
    theirs.backward()
    mine.backward()
    assert_same_gradients(ours, seed)


def test_dnn_has_the_loss_and_gradients_of_the_seed(sample):
    from mnist_lessons.data import normalise

    rows = slice(0, 512)
    wide = sample.train.images.to(torch.float64)
    images = (wide / wide.max())[rows].float()
    batch = normalise(sample, scale=float(sample.train.images.max())).train[rows]
    seed = seed_loops.DNN()
    ours = with_weights_of(seed, our_loops.dnn_model())
    theirs = F.cross_entropy(seed(images), batch.labels)
    mine = F.cross_entropy(ours(batch.images), batch.labels)
    torch.testing.assert_close(mine, theirs)
    theirs.backward()
    mine.backward()
    assert_same_gradients(ours, seed)


@pytest.mark.slow
def test_compares_the_loops_on_the_sample(tmp_path):
    """Seven processes, each with PyTorch and a training of its own."""
    report = tmp_path / "bench.json"
    done = bench("loops", "--rounds", "1", "--threads", "1", "--json", str(report))
    assert done.returncode == 0, done.stderr
    assert "SAMPLE" in done.stdout
    assert "CNN, threads 1, round 1 of 1, seed" in done.stdout
    assert "CNN epoch, times faster" in done.stdout
    assert "DNN peak memory, whole process" in done.stdout
    rows = json.loads(report.read_text(encoding="utf-8"))["rows"]
    assert len(rows) == 6
    assert all(ratio > 0 for row in rows for ratio in row["values"])
    assert {row["verdict"] for row in rows} <= {"reached", "missed", ""}


@pytest.mark.slow
def test_times_how_a_site_is_built(short_project, temporary, tmp_path):
    """All pages with short lessons, a dozen times, and a server."""
    report = tmp_path / "bench.json"
    options = ("--rounds", "1", "--repeats", "1", "--json", str(report))
    variables = {"MNIST_LESSONS_PROFILE": "preview", "TMPDIR": str(temporary)}
    done = bench("building", *options, cwd=short_project, **variables)
    assert done.returncode == 0, done.stderr
    assert "save 1 of 1 ..." in done.stdout
    content = json.loads(report.read_text(encoding="utf-8"))
    rows = {row["what"]: row for row in content["rows"]}
    assert all(what in done.stdout for what in rows)

    assert [row["target"] for row in rows.values()] == [0.7, 0, 0.2, 0.6, 1, None, 1.05, None]
    assert rows["Modules of torch that a warm rebuild imports"]["values"] == [0]
    assert len(rows["Prose saved, to the new page"]["values"]) == 1
    figures = content["building"]
    assert 0 < min(figures["plan"]) < min(figures["imports_and_plan"])
    seconds = [all_ for name, all_ in figures.items() if isinstance(all_, list) and name != "torch"]
    assert min(map(min, seconds)) > 0
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_times_what_a_growing_site_costs(temporary, tmp_path):
    report = tmp_path / "bench.json"
    options = ("--lessons", "8", "--rounds", "1", "--json", str(report))
    done = bench("scale", *options, TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    assert "save 1 of 1 while the whole site is built ..." in done.stdout
    content = json.loads(report.read_text(encoding="utf-8"))
    rows = {row["what"]: row for row in content["rows"]}
    assert all(what in done.stdout for what in rows)
    assert rows["8 lessons: warm rebuild above plain, share of plain"]["target"] == 0.4
    figures = content["scale"]["8"]
    assert [row.what for row in scale._rows(1, figures)][1] == (
        "1 lesson: warm rebuild above plain pages"
    )
    assert 0 < min(figures["plan"]) < min(figures["imports_and_plan"])
    assert min(map(min, figures.values())) >= 0
    assert list(temporary.iterdir()) == []


def test_a_copy_of_the_project_has_the_tests_that_its_lessons_show(tmp_path):
    root = copy_of_project(tmp_path).root
    shown = [
        found
        for script in (root / "tutorials").glob("*.py")
        for found in re.findall(r"<!-- lessons: test (\S+)", script.read_text("utf-8"))
    ]
    assert shown
    assert all((root / name).is_file() for name in shown)


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_and_no_file(short_project, temporary):
    process = start_bench("building", cwd=short_project, TMPDIR=str(temporary))
    end = time.monotonic() + 60
    while not any("ipykernel_launcher" in one.cmdline() for one in working_in(temporary)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "\nbenchmarks: interrupted\n"
    assert working_in(temporary) == []
    assert list(temporary.iterdir()) == []


def test_a_step_that_fails_says_which_and_why(short_project, temporary):
    with (short_project / "mkdocs.yml").open("a", encoding="utf-8") as stream:
        stream.write("no_such_option: 1\n")
    done = bench("building", cwd=short_project, TMPDIR=str(temporary))
    assert done.returncode == 1
    assert "benchmarks: python -P -m mnist_lessons.publishing build failed:" in done.stderr
    assert "no_such_option" in done.stderr
    assert list(temporary.iterdir()) == []


def test_measures_the_pages_of_a_site_beside_those_of_mkdocs_jupyter(site, tmp_path):
    """Two pages of ours and one of theirs: each is opened nine times, four times for all of axe."""
    folder, report = tmp_path / "site", tmp_path / "bench.json"
    shutil.copytree(site.folder, folder)
    for page in (site.root / "docs").glob("*.md"):
        if page.stem not in ("index", "draw", "errors"):
            shutil.rmtree(folder / page.stem)
    for name in ("index.html", "404.html", "errors/index.html"):
        (folder / name).unlink()
    for lesson in (folder / "tutorials").iterdir():
        if lesson.name != "scaling_out":
            (lesson / "index.html").unlink()  # its pictures stay, which other pages show
            (lesson / f"{lesson.name}.ipynb").unlink()
    done = bench("pages", "--site", str(folder), "--json", str(report))
    assert done.returncode == 0, done.stderr
    content = json.loads(report.read_text(encoding="utf-8"))
    assert content["pages"]["ours"]["pages"] == 2
    assert content["pages"]["demo"]["images"] == 500
    rows = {row["what"]: row for row in content["rows"]}
    assert all(what in done.stdout for what in rows)
    missed = [what for what, row in rows.items() if row["verdict"] == "missed"]
    timed = "Demo: one answer of all networks, as the page shows it"
    assert [what for what in missed if what != timed] == [
        "Links, images and downloads that lead nowhere"
    ]
    theirs = {what: row["theirs"] for what, row in rows.items() if row["theirs"] is not None}
    never = ("Layout shift while a lesson loads", "Pages that scroll sideways at 320 px")
    assert all(worse > rows[what]["target"] for what, worse in theirs.items() if what not in never)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("pages", "there is no site in {}: build one with make site"),
        ("lessons", "there is no lesson in {}/tutorials/: build the site first"),
    ],
)
def test_what_a_site_holds_is_measured_of_a_built_site_only(in_this_process, tmp_path, part, told):
    status, said = in_this_process(part, "--site", str(tmp_path))
    assert status == 2
    assert said == f"benchmarks: {told.format(tmp_path)}\n"


def test_a_link_that_leads_nowhere_is_told_with_its_page(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.html").write_text('<h2 id="here">Here</h2>')
    good = ["other/", "other/#here", "https://example.org", "data:,", "http://here/other/", "#top"]
    bad = {
        "missing/": "no such file",
        "other/#there": "no such place on that page",
        "../index.html": "no such file",
        "http://example.org": "neither here nor on the web",
    }
    links = "".join(f'<a href="{link}">a link</a>' for link in [*good, *bad])
    (tmp_path / "index.html").write_text(f'<p id="top">{links}</p>')
    checked, broken = broken_links(tmp_path, "http://here/")
    assert checked == len(good) + len(bad)
    assert broken == [("index.html", link, why) for link, why in bad.items()]


def test_a_verdict_of_a_page_is_by_its_limit():
    check = Check("what", 20, 17.25, 838.4, "kB")
    assert check.verdict == "reached"
    assert str(check).split() == ["what", "20", "kB", "17.25", "kB", "838.4", "kB", "reached"]
    assert Check("what", 0, 1).verdict == "missed"
    assert str(Check("what", 0, 0)).split() == ["what", "0", "0", "-", "reached"]


def test_a_verdict_is_by_the_median():
    row = Row("what", 1, [0.5, 0.9, 4.0], target=1.0, at_most=True, unit="s")
    assert row.verdict == "reached"
    assert "0.90 s (0.50 to 4.00)" in str(row)
    assert "<= 1 s" in str(row)
    assert Row("what", 1, [1.5, 1.6, 4.0], target=1.7).verdict == "missed"
    assert Row("what", 1, [0.0], target=0.0, at_most=True).verdict == "reached"
    assert Row("what", 1, [0.0]).verdict == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rounds", "0"], "'0' is not a whole number from 1 to 1000"),
        (["--threads", "two"], "'two' is not a whole number"),
        (["--json", "no/such/file.json"], "there is no folder"),
        (["rebuilding"], "invalid choice: 'rebuilding'"),
        (["building", "--repeats", "0"], "'0' is not a whole number from 1 to 1000"),
        (["scale", "--lessons", "7", "1000"], "'1000' is not a whole number from 1 to 999"),
    ],
)
def test_bad_arguments_end_with_status_2(in_this_process, options, message):
    status, said = in_this_process(*options)
    assert status == 2
    assert message in said


def test_says_where_the_time_of_a_build_goes(site):
    done = bench("lessons", "--site", str(site.folder))
    assert done.returncode == 0, done.stderr
    cards = [json.loads(file.read_bytes()) for file in site.folder.glob("tutorials/*/run.json")]
    for card in cards:
        minutes = (card["processor_seconds"] + card["reused_seconds"]) / 60
        assert re.search(rf"^{card['lesson']} .* {minutes:.2f} min ", done.stdout, re.M)
    wholes = [line for line in done.stdout.splitlines() if line.startswith("all")]
    assert len(wholes) == 2
    assert not any("reached" in whole for whole in wholes), "a preview of the sample has no target"
    assert "profile preview, sample of MNIST on " in done.stdout


@pytest.mark.parametrize(
    ("lengths", "last"), [([], 0), ([5], 5), ([3, 2, 2], 4), ([1, 1, 10], 11), ([10, 1, 1], 10)]
)
def test_two_runs_at_a_time_end_with_the_longer_core(lengths, last):
    assert two_cores(lengths) == last
