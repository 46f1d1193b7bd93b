"""Shared fixtures."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import OPS

collect_ignore = ["mutants.py"]  # a command, for which mutmut is installed when it is asked for


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def registry():
    """Let a test declare ops, and take them out again."""
    before = dict(OPS)
    yield OPS
    OPS.clear()
    OPS.update(before)
