"""The whole site, built once from a copy of this repository: a preview on the sample."""

import ast
import gzip
import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from itertools import combinations, pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from mkdocs.utils.yaml import yaml_load

from benchmarks.links import broken_links
from mnist_lessons.publishing.writing.lessons import code_cells, discover

ROOT = Path(__file__).parents[1]
LESSONS = {lesson.slug: lesson for lesson in discover(ROOT / "tutorials")}

every_lesson = pytest.mark.parametrize("slug", LESSONS)


def rows_of(table):
    """The text of a table's body, row by row."""
    return [[cell.get_text(strip=True) for cell in row("td")] for row in table.tbody("tr")]


def titles_of_admonitions(page):
    return [title.get_text() for title in page.select(".admonition > .admonition-title")]


def measured(card):
    """The log and the results of a run, but for what the clock decides."""
    timed = ("seconds", "seconds_per_epoch", "images_per_second")
    records = [*card["log"], *card["results"]]
    return [{k: v for k, v in record.items() if k not in timed} for record in records]


def test_the_build_says_what_it_built(site):
    first, *lessons = site.stdout.splitlines()
    assert "site" in first
    assert len(lessons) == len(LESSONS) + 1
    assert re.fullmatch(rf"  {len(LESSONS)} lessons run now: \d+:\d\d of a processor", lessons[-1])
    for slug in LESSONS:
        [line] = [line for line in lessons if slug in line.split()]
        time = r"\d+:\d\d"
        told = f" {time}  run now, {time} of a processor, profile preview, cpu, sample of MNIST$"
        assert re.search(told, line)


def test_the_build_tells_how_far_it_is_and_warns_of_nothing_else(site):
    lines = [" ".join(line.split()) for line in site.stderr.splitlines()]
    for slug, lesson in LESSONS.items():
        cells = len(code_cells(lesson.notebook()))
        told = {line.split()[2] for line in lines if line.startswith(f"{slug} cell ")}
        assert told == {f"{cell}/{cells}" for cell in range(1, cells + 1)}
        last = re.compile(rf"{slug} .* epoch (\d+)/\1 train loss")
        trains = "run.fit(" in lesson.script.read_text(encoding="utf-8")
        assert any(last.match(line) for line in lines) == trains, slug
    plan = [f"{slug}: run (no stored run)" for slug in LESSONS]
    known = (*(f"{slug} cell" for slug in LESSONS), "mnist_lessons: ")
    assert [line for line in lines if not line.startswith(known)] == plan


def test_the_build_leaves_nothing_but_the_site_and_the_store(site):
    names = {path.name for path in site.root.iterdir()}
    copied = {"benchmarks", "docs", "tutorials", "mnist_lessons", "tests", "mkdocs.yml"}
    copied |= {"LICENSE", "README.md", "constraints.txt", "pyproject.toml"}
    assert names == {*copied, "site", ".cache"}
    store = site.root / ".cache" / "lessons"
    assert {path.name for path in store.iterdir()} == {"checkpoints", "running", "runs"}
    assert {path.name for path in (store / "runs").iterdir()} == {*LESSONS}
    assert not any((store / "running").iterdir())


def test_every_link_leads_somewhere(site):
    checked, broken = broken_links(site.folder, site.address)
    assert checked > 300
    assert broken == []


def test_nothing_is_loaded_from_another_host(site):
    for page in site.pages.values():
        loaded = [tag.get("src") for tag in page(["script", "img", "iframe", "source"])]
        loaded += [tag["href"] for tag in page("link") if "canonical" not in tag.get("rel", [])]
        assert [address for address in loaded if address and urlsplit(address).netloc] == []


def test_every_image_has_a_text_and_a_size(site):
    images = [image for page in site.pages.values() for image in page.select("article img")]
    assert len(images) >= 10
    for image in images:
        assert len(image["alt"]) >= 20
        assert int(image["width"]) > 0
        assert int(image["height"]) > 0


@every_lesson
def test_a_figure_has_its_drawings_its_caption_and_its_data(site, slug):
    lesson = site.lesson(slug)
    figures = lesson.page.select("figure.lesson-figure")
    assert len(figures) == len(lesson.card["figures"]) >= 1
    for figure, told in zip(figures, lesson.card["figures"], strict=True):
        name = told["name"]
        assert [image["src"] for image in figure("img")] == [f"{name}.svg", f"{name}.dark.svg"]
        assert {image["alt"] for image in figure("img")} == {told["alt"]}
        assert {image["loading"] for image in figure("img")} == {"lazy"}
        narrow = [source["srcset"] for source in figure("source")]
        assert narrow == [f"{name}.narrow.svg", f"{name}.narrow.dark.svg"]
        assert figure.figcaption.get_text().startswith(told["title"])
        data = [link["href"] for link in figure.figcaption("a")]
        assert data == ([told["data"]] if told["data"] else [])
        for tag in figure(["img", "source"]):
            content = (lesson.folder / (tag.get("src") or tag["srcset"])).read_text("utf-8")
            size = re.search(r'<svg [^>]*width="([\d.]+)" height="([\d.]+)"', content)
            assert int(tag["width"]) == round(float(size[1]))
            assert int(tag["height"]) == round(float(size[2]))


def test_every_page_says_what_it_is_about(site):
    descriptions, titles = [], []
    for address, page in site.pages.items():
        [policy] = page("meta", attrs={"http-equiv": "Content-Security-Policy"})
        assert policy.find_previous("script") is None, address
        titles.append(page.title.get_text())
        if address != "404.html":
            descriptions.append(page.find("meta", attrs={"name": "description"})["content"])
            assert page.find("meta", property="og:description")["content"] == descriptions[-1]
    assert len(descriptions) == len(set(descriptions))
    assert len(titles) == len(set(titles))
    assert all(40 <= len(description) <= 200 for description in descriptions)


def test_a_shared_link_to_any_page_has_its_picture(site):
    found = {}
    for address, page in site.pages.items():
        if address != "404.html":
            tags = {tag["property"]: tag["content"] for tag in page("meta", property=True)}
            place = tags["og:image"].removeprefix(site.address)
            assert (site.folder / place).read_bytes().startswith(b"\x89PNG")
            assert len(tags["og:image:alt"]) >= 20
            found[address] = place
    of_lessons = {f"tutorials/{slug}/index.html": f"tutorials/{slug}/share.png" for slug in LESSONS}
    assert of_lessons.items() <= found.items()
    assert {*found.values()} == {"share.png", *of_lessons.values()}


@every_lesson
def test_search_engines_read_what_a_lesson_teaches_and_needs(site, slug):
    page = site.lesson(slug).page
    data = json.loads(page.head.find("script", type="application/ld+json").string)
    assert data["@type"] == "LearningResource"
    assert data["url"] == f"{site.address}tutorials/{slug}/"
    assert data["description"] == page.find("meta", attrs={"name": "description"})["content"]
    listed = page.find(id="what-you-will-learn").find_next("ul")("li")
    assert len(data["teaches"]) == len(listed) >= 3
    assert data["timeRequired"] in {f"PT{minutes}M" for minutes in range(1, 21)}
    facts = page.find(class_="lesson-facts").p.get_text()
    assert f"Needs: {', '.join(data['competencyRequired'])}" in facts


def test_machines_find_every_page(site):
    told = (site.folder / "llms.txt").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[.+\]\((.+?)\): .+", told, re.MULTILINE)
    paths = {urlsplit(address).path.strip("/") or "index.html" for address in listed}
    pages = {address.removesuffix("/index.html") for address in site.pages} - {"404.html"}
    assert paths == pages
    nav = yaml_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    parts = [title for item in nav for title, pages in item.items() if isinstance(pages, list)]
    assert re.findall(r"^## (.+)", told, re.MULTILINE) == [*parts, "The rest"]


def test_the_missing_page_leads_to_every_page(site):
    leads = {link["href"] for link in site.pages["404.html"].article("a")}
    assert len(leads) >= len(site.pages) - 1


@every_lesson
def test_names_of_the_package_lead_to_the_reference(site, slug):
    links = site.lesson(slug).page.select(".highlight pre a.api")
    source = LESSONS[slug].script.read_text(encoding="utf-8")
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    ours = [node.names for node in statements if (node.module or "").startswith("mnist_lessons")]
    imported = {alias.name for names in ours for alias in names}
    called = imported & {"load_mnist", "start_run", "predict", "evaluate"}
    called |= {"fit"} if "run.fit(" in source else set()
    assert {"start_run"} <= called <= {link.get_text() for link in links}


@every_lesson
def test_a_lesson_says_for_whom_it_is_and_how_long_it_takes(site, slug):
    facts = site.lesson(slug).page.find(class_="lesson-facts").get_text(" ")
    level = r"(Beginner|Intermediate|Advanced): about \d+ minutes to read"
    assert re.search(rf"{level}. Needs: .+ The program ran for \d+:\d\d", facts)


def test_headings_are_in_order(site):
    for address, page in site.pages.items():
        levels = [int(heading.name[1]) for heading in page(re.compile(r"h[1-6]"))]
        assert levels[0] == 1, address
        assert levels.count(1) == 1, address
        assert all(below <= above + 1 for above, below in pairwise(levels)), address


def test_ids_are_unique_and_the_table_of_contents_finds_them(site):
    for address, page in site.pages.items():
        ids = [tag["id"] for tag in page(id=True)]
        assert len(ids) == len(set(ids)), address
        contents = page.select(".md-nav--secondary a[href^='#']")
        assert {unquote(link["href"][1:]) for link in contents} <= set(ids), address


@every_lesson
def test_the_table_of_contents_of_a_lesson_has_its_headings(site, slug):
    page = site.lesson(slug).page
    listed = [link["href"][1:] for link in page.select(".md-nav--secondary a[href^='#']")]
    headings = [heading["id"] for heading in page.article(re.compile("h[23]"))]
    assert headings
    assert list(dict.fromkeys(listed)) == headings


def test_no_page_shows_what_went_wrong(site):
    for address, page in site.pages.items():
        text = page.get_text()
        for sign in ("Traceback (most recent", "No description has been provided", "Warning: "):
            assert sign not in text, address
        assert "<!-- lessons:" not in str(page), address


@every_lesson
def test_a_lesson_page_is_light(site, slug):
    lesson = site.lesson(slug)
    assert len(gzip.compress((lesson.folder / "index.html").read_bytes())) <= 36_000
    assert all(len(style.get_text()) <= 2_000 for style in lesson.page("style"))
    assert "data:image" not in str(lesson.page.article)


@every_lesson
def test_downloads_lie_beside_the_page_and_are_linked(site, slug):
    lesson = site.lesson(slug)
    linked = {link["href"] for link in lesson.page.article("a")}
    card = json.loads((lesson.folder / "run.json").read_text("utf-8"))
    for name in (f"{slug}.ipynb", f"{slug}.py", "log.csv", "run.json"):
        assert (name in linked) == (name != "log.csv" or bool(card["log"]))
        assert (lesson.folder / name).stat().st_size > 0


@every_lesson
def test_the_code_of_the_site_is_linked_and_the_notebook_installs_it(site, slug):
    lesson = site.lesson(slug)
    links = {link["href"] for link in lesson.page.article("a")}
    names = {path.name for path in (site.folder / "downloads").iterdir()} - {"SHA256SUMS"}
    assert len(names) == 3
    assert links >= {"../../run/", *(f"../../downloads/{name}" for name in names)}
    [wheel] = [name for name in names if name.endswith(".whl")]
    assert f"{site.address}downloads/{wheel}" in lesson.install.source


def test_the_page_on_running_has_the_command_and_the_sum_of_each_file(site):
    run = site.pages["run/index.html"].article
    there = f"{site.address}downloads"
    for path in (site.folder / "downloads").iterdir():
        if path.name != "SHA256SUMS":
            row = run.find("a", string=path.name).find_parent("tr")
            assert hashlib.sha256(path.read_bytes()).hexdigest() in row.get_text()
        if path.suffix == ".whl":
            command = f"pip install {there}/{path.name} --constraint {there}/constraints.txt"
            assert command in run.get_text()


@every_lesson
def test_the_script_beside_the_page_is_the_lesson(site, slug):
    script = (site.lesson(slug).folder / f"{slug}.py").read_bytes()
    assert script == (site.root / "tutorials" / f"{slug}.py").read_bytes()
    compile(script, slug, "exec")


def calls_at_once(source):
    """What a cell calls, besides what the functions that it defines will call."""
    later = ast.FunctionDef | ast.ClassDef
    body = [node for node in ast.parse(source).body if not isinstance(node, later)]
    calls = [node for part in body for node in ast.walk(part) if isinstance(node, ast.Call)]
    return {ast.unparse(call.func) for call in calls}


@every_lesson
def test_the_notebook_beside_the_page_is_the_lesson_with_its_outputs(site, slug):
    lesson = site.lesson(slug)
    nbformat.validate(lesson.notebook)
    source = discover(site.root / "tutorials")
    [script] = [one for one in source if one.slug == slug]
    for shown, written in zip(lesson.notebook.cells, script.notebook().cells, strict=True):
        assert shown.cell_type == written.cell_type
        if shown.cell_type == "markdown":
            assert not re.search(r"\{\{|^(!!!|\?\?\?)", shown.source, re.M)
            marked = re.compile(r"^(!!!|\?\?\?) \w+|\{\{.*?\}\}", re.M | re.S)
            prose = marked.sub("", written.source)
            words = [word for word in prose.split() if word.isalpha()]
            assert [word for word in words if word not in shown.source] == []
        else:
            assert shown.source == written.source
    executed = code_cells(lesson.notebook)
    assert [cell.execution_count for cell in executed] == list(range(1, len(executed) + 1))
    for cell in executed:
        kinds = {output.output_type for output in cell.outputs}
        assert "error" not in kinds
        calls = calls_at_once(cell.source)
        if {"print", "run.fit"} & calls:
            assert "stream" in kinds, cell.source
        if "run.show" in calls:
            assert "display_data" in kinds, cell.source


@pytest.fixture
def elsewhere(tmp_path):
    """Runs Python in an environment that has all installed packages but this project."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    there = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    for packages in (Path(path) for path in sys.path if path.endswith("site-packages")):
        for package in packages.iterdir():
            is_own = re.match(r"(__editable__\W*)?mnist[-_]lessons", package.name)
            if not is_own and package.suffix != ".pth" and not (there / package.name).exists():
                (there / package.name).symlink_to(package)
    settings = {
        "MNIST_LESSONS_PROFILE": "preview",
        "MNIST_LESSONS_DEVICE": "cpu",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    def run(*arguments):
        return subprocess.run(
            [python, *arguments],
            cwd=tmp_path,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return run


def test_the_package_of_the_site_runs_a_downloaded_notebook_and_script(site, elsewhere, tmp_path):
    """In an environment without this project. It takes long because all cells are executed."""
    lesson = site.lesson("simple_dnn")
    for kind in ("ipynb", "py"):
        shutil.copy(lesson.folder / f"simple_dnn.{kind}", tmp_path)

    def card():
        return json.loads((tmp_path / "runs" / "simple_dnn" / "run.json").read_text("utf-8"))

    missing = elsewhere("simple_dnn.py")
    assert missing.returncode == 1
    assert "No module named 'mnist_lessons'" in missing.stderr

    execute = "import sys; from nbclient.cli import main; main(sys.argv[1:])"
    process = elsewhere("-c", execute, "--inplace", "simple_dnn.ipynb")
    assert process.returncode == 0, process.stderr
    assert card()["status"] == "finished"
    assert measured(card()) == measured(lesson.card)

    where = elsewhere("-c", "import mnist_lessons; print(mnist_lessons.__file__)").stdout
    assert Path(where.strip()).is_relative_to(tmp_path / "environment")
    process = elsewhere("simple_dnn.py")
    assert process.returncode == 0, process.stderr
    assert card()["reused_seconds"] > 0
    assert measured(card()) == measured(lesson.card)


@every_lesson
def test_a_notebook_says_besides_its_lesson_only_that_it_had_the_sample(site, slug):
    """And nothing of how the build had its kernels find it."""
    said = [
        line
        for cell in code_cells(site.lesson(slug).notebook)
        for output in cell.outputs
        for line in output.get("text", "").splitlines()
        if "mnist_lessons" in line
    ]
    assert said
    assert all(line.startswith("mnist_lessons: SAMPLE DATA") for line in said)


@every_lesson
def test_all_code_and_all_outputs_are_on_the_page(site, slug):
    lesson = site.lesson(slug)
    listings = [code.get_text() for code in lesson.page.article.select(".highlight pre code")]
    printed = {line for pre in lesson.page.article("pre") for line in pre.get_text().splitlines()}
    for cell in code_cells(lesson.notebook):
        assert f"{cell.source}\n" in listings
        for output in cell.outputs:
            if output.output_type == "stream":
                assert {line for line in output.text.splitlines() if line} <= printed


@every_lesson
def test_the_log_beside_the_page_agrees_with_the_run_card(site, slug):
    lesson = site.lesson(slug)
    assert lesson.card["status"] == "finished"
    assert lesson.card["profile"] == "preview"
    assert lesson.card["data"]["is_sample"]
    assert len(lesson.log) == len(lesson.card["log"])
    assert bool(lesson.log) == bool(lesson.card["trainings"])
    for row, record in zip(lesson.log, lesson.card["log"], strict=True):
        assert {name: type(record[name])(value) for name, value in row.items()} == record


@every_lesson
def test_each_training_has_its_table_and_its_curve_beside_the_folded_log(site, slug):
    lesson = site.lesson(slug)
    trainings = []
    for cell in code_cells(lesson.notebook):
        printed = "".join(output.get("text", "") for output in cell.outputs)
        logged = [one for one in lesson.card["trainings"] if "\n".join(one["printed"]) in printed]
        trainings += [one["fit"] for one in logged if len(logged) == 1]
    assert set(trainings) <= {record["fit"] for record in lesson.card["log"]}
    blocks = lesson.page.select(".training")
    assert len(blocks) == len(trainings)
    for block, fit in zip(blocks, trainings, strict=True):
        records = {str(one["epoch"]): one for one in lesson.card["log"] if one["fit"] == fit}
        for epoch, _, loss, accuracy, *_ in (
            [cell.get_text(strip=True) for cell in row(["th", "td"])] for row in block.tbody("tr")
        ):
            number = re.match(r"\d+", epoch)[0]
            assert loss.endswith(f"{records[number]['validation_loss']:.4f}")
            assert accuracy.startswith(f"{100 * records[number]['validation_accuracy']:.2f}")
        shown = any(fit in figure["fits"] for figure in lesson.card["figures"])
        assert bool(block.find("svg")) != shown  # once is enough
        [printed] = block("details")
        assert not printed.has_attr("open")
        assert "epoch" in printed.pre.get_text()


@every_lesson
def test_a_lesson_page_has_its_run_card(site, slug):
    lesson = site.lesson(slug)
    text = lesson.page.find(id="the-run-behind-this-page").find_next("table").get_text(" ")
    for fact in (lesson.card["device_name"], lesson.card["versions"]["torch"], "preview"):
        assert fact in text
    assert lesson.card["data"]["checksum"][:16] in text


@every_lesson
def test_solutions_are_folded(site, slug):
    lesson = site.lesson(slug)
    solutions = [
        f"{cell.source}\n"
        for cell in code_cells(lesson.notebook)
        if "solution" in cell.metadata.get("tags", [])
    ]
    folded = [
        code.get_text()
        for details in lesson.page("details", class_="success")
        for code in details.select(".highlight code")
        if code.find_parent("details") is details  # a test that is shown there has its own
    ]
    assert folded == solutions
    words = [details.get_text(" ").split()[:2] for details in lesson.page("details", "success")]
    assert all(pair[0] == "Solution" and pair[1] != "solution" for pair in words)
    assert not any(details.has_attr("open") for details in lesson.page("details"))


@pytest.mark.parametrize(
    "address",
    [
        "404.html",
        *(f"{page}index.html" for page in ("", "draw/", "errors/", "results/")),
        *(f"tutorials/{slug}/index.html" for slug in LESSONS),
    ],
)
def test_a_page_with_numbers_says_preview_and_sample(site, address):
    titles = titles_of_admonitions(site.pages[address])
    assert titles[:2] == ["Preview", "Sample data"]


def test_every_page_of_a_preview_is_watermarked(site):
    for address, page in site.pages.items():
        assert page.select_one(".preview-watermark"), address


@every_lesson
def test_admonitions_are_rendered(site, slug):
    script = LESSONS[slug].script.read_text("utf-8")
    written = re.findall(r'^# !!! \w+ "(.+)"$', script, re.M)
    folded = re.findall(r'^# \?\?\? \w+ "(.+)"$', script, re.M)
    assert folded
    page = site.lesson(slug).page
    assert titles_of_admonitions(page)[-len(written) :] == written or not written
    summaries = [summary.get_text() for summary in page("summary")]
    assert [text for text in summaries if text in folded] == folded
    assert "???" not in page.article.get_text()
    assert "!!!" not in page.article.get_text()


def test_the_tables_of_results_have_every_result_of_every_run(site):
    main, *_ = tables = site.pages["results/index.html"].select(".results-table")
    [costs] = [table for table in tables if "cost" in table.get_text()]
    compared, paid = (
        [
            [cell.get_text(" ", strip=True) for cell in row(["th", "td"])]
            for row in table.tbody("tr")
        ]
        for table in (main, costs)
    )
    cards = [site.lesson(slug).card for slug in LESSONS]
    results = [(card["seed"], result) for card in cards for result in card["results"]]
    for seed, result in results:
        low, high = (f"{end:.2%}" for end in result["interval"])
        accuracy = f"{result['accuracy']:.2%}"
        row = [f"{result['title']} seed {seed}", accuracy, "\N{EN DASH}", f"{low} to {high}"]
        assert row in compared
        assert result["accuracy"] == result["correct"] / result["count"]
    assert len(compared) == len(results) + 6, "and the recipes of the study"
    expected = [
        [
            result["title"],
            f"{result['parameters']:,}",
            f"{result['multiplications']:,}",
            f"{result['epochs']:,}",
            f"{result['seconds_per_epoch']:.2f}",
        ]
        for _, result in results
    ]
    assert sorted(paid) == sorted(expected)


def test_each_pair_of_networks_is_compared(site):
    tables = site.pages["results/index.html"].select("#two-networks-the-same-images ~ * table")
    with_best, every = (table.tbody("tr") for table in tables[:2])
    networks = [result for slug in LESSONS for result in site.lesson(slug).card["results"]]
    titles = [result["title"] for result in networks]
    best = max(networks, key=lambda result: result["correct"])["title"]
    assert sorted([*(row.th.get_text() for row in with_best), best]) == sorted(titles)
    shown = [{name.rstrip(",") for name in row.th.stripped_strings} for row in every]
    assert all(set(pair) in shown for pair in combinations(titles, 2))
    assert len(shown) == math.comb(len(titles), 2)
    correct = {result["title"]: result["correct"] for result in networks}
    for row in with_best:
        only_it, only_best = (int(cell.get_text()) for cell in row("td")[:2])
        assert correct[best] - correct[row.th.get_text()] == only_best - only_it


def test_the_page_of_the_data_has_the_checksums_of_the_runs(site):
    text = site.pages["data/index.html"].article.get_text()
    for slug in LESSONS:
        data = site.lesson(slug).card["data"]
        assert data["dataset"] in text
        assert all(checksum in text for checksum in data["sha256"].values())


def test_the_french_terms_of_the_glossary_are_marked(site):
    glossary = site.pages["glossary/index.html"].select_one(".glossary")
    entries = glossary("h2")
    for entry in entries:
        assert entry["id"]
        meaning, place = entry.find_next_siblings("p", limit=2)
        assert not meaning.select("em[lang]")
        assert place.em["lang"] == "fr"
    assert len(entries) >= 80


@every_lesson
def test_a_lesson_leads_its_reader_to_the_glossary(site, slug):
    places = {entry["id"] for entry in site.pages["glossary/index.html"].select(".glossary h2")}
    words = [word["href"] for word in site.lesson(slug).page.select("article a.word")]
    assert len(words) == len(set(words)) >= 5
    assert {*words} <= {f"../../glossary/#{place}" for place in places}


def test_the_search_index_has_each_text_once(site):
    texts = json.loads((site.folder / "search" / "texts.json").read_text("utf-8"))
    found = [entry for entry in texts if entry["location"].startswith("tutorials/")]
    text = " ".join(entry["text"] for entry in found)
    assert "Copied!" not in text
    assert "In [" not in text
    assert all("¶" not in entry["title"] for entry in texts)
    assert "a confusion matrix" in " ".join(text.split())
    for lesson in LESSONS.values():
        page = " ".join(
            entry["text"]
            for entry in found
            if entry["location"].startswith(f"tutorials/{lesson.slug}/")
        )
        assert page.count("start_run(") <= 1


def test_the_search_index_has_neither_buttons_nor_tables_of_numbers(site):
    texts = json.loads((site.folder / "search" / "texts.json").read_text("utf-8"))
    text = {entry["location"]: entry["text"] for entry in texts}
    assert "They run here, in your browser" in text["draw/"]
    assert "Clear" not in text["draw/"]
    assert "The surest mistakes come first" in text["errors/"]
    assert not any("read as 7, " in told for told in text.values())
    assert not any(place.endswith("-list") for place in text)
    assert "made from what the runs recorded" in text["results/"]
    assert "SimpleDNN" not in text["results/"] + text["results/#learning-curves"]
    lessons = " ".join(told for place, told in text.items() if place.startswith("tutorials/"))
    assert "People write a digit in many ways" in lessons
    for noise in (
        "epoch (logarithmic)",
        "What the program printed",
        "Data (CSV)",
        "counted == count_parameters",
    ):
        assert noise not in lessons


@every_lesson
def test_a_script_repeats_the_numbers_of_its_page(site, previews, slug):
    folder, _ = previews
    card = json.loads((folder / "runs" / slug / "run.json").read_text(encoding="utf-8"))
    assert measured(card) == measured(site.lesson(slug).card)
