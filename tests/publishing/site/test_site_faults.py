"""Kills, full disks and builds at the same time: the site is always whole, and heals."""

import json
import random
import resource
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import pytest

from tests.marks import slow

PAGES = ("index.html", "tutorials/one/index.html", "tutorials/two/index.html")
LARGEST_FILE = 50_000  # bytes; a site needs larger ones


def temporary(project):
    """A folder for temporary files, beside the project: what is left there is seen."""
    folder = project.root.with_name("tmp")
    folder.mkdir(exist_ok=True)
    return str(folder)


def build(project, *options):
    """A good build; what it said."""
    result = project.build(*options, TMPDIR=temporary(project))
    assert result.returncode == 0, result.stderr
    return result.stderr


def started_build(project, *options):
    """A build in a process of its own."""
    return project.start("build", *options, TMPDIR=temporary(project))


def build_aside(project):
    """A good build in a process of its own, beside others."""
    process = started_build(project)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err


def strays(project):
    """What a build has left behind, in the project, the store, or the temporary folder."""
    known = {"cells", "known.json", "lessons", "lessons.lock", "site.lock"}
    cache = [path for path in (project.root / ".cache").iterdir() if path.name not in known]
    temporary = project.root.with_name("tmp")
    return [*project.leftovers(), *cache, *temporary.iterdir()]


def timeless(project):
    """The site, but for how long each cell took."""
    site = project.site()
    for slug in ("one", "two"):
        card = json.loads(site.pop(f"tutorials/{slug}/run.json"))
        site[slug] = {name: card[name] for name in card.keys() - {"cell_seconds"}}
    return site


def copied(project, root):
    """Another project like this one, below a folder of its own."""
    return type(project)(shutil.copytree(project.root, root / "p"))


def forget(project):
    """Make the next build execute and render everything."""
    shutil.rmtree(project.root / ".cache")


def assert_fails(project, process, *told):
    """A build says in one line what is wrong, and leaves the site as it was."""
    before = project.site()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    [line] = [line for line in err.splitlines() if line.startswith("error: ")]
    assert all(text in line for text in told), line
    assert "Traceback" not in err
    assert project.site() == before


def disturbed(project, moments, usual):
    """Kill a build again and again; everything but its moments is deterministic."""
    for number, (moment, is_cold) in enumerate(moments):
        old, new = project.site(), f"Text {number}."
        if is_cold:
            forget(project)
        project.write("one", prose=new)
        process = started_build(project)
        time.sleep(moment * usual[is_cold])
        process.kill()
        process.communicate()
        site = project.site()
        assert site == old or (site.keys() == old.keys() and new in project.page("one"))

        # A kernel that starts while its build is killed makes a folder before it notices.
        project.wait_until(lambda: not project.kernels)
        build_aside(project)
        assert new in project.page("one")
        assert strays(project) == [], f"killed at {moment}, cold: {is_cold}"
    return timeless(project)


@pytest.mark.slow
def test_a_build_that_is_killed_at_any_moment_is_no_obstacle_for_the_next(short_project, kills):
    """It starts two builds for each kill, and each second one executes and renders everything."""
    chance = random.Random(2)
    moments = [(chance.random(), number % 2 == 0) for number in range(kills)]
    usual = {}
    for is_cold in (False, True):
        if is_cold:
            forget(short_project)
        start = time.monotonic()
        build_aside(short_project)
        usual[is_cold] = time.monotonic() - start

    root = short_project.root.parent
    both = [copied(short_project, root / name) for name in "ab"]
    with ThreadPoolExecutor(2) as pool:
        halves = moments[: kills // 2], moments[kills // 2 :]
        sites = list(pool.map(disturbed, both, halves, repeat(usual)))
    undisturbed = copied(short_project, root / "c")
    undisturbed.write("one", prose=f"Text {kills // 2 - 1}.")
    build_aside(undisturbed)
    assert sites == [timeless(undisturbed)] * 2


def test_a_killed_long_build_is_no_obstacle_for_the_next(short_project):
    project = short_project
    before = project.site()
    project.write("one", code="import time\nprint('waiting', flush=True)\ntime.sleep(600)")
    process = started_build(project)
    project.wait_for(process, "waiting")
    process.kill()
    process.communicate(timeout=120)
    project.wait_until(lambda: not project.kernels)
    assert project.site() == before
    project.write("one", code="print('at last')")
    build(project)
    assert "at last" in project.page("one")
    assert strays(project) == []


def test_a_build_that_is_killed_while_it_renders_cells_leaves_nothing(project):
    before = project.site()
    shutil.rmtree(project.root / ".cache" / "cells")
    process = started_build(project)
    while process.poll() is None and not [*project.root.parent.rglob("mnist-lessons-cells-*")]:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert project.site() == before
    build(project)
    assert project.site() == before
    assert strays(project) == []


def test_every_page_is_there_at_every_moment(project):
    missing, stop = [], threading.Event()
    pages = [project.root / "site" / page for page in PAGES]

    def watch():
        while not stop.is_set():
            missing.extend(page for page in pages if not page.is_file())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for number in range(3):
            project.write("one", prose=f"Text {number}.")
            assert project.build().returncode == 0
            assert f"Text {number}." in project.page("one")
    finally:
        stop.set()
        watcher.join()
    assert missing == []


@pytest.mark.parametrize("is_first", slow(True, False))
def test_two_builds_at_once_make_one_site(short_project, is_first):
    forget(short_project)
    build_aside(short_project)
    expected = timeless(short_project)
    forget(short_project)
    if is_first:
        shutil.rmtree(short_project.root / "site")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(build_aside, [short_project, short_project]))
    assert all(short_project.stored(slug).is_whole for slug in ("one", "two"))
    assert strays(short_project) == []
    assert timeless(short_project) == expected


def test_a_full_disk_leaves_the_site_as_it_was(project):
    """A limit on the size of a file stops a build as a full disk does."""
    project.write("one", prose="Another text.")
    process = started_build(project)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    assert_fails(project, process, "File too large")
    assert strays(project) == []

    build(project)
    assert "Another text." in project.page("one")


def test_a_folder_that_cannot_be_written_takes_no_site(project):
    assert_fails(project, started_build(project, "--site", "/proc/lessons/site"), "/proc/lessons")


def test_a_file_in_the_place_of_the_site_stays(project):
    place = project.root / "public"
    place.write_text("precious")
    result = project.build("--site", "public")
    assert result.returncode == 2
    assert "public is not a site" in result.stderr
    assert place.read_text() == "precious"
    assert project.leftovers() == []

    place.unlink()
    build(project, "--site", "public")
    assert (place / "index.html").exists()


def test_a_file_in_the_place_of_the_cache_fails(project):
    cache = project.root / ".cache"
    kept = cache.rename(project.root / "kept")
    cache.write_text("in the way")
    assert_fails(project, started_build(project), ".cache")

    cache.unlink()
    kept.rename(cache)
    build(project)
    assert project.executed == []


@pytest.mark.parametrize("name", ["lessons", "cells"])
def test_a_file_in_the_place_of_a_store_is_no_obstacle(project, name):
    before = project.site()
    shutil.rmtree(project.root / ".cache" / name)
    (project.root / ".cache" / name).write_text("in the way")
    assert ("will not be kept" in build(project)) == (name == "lessons")
    assert project.site().keys() == before.keys()

    (project.root / ".cache" / name).unlink()
    build(project)
    assert (project.root / ".cache" / name).is_dir()
    assert strays(project) == []


@pytest.mark.parametrize("kept", [0.5, *slow(0.0, 0.99)])
def test_a_truncated_cell_cache_heals(project, kept):
    before = project.site()
    files = sorted((project.root / ".cache" / "cells").glob("*.json"))
    assert len(files) == 2
    for file in files:
        content = file.read_text(encoding="utf-8")
        file.write_text(content[: int(kept * len(content))], encoding="utf-8")
    build(project)
    assert project.site() == before
    assert all(json.loads(file.read_text(encoding="utf-8")) for file in files)
