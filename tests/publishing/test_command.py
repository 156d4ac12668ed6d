"""Builds from the command line: what they say, and that a failure leaves the site as it was."""

import signal
import subprocess
import time

import pytest
from bs4 import BeautifulSoup


def assert_untouched(project, before):
    assert project.site() == before
    assert project.leftovers() == []


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_a_warm_build_executes_nothing_and_says_so(project):
    before = project.page("one")
    result = project.build()
    assert result.returncode == 0
    assert project.executed == []
    assert project.page("one") == before
    first, *lessons = result.stdout.splitlines()
    assert "site/" in first
    assert [line.split() for line in lessons] == [
        f"{slug} 1:15 stored run of 2026-01-02, profile preview, cpu, sample of MNIST".split()
        for slug in ("one", "two")
    ]
    assert "SAMPLE DATA" in result.stderr
    assert project.leftovers() == []


def test_edited_prose_appears_with_the_old_outputs(project):
    project.write("one", prose="Better prose.")
    assert project.build().returncode == 0
    assert project.executed == []
    text = BeautifulSoup(project.page("one"), "html.parser").article.get_text()
    assert "Better prose." in text
    assert "output of one" in text


def test_a_failing_cell_leaves_the_site_and_keeps_the_other_lesson(project):
    before = project.site()
    project.write("one", code="print('a new output')")
    project.write("two", code="print('so far')\nraise ValueError('no such\\nluck')")
    result = project.build()
    assert result.returncode == 1
    assert "two: code cell 2 of 3 failed: ValueError: no such luck" in result.stderr
    assert "raise ValueError" in result.stderr, "the kernel's traceback"
    assert "\x1b" not in result.stderr
    assert "site/ is as it was" in result.stderr
    assert 'File "' not in result.stderr, "no traceback of the build itself"
    assert_untouched(project, before)

    project.write("two", code="print('mended')")
    assert project.build().returncode == 0
    assert sorted(project.executed) == ["one", "two", "two"]
    assert "a new output" in project.page("one")
    assert "mended" in project.page("two")


def test_a_setting_that_a_lesson_refuses_is_told_without_a_traceback(project):
    before = project.site()
    project.write("one", code="class SettingError(ValueError): ...\nraise SettingError('no GPU')")
    result = project.build()
    assert result.returncode == 2
    assert "one: code cell 2 of 3 failed: SettingError: no GPU" in result.stderr
    assert "Traceback" not in result.stderr
    assert "raise SettingError" not in result.stderr
    assert_untouched(project, before)


def test_a_figure_without_a_text_for_who_cannot_see_it_fails(project):
    before = project.site()
    project.write(
        "one",
        code="import io\n"
        "from IPython.display import Image, display\n"
        "from matplotlib.image import imsave\n"
        "imsave(file := io.BytesIO(), [[0, 1]], format='png')\n"
        "display(Image(file.getvalue()))",
    )
    result = project.build()
    assert result.returncode == 1
    assert "one: code cell 2 of 3 failed: a figure has no text" in result.stderr
    assert_untouched(project, before)


def test_plain_mkdocs_fails_before_it_empties_the_site(project):
    before = project.site()
    project.write("one", code="1 / 0")
    pipe = subprocess.PIPE
    process = project.python("-P", "-m", "mkdocs", "build", "--strict", stdout=pipe, stderr=pipe)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "one: code cell 2 of 3 failed: ZeroDivisionError: division by zero" in err
    assert_untouched(project, before)


@pytest.mark.parametrize("target", ["nowhere.md", "#nowhere", "../index.md#nowhere"])
def test_a_broken_link_in_prose_fails(project, target):
    before = project.site()
    project.write("one", prose=f"[A link]({target}).")
    result = project.build()
    assert result.returncode == 1
    assert target in result.stderr
    assert "tutorials/one" in result.stderr
    assert 'File "' not in result.stderr
    assert_untouched(project, before)


def test_links_to_pages_and_anchors_work_in_prose(project):
    links = "[Lesson two](two.py), [home](../index.md), [links](../index.md#links)"
    project.write("one", prose=f"{links}, [here](#one-more).\n\n## One more")
    result = project.build()
    assert result.returncode == 0, result.stderr
    article = BeautifulSoup(project.page("one"), "html.parser").article
    targets = {link.get_text(): link["href"] for link in article.find_all("a")}
    assert targets["Lesson two"] == "../two/"
    assert targets["links"] == "../../#links"
    assert article.find(id="one-more").name == "h2"


def test_a_lesson_without_a_title_is_one_clear_error(project):
    before = project.site()
    script = project.write("one")
    script.write_text("# A licence, or what else begins a script.\n\n" + script.read_text())
    result = project.build()
    assert result.returncode == 1
    assert "one" in result.stderr
    assert "title" in result.stderr
    assert 'File "' not in result.stderr
    assert_untouched(project, before)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MNIST_LESSONS_PROFIL", "full"),
        ("MNIST_LESSONS_DEVICE", "abacus"),
        ("MNIST_LESSONS_DATA", "nowhere"),
    ],
)
def test_a_wrong_setting_is_told_with_its_name(project, name, value):
    before = project.site()
    result = project.build(**{name: value})
    said = [line for line in result.stderr.splitlines() if name in line or value in line]
    assert result.returncode == 2
    assert said
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert_untouched(project, before)


def test_no_lesson_at_all_is_a_clear_error(project):
    before = project.site()
    for script in (project.root / "tutorials").iterdir():
        script.unlink()
    result = project.build()
    assert result.returncode == 1
    assert "no lesson" in result.stderr
    assert "tutorials" in result.stderr
    assert "Traceback" not in result.stderr
    assert_untouched(project, before)


def test_a_band_is_enforced(project):
    before = project.site()
    bands = '[one]\n"score" = [0.9, 0.99]\n'
    (project.root / "tutorials" / "bands.toml").write_text(bands)
    data = {"dataset": "MNIST", "source": "a test", "sizes": {}, "is_sample": False}
    data |= {"licence": "none", "checksum": "0" * 64}
    end = f'tiny["publish"]("one", values={{"score": 0.5}}, data={data})'
    project.write("one", end=end)
    assert project.build(MNIST_LESSONS_PROFILE="preview").returncode == 0, "a preview is not judged"
    before = project.site()
    result = project.build(MNIST_LESSONS_PROFILE="full")
    assert result.returncode == 1
    assert "one: score is 0.5000, outside its band 0.9 to 0.99" in result.stderr
    assert_untouched(project, before)


def test_another_folder_can_take_the_site(project):
    before = project.site()
    result = project.build("--site", "public/pages")
    assert result.returncode == 0, result.stderr
    assert (project.root / "public/pages/tutorials/one/index.html").exists()
    assert "public/pages" in result.stdout
    assert_untouched(project, before)


@pytest.mark.parametrize("site", ["docs", "tutorials", "."])
def test_the_site_never_takes_the_place_of_other_files(project, site):
    result = project.build("--site", site)
    assert result.returncode == 2
    assert "will not be replaced" in result.stderr
    assert "Traceback" not in result.stderr
    assert (project.root / "docs" / "index.md").exists()
    assert (project.root / "tutorials" / "one.py").exists()


def start_and_wait_for(project, sign):
    """Start a build with two lessons that take long; return it when it has said a text."""
    for slug in ("one", "two"):
        project.write(slug, code="import time\nprint('waiting', flush=True)\ntime.sleep(600)")
    process = project.start()
    assert any(sign in line for line in process.stderr)
    return process


@pytest.mark.parametrize("sign", ["SAMPLE DATA", "one             cell  1/3", "waiting"])
def test_ctrl_c_ends_a_build_and_its_kernels(project, sign):
    before = project.site()
    process = start_and_wait_for(project, sign)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "interrupted; site/ is as it was"
    assert "Traceback" not in err
    assert project.kernels == []
    assert_untouched(project, before)


def test_a_killed_build_is_no_obstacle_for_the_next(project):
    before = project.site()
    process = start_and_wait_for(project, "waiting")
    process.kill()
    process.communicate(timeout=120)
    wait_until(lambda: not project.kernels)
    assert project.site() == before
    project.write("one", code="print('at last')")
    project.write("two")
    assert project.build().returncode == 0
    assert "at last" in project.page("one")
