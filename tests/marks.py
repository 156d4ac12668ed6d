"""Marks for cases of a test."""

from typing import Any

import pytest
from _pytest.mark import ParameterSet


def slow(*cases: Any) -> list[ParameterSet]:
    """Cases of a parametrised test that only `make test-all` tries; a tuple is several values."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
        for case in cases
    ]
