"""Power cuts, kills and builds at the same time: the next build needs no help."""

import random
import shutil
import time

import pytest

from tests.publishing.cards import raw_card


def kept(project, slug):
    """What a page shows of the stored run: all but when it was made and how long it took."""
    run = project.stored(slug)
    assert run.is_whole
    card = raw_card(run)
    del card["cell_seconds"]
    files = {file.name: file.read_bytes() for file in run.folder.iterdir()}
    return card, files["executed.ipynb"], files["log.csv"], sorted(files)


@pytest.fixture
def never_run(short_project):
    """A project with nothing in its store."""
    shutil.rmtree(short_project.store.folder)
    return short_project


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_is_no_obstacle_for_the_next(never_run, kernels, kills):
    """It starts two processes, and a kernel with each, for each kill."""
    moments = random.Random(1)
    project = type(never_run)
    undisturbed = project(shutil.copytree(never_run.root, never_run.root.with_name("u")))
    start = time.monotonic()
    assert undisturbed.program("run", "one").returncode == 0
    usual = time.monotonic() - start
    expected = kept(undisturbed, "one")

    for number in range(kills):
        moment = moments.uniform(0, usual)
        disturbed = project(shutil.copytree(never_run.root, never_run.root.with_name(f"{number}")))
        process = disturbed.start("run", "one")
        time.sleep(moment)
        process.kill()
        process.communicate()
        # A kernel that starts while its run is killed makes a folder before it notices.
        disturbed.wait_until(lambda disturbed=disturbed: not disturbed.kernels)

        [page] = disturbed.prepare(only=["one"])
        assert page.run, f"after {moment} s"
        assert kept(disturbed, "one") == expected
        assert disturbed.leftovers() == []


def test_a_killed_run_leaves_nothing_where_a_path_is_too_long_for_a_socket(project):
    root = project.root.rename(project.root.with_name("deep" * 20))
    project = type(project)(root)
    short = root.parent / "tmp"
    short.mkdir()
    process = project.started_waiting("run", "one", TMPDIR=str(short))
    process.kill()
    process.communicate()
    project.wait_until(lambda: not project.kernels)
    project.write("one", code="print('mended')")
    assert project.program("run", "one", TMPDIR=str(short)).returncode == 0
    assert project.leftovers() == []
    assert list(short.iterdir()) == []


@pytest.mark.slow
def test_two_runs_at_once_leave_one_stored_run_of_each_lesson(never_run):
    both = [never_run.start("run"), never_run.start("run")]
    for process in both:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    assert all(never_run.stored(slug).is_whole for slug in ("one", "two"))
    assert never_run.leftovers() == []


def test_a_run_at_the_same_time_is_left_alone(project):
    """One waits in the middle of a lesson while another begins and ends."""
    first = project.started_waiting("run", "one")
    project.write("two", code="print('meanwhile')")
    assert project.command("run", "two").returncode == 0
    assert project.command("clean").returncode == 0
    (project.root / "go on").touch()
    _, err = first.communicate(timeout=300)
    assert first.returncode == 0, err
    assert project.plan()[0].startswith("one: reuse")
    assert project.leftovers() == []
