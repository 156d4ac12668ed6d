"""The same runs make the same site, byte for byte, in any folder and at any time."""

import gzip
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

FIGURE = """\
import io
from IPython.display import display
from matplotlib.image import imsave
imsave(file := io.BytesIO(), [[0, 1], [1, 0]], format='png')
text = {"alt": "four squares, two of them dark", "name": "squares"}
display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": text})
print('output of one')"""

THEIR_OWN = '{"HTMLExporter": {"exclude_output": true}}'  # a configuration of nbconvert


@pytest.fixture(scope="module")
def first(built, tmp_path_factory):
    """A built project with a figure, a value in prose, and an address for its sitemap."""
    root = tmp_path_factory.mktemp("first") / "project"
    project = type(built)(shutil.copytree(built.root, root))
    (root / "executions.txt").unlink()
    with (project.root / "mkdocs.yml").open("a") as stream:
        stream.write("site_url: https://example.org/lessons/\n")
    prose = "It reads {{ score | percent }}."
    project.write("one", prose=prose, code=FIGURE, end='tiny.publish("one", values={"score": .5})')
    assert project.program("build").returncode == 0
    return project


def test_a_site_is_the_same_elsewhere_and_later(first, tmp_path):
    assert first.command("export", "runs.tar.gz").returncode == 0
    elsewhere = tmp_path / "a folder" / "that is deeper"
    ignored = shutil.ignore_patterns(".cache", "site", "dated", "__pycache__", "*.gz")
    second = type(first)(shutil.copytree(first.root, elsewhere, ignore=ignored))
    assert second.command("import", str(first.root / "runs.tar.gz")).returncode == 0
    (tmp_path / ".jupyter").mkdir()
    (tmp_path / ".jupyter" / "jupyter_nbconvert_config.json").write_text(THEIR_OWN)
    time.sleep(1)  # some files have seconds in them
    result = second.program("build", TZ="Pacific/Kiritimati", LC_ALL="C", HOME=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert first.executed == ["one"]
    assert second.executed == ["one"], "copied from the first: nothing was added"

    one, other = first.site(), second.site()
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


def test_no_file_has_the_day_of_the_build_or_a_folder_of_the_machine(first):
    texts = {
        name: gzip.decompress(content) if name.endswith(".gz") else content
        for name, content in first.site().items()
    }
    assert b"<lastmod>2026-01-02</lastmod>" in texts["sitemap.xml"], "that of the newest run"
    assert texts["sitemap.xml.gz"] == texts["sitemap.xml"]
    packed = first.site()["sitemap.xml.gz"]
    assert int.from_bytes(packed[4:8], "little") == datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    signs = [datetime.now(UTC).strftime("%Y-%m-%d"), str(first.root), str(Path.home())]
    found = {
        (name, sign)
        for name, content in texts.items()
        for sign in signs
        if sign.encode() in content
    }
    assert found == set()


def test_who_sets_the_date_of_a_build_gets_it(first):
    assert first.program("build", "--site", "dated", SOURCE_DATE_EPOCH="1000000000").returncode == 0
    sitemap = (first.root / "dated" / "sitemap.xml").read_text(encoding="utf-8")
    assert "<lastmod>2001-09-09</lastmod>" in sitemap
