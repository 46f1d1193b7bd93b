"""Shared fixtures."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import COMPOSITES, OPS

collect_ignore = ["mutants.py"]  # a command, for which mutmut is installed when it is asked for


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def registry():
    """Let a test declare ops, and take them out again."""
    before = [(table, dict(table)) for table in (OPS, COMPOSITES)]
    yield OPS
    for table, known in before:
        table.clear()
        table.update(known)
