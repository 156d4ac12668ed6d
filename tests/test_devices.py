"""The device that was asked for, or one clear line; only `auto` chooses by itself."""

import pytest
import torch

from mnist_lessons.devices import device_name, select_device, synchronise
from mnist_lessons.errors import SettingError


def test_auto_gives_a_device_that_works():
    device = select_device()
    assert (torch.ones(3, device=device) * 2).sum().item() == 6
    synchronise(device)
    if torch.cuda.is_available():
        assert device.type == "cuda"
    else:
        assert device.type in ("cpu", "mps")


def test_cpu_is_given_on_every_machine():
    assert select_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "", "CPU", "cuda:-1", "cuda:x", "meta", "xpu", "cuda:1e3"])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(SettingError) as caught:
        select_device(name)
    told(caught.value)
    assert repr(name) in str(caught.value)


def absent():
    names = [f"cuda:{torch.cuda.device_count()}"]
    if torch.cuda.device_count() == 0:
        names.append("cuda")
    if not torch.backends.mps.is_available():
        names.append("mps")
    return names


@pytest.mark.parametrize("name", absent())
def test_an_absent_device_is_refused_not_replaced(name):
    with pytest.raises(SettingError) as caught:
        select_device(name)
    told(caught.value)
    assert f"device {name} was asked for" in str(caught.value)


def told(error):
    assert error.exit_status == 2
    assert len(str(error).splitlines()) == 1
    assert "cpu" in str(error)


def test_the_device_has_a_name():
    for device in {select_device("auto"), select_device("cpu")}:
        assert device_name(device).strip()
