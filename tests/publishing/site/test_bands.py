"""The limits of what may be published."""

import math

import pytest

from mnist_lessons.errors import BuildFailure
from mnist_lessons.publishing.site.bands import check_bands, read_bands
from tests.publishing.cards import run_with


def run_of(folder, value, *, profile="full", is_sample=False, correct=9_770):
    """A run whose `score` is `value`; None for no score at all."""
    values = {} if value is None else {"score": None if math.isnan(value) else value}
    card = {"lesson": "one", "profile": profile, "values": values, "data": {"is_sample": is_sample}}
    return run_with(folder, {**card, "results": [{"correct": correct}]})


def judged(tmp_path, value, **changes):
    """The sentences about such a run."""
    return check_bands({"score": [0.97, 0.9999]}, run_of(tmp_path, value, **changes))


@pytest.mark.parametrize("value", [0.97, 0.985, 0.9999])
def test_a_value_inside_its_band_passes(tmp_path, value):
    assert judged(tmp_path, value) == []


@pytest.mark.parametrize("value", [0.0, 0.9699, 1.0])
def test_a_value_outside_its_band_is_told(tmp_path, value):
    [problem] = judged(tmp_path, value)
    assert problem == f"one: score is {value:.4f}, outside its band 0.97 to 0.9999"


def test_a_value_that_is_no_number_is_told(tmp_path):
    assert judged(tmp_path, math.nan) == ["one: score is not a number"]


@pytest.mark.parametrize(("profile", "is_sample"), [("full", False), ("preview", True)])
def test_a_misspelt_name_is_told_with_those_that_there_are(tmp_path, profile, is_sample):
    run = run_of(tmp_path, 0.98, profile=profile, is_sample=is_sample)
    told = "tutorials/bands.toml: [one] scroe: no run recorded it; there are score"
    assert check_bands({"scroe": [0, 1]}, run) == [told]


def test_what_a_value_was_is_told(tmp_path):
    run = run_of(tmp_path / "new", 0.5)
    others = [
        run,
        run_of(tmp_path / "preview", 0.1, profile="preview"),
        run_of(tmp_path / "sample", 0.2, is_sample=True),
        run_of(tmp_path / "without", None),
        run_of(tmp_path / "last", 0.9768),
        run_of(tmp_path / "older", 0.98),
    ]
    [problem] = check_bands({"score": [0.97, 0.9999]}, run, others)
    assert problem == "one: score is 0.5000 (was 0.9768), outside its band 0.97 to 0.9999"


@pytest.mark.parametrize(("profile", "is_sample"), [("preview", False), ("full", True)])
def test_a_preview_and_the_sample_are_never_judged(tmp_path, profile, is_sample):
    assert judged(tmp_path, 0.1, profile=profile, is_sample=is_sample) == []


def test_a_result_of_all_images_is_refused_without_any_band(tmp_path):
    [problem] = judged(tmp_path, 0.98, correct=10_000)
    assert problem.startswith("one: A net reads all 10,000 test images")
    assert judged(tmp_path, 0.98, correct=10_000, is_sample=True) == []


def test_bands_are_optional(tmp_path):
    (tmp_path / "tutorials").mkdir()
    assert read_bands(tmp_path / "tutorials", ["one"]) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[one\n", "Expected ']' at the end of a table declaration (at line 1, column 5)"),
        (b"[on]\nscore = [0, 1]", "[on] is no lesson; there are one"),
        (b"one = 3", "one belongs below the [name] of a lesson"),
        (b"[one]\nscore = 0.9", "[one] score must be [lowest, highest], not 0.9"),
        (b"[one]\ns = [1]", "[one] s must be [lowest, highest], not [1]"),
        (b"[one]\ns = [1, 0.9]", "[one] s must be [lowest, highest], not [1, 0.9]"),
        (b"[one]\ns = [0, nan]", "[one] s must be [lowest, highest], not [0, nan]"),
        (b"[one]\ns = [false, true]", "[one] s must be [lowest, highest], not [False, True]"),
        (b"[one]\n# \xff", "'utf-8' codec can't decode byte 0xff in position 8"),
        (None, "it cannot be read: Is a directory"),
    ],
)
def test_a_slip_in_the_bands_is_a_clear_error(tmp_path, text, reason):
    path = tmp_path / "tutorials" / "bands.toml"
    path.parent.mkdir()
    if text is None:
        path.mkdir()
    else:
        path.write_bytes(text)
    with pytest.raises(BuildFailure) as told:
        read_bands(path.parent, ["one"])
    assert str(told.value).startswith(f"tutorials/bands.toml: {reason}")


def test_a_mark_at_the_beginning_of_the_bands_is_read_over(tmp_path):
    (tmp_path / "bands.toml").write_bytes(b"\xef\xbb\xbf[one]\nscore = [0, 1]\n")
    assert read_bands(tmp_path, ["one"]) == {"one": {"score": [0, 1]}}
