"""Change the engine in small ways, one at a time, and count how many changes a test notices.

    python tests/mutants.py                        300 mutants drawn at random from autograd/
    python tests/mutants.py --sample 0 autograd/backward.py      every mutant of one file

mutmut makes the mutants: a number one higher, an operator exchanged, a condition negated, an
argument dropped. Text is left alone: messages and drawing symbols have tests of their own, and a
changed word says nothing of the mathematics; so is symbol.py, which prints formulas with a match
statement that mutmut cannot read. Each mutant runs in a copy of the project: first the tests that
know the file best, then, if they pass, all of the engine's. Survivors are printed as differences.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from mutmut import Config, Context, RelativeMutationID, list_mutations, mutate, mutations_by_type

ROOT = Path(__file__).resolve().parent.parent
KEPT = {"string", "fstring", "decorator"}  # the kinds of mutation that are left out
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"]
SLOW = 240  # seconds; a mutant that never ends is noticed too


def config() -> Config:
    """Return mutmut's settings, of which only the kinds of mutation matter here."""
    return Config(
        swallow_output=True,
        test_command="",
        covered_lines_by_filename=None,
        baseline_time_elapsed=0,
        test_time_multiplier=1,
        test_time_base=1,
        dict_synonyms=[],
        total=0,
        using_testmon=False,
        tests_dirs=[],
        hash_of_tests="",
        post_mutation="",
        pre_mutation="",
        coverage_data={},
        paths_to_mutate=[],
        mutation_types_to_apply=set(mutations_by_type) - KEPT,
        no_progress=True,
        ci=True,
        rerun_all=False,
    )


def mutants(path: Path) -> list[RelativeMutationID]:
    """Return every mutant of a file, those of annotations left out."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    annotated = {
        line
        for node in ast.walk(tree)
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if annotation is not None
        for line in range(annotation.lineno, annotation.end_lineno + 1)
        if source.splitlines()[line - 1].lstrip().startswith(("def ", "->"))
    }
    typing = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for line in range(node.lineno, node.end_lineno + 1)
    }
    found = list_mutations(Context(source=source, filename=str(path), config=config()))
    skipped = annotated | typing
    return [
        m
        for m in found
        if m.line_number + 1 not in skipped
        and not m.line.lstrip().startswith(("from_engine", "__all__", "__slots__", "assert ", "@"))
    ]


def every() -> list[Path]:
    """Return the files of the engine that can be mutated."""
    return [p for p in sorted((ROOT / "autograd").rglob("*.py")) if p.name != "symbol.py"]


def first_tests(path: Path) -> list[str]:
    """Return the arguments for pytest that find most mutants of a file soonest."""
    where = "tests/autograd/"
    if path.parent.name != "ops":
        names = ("backward", "tensor", "hard_places", "functional", "graph", "zeros", "anomaly")
        return [
            f"{where}test_{name}.py"
            for name in names
            if (ROOT / where / f"test_{name}.py").exists()
        ]
    functions = [
        n.name for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, ast.FunctionDef)
    ]
    chosen = " or ".join(functions)
    names = ("ops", "composites")
    return [*(f"{where}test_{name}.py" for name in names), "-k", chosen]


def meaning(source: str) -> str:
    """Return what a file does: its syntax tree, without annotations and the samples of ops."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for part in ("annotation", "returns"):
            if getattr(node, part, None) is not None:
                setattr(node, part, ast.Constant(0) if part == "annotation" else None)
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    return ast.dump(tree)


def survives(folder: Path, path: Path, mutant: RelativeMutationID) -> str | None:
    """Run the tests on one mutant in a copy; return its difference if none fails.

    An empty text is a mutant that does not count: it is no Python, or means the same.
    """
    target = folder / path.relative_to(ROOT)
    source = path.read_text("utf-8")
    changed, _ = mutate(
        Context(source=source, filename=str(path), mutation_id=mutant, config=config())
    )
    try:
        if meaning(changed) == meaning(source):
            return ""
    except SyntaxError:  # mutmut does not know every sign
        return ""
    target.write_text(changed, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        for tests in (first_tests(path), ["tests/autograd"]):
            run = subprocess.run(
                [sys.executable, "-m", "pytest", *PYTEST, *tests],
                cwd=folder,
                env=environment,
                capture_output=True,
                timeout=SLOW,
            )
            if b"Wrong expression" in run.stderr:
                raise RuntimeError(f"pytest could not choose tests: {tests}")
            if run.returncode not in (0, 5):  # 5: no test was chosen
                return None
    except subprocess.TimeoutExpired:
        return None
    finally:
        target.write_text(source, "utf-8")
    old, new = source.splitlines(), changed.splitlines()
    lines = difflib.unified_diff(old, new, str(path.relative_to(ROOT)), "", n=0, lineterm="")
    return "\n".join(line for line in lines if line != "+++ ")


def main() -> None:
    """Draw mutants, run them, print the count for each file and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="all of autograd/ by default")
    parser.add_argument("--sample", type=int, default=300, help="how many mutants; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    files = [p.resolve() for p in options.files] or every()
    drawn = [(path, mutant) for path in files for mutant in mutants(path)]
    total = len(drawn)
    if options.sample and options.sample < total:
        drawn = random.Random(options.seed).sample(drawn, options.sample)
    print(f"{len(drawn)} of {total} mutants of {len(files)} files", flush=True)
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(options.jobs) as pool:
        folders: SimpleQueue[Path] = SimpleQueue()
        for i in range(options.jobs):
            folder = Path(scratch) / str(i)
            ignored = shutil.ignore_patterns(".venv", ".git", "demo", ".*_cache", "__pycache__")
            shutil.copytree(ROOT, folder, ignore=ignored)
            folders.put(folder)
        command = [sys.executable, "-m", "pytest", *PYTEST, "tests/autograd"]
        if subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode:
            raise SystemExit("A test fails without any mutant; mend that first.")

        def one(pair: tuple[Path, RelativeMutationID]) -> None:
            path, mutant = pair
            folder = folders.get()
            try:
                difference = survives(folder, path, mutant)
            finally:
                folders.put(folder)
            if difference == "":
                return
            name = str(path.relative_to(ROOT))
            tried[name] += 1
            if sum(tried.values()) % 20 == 0:
                print(f"{sum(tried.values())} tried, {sum(survived.values())} survived", flush=True)
            if difference is not None:
                survived[name] += 1
                print(f"survived:\n{difference}\n", flush=True)

        list(pool.map(one, drawn))
    for name in sorted(tried):
        print(f"{name:32} {tried[name] - survived[name]:4} of {tried[name]:4} killed")
    killed = sum(tried.values()) - sum(survived.values())
    print(f"{killed} of {sum(tried.values())} mutants killed: {killed / sum(tried.values()):.1%}")


if __name__ == "__main__":
    main()
