"""The programs of this folder as modules whose source can be read, and judged."""

from __future__ import annotations

import atexit
import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from autograd import BackpropDiagnosis, check_backprop
from tests.autograd.mistakes import (
    engineering,
    hands,
    losses,
    models,
    networks,
    sequences,
    students,
)

FILES = {
    "networks": networks,
    "sequences": sequences,
    "losses": losses,
    "models": models,
    "engineering": engineering,
    "hands": hands,
    "students": students,
}


def _of_all(kind: str) -> dict[str, dict[str, Any]]:
    """Return the programs of a kind in all files, by their names."""
    return {case["id"]: case for file in FILES.values() for case in getattr(file, kind, [])}


CASES, RIGHT, DOUBLE = _of_all("CASES"), _of_all("RIGHT"), _of_all("DOUBLE")  # DOUBLE has two each


FOLDER = tempfile.TemporaryDirectory(prefix="mistakes")
atexit.register(FOLDER.cleanup)


def module_of(name: str, text: str) -> Any:
    """Return the module of a program, whose source can be read from its file."""
    path = Path(FOLDER.name) / f"{name.replace('-', '_')}.py"
    path.write_text("import numpy as np\n" + text, "utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judged(name: str, case: dict[str, Any], text: str) -> BackpropDiagnosis:
    module = module_of(name, text)
    rng = np.random.RandomState(0)
    parameters = case["parameters"](rng)
    data = case["data"](rng)
    with np.errstate(all="ignore"):
        loss = getattr(module, case["loss"]) if case.get("loss") else None
        return check_backprop(module.forward, module.backward, parameters, data, loss=loss)
