"""Each variable's range, and the one line that a wrong value gets."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lessons.errors import LessonError, SettingError
from mnist_lessons.settings import Settings

NAMES = ("CHECKPOINTS", "DATA", "DEVICE", "OFFLINE", "PROFILE", "RUNS")
RANGES = {
    "DEVICE": "auto, cpu, cuda, cuda:N (N from 0 to 99) or mps",
    "OFFLINE": "0 or 1",
    "PROFILE": "full or preview",
}
VALID = {
    "DEVICE": {"auto", "cpu", "cuda", "mps", *(f"cuda:{n}" for n in range(100))},
    "OFFLINE": {"0", "1"},
    "PROFILE": {"full", "preview"},
}

values = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1)
# What a finger slips into: a good value with one character more, or in other letters.
slips = st.sampled_from(
    [
        slip
        for value in sorted(set.union(*VALID.values()))
        for slip in (
            value.upper(),
            value.title(),
            f" {value}",
            f"{value}\n",
            f"{value}0",
            value[1:],
        )
        if slip
    ]
)


def read(**variables: str) -> Settings:
    return Settings.from_environment({f"MNIST_LESSONS_{k}": v for k, v in variables.items()})


def error_line(**variables: str) -> str:
    with pytest.raises(SettingError) as caught:
        read(**variables)
    assert caught.value.exit_status == 2
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    return line


def test_nothing_set_gives_the_defaults():
    assert read() == Settings(
        checkpoints=None,
        data=None,
        device="auto",
        offline=False,
        profile=None,
        runs=Path("runs"),
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_variable_counts_as_unset(name):
    assert read(**{name: ""}) == Settings()


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:0", "cuda:9", "cuda:99", "mps"])
def test_each_device_is_accepted(device):
    assert read(DEVICE=device).device == device


@pytest.mark.parametrize(("value", "offline"), [("0", False), ("1", True)])
def test_offline_is_zero_or_one(value, offline):
    assert read(OFFLINE=value).offline is offline


@pytest.mark.parametrize("profile", ["full", "preview"])
def test_each_profile_is_accepted(profile):
    assert read(PROFILE=profile).profile == profile


def test_the_data_folder_becomes_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert read(DATA="mnist").data == tmp_path / "mnist"


def test_a_tilde_means_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    settings = read(CHECKPOINTS="~/states", DATA="~/mnist", RUNS="~/runs")
    assert (settings.data, settings.runs) == (tmp_path / "mnist", tmp_path / "runs")
    assert settings.checkpoints == tmp_path / "states"


def test_the_tilde_of_nobody_is_a_name_like_any_other():
    settings = read(DATA="~no-such-user/mnist", RUNS="~no-such-user")
    assert settings.data == Path("~no-such-user/mnist").absolute()
    assert settings.runs == Path("~no-such-user")


@pytest.mark.parametrize("name", RANGES)
@given(value=values | slips)
def test_any_other_value_is_one_line_that_names_variable_and_range(name, value):
    if value in VALID[name]:
        read(**{name: value})
        return
    line = error_line(**{name: value})
    assert line.startswith(f"MNIST_LESSONS_{name}=")
    assert repr(value) in line
    assert line.endswith(RANGES[name])


@pytest.mark.parametrize(
    "value",
    ["gpu", "CPU", "cuda:", "cuda:-1", "cuda:01", "cuda:100", "cuda:256", "cuda:٣", "cuda:0\n"],
)
def test_a_device_that_torch_would_misread_is_refused(value):
    assert RANGES["DEVICE"] in error_line(DEVICE=value)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("DEVCE", "DEVICE"), ("OFLINE", "OFFLINE"), ("PROFIL", "PROFILE"), ("DATA_DIR", "DATA")],
)
def test_a_misspelt_variable_gets_a_suggestion(wrong, meant):
    line = error_line(**{wrong: "1"})
    assert f"unknown setting MNIST_LESSONS_{wrong}" in line
    assert f"did you mean MNIST_LESSONS_{meant}?" in line


@given(name=st.text(string.ascii_uppercase + string.digits + "_"))
def test_no_unknown_variable_goes_unnoticed(name):
    if name in NAMES:
        return
    line = error_line(**{name: "1"})
    assert f"MNIST_LESSONS_{name}" in line
    assert any(f"MNIST_LESSONS_{known}" in line for known in NAMES)


def test_variables_of_other_programs_are_left_alone():
    assert Settings.from_environment({"PATH": "/bin", "MNIST_DATA": "x"}) == Settings()


def test_the_environment_of_the_process_is_read(monkeypatch):
    monkeypatch.setenv("MNIST_LESSONS_PROFILE", "preview")
    assert Settings.from_environment() == Settings(profile="preview", offline=True)


def test_setting_errors_are_caught_as_lesson_error_and_as_value_error():
    assert issubclass(SettingError, LessonError)
    assert issubclass(SettingError, ValueError)
