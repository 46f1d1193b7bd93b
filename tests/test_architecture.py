"""The walls of the house: who may import whom, and what a distribution contains."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"autograd", "nn", "viz"}
ALLOWED = {"autograd": set(), "nn": {"autograd"}, "viz": {"autograd"}}
# Where viz may meet the engine: its door, and the guard against a name clash.
VIZ_MEETS_AUTOGRAD = {"viz/engine.py", "viz/_guard.py"}
THIRD_PARTY = {
    "autograd": {"numpy"},
    "nn": {"numpy", "matplotlib", "safetensors", "sklearn", "tqdm"},
}
THIRD_PARTY["viz"] = {"numpy", "graphviz", "pygraphviz", "vl_convert", "PIL"}


def imports(path: Path) -> set[str]:
    """Return the top-level names a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found.add((node.module or "").split(".")[0])
    return found


FILES = sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_only_in_the_allowed_directions(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    package = place.split("/")[0]
    used = imports(path) - set(sys.stdlib_module_names)
    assert used & PACKAGES <= ALLOWED[package] | {package}
    assert used - PACKAGES <= THIRD_PARTY[package]
    if package == "viz" and "autograd" in used:
        assert place in VIZ_MEETS_AUTOGRAD


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_autograd_touches_its_private_names(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    if package == "autograd":
        return
    private = {"_value", "_node", "_constant", "_formulas", "_entry"}
    used = {
        n.attr
        for n in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(n, ast.Attribute)
        and not (isinstance(n.value, ast.Name) and n.value.id == "self")
    }
    assert not used & private


def name_of(path: Path) -> str:
    """Return the dotted name of a file, ``autograd.ops.shape``."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in FILES}


class _Imports(ast.NodeVisitor):
    """What a file of ours imports of ours: at its head, and inside of functions."""

    def __init__(self, path: Path) -> None:
        self.head: set[str] = set()
        self.inside: set[str] = set()
        self._depth = 0
        self.visit(ast.parse(path.read_text("utf-8")))

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Import(self, node: ast.Import) -> None:
        self._add(alias.name for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = (f"{node.module}.{alias.name}" for alias in node.names)
        self._add(name if name in MODULES else str(node.module) for name in names)

    def _add(self, names: Iterable[str]) -> None:
        found = self.inside if self._depth else self.head
        found.update(name for name in names if name in MODULES)


IMPORTS = {name: _Imports(path) for name, path in MODULES.items()}


def test_files_do_not_import_each_other_inside_functions() -> None:
    """Such an import hides a circle. These two wait for ops, which stand on what imports them."""
    found = {(name, used) for name, file in IMPORTS.items() for used in file.inside}
    assert found == {
        ("autograd.tensor", "autograd.ops.joining"),
        ("autograd.operands", "autograd.ops.sparse"),
    }


def test_no_file_imports_itself_through_others() -> None:
    left = {name: set(file.head) for name, file in IMPORTS.items()}
    while ready := {name for name, used in left.items() if not used & left.keys()}:
        left = {name: used for name, used in left.items() if name not in ready}
    assert not left


# Who reads a recorded graph. What records it, ops and their walk know none of them.
READERS = {
    f"autograd.{name}"
    for name in (
        *("program", "graph", "labels", "source", "checking", "differences", "noise"),
        *("backprop", "forcing", "diagnosis", "judged_functions", "judged_rules"),
        *("captured", "placed", "judge", "watched", "edits", "slips", "written", "limited"),
    )
}


def test_what_records_a_graph_knows_nothing_of_who_reads_it() -> None:
    doors = {"autograd", "autograd.__main__"}
    for name, file in IMPORTS.items():
        if name.startswith("autograd") and name not in READERS | doors:
            assert not file.head & READERS, name


def test_ops_stand_on_the_engine_and_not_the_other_way_round() -> None:
    """But for the door, readers, and what gives Tensors and NumPy's protocols their functions."""
    above = {"autograd", "autograd.methods", "autograd.dispatch"} | READERS
    for name, file in IMPORTS.items():
        if name.startswith("autograd") and not name.startswith("autograd.ops"):
            assert name in above or not any(x.startswith("autograd.ops") for x in file.head), name


def test_renderers_see_views_and_no_graph() -> None:
    """They know how things look, stand and are written; what a picture says is decided before."""
    looks = {f"viz.{name}" for name in ("far", "kinds", "layout", "rows", "text", "theme")}
    for name, file in IMPORTS.items():
        if name.startswith("viz.render."):
            others = {x for x in file.head if not x.startswith("viz.render.")}
            # How a name is written in LaTeX, and in a derivative.
            names = {"viz.engine"} if name in {"viz.render.tikz", "viz.render.page"} else set()
            assert others <= looks | names, name


def test_the_plan_of_the_house_names_each_file() -> None:
    """In docs/architecture.md: by its own name, or, of ops and renderers, by its folder."""
    plan = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    folders = ("autograd/ops/", "viz/render/")
    missing = [
        place
        for path in FILES
        if not (place := path.relative_to(ROOT).as_posix()).startswith(folders)
        and not path.name.startswith("_")
        and place not in plan
        and f"`{path.name}`" not in plan
    ]
    assert not missing


def test_importing_the_packages_loads_no_optional_library() -> None:
    code = (
        "import sys, autograd, nn, viz; "
        "optional = {'matplotlib', 'tqdm', 'pygraphviz', 'sklearn', 'scipy', 'vl_convert', 'PIL'}; "
        "print(*sorted(optional & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == ""


def test_recursion_over_the_graph_is_nowhere() -> None:
    """Functions of the engine that handle nodes do not call themselves.

    `frozen` does: it goes into the tuples of an index, and `_numbers` into those of a result.
    `single` goes into the tuple of a variadic op's operands.
    `backward` the method calls the function.
    """
    for name in ("backward", "graph", "node", "tensor", "op", "codegen", "operands"):
        tree = ast.parse((ROOT / "autograd" / f"{name}.py").read_text("utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                called = {
                    n.func.id
                    for n in ast.walk(function)
                    if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
                }
                assert function.name not in called - {
                    "backward",
                    "frozen",
                    "_numbers",
                    "single",
                }, function.name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_three_packages_typed_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {n.split("/")[0] for n in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == PACKAGES
    assert {f"{p}/py.typed" for p in PACKAGES} <= set(names)
    assert not [n for n in names if n.endswith((".pyc", ".svg"))]


@pytest.mark.parametrize("package", ["nn", "viz"])
def test_another_autograd_is_refused_with_the_remedy(wheel: Path, tmp_path, package) -> None:
    """In a throw-away environment where another distribution owns the import name."""
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = next((tmp_path / "env").glob("*/python"))
    query = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(query, capture_output=True, check=True, text=True).stdout.strip())
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    numpy_home = Path(np.__file__).parents[1]
    (site / "numpy.pth").write_text(f"{numpy_home}\n")

    def run() -> subprocess.CompletedProcess[str]:
        code = f"import {package}; print({package}.__name__)"
        return subprocess.run(
            [str(python), "-I", "-c", code],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )

    assert run().stdout == f"{package}\n"
    # What installing the other distribution afterwards does: its files replace ours.
    (site / "autograd" / "__init__.py").write_text(
        textwrap.dedent(
            """
            def grad(f): ...
            """
        )
    )
    done = run()
    assert done.returncode != 0
    error = done.stderr.splitlines()
    start = next(i for i, line in enumerate(error) if line.startswith("ImportError"))
    message = "\n".join(error[start:])
    assert message.startswith(f"ImportError: {package}: needs the package 'autograd'")
    assert "python -m pip uninstall autograd" in message
    assert "python -m pip install --force-reinstall ." in message
