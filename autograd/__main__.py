"""``python -m autograd check my_backprop.py``: a derivation by hand, checked from a shell."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import runpy
import sys
from pathlib import Path

from autograd import __version__
from autograd.backprop import check_backprop
from autograd.errors import AutogradError

TEMPLATE = '''"""A backward pass derived by hand: python -m autograd check this_file.py"""

import numpy as np

rng = np.random.default_rng(0)
parameters = {
    "W1": rng.normal(size=(4, 3)),
    "b1": rng.normal(size=(4, 1)),
    "W2": rng.normal(size=(1, 4)),
    "b2": rng.normal(size=(1, 1)),
}
X = rng.normal(size=(3, 5))  # examples are columns
Y = rng.integers(0, 2, size=(1, 5)).astype(float)


def forward(X, Y, parameters):
    """Return J and what the backward pass needs."""
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    J = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    return J, {"A1": A1, "A2": A2}


def backward(X, Y, parameters, cache):
    """Return the gradients of J. Name what you compute on the way: dZ2, dA1, dZ1."""
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = dZ2 @ cache["A1"].T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = parameters["W2"].T @ dZ2
    dZ1 = dA1 * (1 - cache["A1"] ** 2)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
'''


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 0 for a right derivation, 1 for a wrong one, 2 where it cannot run."""
    for stream in (sys.stdout, sys.stderr):  # a terminal without our signs gets escapes
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(prog="python -m autograd", description=__doc__)
    parser.add_argument("--version", action="version", version=f"retrograd {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "check",
        help="check forward and backward functions of a file",
        description="The file has forward, backward, parameters, X and Y or data; and loss, "
        "where forward returns (A, cache). --template prints one to begin with.",
    )
    check.add_argument("file", nargs="?", type=Path, help="a Python file; it is run")
    check.add_argument("--json", action="store_true", help="print the report as JSON")
    check.add_argument("--template", action="store_true", help="print a file to begin with")
    options = parser.parse_args(arguments)
    if options.template:
        print(TEMPLATE, end="")
        return 0
    if options.file is None:
        parser.error("check needs a file; --template prints one to begin with.")
    return _check(options.file, as_json=options.json)


def _check(file: Path, *, as_json: bool) -> int:
    if not file.is_file():
        print(f"{file}: no such file; --template prints one to begin with.", file=sys.stderr)
        return 2
    sys.path.insert(0, str(file.resolve().parent))
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what the file itself prints
            space = runpy.run_path(str(file))
    except (Exception, SystemExit) as error:
        print(f"{file}: raised {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    params = next((space[n] for n in ("parameters", "params") if n in space), None)
    given = space.get("data")
    needed = ["forward", "backward", *(("X", "Y") if given is None else ())]
    missing = [n for n in needed if n not in space]
    missing += ["parameters"] if params is None else []
    if missing:
        print(
            f"{file}: needs {', '.join(missing)}; --template prints a file that has them.",
            file=sys.stderr,
        )
        return 2
    try:
        pair = space["forward"], space["backward"]
        loss = space.get("loss")
        data = (space["X"], space["Y"]) if given is None else given
        aloud = sys.stderr if as_json else sys.stdout  # what the functions print is no JSON
        with contextlib.redirect_stdout(aloud):
            report = check_backprop(*pair, params, data, loss=loss)
    except AutogradError as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report.to_dict(), ensure_ascii=False, indent=1) if as_json else report)
    return 0 if report else 1


if __name__ == "__main__":
    raise SystemExit(main())
