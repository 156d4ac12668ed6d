"""`build` and `publish-check`: what they say, and that a failure leaves the site as it was."""

import shutil
import signal
import subprocess
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from mnist_lessons._datasets import MNIST, checksums
from mnist_lessons.publishing.lesson_page import placeholders
from mnist_lessons.publishing.lesson_page.page import with_code
from tests.marks import slow
from tests.publishing.cards import raw_card

LONG = "import time\nprint('waiting', flush=True)\ntime.sleep(600)"
FIGURE_WITHOUT_TEXT = """\
import io
from IPython.display import Image, display
from matplotlib.image import imsave
imsave(file := io.BytesIO(), [[0, 1]], format='png')
display(Image(file.getvalue()))"""


def assert_untouched(project, before):
    assert project.site() == before
    assert project.leftovers() == []


def text_of(project, slug):
    return BeautifulSoup(project.page(slug), "html.parser").article.get_text()


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
    sample, *plan = result.stderr.splitlines()
    assert "SAMPLE DATA" in sample
    assert plan == [f"{slug}: reuse (run of 2026-01-02, cpu)" for slug in ("one", "two")]
    assert project.leftovers() == []


def test_the_plan_comes_before_what_is_executed(project):
    project.write("one", code="print('a new output')")
    result = project.build()
    assert result.returncode == 0
    _, *plan = result.stderr.partition("one             cell  1/3")[0].splitlines()
    assert plan[:2] == ["one: run (code cell 2 changed)", "two: reuse (run of 2026-01-02, cpu)"]
    assert project.executed == ["one"]


def test_edited_prose_appears_with_the_old_outputs(project):
    project.write("one", prose="Better prose.")
    assert project.build().returncode == 0
    assert project.executed == []
    assert "Better prose." in text_of(project, "one")
    assert "output of one" in text_of(project, "one")


def as_setup(script):
    """Tag the second code cell of a lesson as plumbing."""
    first, second, rest = script.read_text().split("# %%\n", 2)
    script.write_text(f'{first}# %%\n{second}# %% tags=["setup"]\n{rest}')


def test_plumbing_is_folded_searched_and_its_output_is_shown(project):
    as_setup(project.write("one", code="print('told', 3 * 7)"))
    assert project.build().returncode == 0
    page = BeautifulSoup(project.page("one"), "html.parser").article
    [folded] = page("details", class_="folded-code")
    assert not folded.has_attr("open")
    assert folded.summary.get_text() == "Show the code"
    assert folded.code.get_text() == "print('told', 3 * 7)\n"
    [output] = [pre for pre in page("pre") if pre.get_text().strip() == "told 21"]
    assert not output.find_parent("details")
    assert "told" in (project.root / "site/search/search_index.json").read_text()


def test_plumbing_that_fails_says_its_line_and_hides_nothing(project):
    as_setup(project.write("one", code="print('so far')\nraise ValueError('no luck')"))
    result = project.build()
    assert result.returncode == 1
    assert "one: code cell 2 of 3 (line 16) failed: ValueError: no luck" in result.stderr
    failed = replace(project.prepare()[0], earlier=project.stored("one"))
    code = ["first", 'second<div class="jp-Output">so far</div>', ""]
    places = " ".join(map(placeholders.placeholder, (1, 2, 3)))
    page = BeautifulSoup(with_code(places, failed, code), "html.parser")
    assert page.details.get_text().split() == ["Show", "the", "code", "second"]
    assert "no luck" in page.find(id="failure").get_text()
    assert not page.find(id="failure").find_parent("details")


def test_a_failing_cell_leaves_the_site_and_keeps_the_other_lesson(project, kernels):
    before = project.site()
    project.write("one", code="print('a new output')")
    script = project.write("two", code="print('so far')\nraise ValueError('no such\\nluck')")
    [number] = [n for n, line in enumerate(script.read_text().splitlines(), 1) if "raise" in line]
    result = project.build()
    assert result.returncode == 1
    failure = f"two: code cell 2 of 3 (line {number}) failed: ValueError: no such luck"
    assert failure in result.stderr
    assert "raise ValueError" in result.stderr, "the kernel's traceback"
    assert "\x1b" not in result.stderr
    assert result.stderr.splitlines()[-1] == "the site was not built, site/ is as it was"
    assert 'File "' not in result.stderr, "no traceback of the build itself"
    assert_untouched(project, before)

    project.write("two", code="print('mended')")
    assert project.build().returncode == 0
    assert sorted(project.executed) == ["one", "two", "two"]
    assert "a new output" in project.page("one")
    assert "mended" in project.page("two")


def test_a_setting_that_a_lesson_refuses_is_told_without_a_traceback(project, kernels):
    before = project.site()
    project.write("one", code="class SettingError(ValueError): ...\nraise SettingError('no GPU')")
    result = project.build()
    assert result.returncode == 2
    assert "one: code cell 2 of 3 (line 16) failed: SettingError: no GPU" in result.stderr
    assert "Traceback" not in result.stderr
    assert "raise SettingError" not in result.stderr
    assert_untouched(project, before)


def test_a_figure_without_a_text_for_who_cannot_see_it_fails(project, kernels):
    before = project.site()
    project.write("one", code=FIGURE_WITHOUT_TEXT)
    result = project.build()
    assert result.returncode == 1
    assert "one: code cell 2 of 3 (line 15) failed: a figure has no text" in result.stderr
    assert_untouched(project, before)


def test_plain_mkdocs_fails_before_it_empties_the_site(project):
    before = project.site()
    project.write("one", code="1 / 0")
    pipe = subprocess.PIPE
    process = project.python("-P", "-m", "mkdocs", "build", "--strict", stdout=pipe, stderr=pipe)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "one: code cell 2 of 3 (line 15) failed: ZeroDivisionError: division by zero" in err
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


def test_what_lies_in_the_folder_of_a_lesson_is_linked_and_offered(project):
    folder = project.root / "tutorials" / "one"
    folder.mkdir()
    (folder / "alone.py").write_text("print('alone')\n")
    (folder / ".ruff.toml").write_text("line-length = 100\n")
    project.write("one", prose="Download [the program](one/alone.py).")
    assert project.build().returncode == 0
    assert 'href="alone.py"' in project.page("one")
    beside = project.root / "site" / "tutorials" / "one"
    assert (beside / "alone.py").read_text() == "print('alone')\n"
    assert not (beside / ".ruff.toml").exists()
    assert "](one/alone.py)" in (beside / "one.ipynb").read_text()


def test_words_of_the_glossary_lead_there_from_the_page_alone(project):
    glossary = "# Glossary\n\n## Output { #output }\n\nWhat is printed.\n"
    (project.root / "docs" / "glossary.md").write_text(glossary, encoding="utf-8")
    prose = "Its `output`, the output of one."
    project.write("one", prose=prose)
    result = project.build()
    assert result.returncode == 0, result.stderr
    link = '<a class="word" href="../../glossary/#output">output</a>'
    assert f"<code>output</code>, the {link} of one." in project.page("one")
    assert project.page("one").count('class="word"') == 1
    notebook = project.root / "site" / "tutorials" / "one" / "one.ipynb"
    assert prose in notebook.read_text(encoding="utf-8")


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
    ("name", "value", "told"),
    [
        ("MNIST_LESSONS_PROFIL", "full", "MNIST_LESSONS_PROFILE?"),
        ("MNIST_LESSONS_DEVICE", "abacus", "abacus"),
        ("MNIST_LESSONS_DATA", "nowhere", "nowhere"),
        ("OMP_NUM_THREADS", "many", "many"),
    ],
)
def test_a_wrong_setting_is_told_with_its_name(project, name, value, told):
    before = project.site()
    result = project.build(**{name: value})
    assert result.returncode == 2
    assert name in result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert_untouched(project, before)


@pytest.mark.parametrize(
    ("mistake", "told"),
    [("no_such_option: 1", "no_such_option"), ("watch: 7", "watch"), ("nav: [", "line ")],
)
def test_a_mistake_in_the_configuration_is_told_with_its_place(project, mistake, told):
    before = project.site()
    with (project.root / "mkdocs.yml").open("a") as stream:
        stream.write(f"{mistake}\n")
    result = project.build()
    assert result.returncode == 2
    assert "mkdocs.yml" in result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.stderr
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


def test_hidden_neighbours_and_other_peoples_folders_stay(project):
    neighbour = project.root / ".site-backup"
    neighbour.mkdir()
    (neighbour / "thesis.txt").write_text("precious")
    assert project.build().returncode == 0
    assert (neighbour / "thesis.txt").read_text() == "precious"
    shutil.rmtree(neighbour)
    (project.root / "site" / ".git").mkdir()
    result = project.build()
    assert result.returncode == 2
    assert "will not be replaced" in result.stderr
    assert (project.root / "site" / ".git").is_dir()


def test_the_check_sees_pages_that_have_changed_since(project):
    assert project.build().returncode == 0
    (project.root / "docs" / "index.md").write_text("# Another home\n")
    result = project.command("publish-check")
    assert result.returncode == 1
    assert "docs/index.md has changed since the site was built" in result.stderr


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


# Values in prose


def test_prose_shows_what_the_runs_recorded(project):
    records = 'tiny.publish("one", values={"score": 0.5, "images": 6e4})'
    prose = "Here {{ score | percent }} of {{ images | count }}, there {{ two: loss }}."
    project.write("one", prose=prose, end=records)
    project.write("two", end='tiny.publish("two", values={"loss": 0.03125})')
    assert project.build().returncode == 0
    assert "Here 50.00% of 60,000, there 0.03125." in text_of(project, "one")
    notebook = (project.root / "site/tutorials/one/one.ipynb").read_text(encoding="utf-8")
    assert "Here 50.00% of 60,000, there 0.03125." in notebook

    project.write("one", prose="Now {{ images | count }}.", end=records)
    assert project.build().returncode == 0
    assert sorted(project.executed) == ["one", "two"], "no sentence is a reason to run again"
    assert "Now 60,000." in text_of(project, "one")


def test_a_value_that_nobody_recorded_fails(project):
    before = project.site()
    project.write("one", prose="It reads {{ accuracy | percent }}, or {{ three: loss }}.")
    result = project.build()
    assert result.returncode == 1
    assert "one.py, line 4: {{ accuracy | percent }}: no run recorded accuracy" in result.stderr
    assert "one.py, line 4: {{ three: loss }}: no lesson three; there are one, two" in result.stderr
    assert 'File "' not in result.stderr
    assert project.executed == []
    assert_untouched(project, before)


# Limits, and what may be published


@pytest.fixture
def mnist(tmp_path):
    """Settings under which a build expects full runs on the full MNIST."""
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in MNIST.files:
        (raw / file.name).touch()  # nobody reads it, where nothing is executed
    return {"MNIST_LESSONS_PROFILE": "full", "MNIST_LESSONS_DATA": str(raw.parents[1])}


def claim_mnist(project, slug, **card):
    """Let a stored run say that it was a full one on the full MNIST."""
    found = {"dataset": "MNIST", "checksum": checksums()["MNIST"], "is_sample": False}
    data = raw_card(project.stored(slug))["data"] | found
    made_from = {"profile": "full", "data": found["checksum"]}
    project.edit_stored(slug, made_from, profile="full", data=data, **card)


def write_band(project, low, high):
    band = f'[one]\n"score" = [{low}, {high}]\n'
    (project.root / "tutorials" / "bands.toml").write_text(band, encoding="utf-8")


def test_a_preview_is_not_judged_by_its_band(project):
    project.edit_stored("one", values={"score": 0.5})
    write_band(project, 0.9, 0.99)
    assert project.build().returncode == 0


def test_a_value_outside_its_band_fails_and_is_told_with_the_one_before(project, mnist):
    before = project.site()
    for slug in ("one", "two"):
        claim_mnist(project, slug, values={"score": 0.5})
    write_band(project, 0.9, 0.99)
    result = project.build(**mnist)
    assert result.returncode == 1
    assert "one: score is 0.5000, outside its band 0.9 to 0.99" in result.stderr
    assert_untouched(project, before)

    shutil.copytree(project.stored("one").folder, project.root / "older")
    claim_mnist(project, "one", values={"score": 0.25}, started="2026-02-03T04:05:06+00:00")
    project.store.keep("one", "fedcba9876543210", project.root / "older")
    result = project.build(**mnist)
    assert result.returncode == 1
    assert "one: score is 0.2500 (was 0.5000), outside its band 0.9 to 0.99" in result.stderr
    assert_untouched(project, before)

    write_band(project, 0.2, 0.3)
    assert project.build(**mnist).returncode == 0


@pytest.fixture(scope="module")
def committed(built, tmp_path_factory):
    """The project with a run of each lesson that was made from committed code."""
    project = type(built)(tmp_path_factory.mktemp("committed") / "project")
    shutil.copytree(built.root, project.root)
    project.commit()
    shutil.rmtree(project.store.folder)
    assert project.program("run").returncode == 0
    for slug in ("one", "two"):
        claim_mnist(project, slug)
    return project


@pytest.fixture
def publishable(committed, tmp_path):
    """A copy of that."""
    return type(committed)(shutil.copytree(committed.root, tmp_path / "publishable"))


def test_a_full_run_of_committed_code_is_published(publishable, mnist):
    result = publishable.build("--publish", **mnist)
    assert result.returncode == 0, result.stderr
    assert "Preview" not in text_of(publishable, "one")
    assert "MNIST from a test" in text_of(publishable, "one")
    result = publishable.command("publish-check", **mnist)
    assert (result.returncode, result.stdout) == (0, "site/ may be published\n")
    assert result.stderr == ""


def test_a_preview_on_the_sample_is_not_published(project):
    before = project.site()
    result = project.build("--publish")
    assert result.returncode == 1
    for slug in ("one", "two"):
        assert f"{slug}: it is a preview" in result.stderr
        assert f"{slug}: it read the sample, not the full MNIST" in result.stderr
        assert f"{slug}: nobody knows from which commit it was made" in result.stderr
    assert "nothing changed" in result.stderr
    assert 'File "' not in result.stderr
    assert_untouched(project, before)


def test_code_that_was_not_committed_is_not_published(publishable, mnist):
    before = publishable.site()
    shutil.rmtree(publishable.stored("one").folder)
    publishable.write("one", code="print('in no commit')")
    assert publishable.command("run", "one").returncode == 0
    claim_mnist(publishable, "one")
    result = publishable.build("--publish", **mnist)
    assert result.returncode == 1
    assert "one: it was made from code that was not committed" in result.stderr
    assert "two: it" not in result.stderr
    assert_untouched(publishable, before)


def test_the_check_of_a_site_gives_each_reason(publishable, mnist):
    def reasons():
        result = publishable.command("publish-check", **mnist)
        assert result.returncode == 1
        assert result.stdout == ""
        *reasons, verdict = result.stderr.splitlines()
        assert verdict == f"error: site/ may not be published: reasons: {len(reasons)}"
        return reasons

    [*previews] = reasons()
    assert "one: it is a preview" in previews
    assert "two: it read the sample, not the full MNIST" in previews

    assert publishable.build("--publish", **mnist).returncode == 0
    publishable.write("one", prose="Another text.")
    publishable.write("two", code="print('another code')")
    assert reasons() == [
        "one: its text has changed since the site was built",
        "two: its run is not that of today's code: code cell 2 changed",
        "two: its text has changed since the site was built",
    ]

    publishable.write("one")
    publishable.write("two").rename(publishable.root / "tutorials" / "three.py")
    assert reasons() == [
        "three: the site has no run of it: it has no run.json",
        "two: the lesson is gone, but the site has it",
    ]

    (publishable.root / "tutorials" / "three.py").rename(publishable.root / "tutorials" / "two.py")
    (publishable.root / "mnist_lessons" / "tiny.py").write_text("1 / 0\n")
    assert reasons() == [
        f"{slug}: its run is not that of today's code: mnist_lessons/tiny.py changed"
        for slug in ("one", "two")
    ]

    shutil.rmtree(publishable.root / "site")
    assert reasons() == ["there is no site in site/: build it first"]


# Ctrl-C, and SIGTERM


def start_long_build(project, **variables):
    """Start a build with two lessons that take long."""
    for slug in ("one", "two"):
        project.write(slug, code=LONG)
    return project.start("build", **variables)


def assert_ends(project, process, number, before):
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    # A shell says 130 of both: where exec() was interrupted, Python ends itself by the signal.
    assert process.returncode in (130, -signal.SIGINT), err
    assert err.splitlines()[-1].startswith("interrupted")
    assert "Traceback" not in err
    assert project.kernels == []
    assert_untouched(project, before)


@pytest.mark.parametrize(
    ("sign", "number"),
    [
        ("waiting", signal.SIGINT),
        *slow(
            ("SAMPLE DATA", signal.SIGINT),
            ("two: run", signal.SIGINT),
            ("one             cell  1/3", signal.SIGINT),
            ("two: run", signal.SIGTERM),
            ("waiting", signal.SIGTERM),
        ),
    ],
)
def test_ctrl_c_ends_a_build_and_its_kernels(project, sign, number):
    before = project.site()
    process = start_long_build(project)
    project.wait_for(process, sign)
    assert_ends(project, process, number, before)


@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("jupytext", signal.SIGINT),
        *slow(
            ("mnist_lessons.errors", signal.SIGINT),
            ("mkdocs.config", signal.SIGINT),
            ("mnist_lessons.errors", signal.SIGTERM),
        ),
    ],
)
def test_ctrl_c_ends_a_build_that_is_still_being_loaded(project, module, number):
    before = project.site()
    process = start_long_build(project, PYTHONPROFILEIMPORTTIME="1")
    project.wait_for(process, f" {module}\n")
    assert_ends(project, process, number, before)


@pytest.mark.parametrize("number", slow(signal.SIGINT, signal.SIGTERM))
def test_ctrl_c_ends_a_build_that_makes_pages(project, number):
    """A hook of MkDocs holds it there."""
    (project.root / "hook.py").write_text(
        "import sys, time\n"
        "def on_page_content(html, page, config, files):\n"
        "    print('making pages', file=sys.stderr, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with (project.root / "mkdocs.yml").open("a") as stream:
        stream.write("hooks: [hook.py]\n")
    before = project.site()
    process = project.start("build")
    project.wait_for(process, "making pages")
    assert_ends(project, process, number, before)
